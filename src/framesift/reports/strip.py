"""A video's time as a small SVG on its card: quality as a line, harm and faults as colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.reports.page import shown
from framesift.reports.timelines import faults, harms, segment_line

if TYPE_CHECKING:
    from framesift.reports.record import Record

__all__ = ["strip"]

_WIDTH, _HEIGHT = 1000, 100
_POINTS = 90
_TOLD = 3


def strip(record: Record) -> str:
    """Return the picture of a video's time; nothing for what has no timeline, or one moment."""
    timeline = record["timeline"]
    if timeline is None or timeline["moments"] < 2:
        return ""
    start_s = float(timeline["start_s"])
    length_s = max(float(timeline["end_s"]) - start_s, 1e-6)
    parts = [_bar(one, start_s, length_s, "fault") for one in faults(record)]
    # The gravest last: it lies on top.
    parts += [_bar(one, start_s, length_s, one["action"]) for one in reversed(harms(record))]
    curve = next((one for one in timeline["curves"] if one["label"] == "quality"), None)
    if curve is not None:
        points = _points(timeline["times_s"], curve["values"], start_s, length_s)
        parts.append(f'<polyline points="{points}"/>')
    return (
        f'<svg class="strip" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" '
        f'role="img" aria-label="{shown(_told(record))}">{"".join(parts)}</svg>'
    )


def _told(record: Record) -> str:
    found = [one for one in harms(record) if one["action"] != "allow"]
    told = "; ".join(segment_line(one) for one in found[:_TOLD])
    more = f" and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
    return f"Timeline: {told}{more}" if told else "Timeline: nothing to review"


def _bar(segment: Record, start_s: float, length_s: float, kind: str) -> str:
    left = (segment["start_s"] - start_s) / length_s * _WIDTH
    # A moment in an hour must still be seen.
    width = max((segment["end_s"] - segment["start_s"]) / length_s * _WIDTH, 8.0)
    left = min(left, _WIDTH - width)
    top, height = (72, 28) if kind in ("review", "block") else (86, 14)
    return f'<rect class="{kind}" x="{left:.1f}" y="{top}" width="{width:.1f}" height="{height}"/>'


def _points(times: list[float], values: list[float | None], start_s: float, length_s: float) -> str:
    known = [(time, value) for time, value in zip(times, values, strict=True) if value is not None]
    size = max(-(-len(known) // _POINTS), 1)
    points: list[tuple[int, int]] = []
    for place in range(0, len(known), size):
        # The worst of a stretch, so that a bad moment does not vanish between two good ones.
        time, value = min(known[place : place + size], key=lambda one: one[1])
        x = (time - start_s) / length_s * _WIDTH
        points.append((round(x), round(66 - min(max(value, 0.0), 10.0) * 6)))
    # The first and the last moment stand for what is before and after them.
    if points and points[0][0] > 0:
        points.insert(0, (0, points[0][1]))
    if points and points[-1][0] < _WIDTH:
        points.append((_WIDTH, points[-1][1]))
    return " ".join(f"{x},{y}" for x, y in points)
