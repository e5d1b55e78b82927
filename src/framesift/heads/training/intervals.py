"""How far off a head may be: intervals from held-out errors, and percentiles of its scores.

The half-width is the conformal quantile of absolute out-of-fold errors, ``ceil((n + 1) 0.9) / n``,
of the cross-validation that made the figures: the CV+ of Barber, Candes, Ramdas and Tibshirani
(2021) in its simplified form with one model instead of one for each fold. Pictures of a group err
alike, so the unit is the group: each group weighs the same however many pictures it has (as in
hierarchical conformal prediction, Lee, Barber and Willett 2023).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.examples import Int32Array

__all__ = ["LEVEL", "half_width", "out_of_fold_widths", "percentile_knots", "spread_knots"]

LEVEL = 0.9
_KNOTS = 41
_GAP = 1e-4


def half_width(misses: Float64Array, groups: Int32Array) -> float:
    """Half-width of a 90 % interval from held-out errors (N,), in points.

    With G groups of equal weight the level asked for is that of the conformal quantile of G
    units, blended with that of N units by how much the groups' mean errors differ: where pictures
    of one group err no more alike than others, they count one by one.
    """
    size = np.abs(misses)
    order = np.argsort(size, kind="stable")
    numbered = np.unique(groups, return_inverse=True)[1].reshape(-1)
    counts = np.bincount(numbered)
    weights = (1.0 / counts[numbered])[order]
    share = np.cumsum(weights) / weights.sum()
    units = _effective(misses, numbered.astype(np.int32), counts.astype(np.float64))
    level = min(1.0, np.ceil((units + 1) * LEVEL) / units)
    place = int(np.searchsorted(share, level - 1e-9))
    return float(size[order][min(place, len(size) - 1)])


def out_of_fold_widths(misses: Float64Array, groups: Int32Array, folds: Int32Array) -> Float64Array:
    """For each picture the half-width from the errors of the other folds alone, float64 (N,)."""
    widths = np.empty(len(misses))
    for fold in np.unique(folds):
        others = folds != fold
        widths[folds == fold] = half_width(misses[others], groups[others])
    return widths


def percentile_knots(predicted: Float64Array) -> tuple[tuple[float, float], ...] | None:
    """Pairs (score, percentile) from held-out scores (N,); ``None`` where they are all alike."""
    scores = np.sort(predicted)
    shares = 100 * (np.arange(len(scores)) + 0.5) / len(scores)
    steps = np.linspace(0, 100, _KNOTS)
    at = np.interp(steps, shares, scores)
    knots: list[tuple[float, float]] = []
    for score, percent in zip(at, steps, strict=True):
        if not knots or score > knots[-1][0] + _GAP:
            knots.append((float(score), float(percent)))
        else:
            # Several percentiles share a score: it gets the highest of them.
            knots[-1] = (knots[-1][0], float(percent))
    if len(knots) < 2:
        return None
    return ((knots[0][0], 0.0), *knots[1:])


def spread_knots(
    predicted: Float64Array, actual: Float64Array
) -> tuple[tuple[float, float], ...] | None:
    """Pairs (raw, score) that give held-out scores the distribution of the ratings.

    Predictions of a regression crowd around the mean, the more the less can be predicted; that is
    what makes their errors small. This monotone map undoes it: the scale is used as the raters use
    it, at the price of larger errors. ``None`` where all predictions are alike.
    """
    steps = np.linspace(0, 100, 21)
    raw, score = np.percentile(predicted, steps), np.percentile(actual, steps)
    keep = np.concatenate([[True], np.diff(raw) > _GAP])
    if keep.sum() < 2:
        return None
    rising = np.maximum.accumulate(score[keep])
    return tuple((float(x), float(y)) for x, y in zip(raw[keep], rising, strict=True))


def _effective(misses: Float64Array, numbered: Int32Array, counts: Float64Array) -> float:
    """Number of independent errors among N in groups: N / (1 + (m - 1) rho), rho the ICC(1)."""
    total, count = len(misses), len(counts)
    if count == total or count < 2:
        return float(max(count, 1)) if count == total else float(total)
    size = np.abs(misses)
    means = np.bincount(numbered, size) / counts
    between = float(np.sum(counts * (means - size.mean()) ** 2)) / (count - 1)
    within = float(np.sum((size - means[numbered]) ** 2)) / max(total - count, 1)
    typical = (total - float(np.sum(counts**2)) / total) / (count - 1)
    rho = (between - within) / max(between + (typical - 1) * within, 1e-12)
    return max(total / (1 + (typical - 1) * float(np.clip(rho, 0.0, 1.0))), float(count))
