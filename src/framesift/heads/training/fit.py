"""`fit_head`: from embeddings and ratings to a head and an honest account of it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from framesift.heads.base import HeadCard
from framesift.heads.fitted import FittedHead
from framesift.heads.novelty import Novelty
from framesift.heads.numeric import piecewise_linear
from framesift.heads.parts import LinearPart
from framesift.heads.quality import QualityCurve, QualityHead
from framesift.heads.training.crossval import cross_validate, fit_on, outer_folds
from framesift.heads.training.curve import learning_curve
from framesift.heads.training.examples import Examples, FitOptions, Targets
from framesift.heads.training.extra import require
from framesift.heads.training.folds import grouped_folds, strata_of
from framesift.heads.training.intervals import (
    half_width,
    out_of_fold_widths,
    percentile_knots,
    spread_knots,
)
from framesift.heads.training.metrics import by_group, coverage_of, deciles_of, metrics_of
from framesift.heads.training.prepare import Prepared, prepare
from framesift.heads.training.results import Prediction, SplitFigures, TrainingResult, as_json
from framesift.heads.training.timing import Clock
from framesift.heads.training.words import training_verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike

    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.crossval import OuterRun
    from framesift.heads.training.examples import Int32Array
    from framesift.heads.training.results import Figure
    from framesift.heads.training.search import Fitted
    from framesift.types import Embeddings

__all__ = ["fit_head", "one_thread"]


def fit_head(
    examples: Examples,
    targets: Targets | ArrayLike,
    *,
    options: FitOptions | None = None,
    groups: Sequence[str] = (),
) -> TrainingResult:
    """Train a quality head on rated pictures and measure it on pictures it has not seen.

    Nested cross-validation: the outer folds, which never split a group, give the figures; the
    inner ones choose model, inputs and penalty. The final head is chosen and fitted on all
    training pictures in the same way. The same pictures, options and seed give the same head,
    byte for byte, whatever the order of the rows.

    Args:
        examples: N embedded pictures.
        targets: From `align_ratings`, or N ratings of 0-10.
        options: How to train.
        groups: N names, pictures of one name being related; ignored where ``targets`` are
            `Targets`, which bring their own. An empty name relates nothing.

    Raises:
        ConfigError: Too few pictures (under 8), constant ratings, ratings off the scale, or one
            group only.
        MissingExtraError: scipy or scikit-learn is not installed.
    """
    options = FitOptions() if options is None else options
    clock = Clock()
    with one_thread():
        with clock.step("prepare"):
            data = prepare(examples, targets, options, groups)
        pictures = data.pictures
        with clock.step("cross-validation"):
            folds = outer_folds(pictures, options)
            raw = cross_validate(pictures, folds, data.sets, options)
            run = _spread(raw, pictures.y, options)
            grouped = run.figures(pictures, "grouped", options)
        with clock.step("random split"):
            random = _random(data, options)
        with clock.step("final fit"):
            fitted = fit_on(pictures, data.sets, options)
            curve, coverage = _curve(data, run, raw, options)
        with clock.step("learning curve"):
            points = (
                learning_curve(pictures, folds, fitted.chosen.candidate, options)
                if options.curve
                else None
            )
        card = _card(examples, data, fitted, options, (grouped, random, coverage))
        head = _head(card, data, fitted, curve, options)
        agreement = targets.agreement if isinstance(targets, Targets) else None
        given = targets.warnings if isinstance(targets, Targets) else ()
        with clock.step("report"):
            held_out, held_out_metrics = _held_out(head, examples, data, options)
            return TrainingResult(
                head=head,
                card=card,
                predictions=_predictions(head, examples, data, run),
                grouped=grouped,
                random=random,
                held_out=held_out_metrics,
                held_out_predictions=held_out,
                coverage=coverage,
                curve=points or (),
                by_group=by_group(
                    pictures.y,
                    run.predicted,
                    [data.group_names[i] for i in data.index],
                    seed=options.seed,
                    repeats=options.repeats,
                ),
                candidates=fitted.candidates,
                history=fitted.chosen.history,
                verdict=training_verdict(grouped, random, points, agreement),
                warnings=(*given, *data.warnings),
                scale=targets.scale if isinstance(targets, Targets) else None,
                agreement=agreement,
                deciles=deciles_of(pictures.y, run.predicted),
                seconds=clock.seconds,
            )


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep BLAS to one thread: sums in another order would change the last bits of a head."""
    require("scipy.stats")
    require("sklearn.svm")
    with require("threadpoolctl").threadpool_limits(limits=1, user_api="blas"):
        yield


def _random(data: Prepared, options: FitOptions) -> SplitFigures | None:
    """Repeat everything with a random split, as if no two pictures were related."""
    pictures = data.pictures
    count = len(pictures.y)
    if int(pictures.groups.max()) + 1 == count:
        return None
    apart = replace(pictures, groups=np.arange(count, dtype=np.int32))
    folds = grouped_folds(
        strata_of(pictures.y, options.folds), apart.groups, options.folds, seed=options.seed
    )
    run = _spread(cross_validate(apart, folds, data.sets, options), pictures.y, options)
    return run.figures(apart, "random", options)


