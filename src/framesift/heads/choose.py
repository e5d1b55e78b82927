"""Which head scores the quality: by what is asked, and by what there is for a model."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final

from framesift.errors import HeadError, WeightsUnavailableError
from framesift.heads.laion import MLP, laion_head, laion_spaces
from framesift.heads.overall import OverallHead
from framesift.heads.prompt_quality import PromptQualityHead
from framesift.heads.store import SUFFIX, load_head

if TYPE_CHECKING:
    from framesift.embeddings.base import Embedder
    from framesift.heads.quality import QualityScorer

__all__ = ["NO_QUALITY", "QUALITIES", "is_head_file", "quality_head_for"]

NO_QUALITY: Final = "none"
"""Asks for no quality head at all; `quality_head_for` does not take it."""

QUALITIES: Final = ("auto", "technical", "aesthetic", "overall", "antonym-prompts", MLP)
"""What may be asked for by name; anything else is a head file."""

_STARTER: Final = "starter-1"


def quality_head_for(
    embedder: Embedder, quality: str = "auto", *, offline: bool = False
) -> QualityScorer:
    """Return a quality head for a model.

    - ``auto``: ``technical`` for `starter`, ``aesthetic`` for every other model.
    - ``technical``: visible defects, from a look at the picture's own pixels; for every model.
    - ``aesthetic``: for OpenAI's CLIP B/32, B/16 and L/14 LAION's linear head, fetched once and
      cached. Where it is neither cached nor reachable, and for other models, antonym prompts;
      where these stand in, ``notice`` says so in a sentence to show to the user.
    - ``overall``: both, see `OverallHead`.
    - ``antonym-prompts``, ``laion-aesthetic-l14-mlp``: that head.
    - the path of a head file: that head.

    Args:
        embedder: The model whose embeddings it will read.
        quality: One of `QUALITIES`, or a path.
        offline: Fetch nothing.

    Raises:
        HeadError: There is no such head, or a head file is broken or not for quality.
        SpaceMismatchError: The head is for another model.
        WeightsUnavailableError: A head asked for by its own name cannot be had.
        WeightsMismatchError: A file is not the one published.
    """
    if quality == "auto":
        quality = "technical" if embedder.space == _STARTER else "aesthetic"
    if quality == "technical":
        return _technical(embedder)
    if quality == "aesthetic":
        return _aesthetic(embedder, offline=offline)
    if quality == "overall":
        technical, aesthetic = _technical(embedder), _aesthetic(embedder, offline=offline)
        widths = technical.half_width, aesthetic.half_width
        return OverallHead(technical, aesthetic, half_widths=widths)
    if quality == "antonym-prompts":
        return PromptQualityHead.for_embedder(embedder)
    if quality == MLP:
        return laion_head(embedder.space, mlp=True, offline=offline)
    if not is_head_file(quality):
        close = get_close_matches(quality, QUALITIES, n=1)
        hint = f"did you mean {close[0]!r}? Known" if close else "known"
        message = (
            f"no quality head is called {quality!r}; {hint}: {', '.join(QUALITIES)}, or the path "
            "of a head file"
        )
        raise HeadError(message)
    return load_head(Path(quality).expanduser(), task="quality", space=embedder.space)


def is_head_file(quality: str) -> bool:
    """Whether a choice means a file: it ends in ``.head``, has a separator in it, or is there."""
    if quality in QUALITIES:
        return False
    path = Path(quality).expanduser()
    named = path.suffix in (SUFFIX, ".safetensors") or "/" in quality or "\\" in quality
    return named or path.is_file()


def _technical(embedder: Embedder) -> QualityScorer:
    from framesift.heads.technical import technical_head

    return technical_head(embedder.space)


def _aesthetic(embedder: Embedder, *, offline: bool) -> QualityScorer:
    if embedder.space in laion_spaces():
        try:
            return laion_head(embedder.space, offline=offline)
        except WeightsUnavailableError as error:
            notice = (
                "quality is scored by antonym prompts, which is rough: the LAION head for "
                f"{embedder.space} could not be had ({error.message})"
            )
            return PromptQualityHead.for_embedder(embedder, notice=notice)
    if embedder.space == _STARTER:
        notice = (
            "`starter` knows next to nothing of beauty: its aesthetic score comes from antonym "
            "prompts; take a CLIP model, or train a head on your own ratings"
        )
        return PromptQualityHead.for_embedder(embedder, notice=notice)
    return PromptQualityHead.for_embedder(embedder)
