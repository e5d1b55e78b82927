"""Fit a classifier's probabilities to labelled pictures, and say honestly what that brought.

Mode ``one``: temperature scaling (Guo and others, 2017) with a shrunk shift for each label, which
takes up that a text fits pictures more or less easily than another. Mode ``many``: Platt's method
for each label. All figures after calibration are out of fold: each picture's probability comes from
constants that were fitted without it and its near-duplicates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from framesift.errors import ConfigError, HeadError
from framesift.heads.calibrating import calibration_error, fit_platt
from framesift.heads.classifiers.abstaining import Achieved, coverage_curve, cross_fitted
from framesift.heads.classifiers.definition import NONE, SpaceCalibration
from framesift.heads.classifiers.head import calibrated
from framesift.heads.numeric import softmax
from framesift.heads.training.folds import grouped_folds
from framesift.heads.training.logistic import fit_calibrator
from framesift.heads.training.metrics import bootstrap, resamples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.heads.classifiers.abstaining import AbstentionTarget, CoveragePoint
    from framesift.heads.classifiers.definition import Mode
    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.examples import Int32Array
    from framesift.heads.training.results import Figure

__all__ = ["CalibrationResult", "Measured", "Sample", "calibrate", "measured", "measured_right"]

LEAST_OF_LABEL = 5
"""Pictures of a label below which nothing is fitted in mode ``one``; near-duplicates are one."""

LEAST = 30
"""In all in mode ``one``; with and without each label in mode ``many``."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Labelled pictures as a classifier sees them.

    Attributes:
        names: K columns.
        mode: Of the classifier.
        logits: float64 (N, K), as `ClassifierHead.logits` gives them.
        truth: Mode ``one``: int32 (N,), a column each; ``many``: bool (N, K).
        groups: int32 (N,); near-duplicates share a number.
    """

    names: tuple[str, ...]
    mode: Mode
    logits: Float64Array
    truth: np.ndarray
    groups: Int32Array

    def take(self, rows: np.ndarray) -> Sample:
        """Return some of the pictures."""
        return Sample(self.names, self.mode, self.logits[rows], self.truth[rows], self.groups[rows])


@dataclass(frozen=True, slots=True)
class Measured:
    """How good probabilities are.

    Attributes:
        n: Pictures, or in mode ``many`` answers: pictures times labels.
        accuracy: Share of likeliest answers that is right.
        ece: Expected calibration error of their probabilities, 0 to 1, ten bins of equal width.
        log_loss: Mean of -log(probability of what is true), in nats.
    """

    n: int
    accuracy: Figure
    ece: Figure
    log_loss: Figure


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """A calibration, and what it brings.

    Attributes:
        calibration: To be written into the classifier's file.
        pictures: How many it was fitted on.
        groups: Groups of near-duplicates among them.
        before: Of the probabilities without calibration.
        after: Of calibrated ones, out of fold.
        curve: What abstention comes to, out of fold.
        achieved: What the target comes to; ``None`` where none was asked for.
        warnings: Sentences that the user must see.
    """

    calibration: SpaceCalibration
    pictures: int
    groups: int
    before: Measured
    after: Measured
    curve: tuple[CoveragePoint, ...]
    achieved: Achieved | None
    warnings: tuple[str, ...] = ()


def calibrate(
    sample: Sample,
    before: SpaceCalibration,
    *,
    target: AbstentionTarget | None = None,
    folds: int = 5,
    seed: int = 0,
    repeats: int = 1000,
) -> CalibrationResult:
    """Fit constants to a sample.

    Args:
        sample: Pictures that the prompts were not written for, at best.
        before: What is in force without; its space and wording are kept.
        target: What abstention should achieve; ``None`` leaves abstention as it is.
        folds: Of the cross-validation; no group of near-duplicates is split.
        seed: Of folds and bootstrap.
        repeats: Of the bootstrap.

    Raises:
        ConfigError: There are too few pictures, or nothing achieves the target.
        MissingExtraError: scipy is not installed.
    """
    _require_enough(sample)
    strata = sample.truth if sample.mode == "one" else _strata(sample.truth)
    parts = grouped_folds(strata.astype(np.int32), sample.groups, folds, seed=seed)
    held_out = np.empty_like(sample.logits)
    for fold in np.unique(parts):
        fitted = _fit(sample.take(parts != fold), before)
        test = parts == fold
        held_out[test] = calibrated(sample.logits[test], sample.names, sample.mode, fitted)
    raw = calibrated(sample.logits, sample.names, sample.mode, before)
    again = {"seed": seed, "repeats": repeats}
    confidence, right = measured_right(held_out, sample)
    spread = 1 if sample.mode == "one" else len(sample.names)
    groups, each_part = np.repeat(sample.groups, spread), np.repeat(parts, spread)
    achieved = None
    if target is not None:
        achieved = cross_fitted(target, (confidence, right), (each_part, groups), **again)
    final = _fit(sample, before)
    return CalibrationResult(
        calibration=SpaceCalibration(
            before.space,
            temperature=final.temperature,
            shifts=final.shifts,
            platt=final.platt,
            abstain_below=None if achieved is None else achieved.threshold,
            wording=before.wording,
        ),
        pictures=len(sample.logits),
        groups=len(np.unique(sample.groups)),
        before=measured(raw, sample, **again),
        after=measured(held_out, sample, **again),
        curve=coverage_curve(confidence, right, groups, **again),
        achieved=achieved,
        warnings=tuple(_warnings(sample)),
    )


def measured(
    probabilities: Float64Array, sample: Sample, *, seed: int = 0, repeats: int = 1000
) -> Measured:
    """Measure probabilities (N, K); intervals by the bootstrap over groups."""
    confidence, right = measured_right(probabilities, sample)
    if sample.mode == "one":
        given = probabilities[np.arange(len(right)), sample.truth]
        groups = sample.groups
    else:
        given = np.where(sample.truth, probabilities, 1 - probabilities).ravel()
        groups = np.repeat(sample.groups, probabilities.shape[1])
    draws = resamples(groups, seed=seed, repeats=repeats)
    losses = -np.log(np.maximum(given, 1e-12))
    return Measured(
        n=len(right),
        accuracy=bootstrap(lambda rows: float(right[rows].mean()), draws, groups),
        ece=bootstrap(lambda rows: calibration_error(confidence[rows], right[rows]), draws, groups),
        log_loss=bootstrap(lambda rows: float(losses[rows].mean()), draws, groups),
    )


def measured_right(probabilities: Float64Array, sample: Sample) -> tuple[Float64Array, np.ndarray]:
    """Return the confidence of each answer and whether it is right.

    Mode ``one``: (N,) of both; mode ``many``: (N x K,), each label being a yes or a no.
    """
    if sample.mode == "one":
        return probabilities.max(axis=1), probabilities.argmax(axis=1) == sample.truth
    said = probabilities >= 0.5
    confidence = np.where(said, probabilities, 1 - probabilities)
    return confidence.ravel(), (said == sample.truth).ravel()


def _fit(sample: Sample, before: SpaceCalibration) -> SpaceCalibration:
    if sample.mode == "many":
        platt = {}
        for column, name in enumerate(sample.names):
            try:
                found = fit_platt(sample.logits[:, column], sample.truth[:, column])
            except HeadError as error:
                message = f"label {name!r}: {error.message}"
                raise ConfigError(message) from error
            platt[name] = (found.scale, found.shift)
        return SpaceCalibration(before.space, platt=platt)
    # Where nothing shows "none of these", its shift cannot be known and stays 0.
    seen = [n for n, name in enumerate(sample.names) if name != NONE or n in sample.truth]
    place = {column: row for row, column in enumerate(seen)}
    logits = np.log(np.maximum(softmax(sample.logits[:, seen]), 1e-30))
    labels = np.array([place[int(each)] for each in sample.truth], np.int32)
    fitted = fit_calibrator(logits, labels)
    shifts = {sample.names[column]: float(fitted.bias[row]) for column, row in place.items()}
    return SpaceCalibration(before.space, temperature=fitted.temperature, shifts=shifts)


def _require_enough(sample: Sample) -> None:
    """Refuse to fit to next to nothing.

    Raises:
        ConfigError: With what there is and what it takes.
    """
    if sample.mode == "many":
        for column, name in enumerate(sample.names):
            has = sample.truth[:, column]
            counts = [len(np.unique(sample.groups[has == side])) for side in (True, False)]
            if min(counts) < LEAST:
                message = (
                    f"{counts[0]} pictures with and {counts[1]} without {name!r} are too few to "
                    f"calibrate on; label {LEAST} of each (near-duplicates count as one)"
                )
                raise ConfigError(message)
        return
    counts = [
        len(np.unique(sample.groups[sample.truth == column])) for column in range(len(sample.names))
    ]
    few = [
        f"{name!r} has {count}"
        for name, count in zip(sample.names, counts, strict=True)
        if count < LEAST_OF_LABEL and not (name == NONE and count == 0)
    ]
    total = len(np.unique(sample.groups))
    if few or total < LEAST:
        told = ", ".join(few) if few else f"there are {total}"
        message = (
            f"too few pictures to calibrate on: {told}; label at least {LEAST_OF_LABEL} of each "
            f"label and {LEAST} in all (near-duplicates count as one)"
        )
        raise ConfigError(message)


def _warnings(sample: Sample) -> list[str]:
    said = []
    if sample.mode == "one" and NONE in sample.names:
        column = sample.names.index(NONE)
        if not (sample.truth == column).any():
            said.append(
                "no picture shows none of the labels: put some into a folder called none, or how "
                "often none of these wins stays a guess"
            )
    counts = sample.truth.sum(axis=0) if sample.mode == "many" else np.bincount(sample.truth)
    counts = counts[counts > 0]
    if sample.mode == "one" and counts.max() > 5 * counts.min():
        said.append(
            "some labels have over five times as many pictures as others: the probabilities hold "
            "where labels are as frequent as here"
        )
    return said


def _strata(truth: np.ndarray) -> Int32Array:
    """Number the combinations of labels, (N, K) to (N,)."""
    return np.unique(truth, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int32)


def names_of_truth(given: Sequence[str], names: Sequence[str]) -> Int32Array:
    """Number labels by their columns, (N,).

    Raises:
        ConfigError: One is not among the names.
    """
    place = {name: column for column, name in enumerate(names)}
    missing = [name for name in given if name not in place]
    if missing:
        message = f"{missing[0]!r} is none of the labels {', '.join(names)}"
        raise ConfigError(message)
    return np.array([place[name] for name in given], np.int32)
