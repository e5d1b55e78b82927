"""The learning curve: what fewer ratings would have given, and so what more may give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.training.blocks import Scaling
from framesift.heads.training.metrics import loss_of
from framesift.heads.training.parallel import in_threads
from framesift.heads.training.results import CurvePoint, Figure
from framesift.heads.training.spectral import PENALTIES, median_squared_distance, spectrum_of

if TYPE_CHECKING:
    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.crossval import Pictures
    from framesift.heads.training.examples import FitOptions, Int32Array
    from framesift.heads.training.results import Candidate, Loss

__all__ = ["learning_curve"]

_SHARES = (0.25, 0.4, 0.6, 0.8, 1.0)
_REPEATS = 4
_FEW_REPEATS = 2
_MANY = 500
_FOLDS = 5
_LEAST = 15
_MOST = 2000


def learning_curve(
    pictures: Pictures, folds: Int32Array, chosen: Candidate, options: FitOptions
) -> tuple[CurvePoint, ...]:
    """Fit on growing random subsets of groups, test on the outer fold that they left out.

    The model is a ridge on what the chosen one reads, or a kernel ridge where that has one kernel,
    its penalty chosen anew on each subset; blends, networks and support vectors follow the same
    curve closely enough and would take minutes. Every point pools the predictions
    of one pass over all outer folds, so that points of different size are tested on the same
    pictures. Fewer than 15 pictures make no point.
    """
    smallest = min(int((folds != fold).sum()) for fold in np.unique(folds))
    shares = [share for share in _SHARES if share * smallest >= _LEAST]
    repeats = _FEW_REPEATS if smallest > _MANY else _REPEATS
    repeats = 1 if smallest > _MOST else repeats
    # Each pass has random numbers of its own, so that passes may run side by side.
    wanted = [
        (share, np.random.default_rng((options.seed + 2, place, repeat)))
        for place, share in enumerate(shares)
        for repeat in range(1 if share == 1.0 else repeats)
    ]
    passes = in_threads(lambda each: _one_pass(pictures, folds, chosen, *each), wanted)
    points: list[CurvePoint] = []
    for share in shares:
        point = _point(
            [made for made, (each, _) in zip(passes, wanted, strict=True) if each == share]
        )
        # Few large groups: two shares may draw the same pictures, and the larger one has all.
        if points and point.n <= points[-1].n * 1.05:
            points.pop()
        points.append(point)
    return tuple(points) if len(points) > 1 else ()


Pass = tuple[float, "Loss", "Loss"]


def _one_pass(
    pictures: Pictures,
    folds: Int32Array,
    chosen: Candidate,
    share: float,
    rng: np.random.Generator,
) -> Pass:
    tested, answers, fitted, known, sizes = [], [], [], [], []
    for fold in np.unique(folds):
        test = np.flatnonzero(folds == fold)
        train = _subset(pictures.groups, np.flatnonzero(folds != fold), share, rng)
        here, there = _predict(pictures, chosen, (train, test), rng)
        tested.append(there)
        answers.append(pictures.y[test])
        fitted.append(here)
        known.append(pictures.y[train])
        sizes.append(len(train))
    train_loss = loss_of(np.concatenate(known), np.concatenate(fitted))
    return (
        float(np.mean(sizes)),
        train_loss,
        loss_of(np.concatenate(answers), np.concatenate(tested)),
    )


def _subset(
    groups: Int32Array, rows: np.ndarray, share: float, rng: np.random.Generator
) -> np.ndarray:
    """Draw whole groups until the share of pictures is reached."""
    present = rng.permutation(np.unique(groups[rows]))
    sizes = np.bincount(groups[rows], minlength=int(groups.max()) + 1)[present]
    wanted = min(share * len(rows), _MOST)
    enough = int(np.searchsorted(np.cumsum(sizes), wanted - 0.5)) + 1
    return rows[np.isin(groups[rows], present[:enough])]


def _predict(
    pictures: Pictures,
    chosen: Candidate,
    rows: tuple[np.ndarray, np.ndarray],
    rng: np.random.Generator,
) -> tuple[Float64Array, Float64Array]:
    arrays = {name: pictures.arrays[name][rows[0]] for name in chosen.inputs}
    scaling = Scaling.fit(arrays, chosen.inputs)
    known, y = scaling(arrays), pictures.y[rows[0]]
    gamma = chosen.parameters.get("gamma")
    spectrum = spectrum_of(known, None if gamma is None else gamma / median_squared_distance(known))
    _, groups = np.unique(pictures.groups[rows[0]], return_inverse=True)
    groups = groups.reshape(-1)
    inner = (rng.permutation(int(groups.max()) + 1) % _FOLDS)[groups].astype(np.int32)
    held_out = np.clip(spectrum.held_out(y, inner), 0, 10)
    penalty = PENALTIES[int(np.mean((held_out - y[:, None]) ** 2, axis=0).argmin())]
    new = scaling({name: pictures.arrays[name][rows[1]] for name in chosen.inputs})
    there = spectrum.predict(new, y, penalty)
    return np.clip(spectrum.fitted(y, penalty), 0, 10), np.clip(there, 0, 10)


def _point(passes: list[Pass]) -> CurvePoint:
    def figure(side: int, name: str) -> Figure:
        values = np.array([getattr(each[side], name) for each in passes])
        if len(values) == 1:
            return Figure(float(values[0]))
        low, high = np.percentile(values, (10, 90))
        return Figure(float(values.mean()), float(low), float(high))

    return CurvePoint(
        n=round(float(np.mean([each[0] for each in passes]))),
        repeats=len(passes),
        train_r2=figure(1, "r2"),
        test_r2=figure(2, "r2"),
        train_mse=figure(1, "mse"),
        test_mse=figure(2, "mse"),
        test_mae=figure(2, "mae"),
        test_srcc=figure(2, "srcc"),
    )
