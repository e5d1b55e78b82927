"""Which part of the running time each moment that was looked at stands for."""

from __future__ import annotations

from bisect import bisect_right
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

    Two neighbours share the time between them at the cut between them; half-way where there is
    none, and at the cut nearest to half-way where there are several. The first moment also stands
    for what is before it, the last one for what is after it.

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
    inner = [_edge(before, after, cuts) for before, after in pairwise(times)]
    edges = [min(survey.start, times[0]), *inner, _end(times, survey)]
    return tuple(pairwise(edges))


def longest_gap(times: Sequence[Fraction], start: Fraction, end: Fraction) -> Fraction:
    """Return the longest stretch between start, moments and end, in seconds."""
    edges = [start, *times, end]
    return max(after - before for before, after in pairwise(edges))


def _edge(before: Fraction, after: Fraction, cuts: Sequence[Fraction]) -> Fraction:
    middle = (before + after) / 2
    between = cuts[bisect_right(cuts, before) : bisect_right(cuts, after)]
    return min(between, key=lambda cut: abs(cut - middle), default=middle)


def _end(times: Sequence[Fraction], survey: Survey) -> Fraction:
    if survey.end > times[-1]:
        return survey.end
    return times[-1] + (times[-1] - times[-2] if len(times) > 1 else _ONE_FRAME_S)
