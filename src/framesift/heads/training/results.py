"""What training and evaluation give back: plain, frozen values that a page or a plot can draw.

Everything on the scale of a rating is in points of the 0-10 scale unless a name says ``raw``.
Rows are numbered as the caller passed them; ``index`` always points into those rows.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from framesift.heads.base import Head, HeadCard
from framesift.heads.training.evaluation_results import Comparison, Difference, Evaluation
from framesift.heads.training.rating_results import Agreement, RaterFigures, RowProblem, Scale

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "METRIC_NAMES",
    "Agreement",
    "Candidate",
    "Comparison",
    "CurvePoint",
    "Decile",
    "Difference",
    "EpochLoss",
    "Evaluation",
    "Figure",
    "GroupFigures",
    "Loss",
    "Metrics",
    "Prediction",
    "RaterFigures",
    "RowProblem",
    "Scale",
    "SplitFigures",
    "Strength",
    "TrainingResult",
    "Verdict",
    "as_json",
]

METRIC_NAMES = ("r2", "mse", "mae", "srcc", "plcc", "kendall")
"""The fields of `Metrics` that are figures, in the order to show them."""

Strength: TypeAlias = Literal["strong", "useful", "weak", "none"]
SplitName: TypeAlias = Literal["grouped", "random"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured number with its 95 % bootstrap interval.

    ``low`` and ``high`` are NaN where there is too little to resample; ``value`` is NaN where the
    figure has no meaning (a correlation with constant predictions).
    """

    value: float
    low: float = float("nan")
    high: float = float("nan")


@dataclass(frozen=True, slots=True)
class Metrics:
    """How well predictions meet ratings.

    Attributes:
        n: Pictures compared.
        groups: Groups among them; the bootstrap resamples whole groups.
        r2: 1 - MSE / variance; 0 is no better than always saying the mean, below 0 is worse.
        mse: Mean squared error, in squared points of the 0-10 scale.
        mae: Mean absolute error, in points.
        srcc: Spearman's rank correlation, ties averaged.
        plcc: Pearson's correlation.
        kendall: Kendall's tau-b.
    """

    n: int
    groups: int
    r2: Figure
    mse: Figure
    mae: Figure
    srcc: Figure
    plcc: Figure
    kendall: Figure


@dataclass(frozen=True, slots=True)
class Loss:
    """Errors without intervals, for a table of folds: the same meanings as in `Metrics`."""

    n: int
    r2: float
    mse: float
    mae: float
    srcc: float


@dataclass(frozen=True, slots=True)
class SplitFigures:
    """What cross-validation found under one way to split.

    Attributes:
        split: ``grouped`` keeps groups, duplicates and bursts together: the honest figure.
            ``random`` ignores them, as many published figures do: too kind where pictures are
            related.
        test: Over all out-of-fold predictions.
        train: Of the same models on the pictures they were fitted to. Far below ``test`` errors
            means that the model has learnt its pictures by heart.
        folds: Of each outer fold: (train, test).
    """

    split: SplitName
    test: Metrics
    train: Loss
    folds: tuple[tuple[Loss, Loss], ...]


