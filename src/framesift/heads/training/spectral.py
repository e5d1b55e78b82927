"""Ridge and kernel ridge along a whole path of penalties from one eigendecomposition.

With the centred Gram matrix ``K = U diag(lam) U'``, the fitted values of a ridge with penalty ``a``
and a free intercept are ``mean(y) + U diag(lam / (lam + a)) U' (y - mean(y))``. It is a linear
smoother with hat matrix ``H = 11'/n + U diag(lam / (lam + a)) U'``, so the residuals of the model
that never saw a fold S follow without refitting: ``(I - H_SS)^-1 (y - fitted)_S`` (Cook's identity
for a block; Golub, Heath and Wahba 1979 use its single-row form). Exact for any penalty and fold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from framesift.heads.parts import KernelPart, LinearPart, Part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.blocks import Scaling
    from framesift.heads.training.examples import Int32Array

__all__ = [
    "EXACT_UP_TO",
    "PENALTIES",
    "Spectrum",
    "distances_of",
    "median_squared_distance",
    "spectrum_of",
    "squared_distances",
]

PENALTIES = tuple(float(10.0**k) for k in np.arange(-5, 2.01, 0.5))
"""Penalties in units of the trace of the centred Gram matrix; the last all but says the mean."""

EXACT_UP_TO = 2000
"""Pictures up to which the full Gram matrix is decomposed."""

ROUGH = np.float32
"""Precision in which main components are looked for beyond that; what is fitted in them is not."""

_COMPONENTS = 512
_TINY = 1e-9
_TINY_ROUGH = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """The eigendecomposition of a centred Gram matrix of N training rows.

    Attributes:
        rows: Standardised training rows, or those the kernel compares with, float64 (M, K).
        u: Orthonormal columns, float64 (N, R), each summing to 0.
        lam: Eigenvalues, float64 (R,), above 0.
        to_dual: Float64 (M, R): the weights of ``rows`` for fitted values ``u @ g`` are
            ``to_dual @ g``.
        gamma: Of the RBF kernel; ``None`` for the linear one.
        centre: What those weights predict at the mean row: float64 (R,), subtracted.
    """

    rows: Float64Array
    u: Float64Array
    lam: Float64Array
    to_dual: Float64Array
    gamma: float | None
    centre: Float64Array

    def shrink(self, penalty: float) -> Float64Array:
        """Return ``lam / (lam + a)`` for a penalty in units of the trace, float64 (R,)."""
        shrunk: Float64Array = self.lam / (self.lam + penalty * float(self.lam.sum()))
        return shrunk

    def fitted(self, y: Float64Array, penalty: float) -> Float64Array:
        """Predict the training rows, float64 (N,)."""
        fitted: Float64Array = y.mean() + self.u @ self._g(y, penalty)
        return fitted

    def held_out(self, y: Float64Array, folds: Int32Array) -> Float64Array:
        """Predict each row by the model without its fold, for every penalty: float64 (N, P)."""
        out = np.empty((len(y), len(PENALTIES)))
        projected = self.u.T @ (y - y.mean())
        shrunk = np.stack([self.shrink(penalty) for penalty in PENALTIES])
        residual = (y - y.mean())[:, None] - self.u @ (shrunk * projected).T
        for fold in np.unique(folds):
            some = np.flatnonzero(folds == fold)
            out[some] = y[some, None] - self._leave(some, shrunk, residual[some])
        return out

    def left_out_singly(self, y: Float64Array) -> Float64Array:
        """Predict each row by the model without that row, for every penalty: float64 (N, P)."""
        around = y - y.mean()
        projected = self.u.T @ around
        shrunk = np.stack([self.shrink(penalty) for penalty in PENALTIES])
        residual = around[:, None] - self.u @ (shrunk * projected).T
        own = 1 / len(y) + self.u**2 @ shrunk.T
        left: Float64Array = y[:, None] - residual / np.maximum(1 - own, 1e-12)
        return left

    def predict(self, rows: Float64Array, y: Float64Array, penalty: float) -> Float64Array:
        """Predict new standardised rows (M, K), float64 (M,)."""
        g = self._g(y, penalty)
        dual = self.to_dual @ g
        offset = y.mean() - self.centre @ g
        if self.gamma is None:
            raw: Float64Array = rows @ (self.rows.T @ dual) + offset
            return raw
        kernel = np.exp(-self.gamma * squared_distances(rows, self.rows))
        predicted: Float64Array = kernel @ dual + offset
        return predicted

    def part(self, scaling: Scaling, y: Float64Array, penalty: float) -> Part:
        """Make the part of a head that predicts as `predict` does."""
        g = self._g(y, penalty)
        dual = self.to_dual @ g
        intercept = np.array([y.mean() - self.centre @ g], np.float32)
        if self.gamma is None:
            coef = (self.rows.T @ dual).astype(np.float32)
            return LinearPart(scaling.inputs, scaling.standardiser(), coef, intercept)
        return KernelPart(
            scaling.inputs,
            scaling.standardiser(),
            self.rows.astype(np.float32),
            dual.astype(np.float32),
            np.array([self.gamma], np.float32),
            intercept,
        )

    def _g(self, y: Float64Array, penalty: float) -> Float64Array:
        g: Float64Array = self.shrink(penalty) * (self.u.T @ (y - y.mean()))
        return g

    def _leave(
        self, some: NDArray[np.intp], shrunk: Float64Array, residual: Float64Array
    ) -> Float64Array:
        """Solve ``(I - H_SS) x = residual`` in the smaller of both dimensions (Woodbury).

        Args:
            some: Rows S of the fold.
            shrunk: Of each penalty, float64 (P, R).
            residual: Of these rows for each penalty, float64 (S, P).
        """
        part = np.concatenate([self.u[some], np.full((len(some), 1), len(self.u) ** -0.5)], axis=1)
        inner = None if len(some) <= part.shape[1] else part.T @ part
        solved = np.empty_like(residual)
        for place, shrinkage in enumerate(shrunk):
            weights, left = np.append(shrinkage, 1.0), residual[:, place]
            if inner is None:
                hat = (part * weights) @ part.T
                solved[:, place] = np.linalg.solve(np.eye(len(some)) - hat, left)
            else:
                small = np.diag(1.0 / np.maximum(weights, 1e-12)) - inner
                solved[:, place] = left + part @ np.linalg.solve(small, part.T @ left)
        return solved


def spectrum_of(
    rows: Float64Array, gamma: float | None, *, gram: Float64Array | None = None, seed: int = 0
) -> Spectrum:
    """Decompose the Gram matrix of standardised rows (N, K), linear or RBF.

    Up to `EXACT_UP_TO` rows the matrix is decomposed whole. Beyond, a linear one is cut to 512
    main components (of 2,048 random rows, where there are more columns than that), and an RBF one
    approximated through 512 random rows (Nystroem; Williams and Seeger 2001).

    Args:
        rows: Standardised training rows.
        gamma: Of the RBF kernel; ``None`` for a linear one.
        gram: ``rows @ rows.T`` where the caller has it already.
        seed: Of the random rows.
    """
    if len(rows) <= EXACT_UP_TO:
        return _exact(rows, gamma, rows @ rows.T if gram is None else gram)
    if gamma is None:
        return _principal(rows, seed=seed)
    return _nystroem(rows, gamma, seed=seed)


def squared_distances(a: Float64Array, b: Float64Array) -> Float64Array:
    """Squared Euclidean distances of rows, float64 (len(a), len(b))."""
    squares = np.sum(a**2, axis=1)[:, None] + np.sum(b**2, axis=1) - 2 * (a @ b.T)
    positive: Float64Array = np.maximum(squares, 0.0)
    return positive


def median_squared_distance(rows: Float64Array) -> float:
    """Median squared distance between two of (at most 1,000 of) the rows."""
    step = max(1, len(rows) // 1000)
    some = rows[::step]
    distances = squared_distances(some, some)[np.triu_indices(len(some), 1)]
    return max(float(np.median(distances)), 1e-12) if len(distances) else 1.0


def distances_of(gram: Float64Array) -> Float64Array:
    """Squared distances (N, N) between the rows of a Gram matrix ``rows @ rows.T``."""
    lengths = np.diag(gram)
    positive: Float64Array = np.maximum(lengths[:, None] + lengths - 2 * gram, 0.0)
    return positive


def _exact(rows: Float64Array, gamma: float | None, gram: Float64Array) -> Spectrum:
    gram = gram if gamma is None else np.exp(-gamma * distances_of(gram))
    column = gram.mean(axis=0)
    centred = gram - column - column[:, None] + column.mean()
    lam, u = _top(centred, len(rows))
    to_dual = u / lam
    return Spectrum(rows, u, lam, to_dual, gamma, column @ to_dual)


def _top(
    matrix: NDArray[np.floating[Any]], limit: int, *, tiny: float = _TINY
) -> tuple[Float64Array, Float64Array]:
    """Return the eigenvalues above rounding and their vectors, largest first."""
    lam, vectors = np.linalg.eigh(matrix)
    order = np.arange(len(lam))[::-1][:limit]
    lam, vectors = lam[order], vectors[:, order]
    keep = lam > max(tiny * float(lam[0]), 1e-30)
    keep[0] = True
    lam = np.maximum(lam, 1e-30)
    # Eigenvectors come with either sign; fix it, so that builds of LAPACK matter less.
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(len(lam))])
    return lam[keep], (vectors * np.where(signs == 0, 1.0, signs))[:, keep]


def _principal(rows: Float64Array, *, seed: int) -> Spectrum:
    mean = rows.mean(axis=0)
    base = _subspace(rows - mean, seed)
    inside = _inside(rows - mean, base)
    lam, axes = _top(inside.T @ inside, _COMPONENTS)
    u = inside @ (axes / np.sqrt(lam))
    to_dual = axes / np.sqrt(lam)
    # The directions take the place of training rows: their weights make up the coefficients.
    return Spectrum(base.T, u, lam, to_dual, None, (mean @ base) @ to_dual)


def _subspace(centred: Float64Array, seed: int) -> Float64Array:
    """Orthonormal directions (K, R): all of K, or the main ones of 2,048 random rows."""
    width = centred.shape[1]
    if width <= _COMPONENTS:
        return np.eye(width)
    chosen = np.random.default_rng(seed).permutation(len(centred))[: 4 * _COMPONENTS]
    some = centred[np.sort(chosen)]
    # Directions need not be exact, and at half the width this takes about half the time.
    rough = some.astype(ROUGH)
    lam, vectors = _top(rough @ rough.T, _COMPONENTS, tiny=_TINY_ROUGH)
    directions: Float64Array = (rough.T @ (vectors / np.sqrt(lam)).astype(ROUGH)).astype(np.float64)
    return directions


def _inside(centred: Float64Array, base: Float64Array) -> Float64Array:
    """Coordinates of rows (N, K) along directions (K, R), float64 (N, R)."""
    if centred.shape[1] <= _COMPONENTS:
        exact: Float64Array = centred @ base
        return exact
    rough: Float64Array = (centred.astype(ROUGH) @ base.astype(ROUGH)).astype(np.float64)
    return rough


def _nystroem(rows: Float64Array, gamma: float, *, seed: int) -> Spectrum:
    chosen = np.random.default_rng(seed).permutation(len(rows))[:_COMPONENTS]
    support = rows[np.sort(chosen)]
    small, vectors = _top(np.exp(-gamma * squared_distances(support, support)), _COMPONENTS)
    whiten = vectors / np.sqrt(small)
    features = np.exp(-gamma * squared_distances(rows, support)) @ whiten
    mean = features.mean(axis=0)
    lam, axes = _top((features - mean).T @ (features - mean), _COMPONENTS)
    u = (features - mean) @ (axes / np.sqrt(lam))
    to_dual = whiten @ (axes / np.sqrt(lam))
    return Spectrum(support, u, lam, to_dual, gamma, mean @ (axes / np.sqrt(lam)))
