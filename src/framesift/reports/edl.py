"""Segments as an edit decision list in the manner of CMX 3600.

One event per segment, in place: source and record times are the same, so that the list laid over
the clip lines up with it. CMX has one video track and no two events may overlap on it; segments of
different labels do, and go to ``V2``, ``V3`` and so on. Below each event stand comments, and a
locator (``* LOC:``) at its worst moment, which editing programs show as a marker.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from framesift.reports.timecode import Timecode
from framesift.reports.words import visible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from framesift.types import Segment

__all__ = ["edl_text", "reel_name"]

_REEL_LETTERS: Final = 8
_TITLE_LETTERS: Final = 70
# BL is black and AX an auxiliary source: no names for a reel.
_RESERVED: Final = ("BL", "AX")
_COLOURS: Final = {
    "block": "RED",
    "review": "YELLOW",
    "allow": "GREEN",
    "fault": "CYAN",
    "tag": "BLUE",
}


def edl_text(segments: Sequence[Segment], name: str, rate: Fraction) -> str:
    """Write segments as an edit list.

    Args:
        segments: In the order of their starts; times on a clock that starts at 0.
        name: Of the medium.
        rate: Its frames a second.

    Raises:
        ConfigError: A segment lies beyond 24 hours, where timecode ends.
    """
    code = Timecode.of(rate)
    reel, clip = reel_name(name), visible(name)
    mode = "DROP FRAME" if code.drop else "NON-DROP FRAME"
    lines = [f"TITLE: {clip[:_TITLE_LETTERS] or 'SEGMENTS'}", f"FCM: {mode}", ""]
    free: list[int] = []
    for number, segment in enumerate(segments, start=1):
        start = code.frame(segment.start)
        end = max(code.frame(segment.end), start + 1)
        track = next((n for n, until in enumerate(free) if until <= start), len(free))
        free[track : track + 1] = [end]
        span = f"{code.text(start)} {code.text(end)}"
        channel = f"V{track + 1}" if track else "V"
        lines.append(f"{number:03}  {reel:<8} {channel:<5} C        {span} {span}")
        lines += _comments(
            segment, clip, code.text(min(max(code.frame(segment.peak_time), start), end - 1))
        )
    return "\n".join(lines) + "\n"


def reel_name(name: str) -> str:
    """Return a name for a reel: at most eight capital letters and digits, from that of a file."""
    stem = re.split(r"[/\\]", name)[-1]
    stem = stem.rsplit(".", 1)[0] or stem
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().upper()
    reel = re.sub(r"[^A-Z0-9]", "", plain)[:_REEL_LETTERS]
    return f"{reel}1" if reel in _RESERVED else reel or "CLIP"


def _comments(segment: Segment, clip: str, peak: str) -> list[str]:
    manner = segment.action if segment.kind == "harm" else segment.kind
    exact, brief = "unscored", "unscored"
    if not math.isnan(segment.peak):
        exact, brief = f"{segment.peak:.4f}", f"{segment.peak:.2f}"
    label = visible(segment.label)
    told = [f"{segment.kind} {label}", f"peak {exact} at {peak}"]
    if segment.kind == "harm":
        told.append(f"action {segment.action}")
    told += [f"by {visible(segment.source)}"] if segment.source else []
    told += [f"in the {segment.part}"] if segment.kind == "harm" else []
    lines = [f"* FROM CLIP NAME: {clip}"] if clip else []
    lines.append(f"* COMMENT: {', '.join(told)}")
    lines.append(f"* LOC: {peak} {_COLOURS[manner]:<7} {label} {brief} {manner}")
    return lines
