"""The default quality head of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.errors import WeightsUnavailableError
from framesift.heads.laion import laion_head, laion_spaces
from framesift.heads.prompt_quality import PromptQualityHead
from framesift.heads.resources import DATA
from framesift.heads.store import load_head

if TYPE_CHECKING:
    from framesift.embeddings.base import Embedder
    from framesift.heads.quality import QualityScorer

__all__ = ["quality_head_for"]

SHIPPED = {"starter-1": DATA / "starter_quality.head"}


def quality_head_for(embedder: Embedder, *, offline: bool = False) -> QualityScorer:
    """Return the best quality head there is for a model.

    - ``starter``: the ridge shipped with Framesift.
    - OpenAI CLIP B/32, B/16 and L/14: LAION's linear head, fetched once and cached. Where it is
      neither cached nor reachable, antonym prompts stand in; ``notice`` then says so in a sentence
      to show to the user, and every record names the head.
    - any other model: antonym prompts.

    Raises:
        HeadError: A head file is broken.
        WeightsMismatchError: The LAION file is not the one published.
    """
    if embedder.space in SHIPPED:
        return load_head(SHIPPED[embedder.space], task="quality", space=embedder.space)
    if embedder.space in laion_spaces():
        try:
            return laion_head(embedder.space, offline=offline)
        except WeightsUnavailableError as error:
            notice = (
                "quality is scored by antonym prompts, which is rough: the LAION head for "
                f"{embedder.space} could not be had ({error.message})"
            )
            return PromptQualityHead.for_embedder(embedder, notice=notice)
    return PromptQualityHead.for_embedder(embedder)
