"""Pictures of how well a head does, as figures to put in a page or save as PNG.

Every function takes plain arrays and returns a matplotlib figure; `to_svg` and `to_png` turn one
into text for a page or bytes for a file, the same each time. Needs the extra ``framesift[train]``.
"""

from __future__ import annotations

from framesift.reports.plots.curves import (
    Band,
    Curve,
    confusion,
    learning_curve,
    loss_curves,
    precision_recall,
    reliability,
    roc,
)
from framesift.reports.plots.scores import (
    MANY,
    Points,
    Tenths,
    calibration,
    coverage,
    predicted_actual,
    rating_histogram,
    residuals_by_group,
)
from framesift.reports.plots.sheet import Tile, contact_sheet, representative, worst
from framesift.reports.plots.style import to_png, to_svg

__all__ = [
    "MANY",
    "Band",
    "Curve",
    "Points",
    "Tenths",
    "Tile",
    "calibration",
    "confusion",
    "contact_sheet",
    "coverage",
    "learning_curve",
    "loss_curves",
    "precision_recall",
    "predicted_actual",
    "rating_histogram",
    "reliability",
    "representative",
    "residuals_by_group",
    "roc",
    "to_png",
    "to_svg",
    "worst",
]
