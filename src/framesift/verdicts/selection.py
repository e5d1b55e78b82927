"""Choosing pictures by score and verdict: pure functions over results.

Scores are compared as the records show them (four decimals), so a picture that a report lists with
6.0 passes a lowest score of 6, and equal scores fall back to the path: the same pictures give the
same choice in the same order on every machine and with every batch size.

A percentile is of the pictures at hand, not of the head's reference pictures: at or above the 80th
are the best 20 % of the analysed pictures (those with a score, whatever their verdict), at least
one, and those with the same score as the last of them.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal, TypeAlias

from framesift.errors import ConfigError
from framesift.types import Action, Analysis, Failure
from framesift.verdicts.rounding import rounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from framesift.types import Result

__all__ = ["Choice", "Reason", "Selection", "choose", "left_out", "rank", "select", "selected"]

Reason: TypeAlias = Literal[
    "failed",
    "no score",
    "action",
    "score too low",
    "score too high",
    "below the percentile",
    "not among the best",
]

_ACTIONS: frozenset[Action] = frozenset(("allow", "review", "block"))


@dataclass(frozen=True, slots=True)
class Selection:
    """Which pictures to keep.

    Attributes:
        min_score: Lowest quality to keep, in [0, 10], itself included; ``None`` for no limit.
        max_score: Highest quality to keep, in [0, 10], itself included; ``None`` for no limit.
        top: Keep only the best so many of those that pass; ``None`` for all.
        percentile: Keep only pictures at or above this percentile of quality among all that were
            analysed, in [0, 100]; ``None`` for all.
        per_folder: Apply ``top`` and ``percentile`` within each folder instead of to all pictures.
        actions: Verdicts that may be kept. Pictures that the policy blocks are left out unless
            ``block`` is added: a folder of good pictures is often published, and a blocked one in
            it would go unnoticed, while one left out is counted and can be asked for. A picture
            without a verdict counts as ``review``.
    """

    min_score: float | None = None
    max_score: float | None = None
    top: int | None = None
    actions: frozenset[Action] = frozenset(("allow", "review"))
    percentile: float | None = None
    per_folder: bool = False

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
        if self.percentile is not None and not 0 <= self.percentile <= 100:
            message = f"a percentile is a number from 0 to 100; got {self.percentile}"
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

    ``top`` and ``percentile`` are not looked at: they depend on the other pictures.

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
    """Yield the pictures that pass, in the order given, one at a time.

    ``top`` and ``percentile`` are not looked at: they depend on the other pictures.
    """
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


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen of many results.

    Attributes:
        chosen: Best first; equal scores by path.
        left_out: How many were left out, by the first reason that held, in the order of ``Reason``.
    """

    chosen: list[Analysis]
    left_out: Counter[Reason]


def select(results: Iterable[Result], selection: Selection) -> list[Analysis]:
    """Return the pictures that pass, best first, at most ``selection.top`` of them."""
    return choose(results, selection).chosen


def choose(results: Iterable[Result], selection: Selection) -> Choice:
    """Return the pictures that pass, and why the others do not.

    With ``top`` and no percentile, memory holds about twice that many pictures a folder or in all.
    """
    reasons: Counter[Reason] = Counter()
    groups: dict[str, _Group] = {}
    for result in results:
        reason = left_out(result, selection)
        if reason is not None:
            reasons[reason] += 1
        if isinstance(result, Analysis) and (score := _score(result)) is not None:
            key = str(PurePath(result.path).parent) if selection.per_folder else ""
            group = groups.setdefault(key, _Group(selection))
            group.add(result, score, passes=reason is None)
    chosen: list[Analysis] = []
    for group in groups.values():
        kept, below = group.finish()
        chosen += kept
        reasons["below the percentile"] += below
        reasons["not among the best"] += group.passed - below - len(kept)
    return Choice(rank(chosen), +reasons)


@dataclass(slots=True)
class _Group:
    """The pictures that ``top`` and ``percentile`` are applied to together."""

    selection: Selection
    passed: int = 0
    _items: list[Analysis] = field(default_factory=list)
    _scores: list[float] = field(default_factory=list)

    def add(self, result: Analysis, score: float, *, passes: bool) -> None:
        top, percentile = self.selection.top, self.selection.percentile
        if percentile is not None:
            self._scores.append(score)
        if passes:
            self.passed += 1
            self._items.append(result)
            if top is not None and percentile is None and len(self._items) > 2 * top + 100:
                self._items = rank(self._items, top=top)

    def finish(self) -> tuple[list[Analysis], int]:
        """Return what is kept, and how many pictures were below the percentile."""
        items, below = self._items, 0
        if self.selection.percentile is not None:
            limit = _at_percentile(self._scores, self.selection.percentile)
            items = [item for item in items if (_score(item) or 0.0) >= limit]
            below = len(self._items) - len(items)
        return rank(items, top=self.selection.top), below


def _at_percentile(scores: list[float], percentile: float) -> float:
    """Return the score of the last picture at or above a percentile; the highest has one always.

    Args:
        scores: At least one.
        percentile: In [0, 100].
    """
    ordered = sorted(scores)
    # Rounded first: 7 % of 100 is 7.000000000000001 in floats, which is 7 pictures and not 8.
    place = math.ceil(round(percentile * len(ordered) / 100, 9))
    return ordered[min(place, len(ordered) - 1)]


def _score(result: Analysis) -> float | None:
    if result.quality is None or not math.isfinite(result.quality.score):
        return None
    return rounded(result.quality.score)


def _place(result: Analysis) -> tuple[float, str]:
    score = _score(result)
    assert score is not None
    return (-score, result.path)