def _spread(run: OuterRun, y: Float64Array, options: FitOptions) -> OuterRun:
    """Spread each fold by the map that the other folds give, if asked to."""
    if options.spread == "mse":
        return run
    predicted = run.predicted.copy()
    for fold in np.unique(run.folds):
        others = run.folds != fold
        knots = spread_knots(run.predicted[others], y[others])
        if knots is not None:
            predicted[~others] = piecewise_linear(run.predicted[~others], knots)
    return replace(run, predicted=predicted)


def _curve(
    data: Prepared, run: OuterRun, raw: OuterRun, options: FitOptions
) -> tuple[QualityCurve, Figure]:
    """Make the head's curve from held-out errors, and check the interval on other folds."""
    y, groups = data.pictures.y, data.pictures.groups
    misses = run.predicted - y
    widths = out_of_fold_widths(misses, groups, run.folds)
    interval = (np.clip(run.predicted - widths, 0, 10), np.clip(run.predicted + widths, 0, 10))
    coverage = coverage_of(y, interval, groups, seed=options.seed, repeats=options.repeats)
    knots = None if options.spread == "mse" else spread_knots(raw.predicted, y)
    width = half_width(misses, groups)
    return QualityCurve(knots, width, percentile_knots(run.predicted)), coverage


def _head(
    card: HeadCard, data: Prepared, fitted: Fitted, curve: QualityCurve, options: FitOptions
) -> QualityHead | FittedHead:
    rows = np.concatenate([data.pictures.arrays[name] for name in card.inputs], axis=1)
    novelty = Novelty.fit(rows, seed=options.seed)
    parts = fitted.chosen.parts()
    if len(parts) == 1 and isinstance(parts[0], LinearPart):
        linear = parts[0]
        return QualityHead(
            card,
            linear.coef,
            linear.intercept,
            standardiser=linear.standardiser,
            curve=curve,
            novelty=novelty,
        )
    weights = np.array(fitted.chosen.weights, np.float32)
    return FittedHead(card, parts, weights=weights, curve=curve, novelty=novelty)


def _card(
    examples: Examples,
    data: Prepared,
    fitted: Fitted,
    options: FitOptions,
    figures: tuple[SplitFigures, SplitFigures | None, Figure],
) -> HeadCard:
    grouped, random, coverage = figures
    chosen = fitted.chosen.candidate
    test = grouped.test
    measured = {name: getattr(test, name).value for name in ("r2", "mse", "mae", "srcc", "plcc")}
    measured["coverage_90"] = coverage.value
    provenance = options.provenance or f"trained on {test.n} rated pictures of one's own"
    details: dict[str, Any] = {
        "seed": options.seed,
        "pictures": test.n,
        "groups": test.groups,
        "joined": data.grouping.reasons,
        "chosen": as_json(chosen),
        "grouped": as_json(grouped.test),
        "random": None if random is None else as_json(random.test),
        "coverage": as_json(coverage),
        "spread": options.spread,
        "warnings": list(data.warnings),
        **dict(options.extra),
    }
    return HeadCard(
        name=options.name,
        task="quality",
        space=examples.embeddings.space,
        inputs=chosen.inputs,
        low=0.0,
        high=10.0,
        source=chosen.kind,
        provenance=provenance,
        licence=options.licence,
        metrics={name: value for name, value in measured.items() if np.isfinite(value)},
        model=examples.model,
        details=details,
    )


def _scored(
    head: QualityHead | FittedHead, examples: Examples, rows: Int32Array
) -> tuple[Embeddings, Any]:
    some = examples.take([int(i) for i in rows]).embeddings
    return some, head.score(some)


def _predictions(
    head: QualityHead | FittedHead, examples: Examples, data: Prepared, run: OuterRun
) -> tuple[Prediction, ...]:
    """Out-of-fold predictions in the caller's order."""
    distance = _scored(head, examples, data.index)[1].distance
    width = head.curve.residual_90
    made = [
        Prediction(
            int(index),
            data.names[index],
            float(data.y[index]),
            float(score),
            float(np.clip(score - width, 0, 10)),
            float(np.clip(score + width, 0, 10)),
            int(run.folds[place]),
            int(data.grouping.groups[index]),
            data.group_names[index],
            float(distance[place]),
        )
        for place, (index, score) in enumerate(zip(data.index, run.predicted, strict=True))
    ]
    return tuple(sorted(made, key=lambda each: each.index))


def _held_out(
    head: QualityHead | FittedHead, examples: Examples, data: Prepared, options: FitOptions
) -> tuple[tuple[Prediction, ...], Any]:
    rows = np.sort(data.test)
    if len(rows) == 0:
        return (), None
    scores = _scored(head, examples, rows)[1]
    predicted = scores.values[:, 0].astype(np.float64)
    made = tuple(
        Prediction(
            int(index),
            data.names[index],
            float(data.y[index]),
            float(predicted[place]),
            float(scores.low[place, 0]),
            float(scores.high[place, 0]),
            -1,
            int(data.grouping.groups[index]),
            data.group_names[index],
            float(scores.distance[place]),
        )
        for place, index in enumerate(rows)
    )
    metrics = metrics_of(
        data.y[rows],
        predicted,
        data.grouping.groups[rows],
        seed=options.seed,
        repeats=options.repeats,
    )
    return made, metrics
