"""Heads that need more than one frame: scores of moments, from what is seen around them.

A `ClipHead` reads the embeddings of a video's frames with their times; a still has nothing for it
to read. docs/models/violence.md is the card of the one that is shipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from framesift.errors import HeadError
from framesift.heads.motion import MotionHead
from framesift.heads.resources import DATA
from framesift.heads.store import load_head

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from framesift.embeddings.base import Embedder
    from framesift.heads.base import HeadCard
    from framesift.types import Embeddings, Scores

__all__ = ["ClipHead", "clip_heads", "fights_head"]

_FIGHTS_FILE = DATA / "violence-starter.head"
_FIGHTS_SPACE = "starter-1"


@runtime_checkable
class ClipHead(Protocol):
    """Anything that scores the moments of a video by the frames around them."""

    @property
    def card(self) -> HeadCard:
        """What the head is."""

    @property
    def names(self) -> tuple[str, ...]:
        """The labels, in column order."""

    def score(
        self,
        embeddings: Embeddings,
        times: Sequence[Fraction],
        *,
        cuts: Sequence[Fraction] = (),
    ) -> Scores:
        """Score T moments: values (T, K).

        Args:
            embeddings: Of whole frames, one row per moment.
            times: When each frame is shown, in seconds, ascending.
            cuts: When a new shot begins; frames of different shots are not compared. What
                stands before the first frame or after the last one says nothing.

        Raises:
            SpaceMismatchError: The embeddings are of another space or width.
            HeadError: There is not one ascending time for every row, or an input is missing.
        """


def clip_heads(embedder: Embedder) -> tuple[ClipHead, ...]:
    """Return the heads that score harm in videos, by several frames, with a model.

    Args:
        embedder: The model whose rows they read; for others than `starter` there is none.
    """
    return (fights_head(),) if embedder.space == _FIGHTS_SPACE else ()


def fights_head() -> MotionHead:
    """Read the shipped head that tells fights in footage of surveillance cameras.

    Raises:
        HeadError: The file is broken.
    """
    head: object = load_head(_FIGHTS_FILE, task="moderation", space=_FIGHTS_SPACE)
    if not isinstance(head, MotionHead):
        message = "this is not the head for fights; install Framesift again"
        raise HeadError(message, source=str(_FIGHTS_FILE))
    return head
