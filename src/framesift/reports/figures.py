"""From what training and evaluation give back to the plots that show it, in the order to show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from framesift.reports import plots

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from matplotlib.figure import Figure

    from framesift.heads.training.class_results import (
        ClassCurvePoint,
        ClassifierEvaluation,
        ClassifierResult,
    )
    from framesift.heads.training.results import (
        CurvePoint,
        EpochLoss,
        Evaluation,
        GroupFigures,
        Prediction,
        TrainingResult,
    )
    from framesift.heads.training.results import Figure as Measured
    from framesift.reports.parts import Picture
    from framesift.types import UInt8Array

__all__ = [
    "Plot",
    "classifier_plots",
    "evaluation_plots",
    "points_of",
    "quality_plots",
    "sheet_plot",
    "write_png",
]

FloatArray: TypeAlias = NDArray[np.float64]

_FEWEST_FOR_TENTHS = 45


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """One plot of a page.

    Attributes:
        name: Of its file and its place in the page.
        title: Over it.
        caption: Under it: how to read it.
        figure: Drawn.
    """

    name: str
    title: str
    caption: str
    figure: Figure


def quality_plots(result: TrainingResult, fitted: FloatArray | None = None) -> list[Plot]:
    """Draw everything a training run of a quality head has to show.

    Args:
        result: The run.
        fitted: What the finished head says of the pictures it was trained on, float (N,), in the
            order of ``result.predictions``; ``None`` leaves them out.
    """
    unseen = result.held_out_predictions or result.predictions
    train = None
    if fitted is not None and len(fitted) == len(result.predictions):
        train = plots.Points(points_of(result.predictions).actual, fitted)
    found = _score_plots(unseen, train)
    found += _curve_plots(result.curve, result.history)
    return found + _group_plots(result.by_group)


def evaluation_plots(evaluation: Evaluation) -> list[Plot]:
    """Draw everything an evaluation has to show."""
    return _score_plots(evaluation.predictions, None, training=False) + _group_plots(
        evaluation.by_group
    )


def classifier_plots(result: ClassifierResult | ClassifierEvaluation) -> list[Plot]:
    """Draw everything a training run or an evaluation of a classifier has to show."""
    found = [
        Plot(
            "confusion",
            "What was taken for what",
            "Rows are what a picture is, columns what the classifier said. "
            "Blue is right; the darker an orange cell, the more of its row went there.",
            plots.confusion(result.classes, np.array(result.confusion, dtype=np.int64)),
        ),
        Plot(
            "reliability",
            "Can its probabilities be believed?",
            "Of the answers given with 80 %, 80 % should be right: on the dashed line they are.",
            _reliability(result),
        ),
        Plot(
            "roc",
            "Found against false alarms",
            "For each label against the rest, as the threshold falls. 1.00 is perfect, 0.50 is "
            "guessing.",
            plots.roc([_curve(one.name, one.roc, one.auc.value) for one in result.by_class]),
        ),
        Plot(
            "precision-recall",
            "Precision against recall",
            "How much of what it calls by a label is right, the more of that label it finds.",
            plots.precision_recall(
                [_curve(one.name, one.pr, one.average_precision.value) for one in result.by_class]
            ),
        ),
    ]
    curve = getattr(result, "curve", ())
    if len(curve) > 1:
        found.append(_class_curve(curve))
    return found


def points_of(predictions: Sequence[Prediction]) -> plots.Points:
    """Return predictions as arrays."""
    rows = [(one.actual, one.predicted, one.low, one.high) for one in predictions]
    columns = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    if np.isnan(columns[2:]).any():
        return plots.Points(columns[0], columns[1])
    return plots.Points(columns[0], columns[1], columns[2], columns[3])


def sheet_plot(
    name: str,
    title: str,
    pictures: Sequence[Picture],
    decode: Callable[[bytes], UInt8Array],
) -> Plot:
    """Draw a contact sheet for a file: a page has its own, made of the thumbnails themselves.

    Args:
        name: Of the file.
        title: Over the sheet.
        pictures: In the order to show them.
        decode: Turns a thumbnail into pixels, uint8 (H, W, 3); this package decodes nothing.
    """
    tiles = [
        plots.Tile(
            PurePath(one.name).name,
            one.actual,
            one.predicted,
            None if one.thumbnail is None else decode(one.thumbnail),
            one.far,
        )
        for one in pictures
    ]
    return Plot(name, title, "", plots.contact_sheet(tiles, title=title))


def write_png(found: Sequence[Plot], folder: Path) -> list[Path]:
    """Write each plot as ``folder/NAME.png`` and return the paths; existing files are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for plot in found:
        path = folder / f"{plot.name}.png"
        path.write_bytes(plots.to_png(plot.figure))
        written.append(path)
    return written


