"""Small networks in numpy: one hidden layer, Adam, weight decay, early stopping by groups.

Written out rather than taken from scikit-learn so that the validation pictures can be whole groups
and that both losses of every epoch are known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.parts import NetworkPart
from framesift.heads.training.axes import unit_axes
from framesift.heads.training.results import EpochLoss

if TYPE_CHECKING:
    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.blocks import Scaling
    from framesift.heads.training.examples import Int32Array

__all__ = ["Network", "fit_networks", "main_axes"]

_UNITS = 24
_AXES = 48
_ENOUGH = 1500
_NETWORKS = 2
_EPOCHS = 300
_PATIENCE = 25
_RATE = 0.02
_DECAY = 1e-2
_BETA = (0.9, 0.99)

Weights = tuple["Float64Array", "Float64Array", "Float64Array", "Float64Array"]


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A few networks on the main axes of standardised rows, and how the first one learnt.

    Attributes:
        axes: float64 (K, A): rows times axes have unit variance along the first axis.
        members: Weights (A, H), (H,), (H,), (1,) of each.
        mean: Added to what they predict.
        scale: Multiplied with it first.
        history: Losses of the first network by epoch.
    """

    axes: Float64Array
    members: tuple[Weights, ...]
    mean: float
    scale: float
    history: tuple[EpochLoss, ...]

    def predict(self, rows: Float64Array) -> Float64Array:
        """Predict standardised rows (N, K): float64 (N,)."""
        raw = np.mean([_forward(rows @ self.axes, each)[1] for each in self.members], axis=0)
        predicted: Float64Array = raw * self.scale + self.mean
        return predicted

    def part(self, scaling: Scaling) -> NetworkPart:
        """Make the part of a head that predicts as `predict` does."""
        hidden = np.stack([self.axes @ each[0] for each in self.members])
        out = np.stack([each[2] * self.scale for each in self.members])
        last = np.array([float(each[3][0]) * self.scale + self.mean for each in self.members])
        return NetworkPart(
            scaling.inputs,
            scaling.standardiser(),
            hidden.astype(np.float32),
            np.stack([each[1] for each in self.members]).astype(np.float32),
            out.astype(np.float32),
            last.astype(np.float32),
        )


def main_axes(rows: Float64Array) -> Float64Array:
    """Return up to 48 main axes of standardised rows (N, K), or of 1,500 of them: float64 (K, A).

    They are scaled so that the rows have unit variance along the first one.
    """
    axes, deviation = unit_axes(rows, most=_AXES, enough=_ENOUGH)
    return axes / max(deviation, 1e-12)


def fit_networks(
    rows: Float64Array, y: Float64Array, folds: Int32Array, axes: Float64Array, *, seed: int
) -> Network:
    """Fit networks to standardised rows (N, K) and ratings (N,), along some axes (K, A).

    Each network keeps one of ``folds`` aside and stops when the loss there has not fallen for 25
    epochs; the weights of its best epoch are kept.
    """
    projected = rows @ axes
    mean, scale = float(y.mean()), max(float(y.std()), 1e-9)
    names = np.unique(folds)
    members, histories = [], []
    for i in range(_NETWORKS):
        aside = folds == names[i % len(names)]
        weights, history = _fit_one(
            projected, (y - mean) / scale, aside, np.random.default_rng((seed, i))
        )
        members.append(weights)
        histories.append(history)
    in_points = tuple(
        replace(each, train=each.train * scale**2, validation=each.validation * scale**2)
        for each in histories[0]
    )
    return Network(axes, tuple(members), mean, scale, in_points)


def _forward(rows: Float64Array, weights: Weights) -> tuple[Float64Array, Float64Array]:
    hidden, bias, out, last = weights
    units = np.tanh(rows @ hidden + bias)
    return units, units @ out + last[0]


def _gradient(rows: Float64Array, y: Float64Array, weights: Weights) -> Weights:
    units, predicted = _forward(rows, weights)
    error = 2 * (predicted - y) / len(y)
    back = np.outer(error, weights[2]) * (1 - units**2)
    return rows.T @ back, back.sum(axis=0), units.T @ error, np.array([error.sum()])


def _fit_one(
    rows: Float64Array, y: Float64Array, aside: np.ndarray, rng: np.random.Generator
) -> tuple[Weights, tuple[EpochLoss, ...]]:
    learn = ~aside
    width = rows.shape[1]
    weights: Weights = (
        rng.normal(0, 0.3, (width, _UNITS)),
        np.zeros(_UNITS),
        rng.normal(0, 0.3 / np.sqrt(_UNITS), _UNITS),
        np.zeros(1),
    )
    moments = [np.zeros_like(each) for each in weights]
    squares = [np.zeros_like(each) for each in weights]
    best, kept, kept_epoch = np.inf, weights, 0
    history = []
    for epoch in range(1, _EPOCHS + 1):
        slopes = _gradient(rows[learn], y[learn], weights)
        stepped = []
        for i, (weight, slope) in enumerate(zip(weights, slopes, strict=True)):
            moments[i] = _BETA[0] * moments[i] + (1 - _BETA[0]) * slope
            squares[i] = _BETA[1] * squares[i] + (1 - _BETA[1]) * slope**2
            step = (moments[i] / (1 - _BETA[0] ** epoch)) / (
                np.sqrt(squares[i] / (1 - _BETA[1] ** epoch)) + 1e-8
            )
            decay = _DECAY * weight if weight.ndim == 2 or i == 2 else 0.0
            stepped.append(weight - _RATE * (step + decay))
        weights = (stepped[0], stepped[1], stepped[2], stepped[3])
        losses = [_loss(rows[some], y[some], weights) for some in (learn, aside)]
        history.append(EpochLoss(epoch, losses[0], losses[1]))
        if losses[1] < best - 1e-5:
            best, kept, kept_epoch = losses[1], weights, epoch
        elif epoch - kept_epoch >= _PATIENCE:
            break
    marked = tuple(replace(each, kept=each.epoch == kept_epoch) for each in history)
    return kept, marked


def _loss(rows: Float64Array, y: Float64Array, weights: Weights) -> float:
    return float(np.mean((_forward(rows, weights)[1] - y) ** 2))
