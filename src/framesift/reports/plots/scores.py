"""Plots of ratings: predicted against actual, what is left over, and how often intervals hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from framesift.reports.plots.style import (
    FIRST,
    INK,
    SOFT,
    drawn,
    label,
    new_figure,
    plain_axes,
    segments,
    wilson,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "Points",
    "Tenths",
    "calibration",
    "coverage",
    "predicted_actual",
    "rating_histogram",
    "residuals_by_group",
]

FloatArray: TypeAlias = NDArray[np.floating]

MANY = 1500
"""Pictures beyond this many are shown as density instead of one mark each."""
_BARS = 300
_GROUPS = 30
_BINS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Pictures with what people said and what a head said, all float (N,).

    Attributes:
        actual: Ratings on the head's scale.
        predicted: Scores of the head.
        low: Lower ends of the intervals; ``None`` for none.
        high: Upper ends, likewise.
    """

    actual: FloatArray
    predicted: FloatArray
    low: FloatArray | None = None
    high: FloatArray | None = None

    def __post_init__(self) -> None:
        """Check that all arrays are (N,)."""
        for array in (self.predicted, self.low, self.high):
            if array is not None and array.shape != self.actual.shape:
                message = f"points have shapes {self.actual.shape} and {array.shape}"
                raise ValueError(message)


