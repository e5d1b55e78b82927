"""Intervals by resampling pictures (Efron 1979), for what has no formula worth trusting."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from framesift.verdicts.proportions import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["mean_gaps", "paired_span"]

_NORMAL_FROM = 5000
_Z = 1.959963984540054
_CHUNK = 200


def mean_gaps(
    group: NDArray[np.float64], rest: NDArray[np.float64], resamples: int, seed: int
) -> list[Span]:
    """Return mean(group) - mean(rest) of each of S columns, with 95 % intervals.

    The interval is the bootstrap's percentile interval, widened by ``sqrt(n / (n - 1))`` about the
    value, since resampling n pictures makes the spread of their mean too small by that (Efron and
    Tibshirani 1993, section 5.3). Of 5,000 pictures and more the mean is normal for all purposes,
    and Welch's interval (1947) is the same.

    Args:
        group: Float (n, S).
        rest: Float (m, S).
        resamples: How often.
        seed: Of the resampling.
    """
    values = group.mean(axis=0) - rest.mean(axis=0)
    if min(len(group), len(rest)) < 2:
        return [Span(float(value), math.nan, math.nan) for value in values]
    rng = np.random.default_rng(seed)
    made = [_means(part, resamples, rng) for part in (group, rest)]
    low, high = np.percentile(made[0] - made[1], (2.5, 97.5), axis=0)
    return [
        Span(float(value), float(min(a, value)), float(max(b, value)))
        for value, a, b in zip(values, values + low, values + high, strict=True)
    ]


def paired_span(
    measure: Callable[[NDArray[np.int64]], float], count: int, resamples: int, seed: int
) -> Span:
    """Return a measure of N pictures with the percentile interval of resampled pictures.

    Args:
        measure: Takes indices of pictures, int (N,).
        count: N.
        resamples: How often.
        seed: Of the resampling.
    """
    rng = np.random.default_rng(seed)
    drawn = [measure(rng.integers(0, count, count)) for _ in range(resamples)]
    low, high = np.nanpercentile(drawn, (2.5, 97.5))
    return Span(measure(np.arange(count)), float(low), float(high))


def _means(
    values: NDArray[np.float64], resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return how far resampled means lie from the mean, float (B, S)."""
    count = len(values)
    centred = values - values.mean(axis=0)
    if count >= _NORMAL_FROM:
        error: NDArray[np.float64] = centred.std(axis=0, ddof=1) / math.sqrt(count)
        return rng.normal(size=(resamples, values.shape[1])) * error
    parts = []
    for start in range(0, resamples, _CHUNK):
        size = min(_CHUNK, resamples - start)
        # Counting draws of all resamples at once is far quicker than drawing their counts.
        drawn = rng.integers(0, count, (size, count)) + np.arange(size)[:, None] * count
        weights = np.bincount(drawn.ravel(), minlength=size * count).reshape(size, count)
        parts.append(weights.astype(np.float64) @ centred / count)
    made: NDArray[np.float64] = np.concatenate(parts) * math.sqrt(count / (count - 1))
    return made
