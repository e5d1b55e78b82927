"""Which heads judge pictures: for every category the best that there is for a model.

- ``open_nsfw``, an expert of its own, for nudity and explicit sexual content, with any model;
- heads trained on labelled pictures, where the project has both pictures and a space: weapons with
  `starter` (source ``trained``);
- LAION's detectors with OpenAI's CLIP B/32 and L/14, where they are on this machine or can be
  fetched (sources ``laion_nsfw`` and ``laion_violence``);
- prompts for everything else (source ``zero-shot``).

Scores of different heads do not compare, so prompts keep quiet where another head knows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from framesift.errors import HeadError, WeightsUnavailableError
from framesift.heads.expert import ExpertHead
from framesift.heads.kinds import KindsHead
from framesift.heads.laion_nsfw import (
    LaionNsfwHead,
    LaionViolenceHead,
    detector_spaces,
    laion_nsfw_head,
    laion_violence_head,
)
from framesift.heads.numeric import sigmoid
from framesift.heads.resources import DATA, tile_shifts
from framesift.heads.screening import ScreeningHead
from framesift.heads.store import load_head

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.embeddings.base import Embedder
    from framesift.heads.base import Head, HeadCard
    from framesift.heads.screening import CategoryPrompts
    from framesift.types import Scores

__all__ = ["context_heads", "moderation_heads", "tile_scores", "weapons_head"]

_Special: TypeAlias = ExpertHead | KindsHead | LaionNsfwHead | LaionViolenceHead

WEAPONS = "weapons"
TOY = "toy"
_WEAPONS_FILE = DATA / "weapons-starter.head"
_WEAPONS_SPACE = "starter-1"
_MEASURED = 4
"""Number of tiles for which every category was measured."""


def moderation_heads(
    embedder: Embedder, categories: Sequence[CategoryPrompts], *, offline: bool = False
) -> tuple[Head, ...]:
    """Return the heads that score harm in pictures with a model.

    Args:
        embedder: The model whose rows they read.
        categories: What is to be scored; one without prompts is for texts alone and passed over.
        offline: Fetch nothing. A detector of LAION's that is not on this machine is replaced by
            prompts, as it is where the network cannot be reached.

    Returns:
        Heads that together have a column for every category with prompts. Where prompts stand in
        for detectors that could not be had, ``notice`` of their head says so.
    """
    shown = [category for category in categories if category.prompts]
    wanted = {category.name for category in shown}
    special, notice = _special(embedder, wanted, offline=offline)
    known = {name for head in special for name in head.names}
    screened = [category for category in shown if category.name not in known]
    heads: list[Head] = list(special)
    if screened:
        prompts = ScreeningHead.from_prompts(embedder, screened)
        prompts.notice = notice
        heads.insert(0, prompts)
    return tuple(heads)


def context_heads(embedder: Embedder, tags: Sequence[CategoryPrompts]) -> tuple[Head, ...]:
    """Return the heads that say what kind of picture it is: ``medical``, ``art``, ``toy``, ...

    With `starter`, ``toy`` comes from the trained head that tells weapons from toys.

    Args:
        embedder: The model whose rows they read.
        tags: What is to be told apart; with prompts.
    """
    heads: list[Head] = []
    trained = embedder.space == _WEAPONS_SPACE and any(tag.name == TOY for tag in tags)
    shown = [tag for tag in tags if tag.prompts and not (trained and tag.name == TOY)]
    if shown:
        heads.append(ScreeningHead.from_prompts(embedder, shown, name="context", task="context"))
    if trained:
        heads.append(weapons_head().aside(TOY, task="context"))
    return tuple(heads)


def weapons_head() -> KindsHead:
    """Read the shipped weapons head of `starter`; docs/models/weapons.md is its card.

    Raises:
        HeadError: The file is broken.
    """
    head = load_head(_WEAPONS_FILE, task="moderation", space=_WEAPONS_SPACE)
    if not isinstance(head, KindsHead):
        message = "this is not the weapons head; install Framesift again"
        raise HeadError(message, source=str(_WEAPONS_FILE))
    return head


def tile_scores(card: HeadCard, scores: Scores, count: int) -> Scores:
    """Make the scores of tiles comparable with those of whole pictures.

    The highest of several scores is higher than one, harm or not, and a part of a picture is
    stranger than the whole. So log-odds of tiles are lowered by what was measured on ordinary
    pictures (`training/weapons/tiles.py`) for this head and category, and where nothing was, by
    the logarithm of the number of tiles (as Bonferroni's correction does to chances). Scores never
    change their order, and what is not a number stays so.

    Args:
        card: Of the head.
        scores: Of tiles, in [0, 1].
        count: How many tiles a picture has.
    """
    if count < 1:
        message = f"{count} tiles: a picture has at least one"
        raise ValueError(message)
    lowered = [_lowered(card, name, count) for name in scores.names]
    chance = np.clip(scores.values.astype(np.float64), 1e-9, 1 - 1e-9)
    values = sigmoid(np.log(chance / (1 - chance)) - np.array(lowered))
    return replace(scores, values=values.astype(np.float32))


def _lowered(card: HeadCard, name: str, count: int) -> float:
    """How far the log-odds of one category are lowered."""
    for measured in (count, _MEASURED):
        by = tile_shifts(card.space, measured).get(card.source, {}).get(name)
        if by is not None:
            # For other counts than were measured the chances grow with the number of tiles.
            return max(by + float(np.log(count / measured)), 0.0)
    return float(np.log(count))


def _special(
    embedder: Embedder, wanted: set[str], *, offline: bool
) -> tuple[list[_Special], str | None]:
    """Return the heads that stand for some of the categories instead of prompts, and a notice."""
    space = embedder.space
    heads: list[_Special] = []
    notice = None
    if WEAPONS in wanted and space == _WEAPONS_SPACE:
        heads.append(weapons_head())
    if space in detector_spaces():
        try:
            heads += [
                laion_nsfw_head(space, offline=offline),
                laion_violence_head(space, offline=offline),
            ]
        except WeightsUnavailableError as error:
            notice = (
                "violence and suggestive pictures are judged by prompts, which is rough: LAION's "
                f"detectors for {space} could not be had ({error.message})"
            )
    heads.append(ExpertHead(space))
    return [head for head in heads if wanted.intersection(head.names)], notice