@dataclass(frozen=True, slots=True, eq=False)
class Tenths:
    """Pictures in bins of equal count by predicted score, lowest first, all float (B,).

    Attributes:
        predicted: Mean score of each bin.
        actual: Mean rating.
        spread: Standard deviation of the ratings around the scores.
        inside: The part of the ratings inside the interval.
        counts: Pictures.
    """

    predicted: FloatArray
    actual: FloatArray
    spread: FloatArray
    inside: FloatArray
    counts: FloatArray

    @classmethod
    def of(cls, points: Points, *, least: int = 15) -> Tenths:
        """Put pictures into at most ten bins of no fewer than ``least``."""
        order = np.argsort(points.predicted, kind="stable")
        bins = np.array_split(order, min(10, max(1, len(order) // least)))
        off = points.actual - points.predicted
        inside = np.full(len(order), np.nan)
        if points.low is not None and points.high is not None:
            inside = ((points.low <= points.actual) & (points.actual <= points.high)).astype(float)
        rows = [
            (points.predicted[b].mean(), points.actual[b].mean(), off[b].std(), inside[b].mean())
            for b in bins
        ]
        columns = np.array(rows, dtype=np.float64).T
        counts = np.array([len(b) for b in bins], dtype=np.float64)
        return cls(columns[0], columns[1], columns[2], columns[3], counts)


@drawn
def predicted_actual(
    test: Points,
    train: Points | None = None,
    *,
    scale: tuple[float, float] = (0.0, 10.0),
    name: str = "not seen before",
) -> Figure:
    """Plot predicted against actual scores, with counts along both sides.

    Args:
        test: Pictures that the head had not seen. Up to 300 get bars for their intervals, more
            than 1,500 are shown as density.
        train: Pictures it was trained on, in another mark; ``None`` for none.
        scale: Both axes.
        name: What the legend calls ``test``.
    """
    figure = new_figure(5.0, 5.0)
    grid = figure.add_gridspec(2, 2, width_ratios=(6, 1), height_ratios=(1, 6))
    axes = figure.add_subplot(grid[1, 0])
    top = figure.add_subplot(grid[0, 0], sharex=axes)
    side = figure.add_subplot(grid[1, 1], sharey=axes)
    axes.plot(scale, scale, color=INK, linewidth=1, linestyle=(0, (5, 4)), label="exactly right")
    if train is not None and len(train.actual):
        _train_marks(axes, train)
    _test_marks(axes, test, f"{name} ({len(test.actual):,})")
    _margin(top, test.actual, scale, orientation="vertical")
    _margin(side, test.predicted, scale, orientation="horizontal")
    plain_axes(axes, x="Actual rating", y="Predicted score")
    room = (scale[1] - scale[0]) * 0.02
    axes.set_xlim(scale[0] - room, scale[1] + room)
    axes.set_ylim(scale[0] - room, scale[1] + room)
    axes.set_aspect("equal", adjustable="box")
    axes.legend(loc="upper left", handletextpad=0.4, borderaxespad=0.2)
    return figure


@drawn
def residuals_by_group(
    names: Sequence[str],
    means: FloatArray,
    counts: Sequence[int],
    *,
    low: FloatArray | None = None,
    high: FloatArray | None = None,
) -> Figure:
    """Plot how far the head is off in each group, predicted minus actual, sorted.

    Args:
        names: Of G groups.
        means: Mean residual of each, float (G,), in points.
        counts: Pictures in each.
        low: Lower ends of the intervals of the means, float (G,).
        high: Upper ends, likewise.

    Of more than 30 groups the 15 lowest and the 15 highest are shown.
    """
    order = np.argsort(means, kind="stable")
    if len(order) > _GROUPS:
        order = np.concatenate([order[: _GROUPS // 2], order[-_GROUPS // 2 :]])
    places = np.arange(len(order))
    figure = new_figure(5.0, max(1.6, 0.75 + 0.24 * len(order)))
    axes = figure.add_subplot()
    axes.axvline(0, color=INK, linewidth=1)
    middle = means[order]
    if low is not None and high is not None:
        x = segments(low[order], high[order])
        axes.plot(x, segments(places, places), color=FIRST, linewidth=2.4, alpha=0.45)
    axes.plot(middle, places, "o", color=FIRST, markersize=5)
    texts = [f"{label(names[g], 24)}  ({counts[g]:,})" for g in order]
    axes.set_yticks(places, texts, fontsize=9)
    axes.set_ylim(-0.7, len(order) - 0.3)
    _symmetric(axes)
    plain_axes(axes, grid="x")
    figure.supxlabel("← scored too low · points · scored too high →", fontsize=10)
    return figure


@drawn
def rating_histogram(
    actual: FloatArray, predicted: FloatArray, *, scale: tuple[float, float] = (0.0, 10.0)
) -> Figure:
    """Plot how ratings and predictions of the same pictures are spread over the scale."""
    figure = new_figure(5.0, 3.2)
    axes = figure.add_subplot()
    edges = np.linspace(*scale, _BINS + 1)
    axes.hist(actual, edges.tolist(), color=SOFT, alpha=0.35, label="ratings")
    counts, _ = np.histogram(predicted, edges)
    axes.stairs(counts, edges, color=FIRST, linewidth=2, label="predictions")
    plain_axes(axes, x="Points", y="Pictures", grid="y")
    axes.set_xlim(*scale)
    _whole_numbers(axes, "y")
    axes.legend(loc="upper left")
    return figure


@drawn
def coverage(tenths: Tenths, *, claimed: float = 0.9) -> Figure:
    """Plot how many ratings fall inside the interval, low scores to high.

    Args:
        tenths: The pictures in bins of score.
        claimed: What the interval claims to hold; five points either way are shaded.
    """
    figure = new_figure(5.0, 3.2)
    axes = figure.add_subplot()
    axes.axhspan((claimed - 0.05) * 100, (claimed + 0.05) * 100, color=SOFT, alpha=0.2, linewidth=0)
    axes.axhline(claimed * 100, color=INK, linewidth=1, linestyle=(0, (5, 4)), label="claimed")
    low, high = wilson(tenths.inside, tenths.counts)
    x = tenths.predicted
    axes.plot(segments(x, x), segments(low * 100, high * 100), color=FIRST, alpha=0.45)
    axes.plot(x, tenths.inside * 100, "o", color=FIRST, label="held")
    plain_axes(axes, x="Predicted score", y="Ratings inside, %")
    axes.set_xlim(0, 10)
    axes.set_ylim(min(50.0, float(low.min(initial=1.0)) * 100 - 3), 101)
    axes.legend(loc="lower left")
    return figure


@drawn
def calibration(tenths: Tenths) -> Figure:
    """Plot the mean rating of pictures that got about the same score, low scores to high."""
    figure = new_figure(5.0, 4.6)
    axes = figure.add_subplot()
    axes.plot([0, 10], [0, 10], color=INK, linewidth=1, linestyle=(0, (5, 4)), label="exact")
    reach = 1.96 * tenths.spread / np.sqrt(np.maximum(tenths.counts, 1))
    x = tenths.predicted
    ends = segments(tenths.actual - reach, tenths.actual + reach)
    axes.plot(segments(x, x), ends, color=FIRST, alpha=0.45)
    axes.plot(x, tenths.actual, "o-", color=FIRST, label="mean of the ratings")
    plain_axes(axes, x="Predicted score", y="Actual rating")
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 10)
    axes.set_aspect("equal", adjustable="box")
    axes.legend(loc="upper left")
    return figure


def _train_marks(axes: Axes, train: Points) -> None:
    shown = slice(None)
    if len(train.actual) > MANY:
        shown = slice(None, None, -(-len(train.actual) // MANY))
    axes.plot(
        train.actual[shown],
        train.predicted[shown],
        linestyle="none",
        marker="x",
        color=SOFT,
        alpha=0.45,
        markersize=3.5,
        markeredgewidth=0.9,
        label=f"trained on ({len(train.actual):,})",
    )


def _test_marks(axes: Axes, test: Points, name: str) -> None:
    count = len(test.actual)
    if count > MANY:
        shade = axes.hexbin(test.actual, test.predicted, gridsize=32, mincnt=1, linewidths=0)
        weight = np.asarray(shade.get_array(), dtype=np.float64)
        colours = np.tile((*_rgb(FIRST), 1.0), (len(weight), 1))
        colours[:, 3] = 0.12 + 0.88 * np.sqrt(weight / max(weight.max(initial=1.0), 1.0))
        shade.set_array(None)
        shade.set_facecolor([tuple(colour) for colour in colours.tolist()])
        axes.plot([], [], "h", color=FIRST, label=name)
        return
    if test.low is not None and test.high is not None and count <= _BARS:
        axes.plot(
            segments(test.actual, test.actual),
            segments(test.low, test.high),
            color=FIRST,
            linewidth=0.9,
            alpha=0.3 if count <= _BARS // 3 else 0.16,
        )
    axes.plot(
        test.actual,
        test.predicted,
        linestyle="none",
        marker="o",
        color=FIRST,
        alpha=0.85 if count <= _BARS else 0.5,
        markersize=4.5 if count <= _BARS else 3,
        markeredgewidth=0,
        label=name,
    )


def _margin(
    axes: Axes, values: FloatArray, scale: tuple[float, float], *, orientation: str
) -> None:
    """Draw counts along a side, without an axis of their own."""
    edges = np.linspace(*scale, _BINS + 1)
    axes.hist(values, edges, color=FIRST, alpha=0.5, orientation=orientation, rwidth=0.9)  # type: ignore[arg-type]
    axes.set_axis_off()


def _symmetric(axes: Axes) -> None:
    reach = max(abs(edge) for edge in axes.get_xlim())
    reach = reach or 1.0
    axes.set_xlim(-reach, reach)


def _whole_numbers(axes: Axes, axis: str) -> None:
    from matplotlib.ticker import MaxNLocator

    which = axes.yaxis if axis == "y" else axes.xaxis
    which.set_major_locator(MaxNLocator(nbins=5, integer=True))


def _rgb(colour: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return to_rgb(colour)
