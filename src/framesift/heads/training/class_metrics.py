"""How near predicted labels and probabilities come to labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.training.class_results import CalibrationBin, ClassFigures, ClassMetrics
from framesift.heads.training.metrics import bootstrap, resamples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.examples import Int32Array
    from framesift.heads.training.results import Figure

__all__ = [
    "average_precision",
    "balanced_accuracy",
    "calibration_bins",
    "class_figures",
    "class_metrics",
    "confusion_of",
    "log_loss",
    "macro_f1",
    "pr_points",
    "roc_points",
]

_BINS = 10
_LEAST_IN_BIN = 5
_POINTS = 200
_TINY = 1e-12
_PER_CLASS_REPEATS = 300
_MANY_CLASSES = 50


def log_loss(labels: Int32Array, probabilities: Float64Array) -> float:
    """Mean of -log of the probability of the actual label, in nats."""
    given = probabilities[np.arange(len(labels)), labels]
    return float(-np.mean(np.log(np.maximum(given, _TINY))))


def confusion_of(labels: Int32Array, predicted: Int32Array, classes: int) -> np.ndarray:
    """Count pictures of class i given class j: int (K, K)."""
    return np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)


def balanced_accuracy(labels: Int32Array, predicted: Int32Array, classes: int) -> float:
    """Mean recall over the classes that occur."""
    table = confusion_of(labels, predicted, classes)
    counts = table.sum(axis=1)
    there = counts > 0
    return float(np.mean(np.diag(table)[there] / counts[there]))


def class_metrics(
    labels: Int32Array,
    probabilities: Float64Array,
    groups: Int32Array,
    *,
    seed: int = 0,
    repeats: int = 1000,
) -> ClassMetrics:
    """Measure probabilities (N, K) against labels (N,), intervals by the cluster bootstrap."""
    classes = probabilities.shape[1]
    predicted = probabilities.argmax(axis=1).astype(np.int32)
    draws = resamples(groups, seed=seed, repeats=repeats)

    def figure(measure: Callable[[np.ndarray], float]) -> Figure:
        return bootstrap(measure, draws, groups)

    one_hot = np.eye(classes)[labels]
    squares = np.sum((probabilities - one_hot) ** 2, axis=1)
    right = (predicted == labels).astype(np.float64)
    confidence = probabilities.max(axis=1)
    return ClassMetrics(
        n=len(labels),
        groups=len(np.unique(groups)),
        accuracy=figure(lambda rows: float(right[rows].mean())),
        balanced_accuracy=figure(
            lambda rows: balanced_accuracy(labels[rows], predicted[rows], classes)
        ),
        macro_f1=figure(lambda rows: macro_f1(labels[rows], predicted[rows], classes)),
        log_loss=figure(lambda rows: log_loss(labels[rows], probabilities[rows])),
        brier=figure(lambda rows: float(squares[rows].mean())),
        ece=figure(lambda rows: _ece(right[rows], confidence[rows])),
        chance=float(np.bincount(labels).max() / len(labels)),
    )


def class_figures(
    labels: Int32Array,
    probabilities: Float64Array,
    names: Sequence[str],
    groups: Int32Array,
    *,
    seed: int = 0,
    repeats: int = 1000,
) -> tuple[ClassFigures, ...]:
    """Measure each class against the rest; beyond 50 classes without intervals."""
    predicted = probabilities.argmax(axis=1)
    wanted = min(repeats, _PER_CLASS_REPEATS) if len(names) <= _MANY_CLASSES else 0
    draws = resamples(groups, seed=seed, repeats=wanted)
    return tuple(
        _one_class(name, labels == place, predicted == place, probabilities[:, place], draws)
        for place, name in enumerate(names)
    )


def calibration_bins(labels: Int32Array, probabilities: Float64Array) -> tuple[CalibrationBin, ...]:
    """Cut pictures into up to 10 bins of equal count by confidence, lowest first."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    return tuple(
        CalibrationBin(
            float(confidence[rows].min()),
            float(confidence[rows].max()),
            len(rows),
            float(confidence[rows].mean()),
            float(right[rows].mean()),
        )
        for rows in _bins(confidence)
    )


