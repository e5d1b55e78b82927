"""The quality of a video: that of its moments, pooled, and what only moving pictures have. Pure."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from framesift.types import Quality, Segment
from framesift.verdicts.stretches import stretches
from framesift.verdicts.video_pooling import pool_columns, pool_quality
from framesift.verdicts.video_words import describe_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from framesift.types import Float32Array, Scores, Survey

    Describe = Callable[[Mapping[str, float]], str]

__all__ = ["find_blocks", "judge_video", "moment_weights", "pool_quality"]

_COSTS: Final = {"signal": 1.0, "flow": 0.8, "light": 0.8, "steadiness": 0.6, "bitrate": 0.3}
"""How many points of the whole a lost point of a measure can cost.

What a bitrate drop does to the pictures is in their own scores already.
"""

_EMPTY: Final = ("black", "blank")
_BLOCKS: Final = "compression"
_BLOCKS_FROM, _BLOCKS_UPTO = 3.5, 4.5
_BLOCKS_S: Final = 1
_TOUCHED: Final = 0.05


def judge_video(
    scores: Scores, times: Sequence[Fraction], survey: Survey, describe: Describe | None = None
) -> Quality:
    """Judge a video by its moments and its faults.

    The scores of the moments are pooled by `pool_quality`; so are both ends of the interval and
    every part. Moments that are black or blank show no picture to judge and are left out where
    there are others. What the measures of the survey lack of 10, times what a point of them can
    cost, is a loss; with that of the pooled score the losses add up to the root of the sum of their
    squares: the worst counts most, and none is made good by another.

    The result never rises when a score of a moment or a measure falls.

    Args:
        scores: Of one head for quality: T rows; the first column is the score, further ones parts.
        times: When the T moments are, in seconds, ascending.
        survey: Start, end, faults and measures.
        describe: Turns parts into words, as `TechnicalHead.describe` does.

    Returns:
        The quality. Its parts are those of the head and the measures of the survey. The percentile
        is left out where faults cost something: it compares pictures.

    Raises:
        ValueError: There is no row, or the times are of another number.
    """
    weights = moment_weights(times, survey)
    if len(weights) != len(scores) or not len(scores):
        message = f"{len(scores)} rows of scores need as many times, at least 1; got {len(times)}"
        raise ValueError(message)
    seen = _with_a_picture(weights, times, survey.faults)
    low = scores.values if scores.low is None else scores.low
    high = scores.values if scores.high is None else scores.high
    pooled, *others = pool_columns(scores.values, seen).tolist()
    lowest, highest = (pool_quality(each[:, 0], seen) for each in (low, high))
    parts = dict(zip(scores.names[1:], others, strict=True))
    costs = [cost * (10 - score) for name, score in survey.measures if (cost := _COSTS.get(name))]
    score = _with_costs(pooled, costs)
    touched = pooled - score > _TOUCHED
    distance = scores.distance
    percentile = scores.percentile
    return Quality(
        score,
        _with_costs(lowest, costs),
        _with_costs(highest, costs),
        scores.head,
        percentile=None if percentile is None or touched else pool_quality(percentile, seen),
        unusual=None if distance is None else bool(np.average(distance, weights=seen) > 1),
        parts=(*parts.items(), *survey.measures),
        words=_words(survey, parts, describe),
    )


def moment_weights(times: Sequence[Fraction], survey: Survey) -> NDArray[np.float64]:
    """Return how many seconds each of the T moments stands for, (T,).

    Moments without a clock (pages) stand for one second each.
    """
    clocked = all(before < after for before, after in pairwise(times))
    if not clocked:
        return np.ones(len(times))
    spans = stretches(times, survey)
    return np.array([float(end - start) for start, end in spans], np.float64)


def find_blocks(scores: Scores, times: Sequence[Fraction], survey: Survey) -> tuple[Segment, ...]:
    """Find stretches in which compression shows: blocks, rings, smeared detail.

    A stretch begins with a moment whose part ``compression`` is below 3.5 and ends before one above
    4.5; those shorter than a second are dropped.

    Args:
        scores: Of a head with a part ``compression``; without it nothing is found.
        times: When the T moments are, in seconds, ascending.
        survey: Start, end and shots.

    Returns:
        Segments ``blocks`` of the kind ``fault``, disjoint and in order.
    """
    if _BLOCKS not in scores.names:
        return ()
    values: Float32Array = scores.values[:, scores.names.index(_BLOCKS)]
    found: list[Segment] = []
    inside = False
    for time, span, value in zip(times, stretches(times, survey), values.tolist(), strict=True):
        begins = value < _BLOCKS_FROM
        if inside and value < _BLOCKS_UPTO:
            found[-1] = _longer(found[-1], span[1], value, time)
        elif begins:
            found.append(Segment("blocks", *span, _peak(value), time, "fault", source=_BLOCKS))
        inside = begins or (inside and value < _BLOCKS_UPTO)
    return tuple(run for run in found if run.end - run.start >= _BLOCKS_S)


def _longer(run: Segment, end: Fraction, value: float, time: Fraction) -> Segment:
    longer = replace(run, end=end)
    worse = _peak(value) > run.peak
    return replace(longer, peak=_peak(value), peak_time=time) if worse else longer


def _peak(value: float) -> float:
    return min(1.0, max(0.0, 1 - value / 10))


def _with_costs(score: float, costs: Sequence[float]) -> float:
    return min(score, max(0.0, 10 - math.hypot(10 - score, *costs)))


def _with_a_picture(
    weights: NDArray[np.float64], times: Sequence[Fraction], faults: Sequence[Segment]
) -> NDArray[np.float64]:
    """Let empty moments weigh nothing, unless all are."""
    empty = [fault for fault in faults if fault.label in _EMPTY]
    hidden = [any(fault.start <= time < fault.end for fault in empty) for time in times]
    seen = np.where(hidden, 0.0, weights)
    return seen if seen.any() else weights


def _words(survey: Survey, parts: Mapping[str, float], describe: Describe | None) -> str:
    of_pictures = describe(parts) if describe is not None and parts else ""
    if _BLOCKS in of_pictures:  # said once is enough
        rest = tuple(fault for fault in survey.faults if fault.label != "blocks")
        survey = replace(survey, faults=rest)
    return "; ".join(words for words in (describe_faults(survey), of_pictures) if words)
