"""Contact sheets: pictures with "Actual 8.0 / Predicted 7.9" under each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from framesift.reports.plots.style import INK, SECOND, SOFT, drawn, label, new_figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from framesift.types import UInt8Array

__all__ = ["Tile", "contact_sheet", "representative", "worst"]

_FAR = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """One picture of a sheet.

    Attributes:
        name: Its file name.
        actual: What people said; a label for a classifier.
        predicted: What the head said.
        pixels: uint8 (H, W, 3), RGB; ``None`` where there is no picture to show.
        far: Whether the head missed: by two points or more, or the label.
    """

    name: str
    actual: str
    predicted: str
    pixels: UInt8Array | None
    far: bool = False

    @classmethod
    def rated(cls, name: str, actual: float, predicted: float, pixels: UInt8Array | None) -> Tile:
        """Make the tile of a rated picture."""
        far = abs(predicted - actual) >= _FAR
        return cls(name, f"{actual:.1f}", f"{predicted:.1f}", pixels, far)


@drawn
def contact_sheet(tiles: Sequence[Tile], *, title: str = "", columns: int = 6) -> Figure:
    """Lay pictures out in a grid, in the order given; the text of a miss has another colour."""
    columns = max(1, min(columns, len(tiles)))
    rows = -(-len(tiles) // columns) or 1
    figure = new_figure(1.55 * columns, 1.9 * rows + (0.4 if title else 0.0))
    figure.set_layout_engine("constrained", h_pad=0.07)
    if title:
        figure.suptitle(title, fontsize=12, color=INK, parse_math=False)
    grid = np.asarray(figure.subplots(rows, columns, squeeze=False)).reshape(-1)
    for axes, tile in zip(grid, tiles, strict=False):
        axes.imshow(_square(tile.pixels), interpolation="antialiased")
        axes.set_xlabel(
            f"Actual {label(tile.actual, 14)}\nPredicted {label(tile.predicted, 14)}",
            fontsize=8.5,
            color=SECOND if tile.far else INK,
            fontweight="bold" if tile.far else "normal",
            labelpad=3,
        )
        axes.set_title(label(tile.name, 22), fontsize=6.5, color=SOFT, pad=2)
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_visible(False)
    for axes in grid[len(tiles) :]:
        axes.set_axis_off()
    return figure


def representative(actual: Sequence[float], count: int) -> list[int]:
    """Choose pictures evenly over the order of their ratings, lowest first.

    Returns:
        At most ``count`` indices; the lowest and the highest rating are among them.
    """
    order = np.argsort(np.asarray(actual, dtype=np.float64), kind="stable")
    if len(order) <= count:
        return [int(place) for place in order]
    places = np.linspace(0, len(order) - 1, count).round().astype(int)
    return [int(place) for place in order[places]]


def worst(actual: Sequence[float], predicted: Sequence[float], count: int) -> list[int]:
    """Return the indices of the pictures that were missed by most, worst first."""
    off = np.abs(np.asarray(predicted, dtype=np.float64) - np.asarray(actual, dtype=np.float64))
    return [int(place) for place in np.argsort(-off, kind="stable")[:count]]


def _square(pixels: UInt8Array | None) -> UInt8Array:
    """Centre a picture on a square of neutral grey, so that all tiles are of one size."""
    grey = 236
    if pixels is None:
        return np.full((64, 64, 3), grey, dtype=np.uint8)
    height, width = pixels.shape[:2]
    side = max(height, width)
    ground = np.full((side, side, 3), grey, dtype=np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    ground[top : top + height, left : left + width] = pixels
    return ground
