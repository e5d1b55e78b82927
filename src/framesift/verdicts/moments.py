"""Which moments of a video to show: the best ones, one per shot, and none that is not allowed."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from fractions import Fraction

    from framesift.types import Action, Shot, Timeline

__all__ = ["Moment", "best_moments", "is_veiled", "moments_of_shots"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of a video worth showing.

    Attributes:
        time: Seconds, one of the timeline's ``times``.
        score: Its quality, 0 to 10; ``None`` where nothing scored it.
        veiled: Whether it or one of its neighbours is not allowed, so that nobody should see it
            by surprise: where a stretch begins and ends is known to one step of the sampling.
    """

    time: Fraction
    score: float | None = None
    veiled: bool = False


def is_veiled(timeline: Timeline, time: Fraction, action: Action | None) -> bool:
    """Whether a moment lies in a stretch that is to review or blocked.

    Where the whole video is not allowed and no stretch says why (a known hash, a caption), every
    moment counts as not allowed.

    Args:
        timeline: Of the video.
        time: Seconds.
        action: The verdict on the whole; ``None`` without a policy.
    """
    raised = [one for one in timeline.segments if one.kind == "harm" and one.action != "allow"]
    if not raised:
        return action not in (None, "allow")
    return any(one.start <= time < one.end for one in raised)


def best_moments(
    timeline: Timeline, count: int, *, action: Action | None = None, veiled: bool = False
) -> tuple[Moment, ...]:
    """Choose the moments of the highest quality, spread over the shots.

    First the best moment of every shot, the best of these shots first; where there are fewer shots
    than moments wanted, further moments of the same shots follow: the best that are at least half
    as far from those chosen as an even spread would put them, or as far as is left. Moments with a
    technical fault (black, a freeze) are taken only where there are no others.

    Args:
        timeline: With a curve ``quality``.
        count: How many, at least 1.
        action: The verdict on the whole video.
        veiled: Take moments that are not allowed too.

    Returns:
        At most ``count``, in the order of their times; none without a quality curve.
    """
    scored = [one for one in _moments(timeline, action) if one.score is not None]
    open_ = [one for one in scored if veiled or not one.veiled]
    ranked = sorted(open_, key=lambda one: (-(one.score or 0.0), one.time))
    chosen: list[Moment] = []
    for faulty in (False, True):
        rest = [one for one in ranked if _faulty(timeline, one) == faulty]
        while rest and len(chosen) < count:
            best = _next_best(timeline, rest, chosen, count)
            chosen.append(best)
            rest.remove(best)
    return tuple(sorted(chosen, key=lambda one: one.time))


def moments_of_shots(
    timeline: Timeline,
    limit: int,
    *,
    action: Action | None = None,
    among: Collection[Fraction] | None = None,
) -> tuple[Moment, ...]:
    """Choose one moment for every shot: its best one that is allowed, else its best one.

    Args:
        timeline: Of the video.
        limit: Most moments; more shots than that are thinned evenly, and fewer than a tenth of it
            are filled up to a fifth, evenly with further moments.
        action: The verdict on the whole video.
        among: The moments to choose from, such as those with a picture; ``None`` for all.

    Returns:
        In the order of their times.
    """
    every = _moments(timeline, action)
    if among is not None:
        every = [one for one in every if one.time in among]
    by_shot: dict[int, list[Moment]] = {}
    for one in every:
        by_shot.setdefault(_shot_at(timeline.shots, one.time), []).append(one)
    best = [
        min(found, key=lambda one: (one.veiled, -(-1.0 if one.score is None else one.score)))
        for _, found in sorted(by_shot.items())
    ]
    wanted = _evenly(best, limit)
    if len(wanted) < limit // 10:
        more = _evenly(every, limit // 5 - len(wanted))
        wanted = list({one.time: one for one in [*more, *wanted]}.values())
    return tuple(sorted(wanted, key=lambda one: one.time)[:limit])


def _moments(timeline: Timeline, action: Action | None) -> list[Moment]:
    curve = next((one for one in timeline.curves if one.label == "quality"), None)
    scores: Sequence[float] = [math.nan] * len(timeline.times)
    if curve is not None:
        scores = curve.values.tolist()
    bad = [is_veiled(timeline, time, action) for time in timeline.times]
    near = [any(bad[max(place - 1, 0) : place + 2]) for place in range(len(bad))]
    return [
        Moment(time, score if math.isfinite(score) else None, veiled)
        for time, score, veiled in zip(timeline.times, scores, near, strict=True)
    ]


def _shot_at(shots: Sequence[Shot], time: Fraction) -> int:
    return bisect_right([shot.start for shot in shots], time)


def _faulty(timeline: Timeline, moment: Moment) -> bool:
    faults = (one for one in timeline.segments if one.kind == "fault")
    return any(one.start <= moment.time < one.end for one in faults)


def _next_best(
    timeline: Timeline, rest: Sequence[Moment], chosen: Sequence[Moment], count: int
) -> Moment:
    """Return the best of a shot that has none yet, or else the best that lies far enough.

    Args:
        timeline: With the shots.
        rest: To choose from, the best first; at least one.
        chosen: So far.
        count: How many are wanted in all.
    """
    taken = {_shot_at(timeline.shots, one.time) for one in chosen}
    fresh = next((one for one in rest if _shot_at(timeline.shots, one.time) not in taken), None)
    if fresh is not None:
        return fresh
    distances = [min(abs(one.time - other.time) for other in chosen) for one in rest]
    least = min((timeline.end - timeline.start) / (2 * count), max(distances))
    return next(one for one, away in zip(rest, distances, strict=True) if away >= least)


def _evenly(found: Sequence[Moment], count: int) -> list[Moment]:
    if len(found) <= count:
        return list(found)
    return [found[(2 * place + 1) * len(found) // (2 * count)] for place in range(count)]
