"""From log-odds to probabilities, and how far such probabilities can be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from framesift.errors import HeadError
from framesift.heads.numeric import sigmoid

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from framesift.heads.numeric import Float64Array

__all__ = ["LEAST", "Platt", "calibration_error", "fit_platt"]

LEAST = 20
"""Examples of either kind below which nothing is fitted."""

_STEPS = 100


@dataclass(frozen=True, slots=True)
class Platt:
    """A calibration in two numbers: ``sigmoid(scale * z + shift)``.

    Attributes:
        scale: Above zero.
        shift: Added after scaling.
        positives: How many examples it was fitted on.
        negatives: Likewise.
    """

    scale: float
    shift: float
    positives: int = 0
    negatives: int = 0

    def __call__(self, log_odds: ArrayLike) -> Float64Array:
        """Turn log-odds into probabilities."""
        return sigmoid(np.asarray(log_odds, np.float64) * self.scale + self.shift)


def fit_platt(log_odds: ArrayLike, targets: ArrayLike) -> Platt:
    """Fit a calibration by Platt's method, with his smoothed targets.

    J. Platt, Probabilistic outputs for support vector machines (1999); Newton's method with halved
    steps after H.-T. Lin, C.-J. Lin and R. Weng (2007). The probability means what it says where
    positives are as common as among the examples.

    Args:
        log_odds: Scores of examples that the head was not trained on, (N,).
        targets: Whether each is one, (N,).

    Raises:
        HeadError: There are fewer than `LEAST` of either kind, a score is not finite, or the
            scores do not rise with the targets.
    """
    z, truth = np.asarray(log_odds, np.float64), np.asarray(targets, bool)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if z.shape != truth.shape or z.ndim != 1 or not np.isfinite(z).all():
        message = "a calibration needs one finite score for every target"
        raise HeadError(message)
    if min(positives, negatives) < LEAST:
        message = (
            f"{positives} positive and {negatives} negative examples are too few for a "
            f"calibration; give at least {LEAST} of each"
        )
        raise HeadError(message)
    spread = float(z.std()) or 1.0
    goal = np.where(truth, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    rows = np.stack([z / spread, np.ones_like(z)], axis=1)
    slope, shift = _newton(rows, goal, np.array([0.0, np.log((positives + 1) / (negatives + 1))]))
    if not slope > 0:
        message = "the scores do not rise with the targets; nothing can be calibrated on them"
        raise HeadError(message)
    return Platt(float(slope) / spread, float(shift), positives, negatives)


def _newton(rows: Float64Array, goal: Float64Array, start: Float64Array) -> Float64Array:
    """Minimise the cross-entropy of ``sigmoid(rows @ beta)`` against soft goals."""
    beta, loss = start, _cross_entropy(rows @ start, goal)
    for _ in range(_STEPS):
        chance = sigmoid(rows @ beta)
        gradient = rows.T @ (chance - goal)
        curvature = (rows * (chance * (1 - chance))[:, None]).T @ rows + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while size > 1e-10:
            tried = beta - size * step
            new = _cross_entropy(rows @ tried, goal)
            if new <= loss:
                break
            size /= 2
        else:
            break
        beta, gained, loss = tried, loss - new, new
        if gained < 1e-12 * max(1.0, loss):
            break
    return beta


def _cross_entropy(z: Float64Array, goal: Float64Array) -> float:
    return float((np.logaddexp(0, z) - goal * z).sum())


def calibration_error(probabilities: ArrayLike, targets: ArrayLike, *, bins: int = 10) -> float:
    """Return the expected calibration error, in [0, 1].

    The mean distance of the share of positives to the mean probability, over ``bins`` bins of
    equal width, each weighted by what falls into it (Guo et al., 2017).

    Raises:
        HeadError: There is nothing to measure on, or a probability is not in [0, 1].
    """
    p, truth = np.asarray(probabilities, np.float64), np.asarray(targets, np.float64)
    if p.shape != truth.shape or p.ndim != 1 or not len(p):
        message = "a calibration error needs one probability for every target"
        raise HeadError(message)
    if not ((p >= 0) & (p <= 1)).all():
        message = "probabilities lie from 0 to 1"
        raise HeadError(message)
    place = np.minimum((p * bins).astype(int), bins - 1)
    away = np.bincount(place, p - truth, minlength=bins)
    return float(np.abs(away).sum() / len(p))
