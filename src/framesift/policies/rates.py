"""Rates with intervals, and how far scores may be taken for probabilities. Pure numpy.

Intervals are those of Clopper and Pearson (1934): exact for a binomial count, never shorter than
they claim. Near-duplicates count together: a group of G pictures is one unit, its share of
successes between 0 and 1. The expected calibration error is that of Guo, Pleiss, Sun and
Weinberger (2017), over bins of equal width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LEVEL", "Rate", "ReliabilityBin", "calibration_error", "rate", "reliability"]

LEVEL = 0.95
"""How often an interval holds the rate it is about."""

BINS = 10
_TINY = 1e-300
_STEPS = 60


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of a class, with the interval that holds the true one in 95 of 100 cases.

    Attributes:
        value: In [0, 1]; NaN where there was nothing to count.
        low: Lower end of the interval, in [0, 1].
        high: Upper end.
        count: Successes; not whole where groups were counted by their share.
        total: Independent units: groups of near-duplicates count as one.
    """

    value: float
    low: float
    high: float
    count: float
    total: int


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Examples with nearly the same score.

    Attributes:
        start: Lower edge of the bin, in [0, 1].
        end: Upper edge.
        count: Examples in it.
        score: Their mean score; NaN where there are none.
        actual: The share that is of the category; NaN where there are none.
        low: Lower end of that share's interval.
        high: Upper end.
    """

    start: float
    end: float
    count: int
    score: float
    actual: float
    low: float
    high: float


def rate(hits: NDArray[np.bool_], groups: NDArray[np.int64] | None = None) -> Rate:
    """Return how often something happened, with its Clopper-Pearson interval.

    Args:
        hits: Whether it happened, bool (N,).
        groups: Which examples are near-duplicates of each other, int (N,); ``None`` for none.
    """
    if groups is None:
        return _exact(float(np.sum(hits)), len(hits))
    numbered = np.unique(groups, return_inverse=True)[1].reshape(-1)
    sizes = np.bincount(numbered)
    shares = np.bincount(numbered, weights=hits.astype(np.float64)) / sizes if len(sizes) else sizes
    return _exact(float(np.sum(shares)), len(sizes))


def reliability(
    scores: NDArray[np.float64], labels: NDArray[np.bool_], *, bins: int = BINS
) -> tuple[ReliabilityBin, ...]:
    """Compare scores with what is true of their pictures, bin by bin.

    Args:
        scores: In [0, 1], float (N,).
        labels: Whether each is of the category, bool (N,).
        bins: Of equal width, from 0 to 1; a score of 1 is in the last.
    """
    place = np.clip((scores * bins).astype(np.int64), 0, bins - 1)
    found = []
    for number in range(bins):
        inside = place == number
        actual = rate(labels[inside])
        mean = float(scores[inside].mean()) if inside.any() else math.nan
        ends = (number / bins, (number + 1) / bins)
        found.append(
            ReliabilityBin(*ends, int(inside.sum()), mean, actual.value, actual.low, actual.high)
        )
    return tuple(found)


def calibration_error(
    scores: NDArray[np.float64], labels: NDArray[np.bool_], *, bins: int = BINS
) -> float:
    """Return the expected calibration error, in [0, 1]: 0 where scores are probabilities.

    NaN where there are no examples. It depends on how frequent the category is among the examples.
    """
    if not len(scores):
        return math.nan
    table = [one for one in reliability(scores, labels, bins=bins) if one.count]
    return sum(one.count * abs(one.score - one.actual) for one in table) / len(scores)


def _exact(count: float, total: int) -> Rate:
    if total == 0:
        return Rate(math.nan, 0.0, 1.0, 0.0, 0)
    tail = (1 - LEVEL) / 2
    count = min(max(count, 0.0), float(total))
    # Where nearly nothing or nearly all happened the interval reaches the end.
    low = 0.0 if count < 1e-9 else _quantile(tail, count, total - count + 1)
    high = 1.0 if count > total - 1e-9 else _quantile(1 - tail, count + 1, total - count)
    return Rate(count / total, low, high, count, total)


def _quantile(share: float, a: float, b: float) -> float:
    """Return the quantile of a beta distribution by bisection."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _incomplete_beta(middle, a, b) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function (DLMF 8.17)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(1 - x, b, a)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front += a * math.log(x) + b * math.log1p(-x)
    return math.exp(front) * _fraction(x, a, b) / a


def _fraction(x: float, a: float, b: float) -> float:
    """Evaluate the continued fraction DLMF 8.17.22 by Lentz's method."""
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, 100_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            result *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return result


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
