"""What training a classifier gives back: plain, frozen values, as in `training.results`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framesift.heads.base import Head, HeadCard
    from framesift.heads.training.evaluation_results import Difference
    from framesift.heads.training.results import Candidate, Figure, Verdict

__all__ = [
    "CalibrationBin",
    "ClassComparison",
    "ClassCurvePoint",
    "ClassFigures",
    "ClassMetrics",
    "ClassPrediction",
    "ClassifierEvaluation",
    "ClassifierResult",
]


@dataclass(frozen=True, slots=True)
class ClassPrediction:
    """One picture, its label and what the classifier said without having seen it.

    Attributes:
        index: Row in the caller's arrays.
        name: Path of the picture.
        actual: Its label.
        predicted: The label with the highest probability.
        probabilities: One for each class, calibrated, in the order of `ClassifierResult.classes`.
        fold: Outer fold that held the picture out; -1 in an evaluation.
        group: Equal numbers were never split between training and test.
    """

    index: int
    name: str
    actual: str
    predicted: str
    probabilities: tuple[float, ...]
    fold: int
    group: int

    @property
    def confidence(self) -> float:
        """Probability of the predicted label."""
        return max(self.probabilities)

    @property
    def right(self) -> bool:
        """Whether the predicted label is the actual one."""
        return self.actual == self.predicted


@dataclass(frozen=True, slots=True)
class ClassMetrics:
    """How well predicted labels and probabilities meet the labels.

    Attributes:
        n: Pictures.
        groups: Groups among them; the bootstrap resamples whole groups.
        accuracy: Share that is right.
        balanced_accuracy: Mean recall over classes: not fooled by a large class.
        macro_f1: Mean F1 over classes.
        log_loss: Mean of -log(probability of the actual label), in nats.
        brier: Mean squared distance of probabilities to the one-hot label, summed over classes
            (0 perfect, 2 certain and wrong).
        ece: Expected calibration error of the confidence, in bins of equal count, 0-1.
        chance: Accuracy of always naming the largest class.
    """

    n: int
    groups: int
    accuracy: Figure
    balanced_accuracy: Figure
    macro_f1: Figure
    log_loss: Figure
    brier: Figure
    ece: Figure
    chance: float


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One class against the rest.

    Attributes:
        name: The class.
        n: Pictures that carry it.
        precision: Of the pictures given this label, the share that carries it; NaN if none was.
        recall: Of the pictures that carry it, the share that was given it.
        f1: Harmonic mean of both, 0 where either is 0.
        auc: Area under the ROC curve.
        average_precision: Area under the precision/recall curve, as a sum of steps.
        roc: Points (false positive rate, true positive rate), from (0, 0) to (1, 1).
        pr: Points (recall, precision), recall growing.
    """

    name: str
    n: int
    precision: Figure
    recall: Figure
    f1: Figure
    auc: Figure
    average_precision: Figure
    roc: tuple[tuple[float, float], ...]
    pr: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Pictures of similar confidence: ``confidence`` and ``accuracy`` should be alike.

    Attributes:
        low: Lowest confidence within, 0-1.
        high: Highest.
        n: Pictures.
        confidence: Mean confidence.
        accuracy: Share that is right.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class ClassCurvePoint:
    """One point of the learning curve: mean, 10th and 90th percentile over the repeats.

    Attributes:
        n: Pictures trained on (mean over the repeats).
        repeats: Subsets of groups drawn.
        train: Balanced accuracy on the pictures fitted.
        test: Balanced accuracy on pictures of other groups.
    """

    n: int
    repeats: int
    train: Figure
    test: Figure


@dataclass(frozen=True, slots=True)
class ClassifierResult:
    """A trained classifier and everything that was measured while making it.

    Attributes:
        head: Ready to save with `framesift.heads.save_head`; scores are calibrated probabilities.
        card: The head's card.
        classes: K names, in the order of probabilities and of ``confusion``.
        predictions: Out-of-fold, grouped split, one for each picture.
        metrics: Over these predictions.
        train_accuracy: Of the same models on the pictures they were fitted to.
        by_class: In the order of ``classes``.
        confusion: ``confusion[i][j]`` pictures of class i were given class j.
        calibration: The confidence in bins, lowest first.
        candidates: What was tried; ``mse`` holds the log loss here.
        curve: The learning curve, fewest pictures first; empty where there are too few.
        verdict: In words.
        warnings: Sentences that the user must see.
        seconds: Wall time by step; ``total`` is the sum.
    """

    head: Head
    card: HeadCard
    classes: tuple[str, ...]
    predictions: tuple[ClassPrediction, ...]
    metrics: ClassMetrics
    train_accuracy: float
    by_class: tuple[ClassFigures, ...]
    confusion: tuple[tuple[int, ...], ...]
    calibration: tuple[CalibrationBin, ...]
    candidates: tuple[Candidate, ...]
    curve: tuple[ClassCurvePoint, ...]
    verdict: Verdict
    warnings: tuple[str, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClassifierEvaluation:
    """Any classifier on any labelled pictures.

    Attributes:
        head: Name of the head.
        card: Its card.
        classes: Its K labels, in the order of probabilities and of ``confusion``.
        predictions: One for each picture whose label the head knows.
        metrics: With intervals.
        by_class: Of the labels that occur, in the order of ``classes``.
        confusion: ``confusion[i][j]`` pictures of class i were given class j.
        calibration: The confidence in bins, lowest first.
        verdict: In words.
        warnings: Sentences that the user must see.
    """

    head: str
    card: HeadCard
    classes: tuple[str, ...]
    predictions: tuple[ClassPrediction, ...]
    metrics: ClassMetrics
    by_class: tuple[ClassFigures, ...]
    confusion: tuple[tuple[int, ...], ...]
    calibration: tuple[CalibrationBin, ...]
    verdict: Verdict
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClassComparison:
    """Two classifiers on the same labelled pictures.

    Attributes:
        a: Evaluation of the first.
        b: Evaluation of the second.
        n: Pictures that both judged.
        differences: One for each figure.
        agreement: Pictures that both got right, that A alone did, that B alone did, and neither.
        mcnemar_p: Of McNemar's exact test: whether those that one alone got right are split evenly;
            it takes pictures for independent.
        verdict: One sentence, careful where n is small.
        warnings: Sentences that the user must see.
    """

    a: ClassifierEvaluation
    b: ClassifierEvaluation
    n: int
    differences: tuple[Difference, ...]
    agreement: tuple[int, int, int, int]
    mcnemar_p: float
    verdict: str
    warnings: tuple[str, ...]
