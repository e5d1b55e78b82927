"""Small numeric helpers that every head shares; float64 inside, so that batches cannot matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from framesift.errors import HeadError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from framesift.types import Float32Array

__all__ = [
    "Float64Array",
    "check_knots",
    "finite_array",
    "logsumexp",
    "piecewise_linear",
    "sigmoid",
    "softmax",
    "unit_rows",
]

Float64Array: TypeAlias = NDArray[np.float64]


def unit_rows(rows: ArrayLike) -> Float64Array:
    """Scale each row of (N, D) to length 1; a row of zeros stays zero."""
    array = np.asarray(rows, dtype=np.float64)
    length = np.linalg.norm(array, axis=1, keepdims=True)
    return array / np.where(length > 0, length, 1.0)


def logsumexp(logits: Float64Array) -> Float64Array:
    """Log of the sum of exponentials over axis 1, (N, K) -> (N,), without overflow."""
    top = logits.max(axis=1)
    total: Float64Array = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    return total


def softmax(logits: Float64Array) -> Float64Array:
    """Softmax over axis 1, (N, K) -> (N, K)."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    total: Float64Array = shifted / shifted.sum(axis=1, keepdims=True)
    return total


def sigmoid(logits: Float64Array) -> Float64Array:
    """Logistic function, elementwise, without overflow."""
    small = np.exp(-np.abs(logits))
    return np.where(logits >= 0, 1.0 / (1.0 + small), small / (1.0 + small))


def piecewise_linear(values: Float64Array, knots: Sequence[tuple[float, float]]) -> Float64Array:
    """Map values through straight lines between (x, y) knots; flat beyond the ends.

    NaN stays NaN: a picture that could not be embedded gets no score by accident.
    """
    x, y = np.asarray(knots, dtype=np.float64).T
    return np.asarray(np.interp(values, x, y), dtype=np.float64)


def check_knots(knots: Sequence[tuple[float, float]], *, what: str) -> None:
    """Require at least two finite knots, x strictly increasing and y never decreasing.

    Raises:
        HeadError: Otherwise; ``what`` opens the message.
    """
    array = np.asarray(knots, dtype=np.float64)
    usable = array.ndim == 2 and array.shape[1:] == (2,) and len(array) >= 2
    if not (usable and np.isfinite(array).all() and (np.diff(array[:, 0]) > 0).all()):
        message = f"{what}: needs two or more [raw, score] knots with growing raw values"
        raise HeadError(message)
    if (np.diff(array[:, 1]) < 0).any():
        message = f"{what}: scores of its knots must not fall, or more would mean worse"
        raise HeadError(message)


def finite_array(value: ArrayLike, *, shape: tuple[int, ...], what: str) -> Float32Array:
    """Return value as float32 of the given shape (-1 matches any length), all finite.

    Raises:
        HeadError: It has another shape, or NaN or infinite entries; ``what`` opens the message.
    """
    array = np.asarray(value, dtype=np.float32)
    fits = array.ndim == len(shape) and all(
        want in (-1, have) for want, have in zip(shape, array.shape, strict=True)
    )
    if not fits:
        expected = ", ".join("any" if side == -1 else str(side) for side in shape)
        message = f"{what} has shape {array.shape}; expected ({expected})"
        raise HeadError(message)
    if not np.isfinite(array).all():
        message = f"{what} has entries that are NaN or infinite"
        raise HeadError(message)
    return array