def _score_plots(
    unseen: Sequence[Prediction], train: plots.Points | None, *, training: bool = True
) -> list[Plot]:
    points = points_of(unseen)
    which = " that the head had not seen" if training else ""
    told = f"Each blue mark is a picture{which}; its bar is the 90 % interval. "
    if len(unseen) > plots.MANY:
        told = f"The darker, the more pictures{which} lie there. "
    grey = "Grey crosses are pictures it was trained on. " if train is not None else ""
    found = [
        Plot(
            "predicted-actual",
            "Predicted against actual",
            f"{told}{grey}On the dashed line it is exactly right.",
            plots.predicted_actual(
                points, train, name="not seen before" if training else "pictures"
            ),
        )
    ]
    tenths = plots.Tenths.of(points) if len(unseen) >= _FEWEST_FOR_TENTHS else None
    if tenths is not None:
        found.append(
            Plot(
                "calibration",
                "What a score is worth",
                "Pictures in bins of about the same predicted score, and their mean rating.",
                plots.calibration(tenths),
            )
        )
    found.append(
        Plot(
            "ratings",
            "Ratings and predictions over the scale",
            "A head that is unsure stays near the middle: its predictions are spread less than "
            "the ratings.",
            plots.rating_histogram(points.actual, points.predicted),
        )
    )
    if tenths is not None and points.low is not None:
        found.append(
            Plot(
                "coverage",
                "Does the interval hold?",
                "The part of the ratings that lies inside the 90 % interval, from low scores to "
                "high. Bars are 95 % intervals of that part.",
                plots.coverage(tenths),
            )
        )
    return found


def _curve_plots(curve: Sequence[CurvePoint], history: Sequence[EpochLoss]) -> list[Plot]:
    found = []
    if len(curve) > 1:
        figure = plots.learning_curve(
            np.array([point.n for point in curve], dtype=np.int64),
            plots.Band(*_columns([_triple(point.test_mse) for point in curve])),
            plots.Band(*_columns([_triple(point.train_mse) for point in curve])),
            measure="Mean squared error, points²",
        )
        caption = (
            "The same training with fewer pictures, several times over; the bands hold 80 % of the "
            "repeats. Where the blue line still falls at the right, more ratings would help."
        )
        found.append(Plot("learning-curve", "Would more ratings help?", caption, figure))
    if history:
        kept = next((place for place, one in enumerate(history) if one.kept), None)
        figure = plots.loss_curves(
            np.array([one.train for one in history]),
            np.array([one.validation for one in history]),
            best=kept,
        )
        caption = (
            "The network's loss by epoch. Training stops when the held-out loss no longer falls; "
            "the weights of the marked epoch are kept."
        )
        found.append(Plot("loss", "Training and test loss", caption, figure))
    return found


def _group_plots(groups: Sequence[GroupFigures]) -> list[Plot]:
    if len(groups) < 2:
        return []
    low = np.array([group.bias.low for group in groups])
    high = np.array([group.bias.high for group in groups])
    figure = plots.residuals_by_group(
        [group.name for group in groups],
        np.array([group.bias.value for group in groups]),
        [group.n for group in groups],
        low=low,
        high=high,
    )
    caption = (
        "Mean of predicted minus actual in each group, with its 95 % interval and the number of "
        "pictures. A bar that does not touch 0 is a bias worth knowing."
    )
    return [Plot("groups", "Is it fair to every group?", caption, figure)]


def _class_curve(curve: Sequence[ClassCurvePoint]) -> Plot:
    figure = plots.learning_curve(
        np.array([point.n for point in curve], dtype=np.int64),
        plots.Band(*_columns([_triple(point.test) for point in curve])),
        plots.Band(*_columns([_triple(point.train) for point in curve])),
        measure="Balanced accuracy",
    )
    caption = (
        "The same training with fewer pictures. Where the blue line still rises at the right, more "
        "pictures would help."
    )
    return Plot("learning-curve", "Would more pictures help?", caption, figure)


def _reliability(result: ClassifierResult | ClassifierEvaluation) -> Figure:
    bins = result.calibration
    return plots.reliability(
        np.array([one.confidence for one in bins]),
        np.array([one.accuracy for one in bins]),
        np.array([one.n for one in bins], dtype=np.int64),
    )


def _curve(name: str, points: Sequence[tuple[float, float]], area: float) -> plots.Curve:
    columns = np.array(points, dtype=np.float64).reshape(-1, 2).T
    return plots.Curve(name, columns[0], columns[1], area)


def _triple(measured: Measured) -> tuple[float, float, float]:
    return measured.value, measured.low, measured.high


def _columns(rows: Sequence[tuple[float, float, float]]) -> list[FloatArray]:
    return list(np.array(rows, dtype=np.float64).T)
