"""How well a policy does on labelled examples: per category, and as a whole."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.training.class_metrics import area_under_roc
from framesift.policies.rates import Rate, ReliabilityBin, calibration_error, rate, reliability
from framesift.types import SEVERITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from framesift.types import Action, LabelScore, Verdict

__all__ = ["CategoryFigures", "Outcome", "PolicyFigures", "measure_policy"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One labelled example and the verdict on it.

    Attributes:
        labels: Category to whether people say it is of it; what is not here is not known.
        verdict: What the policy said.
        medium: ``image`` or ``text``.
        group: What near-duplicates share.
    """

    labels: Mapping[str, bool]
    verdict: Verdict
    medium: str
    group: object

    @property
    def harmful(self) -> bool:
        """Whether it is of any category."""
        return any(self.labels.values())

    def label(self, category: str) -> LabelScore | None:
        """Return what the policy said of a category."""
        return next((one for one in self.verdict.labels if one.name == category), None)


@dataclass(frozen=True, slots=True)
class CategoryFigures:
    """How a category does on one medium.

    Attributes:
        category: Its name.
        medium: ``image`` or ``text``.
        positives: Examples of it that were scored.
        negatives: Others.
        precision: Share of the flagged that is of it.
        recall: Share of it that is flagged.
        fpr: Share of the others that is flagged.
        f1: Harmonic mean of precision and recall; NaN where neither has a meaning.
        auroc: Area under the ROC curve of the scores; NaN without examples of both kinds.
        ece: Expected calibration error of the scores, in [0, 1].
        bins: The table behind it.
        confusion: Whether it is of it, to what the category alone leads to, to number of examples.
    """

    category: str
    medium: str
    positives: int
    negatives: int
    precision: Rate
    recall: Rate
    fpr: Rate
    f1: float
    auroc: float
    ece: float
    bins: tuple[ReliabilityBin, ...]
    confusion: Mapping[bool, Mapping[Action, int]]


@dataclass(frozen=True, slots=True)
class PolicyFigures:
    """How a policy does as a whole.

    Attributes:
        confusion: Whether people say harmful, to action, to number of examples.
        caught: Share of the harmful that is reviewed or blocked.
        blocked: Share of the benign that is blocked.
        disturbed: Share of the benign that is reviewed or blocked.
        categories: Of those with examples, in the policy's order.
    """

    confusion: Mapping[bool, Mapping[Action, int]]
    caught: Rate
    blocked: Rate
    disturbed: Rate
    categories: tuple[CategoryFigures, ...]


def measure_policy(outcomes: Sequence[Outcome], categories: Sequence[str]) -> PolicyFigures:
    """Measure verdicts against labels.

    Args:
        outcomes: Of all examples.
        categories: To measure, in the order to list them; those without examples are left out.
    """
    confusion = _confusion((one.harmful, one.verdict.action) for one in outcomes)
    harmful = [one for one in outcomes if one.harmful]
    benign = [one for one in outcomes if not one.harmful]
    found = [
        _category(category, medium, outcomes)
        for category in categories
        for medium in ("image", "text")
    ]
    return PolicyFigures(
        confusion=confusion,
        caught=_share([one.verdict.action != "allow" for one in harmful], harmful),
        blocked=_share([one.verdict.action == "block" for one in benign], benign),
        disturbed=_share([one.verdict.action != "allow" for one in benign], benign),
        categories=tuple(one for one in found if one is not None),
    )


def _confusion(pairs: Iterable[tuple[bool, Action]]) -> dict[bool, dict[Action, int]]:
    counts = Counter(pairs)
    return {kind: {action: counts[kind, action] for action in SEVERITY} for kind in (True, False)}


def _share(hits: Sequence[bool], outcomes: Sequence[Outcome]) -> Rate:
    names: dict[object, int] = {}
    groups = [names.setdefault(one.group, len(names)) for one in outcomes]
    return rate(np.asarray(hits, dtype=np.bool_), np.asarray(groups, dtype=np.int64))


def _category(category: str, medium: str, outcomes: Sequence[Outcome]) -> CategoryFigures | None:
    pairs = [
        (one, label)
        for one in outcomes
        if one.medium == medium and category in one.labels
        if (label := one.label(category)) is not None and not math.isnan(label.score)
    ]
    truth = np.array([one.labels[category] for one, _ in pairs], dtype=np.bool_)
    if not truth.any():
        return None
    scores = np.array([label.score for _, label in pairs], dtype=np.float64)
    flagged = np.array([label.action != "allow" for _, label in pairs], dtype=np.bool_)
    known = [one for one, _ in pairs]

    def share(hits: np.ndarray, among: np.ndarray) -> Rate:
        return _share(
            hits[among].tolist(), [one for one, kept in zip(known, among, strict=True) if kept]
        )

    precision, recall = share(truth, flagged), share(flagged, truth)
    total = precision.value + recall.value
    return CategoryFigures(
        category,
        medium,
        int(truth.sum()),
        int((~truth).sum()),
        precision=precision,
        recall=recall,
        fpr=share(flagged, ~truth),
        f1=2 * precision.value * recall.value / total if total > 0 else math.nan,
        auroc=math.nan if truth.all() else float(area_under_roc(truth, scores)),
        ece=calibration_error(scores, truth),
        bins=reliability(scores, truth),
        confusion=_confusion((one.labels[category], label.action) for one, label in pairs),
    )
