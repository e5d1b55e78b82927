"""Support vector regression on a Gram matrix, by scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from framesift.heads.parts import KernelPart
from framesift.heads.training.extra import require
from framesift.heads.training.spectral import squared_distances

if TYPE_CHECKING:
    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.blocks import Scaling

__all__ = ["SupportVectors", "fit_support_vectors"]

_EPSILON = 0.2
"""Half-width of the tube without loss, in standard deviations of the ratings."""


@dataclass(frozen=True, slots=True, eq=False)
class SupportVectors:
    """Weights of the N training rows, most of them 0.

    Attributes:
        dual: float64 (N,).
        intercept: Added to the weighted sum of kernels.
    """

    COSTS: ClassVar[tuple[float, ...]] = (0.3, 1.0, 3.0, 10.0)

    dual: Float64Array
    intercept: float

    def predict(self, rows: Float64Array, support: Float64Array, gamma: float) -> Float64Array:
        """Predict standardised rows (M, K) from the training rows (N, K)."""
        kernel = np.exp(-gamma * squared_distances(rows, support))
        predicted: Float64Array = kernel @ self.dual + self.intercept
        return predicted

    def part(self, scaling: Scaling, support: Float64Array, gamma: float) -> KernelPart:
        """Make the part of a head that predicts as `predict` does."""
        used = np.flatnonzero(self.dual)
        used = used if len(used) else np.arange(1)
        return KernelPart(
            scaling.inputs,
            scaling.standardiser(),
            support[used].astype(np.float32),
            self.dual[used].astype(np.float32),
            np.array([gamma], np.float32),
            np.array([self.intercept], np.float32),
        )


def fit_support_vectors(gram: Float64Array, y: Float64Array, cost: float) -> SupportVectors:
    """Fit to a Gram matrix (N, N) and ratings (N,); cost in standard deviations of the ratings."""
    spread = max(float(y.std()), 1e-9)
    model = require("sklearn.svm").SVR(
        kernel="precomputed", C=cost * spread, epsilon=_EPSILON * spread, cache_size=500
    )
    model.fit(gram, y)
    dual = np.zeros(len(y))
    dual[model.support_] = model.dual_coef_[0]
    return SupportVectors(dual, float(model.intercept_[0]))
