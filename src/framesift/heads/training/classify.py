"""`fit_classifier`: from embeddings and labels to a head of calibrated probabilities."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from framesift.errors import ConfigError
from framesift.heads.base import HeadCard
from framesift.heads.linear import LinearHead
from framesift.heads.training.blocks import Scaling
from framesift.heads.training.class_metrics import (
    balanced_accuracy,
    calibration_bins,
    class_figures,
    class_metrics,
    confusion_of,
)
from framesift.heads.training.class_results import (
    ClassCurvePoint,
    ClassifierResult,
    ClassPrediction,
)
from framesift.heads.training.class_words import classifier_verdict
from framesift.heads.training.examples import Examples, FitOptions
from framesift.heads.training.fit import one_thread
from framesift.heads.training.folds import canonical_order, grouped_folds, numbered
from framesift.heads.training.groups import Grouping, group_pictures
from framesift.heads.training.logistic import (
    COSTS,
    Calibrator,
    Logistic,
    fit_calibrator,
    fit_logistic,
    principal_axes,
)
from framesift.heads.training.prepare import LEAST, checked_sets, inputs_of
from framesift.heads.training.results import Candidate, Figure, as_json
from framesift.heads.training.search import FEW_GROUPS, standard_error
from framesift.heads.training.timing import Clock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.examples import Int32Array
    from framesift.types import Float32Array

__all__ = ["fit_classifier"]

_SHARES = (0.25, 0.5, 0.75, 1.0)
_REPEATS = 3
_FEW_IN_CLASS = 10


@dataclass(frozen=True, slots=True, eq=False)
class _Labelled:
    """N pictures: inputs by name, labels 0..K-1, groups."""

    arrays: Mapping[str, Float32Array]
    labels: Int32Array
    groups: Int32Array
    classes: int

    def take(self, rows: np.ndarray) -> _Labelled:
        arrays = {name: array[rows] for name, array in self.arrays.items()}
        return _Labelled(arrays, self.labels[rows], numbered(self.groups[rows]), self.classes)


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """A chosen, fitted and calibrated classifier."""

    scaling: Scaling
    axes: Float64Array
    model: Logistic
    calibrator: Calibrator
    candidates: tuple[Candidate, ...]

    @property
    def chosen(self) -> Candidate:
        return next(each for each in self.candidates if each.chosen)

    def probabilities(self, arrays: Mapping[str, Float32Array]) -> Float64Array:
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


def fit_classifier(
    examples: Examples,
    labels: Sequence[str],
    *,
    options: FitOptions | None = None,
    groups: Sequence[str] = (),
) -> ClassifierResult:
    """Train a classifier on labelled pictures and measure it on pictures it has not seen.

    Multinomial logistic regression; inputs and penalty are chosen, and probabilities calibrated,
    by cross-validation within each outer training set, so the figures are those of pictures that
    nothing has seen. Classes weigh the same in training; calibration then brings the
    probabilities back to how often each class occurs.

    Args:
        examples: N embedded pictures.
        labels: N names, such as those of their folders; classes are sorted by name.
        options: How to train; ``kinds`` and ``spread`` have no meaning here.
        groups: N names, pictures of one name being related. An empty name relates nothing.

    Raises:
        ConfigError: Under 8 pictures, one class only, a class with one picture, or one group only.
        MissingExtraError: scipy or scikit-learn is not installed.
    """
    options = FitOptions() if options is None else options
    clock = Clock()
    with one_thread():
        with clock.step("prepare"):
            data, order, classes, grouping = _prepare(examples, labels, options, groups)
            sets = checked_sets(options, dict(data.arrays), "tags")
            folds = _folds(data, options.folds, options.seed)
        with clock.step("cross-validation"):
            found, train_accuracy = _cross_validate(data, folds, sets, options)
        with clock.step("final fit"):
            fitted = _fit(data, sets, options)
        with clock.step("learning curve"):
            curve = _curve(data, folds, fitted.chosen, options) if options.curve else ()
        with clock.step("report"):
            again = {"seed": options.seed, "repeats": options.repeats}
            metrics = class_metrics(data.labels, found, data.groups, **again)
            by_class = class_figures(data.labels, found, classes, data.groups, **again)
            predicted = found.argmax(axis=1).astype(np.int32)
            confusion = confusion_of(data.labels, predicted, len(classes))
            verdict = classifier_verdict(metrics, by_class, curve)
        warnings = (*grouping.warnings, *_warnings(data, classes))
        facts = {
            "classes": dict(zip(classes, np.bincount(data.labels).tolist(), strict=True)),
            "metrics": as_json(metrics),
            "warnings": list(warnings),
        }
        card = _card(examples, fitted, options, facts)
        coef, intercept = fitted.linear()
        head = LinearHead(
            card,
            classes,
            coef,
            intercept,
            standardiser=fitted.scaling.standardiser(),
            link="softmax",
        )
        return ClassifierResult(
            head=head,
            card=card,
            classes=classes,
            predictions=_predictions(examples, data, (order, folds), classes, found),
            metrics=metrics,
            train_accuracy=train_accuracy,
            by_class=by_class,
            confusion=tuple(tuple(int(n) for n in row) for row in confusion),
            calibration=calibration_bins(data.labels, found),
            candidates=fitted.candidates,
            curve=curve,
            verdict=verdict,
            warnings=warnings,
            seconds=clock.seconds,
        )


def _prepare(
    examples: Examples, labels: Sequence[str], options: FitOptions, named: Sequence[str]
) -> tuple[_Labelled, Int32Array, tuple[str, ...], Grouping]:
    """Check everything and put pictures in canonical order."""
    count = len(examples)
    if len(labels) != count or len(named) not in (0, count):
        message = f"{len(labels)} labels for {count} embeddings; pass one label for each"
        raise ConfigError(message)
    classes = tuple(sorted(set(labels)))
    counts = {name: labels.count(name) for name in classes} if count else {}
    if count < LEAST:
        message = f"{count} pictures are too few to train a classifier; label at least {LEAST}"
        raise ConfigError(message)
    if len(classes) < 2:
        message = f"all pictures are labelled {classes[0]!r}; there must be two classes or more"
        raise ConfigError(message)
    alone = [name for name, each in counts.items() if each < 2]
    if alone:
        message = (
            f"class {alone[0]!r} has one picture, which cannot be both learnt from and tested on; "
            "add pictures of it or leave it out"
        )
        raise ConfigError(message)
    arrays = inputs_of(examples)
    names = examples.names or ("",) * count
    groups_given = tuple(named) or ("",) * count
    keys = [
        b"\0".join(
            [name.encode(), label.encode(), group.encode()]
            + [rows[i].tobytes() for rows in arrays.values()]
        )
        for i, (name, label, group) in enumerate(zip(names, labels, groups_given, strict=True))
    ]
    order = canonical_order(keys)
    grouping = group_pictures(
        examples.take([int(i) for i in order]), [groups_given[i] for i in order], options
    )
    if grouping.count < 2:
        message = "all pictures belong to one group, so none can be held out; add other scenes"
        raise ConfigError(message)
    numbers = np.array([classes.index(labels[i]) for i in order], dtype=np.int32)
    kept = {name: rows[order] for name, rows in arrays.items()}
    return _Labelled(kept, numbers, grouping.groups, len(classes)), order, classes, grouping


def _folds(data: _Labelled, wanted: int, seed: int) -> Int32Array:
    return grouped_folds(data.labels, data.groups, wanted, seed=seed)


def _cross_validate(
    data: _Labelled, folds: Int32Array, sets: Sequence[tuple[str, ...]], options: FitOptions
) -> tuple[Float64Array, float]:
    found = np.empty((len(data.labels), data.classes))
    right, total = 0, 0
    for fold in np.unique(folds):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        known = data.take(train)
        fitted = _fit(known, sets, options)
        found[test] = fitted.probabilities(data.take(test).arrays)
        right += int((fitted.probabilities(known.arrays).argmax(axis=1) == known.labels).sum())
        total += len(train)
    return found, right / total


def _fit(data: _Labelled, sets: Sequence[tuple[str, ...]], options: FitOptions) -> _Fitted:
    """Choose inputs and penalty by inner cross-validation, calibrate on its predictions, fit.

    The choice follows the one-standard-error rule of the quality heads: the first input set
    unless another one is better by more than a standard error.
    """
    folds = _folds(data, options.inner_folds, options.seed + 1)
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
    return _Fitted(scaling, axes, scaled, fit_calibrator(held_out, data.labels), tuple(candidates))


def _best_cost(
    data: _Labelled, rows: Float64Array, folds: Int32Array, spread: float
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


def _curve(
    data: _Labelled, folds: Int32Array, chosen: Candidate, options: FitOptions
) -> tuple[ClassCurvePoint, ...]:
    """Balanced accuracy with the chosen inputs and penalty on growing random sets of groups."""
    rng = np.random.default_rng(options.seed + 2)
    points: list[ClassCurvePoint] = []
    for share in _SHARES:
        repeats = 1 if share == 1.0 else _REPEATS
        passes = [_one_pass(data, folds, chosen, share, rng) for _ in range(repeats)]
        size = round(float(np.mean([each[0] for each in passes])))
        if points and size <= points[-1].n * 1.05:
            points.pop()
        if size >= LEAST:
            train, test = (_mean_of([each[side] for each in passes]) for side in (1, 2))
            points.append(ClassCurvePoint(size, repeats, train, test))
    return tuple(points) if len(points) > 1 else ()


def _mean_of(values: list[float]) -> Figure:
    if len(values) == 1:
        return Figure(values[0])
    low, high = np.percentile(values, (10, 90))
    return Figure(float(np.mean(values)), float(low), float(high))


def _one_pass(
    data: _Labelled,
    folds: Int32Array,
    chosen: Candidate,
    share: float,
    rng: np.random.Generator,
) -> tuple[float, float, float]:
    predicted = np.empty(len(data.labels), np.int32)
    sizes, scores = [], []
    for fold in np.unique(folds):
        test = np.flatnonzero(folds == fold)
        others = np.flatnonzero(folds != fold)
        present = rng.permutation(np.unique(data.groups[others]))
        kept = present[: max(1, round(share * len(present)))]
        train = others[np.isin(data.groups[others], kept)]
        known = data.take(train)
        scaling = Scaling.fit(known.arrays, chosen.inputs)
        rows = scaling(known.arrays)
        axes = principal_axes(rows)
        spread = max(float(np.sqrt((rows @ axes).var(axis=0).sum())), 1e-12)
        axes = axes / spread
        model = fit_logistic(rows @ axes, known.labels, data.classes, chosen.parameters["cost"])
        fitted = model.log_probabilities(rows @ axes).argmax(axis=1).astype(np.int32)
        scores.append(balanced_accuracy(known.labels, fitted, data.classes))
        new = scaling(data.take(test).arrays) @ axes
        predicted[test] = model.log_probabilities(new).argmax(axis=1)
        sizes.append(len(train))
    test_score = balanced_accuracy(data.labels, predicted, data.classes)
    return float(np.mean(sizes)), float(np.mean(scores)), test_score


def _warnings(data: _Labelled, classes: tuple[str, ...]) -> list[str]:
    counts = np.bincount(data.labels, minlength=len(classes))
    few = [f"{name} ({n})" for name, n in zip(classes, counts, strict=True) if n < _FEW_IN_CLASS]
    said = []
    if few:
        said.append(f"classes with few pictures, whose figures say little: {', '.join(few)}")
    if counts.max() > 20 * counts.min():
        said.append(
            "some classes are over twenty times as large as others; see the balanced figures"
        )
    return said


def _card(
    examples: Examples, fitted: _Fitted, options: FitOptions, facts: dict[str, Any]
) -> HeadCard:
    chosen = fitted.chosen
    metrics = facts["metrics"]
    names = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "brier", "ece")
    measured = {name: metrics[name]["value"] for name in names}
    return HeadCard(
        name=options.name,
        task="tags",
        space=examples.embeddings.space,
        inputs=chosen.inputs,
        low=0.0,
        high=1.0,
        source=chosen.kind,
        provenance=options.provenance
        or f"trained on {metrics['n']} labelled pictures of one's own",
        licence=options.licence,
        metrics={name: value for name, value in measured.items() if value is not None},
        model=examples.model,
        details={
            "seed": options.seed,
            "chosen": as_json(chosen),
            **facts,
            **dict(options.extra),
        },
    )


def _predictions(
    examples: Examples,
    data: _Labelled,
    places: tuple[Int32Array, Int32Array],
    classes: tuple[str, ...],
    found: Float64Array,
) -> tuple[ClassPrediction, ...]:
    order, folds = places
    names = examples.names or ("",) * len(order)
    made = [
        ClassPrediction(
            int(index),
            names[index],
            classes[data.labels[i]],
            classes[int(found[i].argmax())],
            tuple(float(each) for each in found[i]),
            int(folds[i]),
            int(data.groups[i]),
        )
        for i, index in enumerate(order)
    ]
    return tuple(sorted(made, key=lambda each: each.index))
