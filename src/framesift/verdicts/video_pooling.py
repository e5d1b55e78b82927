"""From scores along a video to one score, as people judge: bad moments weigh more. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["pool_columns", "pool_quality"]

MEMORY_S: Final = 2.0
"""How long a bad moment is remembered; the two seconds of Seshadrinathan and Bovik (2011)."""

_WORST_SHARE: Final = 1 / 3
_MEMORY: Final = 0.5
_RECENT: Final = 0.2


def pool_quality(values: ArrayLike, weights: ArrayLike) -> float:
    """Pool the quality of moments into that of the whole, as people judge.

    Three things that studies of pooling agree on (Seshadrinathan and Bovik 2011 on hysteresis,
    Moorthy and Bovik 2009 on the worst percentiles, Tu and others 2020 for a comparison, Hands and
    Avons 2001 on recency), with round parameters that were not fitted to ratings:

    - Hysteresis. People are slow to forgive: a moment counts half as itself and half, if that is
      lower, as the mean of the worst third of the two seconds that end with it.
    - The worst weigh more. The result is what the worse of two moments drawn at random scores on
      average: a tenth of the time that is bad counts for nearly a fifth.
    - Recency. The last moment weighs a fifth more than the first.

    Each moment counts for as long as it lasts, so looking more often changes the result no more
    than what is seen then does. The result never falls when a value rises, and lies between the
    lowest and the highest value.

    Args:
        values: Scores of T moments in the order of time, (T,), T above 0.
        weights: Seconds that each stands for, (T,), none negative and not all 0.

    Raises:
        ValueError: The shapes differ, or there is nothing to pool.
    """
    scores = np.asarray(values, np.float64)
    if scores.ndim != 1:
        message = f"values have the shape {scores.shape}; expected (T,)"
        raise ValueError(message)
    return float(pool_columns(scores[:, None], weights)[0])


def pool_columns(values: ArrayLike, weights: ArrayLike) -> NDArray[np.float64]:
    """Pool K scores at once, (T, K) to (K,); see `pool_quality`."""
    scores, seconds = np.asarray(values, np.float64), np.asarray(weights, np.float64)
    if scores.ndim != 2 or seconds.shape != scores.shape[:1]:
        message = f"values {scores.shape} and weights {seconds.shape} must be (T, K) and (T,)"
        raise ValueError(message)
    total = float(seconds.sum())
    if not total > 0 or seconds.min() < 0:
        message = "weights must be 0 or more, and one of them more"
        raise ValueError(message)
    kept = seconds > 0
    scores, seconds = scores[kept], seconds[kept]
    felt = _remembered(scores, seconds)
    middles = np.cumsum(seconds) - seconds / 2
    seconds = seconds * (1 + _RECENT * middles / total)
    order = np.argsort(felt, axis=0, kind="stable")
    above = 1 - np.cumsum(seconds[order], axis=0) / seconds.sum()
    shares = -np.diff(np.maximum(above, 0.0) ** 2, axis=0, prepend=1.0)
    pooled = np.sum(np.take_along_axis(felt, order, axis=0) * shares, axis=0)
    result: NDArray[np.float64] = np.clip(pooled, scores.min(axis=0), scores.max(axis=0))
    return result


def _remembered(scores: NDArray[np.float64], seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Let each moment be held down by the worst of the two seconds that end with it, (T, K)."""
    ends = np.cumsum(seconds)
    starts = ends - seconds
    middles = (starts + ends) / 2
    firsts = np.searchsorted(ends, middles - MEMORY_S, side="right")
    felt = scores.copy()
    for place, (first, now) in enumerate(zip(firsts.tolist(), middles.tolist(), strict=True)):
        if first == place:
            continue
        within = slice(first, place + 1)
        shown = np.minimum(ends[within], now) - np.maximum(starts[within], now - MEMORY_S)
        worst = _worst(scores[within], shown)
        felt[place] += _MEMORY * np.minimum(0.0, worst - scores[place])
    return felt


def _worst(scores: NDArray[np.float64], shown: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average the worst third of the time, (W, K) to (K,)."""
    order = np.argsort(scores, axis=0, kind="stable")
    upto = np.minimum(np.cumsum(shown[order], axis=0), _WORST_SHARE * shown.sum())
    parts = np.diff(upto, axis=0, prepend=0.0)
    sums = np.sum(np.take_along_axis(scores, order, axis=0) * parts, axis=0)
    worst: NDArray[np.float64] = sums / parts.sum(axis=0)
    return worst
