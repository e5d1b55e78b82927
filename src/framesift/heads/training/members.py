"""The models that a search tries: each fitted, with predictions of what it has not seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.training.blocks import Scaling
from framesift.heads.training.mlp import fit_networks, main_axes
from framesift.heads.training.results import Candidate, EpochLoss
from framesift.heads.training.spectral import (
    EXACT_UP_TO,
    PENALTIES,
    Spectrum,
    distances_of,
    median_squared_distance,
    spectrum_of,
)
from framesift.heads.training.stacking import stacking_weights
from framesift.heads.training.svr import SupportVectors, fit_support_vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from framesift.heads.numeric import Float64Array
    from framesift.heads.parts import Part
    from framesift.heads.training.examples import FitOptions, Int32Array
    from framesift.types import Float32Array

__all__ = [
    "MANY_GROUPS",
    "Member",
    "Standard",
    "TrainingSet",
    "blend_member",
    "kernel_member",
    "mlp_member",
    "ridge_member",
    "standard_error",
    "svr_member",
]

GAMMAS = (0.25, 1.0)
"""Of the RBF kernel, over the median squared distance."""

MANY_GROUPS = 20
"""From so many groups on, held-out groups have a say beside pictures left out singly."""

_LEAST_WEIGHT = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """What one search sees: N pictures, their ratings, groups, inner folds, lowest penalty."""

    arrays: Mapping[str, Float32Array]
    y: Float64Array
    groups: Int32Array
    folds: Int32Array
    penalty: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One fitted model with its out-of-fold predictions.

    Attributes:
        candidate: What it is.
        held_out: Inner out-of-fold predictions, float64 (N,), within 0 and 10.
        predict: From arrays by input name to raw predictions (M,).
        parts: The parts of the head made of it.
        views: Predictions by which a blend weighs it, float64 (N, V), within 0 and 10.
        weights: Of the parts, summing to 1.
        history: Losses by epoch, of a network.
    """

    candidate: Candidate
    held_out: Float64Array
    predict: Callable[[Mapping[str, Float32Array]], Float64Array]
    parts: Callable[[], list[Part]]
    views: Float64Array
    weights: tuple[float, ...] = (1.0,)
    history: tuple[EpochLoss, ...] = ()


def standard_error(values: Float64Array, groups: Int32Array) -> float:
    """Standard error of a mean over pictures where whole groups are the units."""
    count = int(groups.max()) + 1
    sums = np.bincount(groups, values - values.mean(), minlength=count)
    return float(np.sqrt(np.sum(sums**2) * count / max(count - 1, 1)) / len(values))


def _member(
    data: TrainingSet,
    candidate: Candidate,
    held_out: Float64Array,
    predict: Callable[[Mapping[str, Float32Array]], Float64Array],
    parts: Callable[[], list[Part]],
) -> Member:
    clipped = np.clip(held_out, 0.0, 10.0)
    loss = (clipped - data.y) ** 2
    error = standard_error(loss, data.groups)
    measured = replace(candidate, mse=float(loss.mean()), standard_error=error)
    return Member(measured, clipped, predict, parts, clipped[:, None])


