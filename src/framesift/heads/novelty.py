"""How far a picture lies from what a head was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from framesift.errors import HeadError
from framesift.heads.numeric import Float64Array, finite_array

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framesift.types import Float32Array

__all__ = ["Novelty"]

_LIMIT_QUANTILE = 0.99
_MAX_AXES = 64
_MIN_ROWS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Novelty:
    """Distance from a set of training rows: Mahalanobis in its main axes, plus what they leave.

    After Lee et al. (A simple unified framework for detecting out-of-distribution samples, 2018)
    with the covariance reduced to its R main axes, and the length of the rest as one more axis, so
    that few training rows are enough. A distance is divided by ``limit``: above 1 a picture lies
    further out than all but one in a hundred of the training pictures did *when they were held
    out*.

    Attributes:
        mean: float32 (K,).
        axes: Orthonormal rows, float32 (R, K).
        scale: Standard deviation along each axis, then of the rest, float32 (R + 1,).
        limit: The raw distance that counts as 1.
    """

    mean: Float32Array
    axes: Float32Array
    scale: Float32Array
    limit: float

    def __post_init__(self) -> None:
        """Check the shapes.

        Raises:
            HeadError: They do not fit together, or an entry is not finite.
        """
        finite_array(self.mean, shape=(-1,), what="novelty mean")
        finite_array(self.axes, shape=(-1, len(self.mean)), what="novelty axes")
        finite_array(self.scale, shape=(len(self.axes) + 1,), what="novelty scale")
        if not (self.scale > 0).all() or not (np.isfinite(self.limit) and self.limit > 0):
            message = "novelty scale and limit must be above zero; train the head again"
            raise HeadError(message)

    @classmethod
    def fit(cls, rows: Float32Array, *, seed: int = 0) -> Novelty:
        """Learn from the training rows (N, K), N at least 8.

        The limit comes from rows that the axes were not fitted on (two halves, each measured with
        the axes of the other), since the distance of fitted rows says little where K is near N.

        Raises:
            HeadError: There are too few rows.
        """
        if len(rows) < _MIN_ROWS:
            message = f"{len(rows)} rows are too few to tell what is unusual; give {_MIN_ROWS}"
            raise HeadError(message)
        exact = rows.astype(np.float64)
        order = np.random.default_rng(seed).permutation(len(rows))
        halves = np.array_split(exact[order], 2)
        held_out = [
            _raw(other, *_axes(half)) for half, other in (tuple(halves), tuple(reversed(halves)))
        ]
        limit = float(np.quantile(np.concatenate(held_out), _LIMIT_QUANTILE))
        mean, axes, scale = (
            np.ascontiguousarray(array, dtype=np.float32) for array in _axes(exact)
        )
        return cls(mean, axes, scale, float(np.float32(max(limit, 1e-6))))

    def distance(self, rows: Float32Array) -> Float32Array:
        """Give the distance of rows (N, K), float32 (N,); above 1 is unusual."""
        raw = _raw(
            rows.astype(np.float64),
            self.mean.astype(np.float64),
            self.axes.astype(np.float64),
            self.scale.astype(np.float64),
        )
        return (raw / self.limit).astype(np.float32)

    def to_tensors(self) -> dict[str, Float32Array]:
        """Give the arrays under the names that head files use."""
        return {
            "novelty_mean": self.mean,
            "novelty_axes": self.axes,
            "novelty_scale": self.scale,
            "novelty_limit": np.array([self.limit], dtype=np.float32),
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Float32Array]) -> Novelty | None:
        """Read the arrays of a head file; ``None`` where it has none.

        Raises:
            HeadError: They do not fit together.
        """
        if "novelty_mean" not in tensors:
            return None
        limit = finite_array(tensors["novelty_limit"], shape=(1,), what="novelty limit")
        names = ("novelty_mean", "novelty_axes", "novelty_scale")
        mean, axes, scale = (tensors[name] for name in names)
        return cls(mean, axes, scale, float(limit[0]))


def _axes(rows: Float64Array) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Give mean (K,), main axes (R, K) and deviations (R + 1,) of rows (N, K)."""
    mean = rows.mean(axis=0)
    centred = rows - mean
    count = max(1, min(_MAX_AXES, len(rows) // 4, rows.shape[1]))
    # The Gram matrix is small on one side or the other; its eigenvectors give the axes.
    if len(rows) <= rows.shape[1]:
        values, vectors = np.linalg.eigh(centred @ centred.T)
        vectors = centred.T @ vectors[:, ::-1][:, :count]
    else:
        values, vectors = np.linalg.eigh(centred.T @ centred)
        vectors = vectors[:, ::-1][:, :count]
    lengths = np.linalg.norm(vectors, axis=0)
    axes = (vectors / np.maximum(lengths, 1e-12)).T
    total = float(np.sum(centred**2)) / len(rows)
    along = np.sqrt(np.maximum(values[::-1][:count], 0) / len(rows))
    rest = np.sqrt(max(total - float(np.sum(along**2)), 0.0))
    # No axis may count for nothing: rounding alone would then make a picture unusual.
    floor = max(1e-6, 1e-3 * np.sqrt(total))
    return mean, axes, np.maximum(np.append(along, rest), floor)


def _raw(
    rows: Float64Array, mean: Float64Array, axes: Float64Array, scale: Float64Array
) -> Float64Array:
    centred = rows - mean
    along = centred @ axes.T
    rest = np.maximum(np.sum(centred**2, axis=1) - np.sum(along**2, axis=1), 0.0)
    squares = np.sum((along / scale[:-1]) ** 2, axis=1) / max(1, len(axes))
    raw: Float64Array = np.sqrt((squares + rest / scale[-1] ** 2) / 2)
    return raw
