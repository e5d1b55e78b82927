"""Nested cross-validation: every figure comes from pictures that no choice has seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.training.folds import grouped_folds, numbered, strata_of
from framesift.heads.training.metrics import loss_of, metrics_of
from framesift.heads.training.parallel import in_threads
from framesift.heads.training.results import Loss, SplitFigures
from framesift.heads.training.search import Fitted, TrainingSet, search

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.examples import FitOptions, Int32Array
    from framesift.heads.training.results import SplitName
    from framesift.types import Float32Array

__all__ = ["OuterRun", "Pictures", "cross_validate", "fit_on", "outer_folds"]

FEW = 20
"""Below so many pictures every group is held out once, and only strongly held-back ridges run."""

FEW_PENALTY = 0.03
"""Their lowest penalty, in units of the trace: about half of what the main axis could explain."""


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """N pictures in their canonical order: inputs by name, ratings of 0-10, groups."""

    arrays: Mapping[str, Float32Array]
    y: Float64Array
    groups: Int32Array

    def take(self, rows: Int32Array) -> Pictures:
        """Return some of them; groups are numbered anew."""
        arrays = {name: array[rows] for name, array in self.arrays.items()}
        return Pictures(arrays, self.y[rows], numbered(self.groups[rows]))


@dataclass(frozen=True, slots=True, eq=False)
class OuterRun:
    """Out-of-fold predictions float64 (N,), the fold of each picture, and errors by fold."""

    predicted: Float64Array
    folds: Int32Array
    losses: tuple[tuple[Loss, Loss], ...]

    def figures(self, pictures: Pictures, split: SplitName, options: FitOptions) -> SplitFigures:
        """Sum it up, with intervals over groups."""
        test = metrics_of(
            pictures.y,
            self.predicted,
            pictures.groups,
            seed=options.seed,
            repeats=options.repeats,
        )
        sizes = np.array([train.n for train, _ in self.losses], np.float64)

        def mean(name: str) -> float:
            values = np.array([getattr(train, name) for train, _ in self.losses])
            return float(np.sum(values * sizes) / sizes.sum())

        train = Loss(round(float(sizes.mean())), mean("r2"), mean("mse"), mean("mae"), mean("srcc"))
        return SplitFigures(split, test, train, self.losses)


def outer_folds(pictures: Pictures, options: FitOptions) -> Int32Array:
    """Deal out pictures to outer folds; below 20 pictures each group is a fold of its own."""
    folds = int(pictures.groups.max()) + 1 if len(pictures.y) < FEW else options.folds
    strata = strata_of(pictures.y, folds)
    return grouped_folds(strata, pictures.groups, folds, seed=options.seed)


def cross_validate(
    pictures: Pictures,
    folds: Int32Array,
    sets: Sequence[tuple[str, ...]],
    options: FitOptions,
) -> OuterRun:
    """Hold out each fold in turn; choose and fit on the others, several folds at a time."""

    def hold_out(fold: int) -> tuple[Float64Array, tuple[Loss, Loss]]:
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        known, unknown = pictures.take(train.astype(np.int32)), pictures.take(test.astype(np.int32))
        fitted = fit_on(known, sets, options)
        found = fitted.predict(unknown.arrays)
        return found, (loss_of(known.y, fitted.predict(known.arrays)), loss_of(unknown.y, found))

    names = [int(fold) for fold in np.unique(folds)]
    predicted, losses = np.empty(len(pictures.y)), []
    for fold, (found, loss) in zip(names, in_threads(hold_out, names), strict=True):
        predicted[folds == fold] = found
        losses.append(loss)
    return OuterRun(predicted, folds, tuple(losses))


def fit_on(pictures: Pictures, sets: Sequence[tuple[str, ...]], options: FitOptions) -> Fitted:
    """Choose and fit on some pictures by cross-validation among them."""
    count = int(pictures.groups.max()) + 1
    few = len(pictures.y) < FEW
    folds = count if few else min(options.inner_folds, count)
    strata = strata_of(pictures.y, max(folds, 1))
    inner = grouped_folds(strata, pictures.groups, max(folds, 1), seed=options.seed + 1)
    if few:
        sets, options = sets[:1], replace(options, kinds=("ridge",))
    penalty = FEW_PENALTY if few else 0.0
    data = TrainingSet(pictures.arrays, pictures.y, pictures.groups, inner, penalty)
    return search(data, sets, options)
