"""Weights with which several models are averaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.training.extra import require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.heads.numeric import Float64Array

__all__ = ["stacking_weights"]

_PRIOR = 50.0
"""Pictures that speak for the fixed weights."""

_HEAVY = 1e3


def stacking_weights(
    held_out: Sequence[Float64Array], y: Float64Array, prior: Sequence[float] = ()
) -> Float64Array:
    """Weigh models by their held-out predictions: float64 (K,), 0 or more, summing to 1.

    Stacked regression (Breiman 1996): the weights with the lowest squared error of the weighted
    mean, none below 0. With few pictures these hardly differ from luck, so they are drawn towards
    fixed ones (Diebold and Shin 2019), as if 50 pictures had spoken for those.

    Args:
        held_out: Of each of K models, float64 (N, V): predictions of N pictures by models that had
            not seen them, in V ways.
        y: Ratings, float64 (N,).
        prior: The fixed weights, summing to 1; equal ones where there are none.
    """
    count = len(y)
    fixed = np.array(prior or [1 / len(held_out)] * len(held_out))
    middle = y.mean()
    views = held_out[0].shape[1]
    columns = np.stack([each.T.reshape(-1) for each in held_out], axis=1) - middle
    # A heavy row makes them sum to 1.
    scale = _HEAVY * max(float(np.abs(columns).max()), 1e-9)
    left = np.vstack([columns, np.full(len(held_out), scale)])
    right = np.append(np.tile(y - middle, views), scale)
    found, _ = require("scipy.optimize").nnls(left, right)
    found = found / found.sum() if found.sum() > 0 else fixed
    weights: Float64Array = (count * found + _PRIOR * fixed) / (count + _PRIOR)
    return weights
