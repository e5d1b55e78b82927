"""Vectors as 8-bit codes whose error is known, so that a coarse look loses nothing.

A vector x of a shard with mean m is rotated, r = R (x - m), and rounded to codes c with a step s of
its own: r = s c + e. For a query q, whose rotation R q = t p + d is rounded likewise,

    q.x = q.m + s t (p.c) + d.(s c) + (R q).e

so the two first terms miss the product by at most |d| |s c| + |q| |e| (Cauchy-Schwarz). The product
p.c is of integers and exact. |e| and |s c| are kept with each row, with what 32-bit floats may add.

The rotation is a random one (permutations and signs, each followed by Hadamard's transform): models
of the CLIP kind put much of a vector's length into one or two numbers, which would set the step of
all others. It is written down here and not drawn, so that every machine has the same one.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framesift.types import Float32Array

__all__ = ["CoarseQuery", "Codes", "encode", "encode_query", "rotation"]

_ROUNDING: Final = 2e-5
"""What 32-bit floats add to the error, per unit of length; measured errors are below a tenth."""

_LEVELS: Final = 127


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """The codes of N vectors of width D.

    Attributes:
        codes: int8 (N, D).
        mean: float32 (D,).
        step: float32 (N,).
        error: At least the length of e, float32 (N,), with what floats may add.
        length: At least the length of s c, float32 (N,).
    """

    codes: NDArray[np.int8]
    mean: Float32Array
    step: Float32Array
    error: Float32Array
    length: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class CoarseQuery:
    """A query as codes.

    Attributes:
        exact: float64 (D,).
        codes: int8 (D,).
        step: What a code of 1 stands for.
        error: Length of what rounding dropped.
        length: Of the query.
    """

    exact: NDArray[np.float64]
    codes: NDArray[np.int8]
    step: float
    error: float
    length: float


@functools.cache
def rotation(width: int) -> Float32Array:
    """Return an orthogonal matrix, float32 (D, D); rows times it are rotated rows."""
    matrix = np.eye(width)
    for turn in range(2):
        order = sorted(range(width), key=lambda place: _draw(turn, place))
        signs = np.array([1 - 2 * (_draw(turn, place)[0] & 1) for place in range(width)])
        matrix = _hadamard(matrix[:, order] * signs)
    made = matrix.astype(np.float32)
    made.flags.writeable = False
    return made


def encode(vectors: Float32Array) -> Codes:
    """Round vectors, float32 (N, D), to codes."""
    mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    rotated = (vectors - mean) @ rotation(vectors.shape[1])
    peak = np.abs(rotated).max(axis=1, initial=0.0)
    step = np.maximum(peak / _LEVELS, np.finfo(np.float32).tiny).astype(np.float32)
    codes = np.rint(rotated / step[:, None]).clip(-_LEVELS, _LEVELS).astype(np.int8)
    rounded = codes * step[:, None]
    missed = np.linalg.norm(rotated - rounded, axis=1)
    slack = _ROUNDING * (np.linalg.norm(vectors, axis=1) + np.linalg.norm(mean))
    return Codes(
        codes,
        mean,
        step,
        (missed * (1 + _ROUNDING) + slack).astype(np.float32),
        (np.linalg.norm(rounded, axis=1) * (1 + _ROUNDING)).astype(np.float32),
    )


def encode_query(query: NDArray[np.float64], levels: int = _LEVELS) -> CoarseQuery:
    """Round a query, float64 (D,), to codes of at most ``levels``."""
    rotated = query @ rotation(len(query)).astype(np.float64)
    peak = float(np.abs(rotated).max(initial=0.0))
    step = peak / levels if peak > 0 else 1.0
    codes = np.rint(rotated / step).astype(np.int8)
    missed = float(np.linalg.norm(rotated - codes * step))
    return CoarseQuery(query, codes, step, missed, float(np.linalg.norm(query)))


def _draw(turn: int, place: int) -> bytes:
    return hashlib.sha256(f"framesift index rotation {turn} {place}".encode()).digest()


def _hadamard(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Apply Hadamard's transform to rows, in blocks that are powers of two."""
    blocks, start, width = [], 0, rows.shape[1]
    while start < width:
        size = 1 << ((width - start).bit_length() - 1)
        block = rows[:, start : start + size]
        half = 1
        while half < size:
            pairs = block.reshape(len(rows), -1, 2, half)
            left, right = pairs[:, :, 0], pairs[:, :, 1]
            block = np.stack([left + right, left - right], axis=2).reshape(len(rows), size)
            half *= 2
        blocks.append(block / np.sqrt(size))
        start += size
    return np.concatenate(blocks, axis=1)
