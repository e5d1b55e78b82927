"""The main axes of a set of rows, which small models are fitted along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from framesift.heads.numeric import Float64Array

__all__ = ["unit_axes"]


def unit_axes(rows: Float64Array, *, most: int, enough: int) -> tuple[Float64Array, float]:
    """Find the main axes of standardised rows (N, K), or of ``enough`` of them where N is more.

    Args:
        rows: float64 (N, K).
        most: Axes to give, at most; those along which the rows hardly vary are left out.
        enough: Rows to look at, at most, spread evenly.

    Returns:
        Unit axes float64 (K, A), the longest first, and the deviation of the rows along it.
    """
    rows = rows[:: -(-len(rows) // enough)]
    centred = rows - rows.mean(axis=0)
    if len(rows) <= rows.shape[1]:
        lam, u = np.linalg.eigh(centred @ centred.T)
        axes = centred.T @ u
    else:
        lam, axes = np.linalg.eigh(centred.T @ centred)
    lam = np.maximum(lam, 0.0)
    count = max(1, min(most, int((lam > 1e-9 * lam[-1]).sum())))
    axes = axes[:, ::-1][:, :count]
    lengths = np.maximum(np.linalg.norm(axes, axis=0), 1e-300)
    return axes / lengths, float(np.sqrt(lam[-1] / len(rows)))