@dataclass(frozen=True, slots=True, eq=False)
class Standard:
    """Standardised rows of one input set, and their Gram matrix where it is small enough."""

    scaling: Scaling
    rows: Float64Array
    gram: Float64Array | None
    plain: bool = False

    @classmethod
    def of(cls, data: TrainingSet, inputs: tuple[str, ...], *, plain: bool = False) -> Standard:
        """Standardise some inputs; ``plain`` as in `Scaling`."""
        scaling = Scaling.fit(data.arrays, inputs, plain=plain)
        rows = scaling(data.arrays)
        return cls(scaling, rows, rows @ rows.T if len(rows) <= EXACT_UP_TO else None, plain)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what was standardised."""
        return self.scaling.inputs


def ridge_member(data: TrainingSet, given: Standard) -> Member:
    """Fit a ridge with the best penalty."""
    spectrum = spectrum_of(given.rows, None, gram=given.gram)
    marks = {"plain": 1.0} if given.plain else {}
    blank = Candidate("ridge", given.inputs, marks, 0.0, 0.0)
    return _along_path(data, given.scaling, spectrum, blank)


def kernel_member(data: TrainingSet, given: Standard, options: FitOptions) -> Member:
    """Fit a kernel ridge with the best width and penalty."""
    median = median_squared_distance(given.rows)
    tried = []
    for gamma in GAMMAS:
        # Heads keep float32; the same rounding in training keeps both alike.
        width = float(np.float32(gamma / median))
        spectrum = spectrum_of(given.rows, width, gram=given.gram, seed=options.seed)
        blank = Candidate("kernel", given.inputs, {"gamma": gamma}, 0.0, 0.0)
        tried.append(_along_path(data, given.scaling, spectrum, blank))
    return min(tried, key=lambda each: each.candidate.mse)


def blend_member(data: TrainingSet, tried: Sequence[Member], rest: Sequence[Member] = ()) -> Member:
    """Average members with weights of their own.

    Args:
        data: What they were fitted to.
        tried: Those that weigh the same as long as there are few pictures.
        rest: Those that weigh nothing until pictures speak for them.
    """
    prior = [1 / len(tried)] * len(tried) + [0.0] * len(rest)
    tried = [*tried, *rest]
    weights = stacking_weights([each.views for each in tried], data.y, prior)
    kept = weights >= _LEAST_WEIGHT
    tried = [each for each, keep in zip(tried, kept, strict=True) if keep]
    weights = weights[kept] / weights[kept].sum()
    parameters = {
        f"{_label(each.candidate)} weight": round(float(weight), 3)
        for each, weight in zip(tried, weights, strict=True)
    }
    inputs = dict.fromkeys(name for each in tried for name in each.candidate.inputs)

    def average(values: Sequence[Float64Array]) -> Float64Array:
        summed: Float64Array = np.tensordot(weights, np.stack(values), axes=1)
        return summed

    return replace(
        _member(
            data,
            Candidate("blend", tuple(inputs), parameters, 0.0, 0.0),
            average([each.held_out for each in tried]),
            lambda arrays: average([each.predict(arrays) for each in tried]),
            lambda: [part for each in tried for part in each.parts()],
        ),
        weights=tuple(float(weight) for weight in weights),
    )


def _label(candidate: Candidate) -> str:
    plain = "plain " if candidate.parameters.get("plain") else ""
    return f"{plain}{candidate.kind} {'+'.join(candidate.inputs)}"


def _along_path(
    data: TrainingSet, scaling: Scaling, spectrum: Spectrum, candidate: Candidate
) -> Member:
    """Take the penalty with the lowest error on pictures left out singly and by groups.

    Leaving out single pictures is too kind where pictures of a group are alike, but much alike for
    all penalties, and far steadier. Below 20 groups it decides alone: errors of so few groups are
    mostly luck.
    """
    by_group = np.clip(spectrum.held_out(data.y, data.folds), 0, 10)
    views = [np.clip(spectrum.left_out_singly(data.y), 0, 10)]
    if int(data.groups.max()) + 1 >= MANY_GROUPS:
        views.append(by_group)
    errors = np.mean([np.mean((view - data.y[:, None]) ** 2, axis=0) for view in views], axis=0)
    errors[np.array(PENALTIES) < data.penalty] = np.inf
    place = int(errors.argmin())
    penalty = PENALTIES[place]
    member = _member(
        data,
        replace(candidate, parameters={**candidate.parameters, "penalty": penalty}),
        by_group[:, place],
        lambda arrays: spectrum.predict(scaling(arrays), data.y, penalty),
        lambda: [spectrum.part(scaling, data.y, penalty)],
    )
    return replace(member, views=np.stack([view[:, place] for view in views], axis=1))


def svr_member(data: TrainingSet, given: Standard) -> Member:
    """Fit support vectors with the best cost."""
    scaling, rows = given.scaling, given.rows
    gamma = float(np.float32(GAMMAS[0] / median_squared_distance(rows)))
    linear = rows @ rows.T if given.gram is None else given.gram
    gram = np.exp(-gamma * distances_of(linear))
    tried: list[tuple[float, float, Float64Array]] = []
    for cost in SupportVectors.COSTS:
        held_out = np.empty(len(data.y))
        for fold in np.unique(data.folds):
            test = np.flatnonzero(data.folds == fold)
            train = np.flatnonzero(data.folds != fold)
            fitted = fit_support_vectors(gram[np.ix_(train, train)], data.y[train], cost)
            held_out[test] = gram[np.ix_(test, train)] @ fitted.dual + fitted.intercept
        error = float(np.mean((np.clip(held_out, 0, 10) - data.y) ** 2))
        tried.append((error, cost, held_out))
    _, cost, held_out = min(tried, key=lambda each: each[:2])
    final = fit_support_vectors(gram, data.y, cost)
    return _member(
        data,
        Candidate("svr", given.inputs, {"cost": cost, "gamma": GAMMAS[0]}, 0.0, 0.0),
        held_out,
        lambda arrays: final.predict(scaling(arrays), rows, gamma),
        lambda: [final.part(scaling, rows, gamma)],
    )


def mlp_member(data: TrainingSet, given: Standard, options: FitOptions) -> Member:
    """Fit small networks that stop early."""
    scaling, rows = given.scaling, given.rows
    axes = main_axes(rows)
    held_out = np.empty(len(data.y))
    for fold in np.unique(data.folds):
        test, train = data.folds == fold, data.folds != fold
        network = fit_networks(
            rows[train], data.y[train], data.folds[train], axes, seed=options.seed
        )
        held_out[test] = network.predict(rows[test])
    final = fit_networks(rows, data.y, data.folds, axes, seed=options.seed)
    member = _member(
        data,
        Candidate("mlp", given.inputs, {"units": float(final.members[0][0].shape[1])}, 0.0, 0.0),
        held_out,
        lambda arrays: final.predict(scaling(arrays)),
        lambda: [final.part(scaling)],
    )
    return replace(member, history=final.history)
