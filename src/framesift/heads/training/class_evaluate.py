"""`evaluate_classifier`: any classifier on any labelled pictures."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from framesift.errors import ConfigError, HeadError
from framesift.heads.training.class_metrics import (
    calibration_bins,
    class_figures,
    class_metrics,
    confusion_of,
)
from framesift.heads.training.class_results import ClassifierEvaluation, ClassPrediction
from framesift.heads.training.class_words import evaluated_classifier_verdict
from framesift.heads.training.examples import Examples, FitOptions
from framesift.heads.training.groups import group_pictures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.heads.base import Head
    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.examples import Int32Array

__all__ = ["evaluate_classifier"]

_LEAST = 3
_FEW = 20
_LISTED = 5
_SUM = 1e-3


def evaluate_classifier(
    head: Head,
    examples: Examples,
    labels: Sequence[str],
    *,
    options: FitOptions | None = None,
    groups: Sequence[str] = (),
) -> ClassifierEvaluation:
    """Measure a classifier on labelled pictures.

    The pictures should not be those that the head was trained on; nothing here can tell. Pictures
    with a label that the head does not know are left out, and counted in a warning.

    Args:
        head: Gives probabilities of labels that exclude each other, as `fit_classifier` makes it.
        examples: N embedded pictures, with the extras that the head reads.
        labels: N names.
        options: ``seed``, ``repeats``, ``near_duplicate`` and ``burst_s`` are used.
        groups: N names, as in `fit_classifier`.

    Raises:
        ConfigError: Under 3 pictures whose label the head knows, or lists of another length.
        SpaceMismatchError: The embeddings are of another model than the head's.
        HeadError: It is no classifier, an input that it reads is missing, or it gave a probability
            that is not finite.
    """
    options = FitOptions() if options is None else options
    if len(labels) != len(examples) or len(groups) not in (0, len(examples)):
        message = f"{len(labels)} labels for {len(examples)} embeddings; pass one label for each"
        raise ConfigError(message)
    scores = head.score(examples.embeddings)
    classes, found = scores.names, scores.values.astype(np.float64)
    _refuse_others(head, found)
    known = [i for i, label in enumerate(labels) if label in classes]
    warnings = _left_out([label for label in labels if label not in classes])
    if len(known) < _LEAST:
        message = (
            f"head {head.card.name!r} knows the labels {_listed(classes)}; {len(known)} of "
            f"{len(labels)} pictures carry one of them ({_LEAST} are needed): name folders alike"
        )
        raise ConfigError(message)
    kept, found = examples.take(known), found[known]
    found = np.clip(found, 0, None) / np.maximum(found.sum(axis=1, keepdims=True), 1e-12)
    names = [groups[i] if groups else "" for i in known]
    grouping = group_pictures(kept, names, options)
    numbers = np.array([classes.index(labels[i]) for i in known], np.int32)
    again = {"seed": options.seed, "repeats": options.repeats}
    metrics = class_metrics(numbers, found, grouping.groups, **again)
    by_class = class_figures(numbers, found, classes, grouping.groups, **again)
    there = tuple(each for each in by_class if each.n)
    predicted = found.argmax(axis=1).astype(np.int32)
    confusion = confusion_of(numbers, predicted, len(classes))
    warnings += [*grouping.warnings, *_few(len(known), classes, numbers)]
    return ClassifierEvaluation(
        head=head.card.name,
        card=head.card,
        classes=classes,
        predictions=_predictions(kept, known, (numbers, grouping.groups), classes, found),
        metrics=metrics,
        by_class=there,
        confusion=tuple(tuple(int(n) for n in row) for row in confusion),
        calibration=calibration_bins(numbers, found),
        verdict=evaluated_classifier_verdict(metrics, there),
        warnings=tuple(warnings),
    )


def _refuse_others(head: Head, found: Float64Array) -> None:
    name = head.card.name
    if not np.isfinite(found).all():
        message = f"head {name!r} gave a probability that is not a number; train it again"
        raise HeadError(message)
    if head.card.task != "tags" or np.abs(found.sum(axis=1) - 1).max(initial=0) > _SUM:
        message = (
            f"head {name!r} is no classifier: it is for {head.card.task}, and its scores are not "
            "the probabilities of labels that exclude each other; train one with `framesift train "
            "classifier`"
        )
        raise HeadError(message)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def _left_out(unknown: Sequence[str]) -> list[str]:
    if not unknown:
        return []
    counted = Counter(unknown).most_common()
    said = _listed([f"{name} ({count})" for name, count in counted])
    return [f"{len(unknown)} pictures have labels that the head does not know: {said}"]


def _few(count: int, classes: Sequence[str], numbers: Int32Array) -> list[str]:
    said = []
    if count < _FEW:
        said.append(f"{count} labelled pictures are few: every figure is rough")
    present = np.bincount(numbers, minlength=len(classes))
    absent = [name for name, n in zip(classes, present, strict=True) if not n]
    if absent:
        said.append(f"no picture carries {_listed(absent)}: nothing is said of these labels")
    return said


def _predictions(
    examples: Examples,
    rows: Sequence[int],
    numbers: tuple[Int32Array, Int32Array],
    classes: Sequence[str],
    found: Float64Array,
) -> tuple[ClassPrediction, ...]:
    actual, groups = numbers
    names = examples.names or ("",) * len(examples)
    return tuple(
        ClassPrediction(
            row,
            names[i],
            classes[actual[i]],
            classes[int(found[i].argmax())],
            tuple(float(each) for each in found[i]),
            -1,
            int(groups[i]),
        )
        for i, row in enumerate(rows)
    )
