"""Runs: neighbouring moments that carry one label, and what becomes of runs that touch. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from framesift.policies.decide import cap_on, decimals, level
from framesift.types import SEVERITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from fractions import Fraction

    from framesift.policies import Policy
    from framesift.types import Action, Curve, Part
    from framesift.verdicts.stretches import Stretch

__all__ = ["Peak", "Run", "harm_runs", "held", "merged", "tag_runs"]


@dataclass(frozen=True, slots=True)
class Peak:
    """The moment that speaks for a run.

    Attributes:
        time: Seconds.
        score: In [0, 1]; NaN where it is not known.
        level: What the score alone leads to.
        source: What gave it.
        part: What was judged.
    """

    time: Fraction
    score: float
    level: Action
    source: str
    part: Part = "image"

    @property
    def rank(self) -> tuple[int, bool, float, Fraction]:
        """Order: what leads furthest, then the highest score, then the earliest."""
        known = not math.isnan(self.score)
        return SEVERITY.index(self.level), known, self.score if known else 0.0, -self.time


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch that carries a label, in seconds; ``action`` is what the policy makes of it."""

    start: Fraction
    end: Fraction
    peak: Peak
    action: Action


def held(
    reached: Sequence[bool], kept: Sequence[bool], unknown: Sequence[bool] = ()
) -> list[tuple[int, int]]:
    """Find runs with hysteresis.

    Args:
        reached: Whether each moment reaches the threshold.
        kept: Whether it reaches the lower one, at which a run that has begun goes on.
        unknown: Whether nothing is known of it: then it belongs to a run, and what comes after is
            judged as if it were not there. Empty for none.

    Returns:
        First and last moment of each run, in order.
    """
    runs: list[tuple[int, int]] = []
    inside = joined = False
    for row, (begins, goes_on) in enumerate(zip(reached, kept, strict=True)):
        hidden = bool(unknown) and unknown[row]
        inside = inside if hidden else begins or (inside and goes_on)
        if not (inside or hidden):
            joined = False
            continue
        first = runs.pop()[0] if joined else row
        runs.append((first, row))
        joined = True
    return runs


def harm_runs(
    curve: Curve,
    times: Sequence[Fraction],
    moments: Sequence[Stretch],
    policy: Policy,
    context: Mapping[str, float],
) -> list[Run]:
    """Find the runs of a harm category in the scores of one source.

    A moment whose score is not known belongs to a run, which leads to ``review`` at least.

    Args:
        curve: Scores (T,).
        times: T moments in seconds.
        moments: What each of them stands for.
        policy: Thresholds, and the rule for videos; it knows the category.
        context: Context tag to score, for what softens.
    """
    thresholds = policy.rules[curve.label].thresholds_for(curve.source)
    scores = [float(value) for value in curve.values.tolist()]
    levels = [level(score, thresholds) for score in scores]
    least = decimals(thresholds.lowest * policy.video.hysteresis)
    kept = [decimals(score) >= least for score in scores]
    unknown = [math.isnan(_score(score)) for score in scores]
    cap = cap_on(curve.label, policy, context)
    runs = []
    for first, last in held([one != "allow" for one in levels], kept, unknown):
        peaks = [
            Peak(times[row], _score(scores[row]), levels[row], curve.source)
            for row in range(first, last + 1)
        ]
        best = max(peaks, key=lambda peak: peak.rank)
        action = _lasting(levels, first, last, moments, policy)
        if cap is not None and not math.isnan(best.score):
            action = min(action, cap.at_most, key=SEVERITY.index)
            if any(math.isnan(peak.score) for peak in peaks):
                action = max(action, "review", key=SEVERITY.index)
        runs.append(Run(moments[first][0], moments[last][1], best, action))
    return runs


def tag_runs(
    curve: Curve,
    times: Sequence[Fraction],
    moments: Sequence[Stretch],
    start: float,
    stop: float,
) -> list[Run]:
    """Find where a tag holds: from the score ``start`` on, until it falls below ``stop``.

    A score that is not a number holds nothing.
    """
    scores = [float(value) for value in curve.values.tolist()]
    shown = [decimals(score) for score in scores]
    reached = [score >= decimals(start) for score in shown]
    kept = [score >= decimals(stop) for score in shown]
    runs = []
    for first, last in held(reached, kept):
        peaks = [
            Peak(times[row], _score(scores[row]), "allow", curve.source)
            for row in range(first, last + 1)
        ]
        best = max(peaks, key=lambda peak: peak.rank)
        runs.append(Run(moments[first][0], moments[last][1], best, "allow"))
    return runs


def merged(runs: Iterable[Run], gap: Fraction) -> Iterator[Run]:
    """Join the runs of one label that overlap, touch, or are no further apart than a gap.

    Args:
        runs: In any order.
        gap: Seconds.

    Yields:
        Disjoint runs in order. Each has the most severe action of those it was joined of, and the
        peak that ranks first.
    """
    joined: Run | None = None
    for run in sorted(runs, key=lambda run: (run.start, run.end)):
        if joined is None or run.start > joined.end + gap:
            if joined is not None:
                yield joined
            joined = run
            continue
        joined = replace(
            joined,
            end=max(joined.end, run.end),
            peak=max(joined.peak, run.peak, key=lambda peak: peak.rank),
            action=max(joined.action, run.action, key=SEVERITY.index),
        )
    if joined is not None:
        yield joined


def _lasting(
    levels: Sequence[Action],
    first: int,
    last: int,
    moments: Sequence[Stretch],
    policy: Policy,
) -> Action:
    """Return the most severe action of a run; what blocks has to last for that."""
    worst = max(levels[first : last + 1], key=SEVERITY.index)
    least = min(policy.video.min_length, moments[-1][1] - moments[0][0])
    if worst != "block" or not least:
        return worst
    blocked = [one == "block" for one in levels]
    pieces = held(blocked, blocked)
    long = [
        piece
        for piece in pieces
        if first <= piece[0] <= last and moments[piece[1]][1] - moments[piece[0]][0] >= least
    ]
    return "block" if long else "review"


def _score(score: float) -> float:
    return min(max(score, 0.0), 1.0) if decimals(score) >= 0 else math.nan
