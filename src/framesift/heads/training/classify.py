"""`fit_classifier`: from embeddings and labels to a head of calibrated probabilities."""

from __future__ import annotations

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
from framesift.heads.training.class_search import (
    FittedClassifier,
    Labelled,
    class_folds,
    cross_validate_classes,
    fit_classes,
)
from framesift.heads.training.class_words import classifier_verdict
from framesift.heads.training.examples import Examples, FitOptions
from framesift.heads.training.fit import one_thread
from framesift.heads.training.folds import canonical_order
from framesift.heads.training.groups import Grouping, group_pictures
from framesift.heads.training.logistic import (
    fit_logistic,
    principal_axes,
)
from framesift.heads.training.prepare import LEAST, checked_sets, inputs_of
from framesift.heads.training.results import Candidate, Figure, as_json
from framesift.heads.training.timing import Clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.examples import Int32Array

__all__ = ["fit_classifier"]

_SHARES = (0.25, 0.5, 0.75, 1.0)
_REPEATS = 3
_FEW_IN_CLASS = 10


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
            folds = class_folds(data, options.folds, options.seed)
        with clock.step("cross-validation"):
            found, train_accuracy = cross_validate_classes(data, folds, sets, options)
        with clock.step("final fit"):
            fitted = fit_classes(data, sets, options)
        with clock.step("learning curve"):
            curve = _curve(data, folds, fitted.chosen, options) if options.curve else None
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
            curve=curve or (),
            verdict=verdict,
            warnings=warnings,
            seconds=clock.seconds,
        )


def _prepare(
    examples: Examples, labels: Sequence[str], options: FitOptions, named: Sequence[str]
) -> tuple[Labelled, Int32Array, tuple[str, ...], Grouping]:
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
    return Labelled(kept, numbers, grouping.groups, len(classes)), order, classes, grouping


def _curve(
    data: Labelled, folds: Int32Array, chosen: Candidate, options: FitOptions
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
    data: Labelled,
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


def _warnings(data: Labelled, classes: tuple[str, ...]) -> list[str]:
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
    examples: Examples, fitted: FittedClassifier, options: FitOptions, facts: dict[str, Any]
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
    data: Labelled,
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
