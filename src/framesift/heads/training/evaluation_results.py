"""What evaluating a quality head, and comparing two, gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from framesift.heads.base import HeadCard
    from framesift.heads.training.rating_results import Agreement, Scale
    from framesift.heads.training.results import (
        Decile,
        Figure,
        GroupFigures,
        Metrics,
        Prediction,
        Verdict,
    )

__all__ = ["Comparison", "Difference", "Evaluation"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Any quality head on any ratings.

    Attributes:
        head: Name of the head.
        card: Its card.
        predictions: One for each rated picture.
        metrics: With intervals.
        coverage: Share of ratings within the head's own interval; NaN where it gives none.
        bias: Mean of predicted minus actual, in points.
        recalibrated: The figures after the best linear map from scores to ratings (cross-fitted by
            groups): what is left if only the scale differs. Correlations stay about the same.
        by_group: Errors by named group.
        deciles: Predictions in tenths.
        verdict: In words.
        warnings: Sentences that the user must see.
        scale: How the ratings were mapped to 0-10.
        agreement: Of several raters.
    """

    head: str
    card: HeadCard
    predictions: tuple[Prediction, ...]
    metrics: Metrics
    coverage: Figure
    bias: Figure
    recalibrated: Metrics
    by_group: tuple[GroupFigures, ...]
    deciles: tuple[Decile, ...]
    verdict: Verdict
    warnings: tuple[str, ...]
    scale: Scale | None = None
    agreement: Agreement | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of two heads, for quality or labels, on the same pictures.

    Attributes:
        name: ``r2``, ``mse``, ``mae``, ``srcc`` or ``plcc``; of classifiers ``accuracy``,
            ``balanced_accuracy``, ``macro_f1``, ``log_loss`` or ``brier``.
        a: Value of head A.
        b: Value of head B.
        difference: B minus A with its 95 % paired bootstrap interval (whole groups resampled).
        p_value: Two-sided. MAE and MSE: by swapping the two heads' errors at random within
            groups; classifiers: by swapping their answers, whole groups at a time; SRCC and PLCC:
            Williams' t for two correlations that share the ratings; NaN where there is no test.
        better: ``a``, ``b``, or ``undecided`` (the interval holds 0, or p is 0.05 or more).
    """

    name: str
    a: float
    b: float
    difference: Figure
    p_value: float
    better: Literal["a", "b", "undecided"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two heads on the same rated pictures.

    Attributes:
        a: Evaluation of the first head.
        b: Evaluation of the second.
        n: Pictures that both scored.
        differences: One for each figure.
        wins: Pictures where A is nearer the rating, where B is, and ties.
        wilcoxon_p: Of the signed ranks of the differences of absolute errors; NaN under 6 pictures.
        verdict: One sentence, careful where n is small.
        warnings: Sentences that the user must see.
    """

    a: Evaluation
    b: Evaluation
    n: int
    differences: tuple[Difference, ...]
    wins: tuple[int, int, int]
    wilcoxon_p: float
    verdict: str
    warnings: tuple[str, ...]
