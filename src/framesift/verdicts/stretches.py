"""Which part of the running time each moment that was looked at stands for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.types import Survey

__all__ = ["Stretch", "longest_gap", "stretches"]

Stretch: TypeAlias = tuple[Fraction, Fraction]
"""Start and end in seconds, half-open."""

_ONE_FRAME_S = Fraction(1, 25)


def stretches(times: Sequence[Fraction], survey: Survey) -> tuple[Stretch, ...]:
    """Divide the running time among the moments that were looked at.

    A moment stands for the time during which its frame is on the screen. What is left between two
    neighbours they share at the cut between them; half-way where there is none, and at the cut
    nearest to half-way where there are several. The first moment also stands for what is before it,
    the last one for what is after it.

    Args:
        times: The T moments in seconds, ascending, no two alike.
        survey: Start, end and shots of the video; an end that is not after the last moment is
            replaced by one as far from it as its neighbour is.

    Returns:
        T stretches that touch each other and fill start to end; each holds its moment.

    Raises:
        ValueError: The times do not ascend.
    """
    if any(after <= before for before, after in pairwise(times)):
        message = "the times of a timeline must ascend, no two of them alike"
        raise ValueError(message)
    if not times:
        return ()
    cuts = [shot.start for shot in survey.shots[1:]]
    inner = [
        _edge(before, gone, after, cuts)
        for before, gone, after in zip(times, _gone(times, survey), times[1:], strict=False)
    ]
    edges = [min(survey.start, times[0]), *inner, _end(times, survey)]
    return tuple(pairwise(edges))


def longest_gap(times: Sequence[Fraction], survey: Survey) -> Fraction:
    """Return the longest stretch in seconds during which nothing was on the screen that was seen.

    Args:
        times: The T moments in seconds, ascending.
        survey: Start and end of the video, and how long the frames are shown.
    """
    moments = stretches(times, survey)
    if not moments:
        return max(Fraction(0), survey.end - survey.start)
    following = [*times[1:], moments[-1][1]]
    unseen = [after - gone for gone, after in zip(_gone(times, survey), following, strict=True)]
    return max(times[0] - moments[0][0], *unseen)


def _gone(times: Sequence[Fraction], survey: Survey) -> list[Fraction]:
    """Return when each moment's frame stops being shown: at most when the next moment begins."""
    ends = survey.ends if len(survey.ends) >= len(times) else times
    following = [*times[1:], max(survey.end, times[-1])] if times else []
    return [
        max(time, min(end, after)) for time, end, after in zip(times, ends, following, strict=False)
    ]


def _edge(before: Fraction, gone: Fraction, after: Fraction, cuts: Sequence[Fraction]) -> Fraction:
    middle = (gone + after) / 2
    first = bisect_left(cuts, gone) if gone > before else bisect_right(cuts, before)
    between = cuts[first : bisect_right(cuts, after)]
    return min(between, key=lambda cut: abs(cut - middle), default=middle)


def _end(times: Sequence[Fraction], survey: Survey) -> Fraction:
    if survey.end > times[-1]:
        return survey.end
    return times[-1] + (times[-1] - times[-2] if len(times) > 1 else _ONE_FRAME_S)
