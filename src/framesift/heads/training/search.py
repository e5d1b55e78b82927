"""Choose a model on one training set by cross-validation within it, and fit it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from framesift.heads.training.members import (
    MANY_GROUPS,
    Member,
    Standard,
    TrainingSet,
    blend_member,
    kernel_member,
    mlp_member,
    ridge_member,
    standard_error,
    svr_member,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.examples import FitOptions
    from framesift.heads.training.results import Candidate
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

FEW_GROUPS = 8
"""Below so many groups nothing but the first ridge is trusted: not even weights of a blend."""

_WIDE = 8
_TECHNICAL = "technical"
_VECTORS = ("vectors",)
_TIMES = 2.0
"""Standard errors by which another candidate must be better than the preferred one."""


SVR_UP_TO = 2000
MLP_FROM = 100
MLP_UP_TO = 2000


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

    The blend is preferred (from 8 groups on), then ridges, a kernel ridge, support vectors,
    networks. From 20 groups on a standard-error rule decides (after Breiman et al. 1984), paired:
    of all candidates whose error exceeds the lowest by at most two standard errors of the
    difference, groups being the units, the first in that order is taken. Below, the first is: an
    error over so few groups is lowest by luck.
    """
    members = _members(data, sets, options)
    place = _choose(members, data)
    marked = [replace(each.candidate, chosen=i == place) for i, each in enumerate(members)]
    ranked = sorted(marked, key=lambda each: (each.mse, not each.chosen))
    return Fitted(replace(members[place], candidate=marked[place]), tuple(ranked))


def _members(
    data: TrainingSet, sets: Sequence[tuple[str, ...]], options: FitOptions
) -> list[Member]:
    """Return the candidates, the one to prefer first."""
    kinds = set(options.kinds)
    first = Standard.of(data, sets[0])
    found: list[Member] = []
    kernel = kernel_member(data, first, options) if kinds & {"kernel", "blend"} else None
    if kinds & {"ridge", "blend"}:
        common = [ridge_member(data, first), *_plain(data, sets)]
        tried = {each.candidate.inputs for each in common}
        wanted = sets[1:] if "ridge" in kinds else [_VECTORS] if _VECTORS in sets else []
        others = [ridge_member(data, Standard.of(data, e)) for e in wanted if e not in tried]
        if "blend" in kinds and kernel is not None and data.groups.max() + 1 >= FEW_GROUPS:
            alone = [each for each in others if each.candidate.inputs == _VECTORS]
            found.append(blend_member(data, [*common, kernel], alone))
        if "ridge" in kinds:
            found += [*common, *others]
    if "kernel" in kinds and kernel is not None:
        found.append(kernel)
    if "svr" in kinds and len(data.y) <= SVR_UP_TO:
        found.append(svr_member(data, first))
    if "mlp" in kinds and MLP_FROM <= len(data.y) <= MLP_UP_TO:
        found.append(mlp_member(data, first, options))
    # A kind that is out of range for so many pictures leaves nothing: a ridge always works.
    return found or [ridge_member(data, first)]


def _plain(data: TrainingSet, sets: Sequence[tuple[str, ...]]) -> list[Member]:
    """Ridges on columns that all count alike: the first set, and the expert's row alone."""
    wanted = dict.fromkeys([sets[0], *(each for each in sets if each == (_TECHNICAL,))])
    return [ridge_member(data, Standard.of(data, each, plain=True)) for each in wanted]


def _choose(members: Sequence[Member], data: TrainingSet) -> int:
    if int(data.groups.max()) + 1 < MANY_GROUPS:
        return 0
    losses = np.stack([(each.held_out - data.y) ** 2 for each in members])
    best = int(losses.mean(axis=1).argmin())
    for place, loss in enumerate(losses):
        apart = loss - losses[best]
        if apart.mean() <= _TIMES * standard_error(apart, data.groups):
            return place
    return best
