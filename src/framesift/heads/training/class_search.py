"""Choose, fit and calibrate a classifier on one training set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.training.blocks import Scaling
from framesift.heads.training.folds import grouped_folds, numbered
from framesift.heads.training.logistic import (
    COSTS,
    Calibrator,
    Logistic,
    fit_calibrator,
    fit_logistic,
    principal_axes,
)
from framesift.heads.training.results import Candidate
from framesift.heads.training.search import FEW_GROUPS, standard_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.examples import FitOptions, Int32Array
    from framesift.types import Float32Array

__all__ = [
    "FittedClassifier",
    "Labelled",
    "class_folds",
    "cross_validate_classes",
    "fit_classes",
]


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """N pictures: inputs by name, labels 0..K-1, groups."""

    arrays: Mapping[str, Float32Array]
    labels: Int32Array
    groups: Int32Array
    classes: int

    def take(self, rows: np.ndarray) -> Labelled:
        """Return some of them; groups are numbered anew."""
        arrays = {name: array[rows] for name, array in self.arrays.items()}
        return Labelled(arrays, self.labels[rows], numbered(self.groups[rows]), self.classes)


@dataclass(frozen=True, slots=True, eq=False)
class FittedClassifier:
    """A chosen, fitted and calibrated classifier."""

    scaling: Scaling
    axes: Float64Array
    model: Logistic
    calibrator: Calibrator
    candidates: tuple[Candidate, ...]

    @property
    def chosen(self) -> Candidate:
        """What it is."""
        return next(each for each in self.candidates if each.chosen)

    def probabilities(self, arrays: Mapping[str, Float32Array]) -> Float64Array:
        """Return calibrated probabilities (M, K)."""
        rows = self.scaling(arrays) @ self.axes
        return self.calibrator(self.model.log_probabilities(rows))

    def linear(self) -> tuple[Float32Array, Float32Array]:
        """Fold axes and calibration into one matrix (width, K) and intercepts (K,).

        The model's log probabilities and its logits differ by a number that is the same for all
        classes of a picture, which a softmax does not see.
        """
        inverse = 1 / self.calibrator.temperature
        coef = (self.axes @ self.model.coef.T) * inverse
        intercept = self.model.intercept * inverse + self.calibrator.bias
        return coef.astype(np.float32), intercept.astype(np.float32)


def class_folds(data: Labelled, wanted: int, seed: int) -> Int32Array:
    """Deal out whole groups so that each fold has some of each class."""
    return grouped_folds(data.labels, data.groups, wanted, seed=seed)


def cross_validate_classes(
    data: Labelled, folds: Int32Array, sets: Sequence[tuple[str, ...]], options: FitOptions
) -> tuple[Float64Array, float]:
    """Hold out each fold in turn: probabilities (N, K), and the accuracy on pictures fitted."""
    found = np.empty((len(data.labels), data.classes))
    right, total = 0, 0
    for fold in np.unique(folds):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        known = data.take(train)
        fitted = fit_classes(known, sets, options)
        found[test] = fitted.probabilities(data.take(test).arrays)
        right += int((fitted.probabilities(known.arrays).argmax(axis=1) == known.labels).sum())
        total += len(train)
    return found, right / total


def fit_classes(
    data: Labelled, sets: Sequence[tuple[str, ...]], options: FitOptions
) -> FittedClassifier:
    """Choose inputs and penalty by inner cross-validation, calibrate on its predictions, fit.

    The choice follows the one-standard-error rule of the quality heads: the first input set
    unless another one is better by more than a standard error.
    """
    folds = class_folds(data, options.inner_folds, options.seed + 1)
    tried = []
    for inputs in sets:
        scaling = Scaling.fit(data.arrays, inputs)
        rows = scaling(data.arrays)
        axes = principal_axes(rows)
        projected = rows @ axes
        spread = max(float(np.sqrt(projected.var(axis=0).sum())), 1e-12)
        cost, held_out = _best_cost(data, projected, folds, spread)
        losses = -held_out[np.arange(len(data.labels)), data.labels]
        tried.append((inputs, scaling, axes, spread, cost, held_out, losses))
    place = _choose(np.stack([each[6] for each in tried]), data.groups)
    inputs, scaling, axes, spread, cost, held_out, _ = tried[place]
    model = fit_logistic(scaling(data.arrays) @ axes / spread, data.labels, data.classes, cost)
    candidates = [
        Candidate(
            "logistic",
            each[0],
            {"cost": each[4]},
            float(each[6].mean()),
            standard_error(each[6], data.groups),
            chosen=i == place,
        )
        for i, each in enumerate(tried)
    ]
    candidates.sort(key=lambda each: (each.mse, not each.chosen))
    scaled = replace(model, coef=model.coef / spread)
    return FittedClassifier(
        scaling, axes, scaled, fit_calibrator(held_out, data.labels), tuple(candidates)
    )


def _best_cost(
    data: Labelled, rows: Float64Array, folds: Int32Array, spread: float
) -> tuple[float, Float64Array]:
    best: tuple[float, float, Float64Array] | None = None
    for cost in COSTS:
        held_out = np.empty((len(data.labels), data.classes))
        for fold in np.unique(folds):
            test, train = folds == fold, folds != fold
            model = fit_logistic(rows[train] / spread, data.labels[train], data.classes, cost)
            held_out[test] = model.log_probabilities(rows[test] / spread)
        # Compared as they will be used: calibrated.
        calibrated = fit_calibrator(held_out, data.labels)(held_out)
        loss = float(-np.mean(np.log(calibrated[np.arange(len(data.labels)), data.labels] + 1e-12)))
        if best is None or loss < best[0]:
            best = (loss, cost, held_out)
    assert best is not None
    return best[1], best[2]


def _choose(losses: Float64Array, groups: Int32Array) -> int:
    if int(groups.max()) + 1 < FEW_GROUPS:
        return 0
    best = int(losses.mean(axis=1).argmin())
    for place, loss in enumerate(losses):
        apart = loss - losses[best]
        if apart.mean() <= standard_error(apart, groups):
            return place
    return best
