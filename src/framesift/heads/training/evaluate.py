"""Measure any quality head on any ratings, and compare two of them on the same pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framesift.errors import ConfigError
from framesift.heads.training.examples import Examples, FitOptions, Targets
from framesift.heads.training.extra import require
from framesift.heads.training.folds import grouped_folds, strata_of
from framesift.heads.training.groups import group_pictures
from framesift.heads.training.metrics import (
    bootstrap,
    by_group,
    coverage_of,
    deciles_of,
    metrics_of,
    resamples,
)
from framesift.heads.training.prepare import as_targets
from framesift.heads.training.results import Evaluation, Figure, Prediction
from framesift.heads.training.words import evaluation_verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from framesift.heads.numeric import Float64Array
    from framesift.heads.quality import QualityScorer
    from framesift.heads.training.examples import Int32Array
    from framesift.types import Scores

__all__ = ["evaluate_head"]

_LEAST = 3
_FEW = 30
_FOLDS = 5
_UNUSUAL_SHARE = 0.1


def evaluate_head(
    head: QualityScorer,
    examples: Examples,
    targets: Targets | ArrayLike,
    *,
    options: FitOptions | None = None,
    groups: Sequence[str] = (),
) -> Evaluation:
    """Measure a head on rated pictures.

    The ratings should be of pictures that the head was not trained on; nothing here can tell.

    Args:
        head: Any quality head.
        examples: N embedded pictures, with the extras that the head reads.
        targets: From `align_ratings`, or N ratings of 0-10.
        options: ``seed``, ``repeats``, ``near_duplicate`` and ``burst_s`` are used.
        groups: N names, as in `fit_head`.

    Raises:
        ConfigError: Under 3 pictures, or ratings off the scale.
        SpaceMismatchError: The embeddings are of another model than the head's.
        HeadError: An input that the head reads is missing, or it gave a score that is not finite.
        MissingExtraError: scipy is not installed.
    """
    require("scipy.stats")
    options = FitOptions() if options is None else options
    checked = as_targets(targets, len(examples))
    y = checked.values if isinstance(checked, Targets) else checked
    if len(y) < _LEAST:
        message = f"{len(y)} rated pictures are too few to measure a head; rate at least {_LEAST}"
        raise ConfigError(message)
    given = checked.groups if isinstance(checked, Targets) else tuple(groups)
    names = given or ("",) * len(y)
    grouping = group_pictures(examples, names, options)
    scores = head.score(examples.embeddings)
    predicted = scores.values[:, 0].astype(np.float64)
    if not np.isfinite(predicted).all():
        message = f"head {head.card.name!r} gave a score that is not a number; train it again"
        raise ConfigError(message)
    again = {"seed": options.seed, "repeats": options.repeats}
    metrics = metrics_of(y, predicted, grouping.groups, **again)
    recalibrated = metrics_of(
        y, _recalibrated(y, predicted, grouping.groups), grouping.groups, **again
    )
    draws = resamples(grouping.groups, **again)
    bias = bootstrap(lambda rows: float((predicted - y)[rows].mean()), draws, grouping.groups)
    agreement = checked.agreement if isinstance(checked, Targets) else None
    warnings = (*_given_warnings(checked), *grouping.warnings, *_warnings(y, scores))
    return Evaluation(
        head=head.card.name,
        card=head.card,
        predictions=_predictions(examples, y, scores, grouping.groups, names),
        metrics=metrics,
        coverage=_coverage(y, scores, grouping.groups, options),
        bias=bias,
        recalibrated=recalibrated,
        by_group=by_group(y, predicted, names, **again),
        deciles=deciles_of(y, predicted),
        verdict=evaluation_verdict(metrics, recalibrated, bias.value, agreement),
        warnings=warnings,
        scale=checked.scale if isinstance(checked, Targets) else None,
        agreement=agreement,
    )


def _recalibrated(y: Float64Array, predicted: Float64Array, groups: Int32Array) -> Float64Array:
    """Map each fold by the straight line that fits the other folds, never a falling one."""
    folds = grouped_folds(strata_of(y, _FOLDS), groups, _FOLDS, seed=0)
    mapped = np.empty(len(y))
    for fold in np.unique(folds):
        test, others = folds == fold, folds != fold
        if not others.any():
            others = test
        x, around = predicted[others], predicted[others] - predicted[others].mean()
        length = float(np.sum(around**2))
        slope = float(np.sum(around * y[others])) / length if length > 1e-12 else 0.0
        mapped[test] = y[others].mean() + max(slope, 0.0) * (predicted[test] - x.mean())
    return np.clip(mapped, 0.0, 10.0)


def _coverage(y: Float64Array, scores: Scores, groups: Int32Array, options: FitOptions) -> Figure:
    if scores.low is None or scores.high is None:
        return Figure(float("nan"))
    interval = scores.low[:, 0].astype(np.float64), scores.high[:, 0].astype(np.float64)
    return coverage_of(y, interval, groups, seed=options.seed, repeats=options.repeats)


def _predictions(
    examples: Examples,
    y: Float64Array,
    scores: Scores,
    groups: Int32Array,
    group_names: Sequence[str],
) -> tuple[Prediction, ...]:
    values = scores.values[:, 0]
    low = values if scores.low is None else scores.low[:, 0]
    high = values if scores.high is None else scores.high[:, 0]
    unknown = np.full(len(y), np.nan, np.float32)
    distance = unknown if scores.distance is None else scores.distance
    names = examples.names or ("",) * len(y)
    return tuple(
        Prediction(
            i,
            names[i],
            float(y[i]),
            float(values[i]),
            float(low[i]),
            float(high[i]),
            -1,
            int(groups[i]),
            group_names[i],
            float(distance[i]),
        )
        for i in range(len(y))
    )


def _given_warnings(targets: Targets | Float64Array) -> tuple[str, ...]:
    return targets.warnings if isinstance(targets, Targets) else ()


def _warnings(y: Float64Array, scores: Scores) -> list[str]:
    said = []
    if len(y) < _FEW:
        said.append(f"{len(y)} rated pictures are few: every figure is rough")
    if float(np.ptp(y)) < 1e-9:
        said.append("all ratings are the same: R2 and correlations have no meaning")
    if float(np.ptp(scores.values[:, 0])) < 1e-6:
        said.append("the head gave every picture the same score")
    if scores.distance is not None:
        share = float((scores.distance > 1).mean())
        if share > _UNUSUAL_SHARE:
            said.append(
                f"{share:.0%} of the pictures are unlike those the head was trained on; its "
                "interval may not hold for them"
            )
    return said