@dataclass(frozen=True, slots=True)
class Prediction:
    """One picture, its rating and what the head said without having seen it.

    Attributes:
        index: Row in the caller's arrays.
        name: Path of the picture, as in the table of ratings.
        actual: The rating, 0-10.
        predicted: 0-10. In a training result: by a model fitted without this picture's group.
        low: Lower end of the 90 % interval.
        high: Upper end.
        fold: Outer fold that held the picture out; -1 in an evaluation.
        group: Number of its group; equal numbers were never split between training and test.
        group_name: Name of the group in the table, or an empty string.
        distance: How unusual the picture is; above 1 is unusual. NaN where the head cannot tell.
    """

    index: int
    name: str
    actual: float
    predicted: float
    low: float
    high: float
    fold: int
    group: int
    group_name: str = ""
    distance: float = float("nan")

    @property
    def miss(self) -> float:
        """Predicted minus actual, in points: above 0 the head is too kind."""
        return self.predicted - self.actual


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One point of the learning curve: several random subsets of groups, each tested held-out.

    Attributes:
        n: Pictures trained on (mean over the repeats).
        repeats: Subsets drawn.
        train_r2: On the pictures fitted: mean, 10th and 90th percentile over the repeats.
        test_r2: On pictures of other groups; likewise for the rest.
        train_mse: In squared points.
        test_mse: Likewise.
        test_mae: In points.
        test_srcc: Rank correlation.
    """

    n: int
    repeats: int
    train_r2: Figure
    test_r2: Figure
    train_mse: Figure
    test_mse: Figure
    test_mae: Figure
    test_srcc: Figure


@dataclass(frozen=True, slots=True)
class Verdict:
    """Plain words about a head.

    Attributes:
        strength: ``strong`` (R2 0.7 or more), ``useful`` (0.3), ``weak`` (above chance), ``none``
            (not distinguishable from always saying the mean).
        headline: One sentence.
        more_ratings: Whether the learning curve still rises.
        sentences: Further findings, each a sentence.
    """

    strength: Strength
    headline: str
    more_ratings: bool
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model that cross-validation tried.

    Attributes:
        kind: ``ridge``, ``kernel``, ``svr``, ``mlp`` or ``blend``.
        inputs: What it reads.
        parameters: For instance ``{"alpha": 100.0}``.
        mse: Out-of-fold mean squared error of the inner cross-validation on all pictures.
        standard_error: Of ``mse``, over folds.
        chosen: Whether the head was made of it.
    """

    kind: str
    inputs: tuple[str, ...]
    parameters: Mapping[str, float]
    mse: float
    standard_error: float
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class EpochLoss:
    """Mean squared errors of a network after one epoch, in squared points.

    Attributes:
        epoch: From 1.
        train: On the pictures it learns from.
        validation: On the pictures that decide when to stop.
        kept: Whether the weights of this epoch are the ones kept.
    """

    epoch: int
    train: float
    validation: float
    kept: bool = False


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """Errors within one named group, sorted as the page shows them (worst bias first).

    Attributes:
        name: From the table's ``group`` column, or the folder.
        n: Pictures.
        actual: Mean rating.
        predicted: Mean prediction.
        bias: Mean of predicted minus actual, with its interval: above 0 is too kind to this group.
        mae: Mean absolute error.
    """

    name: str
    n: int
    actual: float
    predicted: float
    bias: Figure
    mae: float


@dataclass(frozen=True, slots=True)
class Decile:
    """A tenth of the pictures by predicted score, lowest first.

    Attributes:
        low: Lowest prediction within.
        high: Highest prediction within.
        n: Pictures.
        predicted: Mean prediction.
        actual: Mean rating; a trustworthy head has it near ``predicted``.
        mae: Mean absolute error.
    """

    low: float
    high: float
    n: int
    predicted: float
    actual: float
    mae: float


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A trained quality head and everything that was measured while making it.

    Attributes:
        head: Ready to save with `framesift.heads.save_head`.
        card: The head's card; ``card.details`` repeats the options, counts and figures.
        predictions: Out-of-fold, grouped split, one for each picture that was trained on.
        grouped: Figures under the grouped split: the ones to quote.
        random: Figures under a plain random split, for comparison; ``None`` where no two pictures
            share a group (both splits would be the same).
        held_out: On the pictures that the table marks as ``test``; ``None`` without such a column.
            No such picture took part in fitting or choosing anything.
        held_out_predictions: Of those pictures, by the final head.
        coverage: Share of out-of-fold ratings inside their 90 % interval, each interval made
            without the picture.
        curve: The learning curve, fewest pictures first; empty where there are too few.
        by_group: Errors by named group; empty without names.
        candidates: What was tried on all pictures, best first.
        history: Losses by epoch, where the chosen head is a network; else empty.
        verdict: In words.
        warnings: Sentences that the user must see.
        scale: How the ratings were mapped to 0-10, where the caller said so.
        agreement: Of several raters, where the caller passed it.
        deciles: Out-of-fold predictions in tenths.
        seconds: Wall time by step; ``total`` is the sum.
    """

    head: Head
    card: HeadCard
    predictions: tuple[Prediction, ...]
    grouped: SplitFigures
    random: SplitFigures | None
    held_out: Metrics | None
    held_out_predictions: tuple[Prediction, ...]
    coverage: Figure
    curve: tuple[CurvePoint, ...]
    by_group: tuple[GroupFigures, ...]
    candidates: tuple[Candidate, ...]
    history: tuple[EpochLoss, ...]
    verdict: Verdict
    warnings: tuple[str, ...]
    scale: Scale | None = None
    agreement: Agreement | None = None
    deciles: tuple[Decile, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def metrics(self) -> Metrics:
        """The figures to quote: held-out ones where the table has a test split, else grouped."""
        return self.held_out or self.grouped.test


def as_json(value: Any) -> Any:
    """Turn a result into what ``json.dumps(..., allow_nan=False)`` takes.

    Dataclasses become objects (a head becomes its card's name), tuples lists; NaN and infinities
    become ``None``.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
        return {name: as_json(each) for name, each in fields.items()}
    if isinstance(value, dict):
        return {str(name): as_json(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [as_json(each) for each in value]
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if isinstance(value, Head):
        return value.card.name
    if hasattr(value, "items"):
        return {str(name): as_json(each) for name, each in value.items()}
    return value