def roc_points(actual: np.ndarray, score: Float64Array) -> tuple[tuple[float, float], ...]:
    """Points (false positive rate, true positive rate) from (0, 0) to (1, 1), at most 200."""
    hits, misses = _counts(actual, score)
    total, rest = max(hits[-1], 1.0), max(misses[-1], 1.0)
    return _thinned(np.append(0.0, misses / rest), np.append(0.0, hits / total))


def pr_points(actual: np.ndarray, score: Float64Array) -> tuple[tuple[float, float], ...]:
    """Points (recall, precision), recall growing, at most 200."""
    hits, misses = _counts(actual, score)
    precision = hits / (hits + misses)
    recall = hits / max(hits[-1], 1.0)
    return _thinned(np.append(0.0, recall), np.append(precision[0], precision))


def average_precision(actual: np.ndarray, score: Float64Array) -> float:
    """Area under the precision/recall curve as a sum of steps; NaN without positives."""
    hits, misses = _counts(actual, score)
    if hits[-1] == 0:
        return float("nan")
    recall = np.diff(np.append(0.0, hits)) / hits[-1]
    return float(np.sum(recall * hits / (hits + misses)))


def area_under_roc(actual: np.ndarray, score: Float64Array) -> float:
    """Chance that a positive scores above a negative, ties counting half; NaN without either."""
    hits, misses = _counts(actual, score)
    if hits[-1] == 0 or misses[-1] == 0:
        return float("nan")
    x, y = np.append(0.0, misses), np.append(0.0, hits)
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2) / (hits[-1] * misses[-1]))


def _counts(actual: np.ndarray, score: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Positives and negatives at or above each distinct score, highest first."""
    order = np.argsort(-score, kind="stable")
    ordered, positive = score[order], actual[order].astype(np.float64)
    last = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    return np.cumsum(positive)[last], np.cumsum(1 - positive)[last]


def _thinned(x: Float64Array, y: Float64Array) -> tuple[tuple[float, float], ...]:
    keep = np.unique(np.linspace(0, len(x) - 1, min(len(x), _POINTS)).round().astype(int))
    return tuple((float(a), float(b)) for a, b in zip(x[keep], y[keep], strict=True))


def _one_class(
    name: str,
    actual: np.ndarray,
    given: np.ndarray,
    score: Float64Array,
    draws: Sequence[np.ndarray],
) -> ClassFigures:
    rows = np.arange(len(actual), dtype=np.int32)

    def figure(measure: Callable[[np.ndarray], float]) -> Figure:
        return bootstrap(measure, draws, rows)

    def precision(some: np.ndarray) -> float:
        count = int(given[some].sum())
        return float((actual & given)[some].sum() / count) if count else float("nan")

    def recall(some: np.ndarray) -> float:
        count = int(actual[some].sum())
        return float((actual & given)[some].sum() / count) if count else float("nan")

    def f1(some: np.ndarray) -> float:
        both = int(actual[some].sum() + given[some].sum())
        return float(2 * (actual & given)[some].sum() / both) if both else float("nan")

    return ClassFigures(
        name=name,
        n=int(actual.sum()),
        precision=figure(precision),
        recall=figure(recall),
        f1=figure(f1),
        auc=figure(lambda some: area_under_roc(actual[some], score[some])),
        average_precision=figure(lambda some: average_precision(actual[some], score[some])),
        roc=roc_points(actual, score),
        pr=pr_points(actual, score),
    )


def macro_f1(labels: Int32Array, predicted: Int32Array, classes: int) -> float:
    """Mean F1 over the classes that occur."""
    table = confusion_of(labels, predicted, classes)
    both = table.sum(axis=0) + table.sum(axis=1)
    there = table.sum(axis=1) > 0
    return float(np.mean(2 * np.diag(table)[there] / both[there]))


def _bins(confidence: Float64Array) -> list[np.ndarray]:
    order = np.argsort(confidence, kind="stable")
    count = int(np.clip(len(order) // _LEAST_IN_BIN, 1, _BINS))
    return np.array_split(order, count)


def _ece(right: Float64Array, confidence: Float64Array) -> float:
    gaps = [
        abs(float((right[rows] - confidence[rows]).mean())) * len(rows)
        for rows in _bins(confidence)
    ]
    return float(sum(gaps) / len(right))
