"""Plots with a line: learning and loss curves, and how a classifier trades its errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from framesift.reports.plots.style import (
    FIRST,
    INK,
    SECOND,
    SOFT,
    THIRD,
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
    "Band",
    "Curve",
    "confusion",
    "learning_curve",
    "loss_curves",
    "precision_recall",
    "reliability",
    "roc",
]

FloatArray: TypeAlias = NDArray[np.floating]
IntArray: TypeAlias = NDArray[np.integer]

_LINES = (
    (FIRST, "-"),
    (SECOND, "--"),
    (THIRD, "-."),
    (INK, ":"),
    (SOFT, "-"),
    (FIRST, "--"),
)
_NUMBERED_CELLS = 15


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Values with an interval around them, all float (N,); ends ``None`` for none."""

    values: FloatArray
    low: FloatArray | None = None
    high: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One line of a ROC or precision-recall plot: its name, its area, and its points."""

    name: str
    x: FloatArray
    y: FloatArray
    area: float


@drawn
def learning_curve(
    sizes: IntArray, test: Band, train: Band | None = None, *, measure: str = "Mean error, points"
) -> Figure:
    """Plot a measure against the number of pictures trained on.

    Args:
        sizes: How many pictures each step was trained on, int (N,).
        test: The measure on held-out pictures, with its spread.
        train: The measure on the pictures trained on.
        measure: What the y axis says.
    """
    figure = new_figure(5.0, 3.4)
    axes = figure.add_subplot()
    if train is not None:
        _band(axes, sizes, train, SOFT, "s", "trained on")
    _band(axes, sizes, test, FIRST, "o", "not seen before")
    plain_axes(axes, x="Pictures to learn from", y=measure)
    _count_axis(axes, sizes)
    _from_zero(axes)
    axes.legend(loc="best")
    return figure


@drawn
def loss_curves(
    train: FloatArray, test: FloatArray | None = None, *, best: int | None = None
) -> Figure:
    """Plot the loss of each epoch, float (E,), on a log scale where it spans much.

    Args:
        train: On the pictures trained on.
        test: On pictures held out.
        best: Index of the epoch whose weights were kept.
    """
    figure = new_figure(5.0, 3.2)
    axes = figure.add_subplot()
    epochs = np.arange(1, len(train) + 1)
    axes.plot(epochs, train, color=SOFT, linestyle="--", label="trained on")
    if test is not None:
        axes.plot(np.arange(1, len(test) + 1), test, color=FIRST, label="held out")
    if best is not None:
        axes.axvline(best + 1, color=SECOND, linewidth=1.2, linestyle=":", label="kept")
    every = np.concatenate([train, test if test is not None else train])
    every = every[np.isfinite(every)]
    if len(every) and every.min() > 0 and every.max() > 20 * every.min():
        _log_axis(axes)
    else:
        _from_zero(axes)
    plain_axes(axes, x="Epoch", y="Mean squared error")
    axes.legend(loc="best")
    return figure


@drawn
def roc(curves: Sequence[Curve]) -> Figure:
    """Plot true against false positives for each label; an area of 0.5 is guessing."""
    return _trade_off(curves, ("False alarms, %", "Found, %"), chance=True)


@drawn
def precision_recall(curves: Sequence[Curve]) -> Figure:
    """Plot precision against recall for each label."""
    return _trade_off(curves, ("Found (recall), %", "Right when it says so (precision), %"))


@drawn
def reliability(claimed: FloatArray, observed: FloatArray, counts: IntArray) -> Figure:
    """Plot how often answers of each probability were right, with 95 % intervals.

    Args:
        claimed: Mean probability of the answers in each of B bins, float (B,).
        observed: The part of them that was right, float (B,).
        counts: How many there were; empty bins are left out.
    """
    figure = new_figure(5.0, 4.4)
    axes = figure.add_subplot()
    some = counts > 0
    claimed, observed = claimed[some] * 100, observed[some]
    low, high = wilson(observed, counts[some])
    axes.plot([0, 100], [0, 100], color=INK, linewidth=1, linestyle=(0, (5, 4)), label="exact")
    ends = segments(low * 100, high * 100)
    axes.plot(segments(claimed, claimed), ends, color=FIRST, alpha=0.45)
    axes.plot(claimed, observed * 100, "o-", color=FIRST, label="observed")
    plain_axes(axes, x="Probability given, %", y="Were right, %")
    start = min(20.0, *(claimed // 10 * 10), *(low * 100 // 10 * 10)) if len(claimed) else 0.0
    axes.set_xlim(max(start, 0.0), 101)
    axes.set_ylim(max(start, 0.0), 101)
    axes.legend(loc="upper left")
    return figure


@drawn
def confusion(labels: Sequence[str], counts: IntArray) -> Figure:
    """Plot which label was taken for which: int (L, L), rows are what is true.

    Shades are parts of each row; up to 15 labels also get their counts written in.
    """
    size = len(labels)
    side = min(max(4.6, 1.6 + 0.42 * size), 9.0)
    figure = new_figure(side, side)
    axes = figure.add_subplot()
    parts = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    for row, column in np.argwhere(counts > 0):
        part = float(parts[row, column])
        colour = FIRST if row == column else SECOND
        axes.fill(
            column + np.array([-0.5, 0.5, 0.5, -0.5]),
            row + np.array([-0.5, -0.5, 0.5, 0.5]),
            color=colour,
            alpha=0.06 + 0.74 * part,
            linewidth=0,
        )
        if size <= _NUMBERED_CELLS:
            text = f"{counts[row, column]:,}"
            axes.text(column, row, text, ha="center", va="center", fontsize=9)
    shown = [label(name, 18) for name in labels]
    axes.set_xticks(range(size), shown, rotation=45, ha="right", rotation_mode="anchor", fontsize=9)
    axes.set_yticks(range(size), shown, fontsize=9)
    axes.set_xlim(-0.5, size - 0.5)
    axes.set_ylim(size - 0.5, -0.5)
    axes.set_aspect("equal")
    axes.set_xlabel("Said to be")
    axes.set_ylabel("Is")
    return figure


def _trade_off(curves: Sequence[Curve], axis: tuple[str, str], *, chance: bool = False) -> Figure:
    figure = new_figure(5.0, 4.4)
    axes = figure.add_subplot()
    if chance:
        axes.plot([0, 100], [0, 100], color=INK, linewidth=1, linestyle=(0, (5, 4)))
    worst_first = sorted(curves, key=lambda curve: curve.area)[: len(_LINES)]
    for curve, (colour, style) in zip(worst_first, _LINES, strict=False):
        text = f"{label(curve.name, 20)} ({curve.area:.2f})"
        axes.plot(curve.x * 100, curve.y * 100, color=colour, linestyle=style, label=text)
    plain_axes(axes, x=axis[0], y=axis[1])
    axes.set_xlim(-1, 101)
    axes.set_ylim(-1, 103)
    more = len(curves) - len(worst_first)
    title = "Area, worst first" + (f"\n({more} better not shown)" if more else "")
    if worst_first:
        axes.legend(loc="lower right" if chance else "lower left", title=title, title_fontsize=9)
    return figure


def _band(axes: Axes, x: IntArray, band: Band, colour: str, mark: str, name: str) -> None:
    if band.low is not None and band.high is not None:
        axes.fill_between(x, band.low, band.high, color=colour, alpha=0.18, linewidth=0)
    axes.plot(x, band.values, color=colour, marker=mark, markersize=4.5, label=name)


def _count_axis(axes: Axes, sizes: IntArray) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    if len(sizes) and sizes.max() > 20 * max(sizes.min(), 1):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _place: f"{value:,.0f}"))


def _log_axis(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _place: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _from_zero(axes: Axes) -> None:
    """Start at zero where the lowest value is near it, so that a small change looks small."""
    low, high = axes.get_ylim()
    if -0.1 * high < low < 0.5 * high:
        axes.set_ylim(0, high)
