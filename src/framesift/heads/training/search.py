"""Choose a model on one training set by cross-validation within it, and fit it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

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
from framesift.heads.training.svr import SupportVectors, fit_support_vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from framesift.heads.numeric import Float64Array
    from framesift.heads.parts import Part
    from framesift.heads.training.examples import FitOptions, Int32Array
    from framesift.types import Float32Array

__all__ = [
    "FEW_GROUPS",
    "Fitted",
    "Member",
    "TrainingSet",
    "input_sets",
    "search",
    "standard_error",
]

GAMMAS = (0.25, 1.0)
"""Of the RBF kernel, over the median squared distance."""

FEW_GROUPS = 8
"""Below so many groups the choice between models is left to experience, not to noise."""

MANY_GROUPS = 20
"""From so many groups on, penalties are chosen by held-out groups alone."""

_WIDE = 8
_TECHNICAL = "technical"

SVR_UP_TO = 2000
MLP_FROM = 100
MLP_UP_TO = 2000


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
        history: Losses by epoch, of a network.
    """

    candidate: Candidate
    held_out: Float64Array
    predict: Callable[[Mapping[str, Float32Array]], Float64Array]
    parts: Callable[[], list[Part]]
    history: tuple[EpochLoss, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The member chosen and all that were tried, the lowest error first."""

    chosen: Member
    candidates: tuple[Candidate, ...]

    def predict(self, arrays: Mapping[str, Float32Array]) -> Float64Array:
        """Predict pictures: float64 (M,) within 0 and 10."""
        return np.clip(self.chosen.predict(arrays), 0.0, 10.0)


def input_sets(
    options: FitOptions, widths: Mapping[str, int], *, task: Literal["quality", "tags"] = "quality"
) -> tuple[tuple[str, ...], ...]:
    """The input sets to try, the one to prefer first.

    Those of the options; else, from the inputs there are with their widths, for quality: the
    model's vectors with the technical expert's row, what the expert says alone, everything
    together, and each other input of 8 columns or more alone. That pair did best or nearly so on
    every rated set at hand (see docs/training-method.md). For labels, which are about content:
    everything but the expert's row, each input alone, everything together.
    """
    if options.inputs:
        return options.inputs
    every = tuple(widths)
    wide = [(name,) for name in every if widths[name] >= _WIDE]
    content = tuple(name for name in every if name != _TECHNICAL)
    if task == "tags":
        return tuple(dict.fromkeys([content, *wide, every]))
    first = ("vectors", _TECHNICAL) if _TECHNICAL in widths else every
    wide.sort(key=lambda each: each != (_TECHNICAL,))
    return tuple(dict.fromkeys([first, *wide[:1], every, *wide[1:]]))


def search(data: TrainingSet, sets: Sequence[tuple[str, ...]], options: FitOptions) -> Fitted:
    """Fit every candidate, compare them out of fold, and choose.

    The choice follows the one-standard-error rule (Breiman et al. 1984), paired: of all candidates
    whose error exceeds the lowest by at most one standard error of the difference, groups being
    the units, the simplest is taken: a ridge on all inputs, a ridge on some, a blend of ridge and
    kernel, a kernel ridge, support vectors, networks. On small sets this beats taking the lowest
    error, which is lowest in part by luck.
    """
    members = _members(data, sets, options)
    place = _choose(members, data)
    marked = [replace(each.candidate, chosen=i == place) for i, each in enumerate(members)]
    ranked = sorted(marked, key=lambda each: (each.mse, not each.chosen))
    return Fitted(replace(members[place], candidate=marked[place]), tuple(ranked))


def _members(
    data: TrainingSet, sets: Sequence[tuple[str, ...]], options: FitOptions
) -> list[Member]:
    """Return the candidates, the simplest first."""
    kinds = set(options.kinds)
    first = _Standard.of(data, sets[0])
    ridges = []
    if kinds & {"ridge", "blend"}:
        others = sets[1:] if "ridge" in kinds else ()
        ridges = [_ridge(data, first), *(_ridge(data, _Standard.of(data, each)) for each in others)]
    kernel = _kernel(data, first, options) if kinds & {"kernel", "blend"} else None
    found = list(ridges) if "ridge" in kinds else []
    if "blend" in kinds and ridges and kernel is not None:
        found.append(_blend(data, ridges[0], kernel))
    if "kernel" in kinds and kernel is not None:
        found.append(kernel)
    if "svr" in kinds and len(data.y) <= SVR_UP_TO:
        found.append(_svr(data, first))
    if "mlp" in kinds and MLP_FROM <= len(data.y) <= MLP_UP_TO:
        found.append(_mlp(data, first, options))
    # A kind that is out of range for so many pictures leaves nothing: a ridge always works.
    return found or [_ridge(data, first)]


def _choose(members: Sequence[Member], data: TrainingSet) -> int:
    count = int(data.groups.max()) + 1
    if count < FEW_GROUPS:
        return 0
    losses = np.stack([(each.held_out - data.y) ** 2 for each in members])
    best = int(losses.mean(axis=1).argmin())
    for place, loss in enumerate(losses):
        apart = loss - losses[best]
        if apart.mean() <= standard_error(apart, data.groups):
            return place
    return best


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
    return Member(measured, clipped, predict, parts)


def _along_path(
    data: TrainingSet, scaling: Scaling, spectrum: Spectrum, candidate: Candidate
) -> Member:
    """Take the penalty with the lowest out-of-fold error.

    Where there are few groups that error is mostly luck. The one of leaving out single pictures
    is then averaged in: too kind, but much alike for all penalties, and far steadier.
    """
    held_out = spectrum.held_out(data.y, data.folds)
    errors = np.mean((np.clip(held_out, 0, 10) - data.y[:, None]) ** 2, axis=0)
    if int(data.groups.max()) + 1 < MANY_GROUPS:
        singly = spectrum.held_out(data.y, np.arange(len(data.y), dtype=np.int32))
        errors = (errors + np.mean((np.clip(singly, 0, 10) - data.y[:, None]) ** 2, axis=0)) / 2
    errors[np.array(PENALTIES) < data.penalty] = np.inf
    place = int(errors.argmin())
    penalty = PENALTIES[place]
    return _member(
        data,
        replace(candidate, parameters={**candidate.parameters, "penalty": penalty}),
        held_out[:, place],
        lambda arrays: spectrum.predict(scaling(arrays), data.y, penalty),
        lambda: [spectrum.part(scaling, data.y, penalty)],
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Standard:
    """Standardised rows of one input set, and their Gram matrix where it is small enough."""

    scaling: Scaling
    rows: Float64Array
    gram: Float64Array | None

    @classmethod
    def of(cls, data: TrainingSet, inputs: tuple[str, ...]) -> _Standard:
        scaling = Scaling.fit(data.arrays, inputs)
        rows = scaling(data.arrays)
        return cls(scaling, rows, rows @ rows.T if len(rows) <= EXACT_UP_TO else None)

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.scaling.inputs


def _ridge(data: TrainingSet, given: _Standard) -> Member:
    spectrum = spectrum_of(given.rows, None, gram=given.gram)
    blank = Candidate("ridge", given.inputs, {}, 0.0, 0.0)
    return _along_path(data, given.scaling, spectrum, blank)


def _kernel(data: TrainingSet, given: _Standard, options: FitOptions) -> Member:
    median = median_squared_distance(given.rows)
    tried = []
    for gamma in GAMMAS:
        # Heads keep float32; the same rounding in training keeps both alike.
        width = float(np.float32(gamma / median))
        spectrum = spectrum_of(given.rows, width, gram=given.gram, seed=options.seed)
        blank = Candidate("kernel", given.inputs, {"gamma": gamma}, 0.0, 0.0)
        tried.append(_along_path(data, given.scaling, spectrum, blank))
    return min(tried, key=lambda each: each.candidate.mse)


def _blend(data: TrainingSet, ridge: Member, kernel: Member) -> Member:
    parameters = {
        **{f"ridge {name}": value for name, value in ridge.candidate.parameters.items()},
        **{f"kernel {name}": value for name, value in kernel.candidate.parameters.items()},
    }
    return _member(
        data,
        Candidate("blend", ridge.candidate.inputs, parameters, 0.0, 0.0),
        (ridge.held_out + kernel.held_out) / 2,
        lambda arrays: (ridge.predict(arrays) + kernel.predict(arrays)) / 2,
        lambda: [*ridge.parts(), *kernel.parts()],
    )


def _svr(data: TrainingSet, given: _Standard) -> Member:
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


def _mlp(data: TrainingSet, given: _Standard, options: FitOptions) -> Member:
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
