"""Shares with their intervals as rows of dots and bars: no script, no library, any width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from framesift.reports.page import shown
from framesift.verdicts.audit_words import brief

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.verdicts.proportions import Share

__all__ = ["ForestRow", "forest"]

_ENDS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One group.

    Attributes:
        name: As text.
        share: Its share with the interval.
        kind: ``found``, ``few``, ``was`` or nothing: how it is drawn.
    """

    name: str
    share: Share
    kind: str = ""


def forest(rows: Sequence[ForestRow], told: str, overall: float | None = None) -> str:
    """Return a forest plot as markup.

    Args:
        rows: In the order to show them.
        told: What it shows, for people who cannot see it.
        overall: The share of all pictures, drawn as a dashed line; ``None`` for no line.
    """
    most = max((row.share.high for row in rows if row.share.total), default=1.0)
    end = next((one for one in _ENDS if one >= most - 1e-9), 1.0)
    line = "" if overall is None else f'<u style="left:{_at(overall, end)}"></u>'
    marks = "".join(_row(row, end, line) for row in rows)
    axis = (
        '<div aria-hidden="true"><span></span><span class="ends"><span>0</span>'
        f"<span>{100 * end / 2:g}</span><span>{100 * end:g} %</span></span><span></span></div>"
    )
    return f'<div class="forest" role="img" aria-label="{shown(told)}">{marks}{axis}</div>'


def _row(row: ForestRow, end: float, line: str) -> str:
    share = row.share
    inside = ""
    if share.total:
        low, high = _at(share.low, end), _at(min(share.high, end) - share.low, end)
        inside = (
            f'<i style="left:{low};width:{high}"></i><b style="left:{_at(share.value, end)}"></b>'
        )
    size = f"<small>{share.total:,}</small>"
    return (
        f'<div class="{row.kind}"><span class="who">{shown(row.name)}{size}</span>'
        f'<span class="track">{line}{inside}</span>'
        f'<span class="told">{shown(brief(share))}</span></div>'
    )


def _at(value: float, end: float) -> str:
    return f"{100 * min(max(value / end, 0.0), 1.0):.2f}%"
