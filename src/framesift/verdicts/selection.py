"""Choosing pictures by score and verdict: pure functions over results.

Scores are compared as the records show them (four decimals), so a picture that a report lists with
6.0 passes a lowest score of 6, and equal scores fall back to the path: the same pictures give the
same choice in the same order on every machine and with every batch size.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from framesift.errors import ConfigError
from framesift.types import Action, Analysis, Failure
from framesift.verdicts.rounding import rounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from framesift.types import Result

__all__ = ["Reason", "Selection", "left_out", "rank", "select", "selected"]

Reason: TypeAlias = Literal["failed", "no score", "action", "score too low", "score too high"]

_ACTIONS: frozenset[Action] = frozenset(("allow", "review", "block"))


@dataclass(frozen=True, slots=True)
class Selection:
    """Which pictures to keep.

    Attributes:
        min_score: Lowest quality to keep, in [0, 10], itself included; ``None`` for no limit.
        max_score: Highest quality to keep, in [0, 10], itself included; ``None`` for no limit.
        top: Keep only the best so many of those that pass; ``None`` for all.
        actions: Verdicts that may be kept. Pictures that the policy blocks are left out unless
            ``block`` is added: a folder of good pictures is often published, and a blocked one in
            it would go unnoticed, while one left out is counted and can be asked for. A picture
            without a verdict counts as ``review``.
    """

    min_score: float | None = None
    max_score: float | None = None
    top: int | None = None
    actions: frozenset[Action] = frozenset(("allow", "review"))

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, score in (("lowest", self.min_score), ("highest", self.max_score)):
            if score is not None and not 0 <= score <= 10:
                message = f"the {name} score is a number from 0 to 10; got {score}"
                raise ConfigError(message)
        low, high = self.min_score, self.max_score
        if low is not None and high is not None and low > high:
            message = f"the lowest score ({low}) is above the highest ({high})"
            raise ConfigError(message)
        if self.top is not None and self.top < 1:
            message = f"the number of pictures to keep is 1 or more; got {self.top}"
            raise ConfigError(message)
        unknown = self.actions - _ACTIONS
        if unknown or not self.actions:
            message = (
                f"actions are some of {', '.join(sorted(_ACTIONS))}; "
                f"got {', '.join(sorted(unknown)) or 'none'}"
            )
            raise ConfigError(message)


def left_out(result: Result, selection: Selection) -> Reason | None:
    """Say why a picture does not pass, or ``None`` where it does.

    ``top`` is not looked at: it depends on the other pictures.

    Args:
        result: A picture analysed, or the failure to.
        selection: What to keep.

    Returns:
        The first reason that holds, in the order of ``Reason``. A failure never passes, and
        neither does a picture without a finite quality score, whatever the limits.
    """
    if isinstance(result, Failure):
        return "failed"
    score = _score(result)
    if score is None:
        return "no score"
    action: Action = result.moderation.action if result.moderation else "review"
    if action not in selection.actions:
        return "action"
    if selection.min_score is not None and score < selection.min_score:
        return "score too low"
    if selection.max_score is not None and score > selection.max_score:
        return "score too high"
    return None


def selected(results: Iterable[Result], selection: Selection) -> Iterator[Analysis]:
    """Yield the pictures that pass, in the order given, one at a time; ``top`` is not looked at."""
    for result in results:
        if isinstance(result, Analysis) and left_out(result, selection) is None:
            yield result


def rank(results: Iterable[Result], *, top: int | None = None) -> list[Analysis]:
    """Return the pictures that have a score, best first; equal scores by path.

    Args:
        results: Any number of results; failures and pictures without a score are dropped.
        top: Return only the first so many. Memory then holds no more than that.

    Returns:
        A new list, in descending order of quality.
    """
    scored = (item for item in results if isinstance(item, Analysis) and _score(item) is not None)
    return sorted(scored, key=_place) if top is None else heapq.nsmallest(top, scored, key=_place)


def select(results: Iterable[Result], selection: Selection) -> list[Analysis]:
    """Return the pictures that pass, best first, at most ``selection.top`` of them."""
    return rank(selected(results, selection), top=selection.top)


def _score(result: Analysis) -> float | None:
    if result.quality is None or not math.isfinite(result.quality.score):
        return None
    return rounded(result.quality.score)


def _place(result: Analysis) -> tuple[float, str]:
    score = _score(result)
    assert score is not None
    return (-score, result.path)
