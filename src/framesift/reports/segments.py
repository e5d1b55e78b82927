"""The segments of a timeline as other programs read them: JSON, SRT, WebVTT and edit lists.

Times are on the clock of a player, which starts at 0 where a file's own clock may not: `origin`
says what to subtract.
"""

from __future__ import annotations

import codecs
import json
import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, TextIO, get_args

from framesift.errors import ConfigError
from framesift.reports.edl import edl_text
from framesift.reports.output import Output
from framesift.reports.timelines import timeline_record
from framesift.reports.words import visible
from framesift.types import SCHEMA, SegmentKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from framesift.types import Segment, Timeline

__all__ = ["SEGMENT_FORMATS", "SegmentSheet", "render_segments", "write_segments"]

SEGMENT_FORMATS = ("json", "srt", "vtt", "edl")
"""What `render_segments` can write."""

# WebVTT's own classes: FFmpeg 5.1, and what is built on it, reads nothing of a file with STYLE.
_COLOURS = {"block": "red", "review": "yellow", "allow": "lime", "fault": "cyan", "tag": "white"}
# SRT has no way to escape what players take for markup.
_SRT_PLAIN = str.maketrans("<>{}", "\u2039\u203a()")


@dataclass(frozen=True, slots=True)
class SegmentSheet:
    """What a list of segments says beside the segments.

    Attributes:
        name: Of the medium.
        policy: Name and hash of the policy.
        origin: What the medium's own clock shows where a player's shows 0, in seconds: the start of
            a stream that players rebase, such as MPEG-TS.
        rate: Frames a second, for edit lists.
        kinds: Which segments to list.
    """

    name: str = ""
    policy: str = ""
    origin: Fraction = Fraction(0)
    rate: Fraction = Fraction(25)
    kinds: Sequence[SegmentKind] = get_args(SegmentKind)


_PLAIN_SHEET = SegmentSheet()


def render_segments(timeline: Timeline, format: str, sheet: SegmentSheet = _PLAIN_SHEET) -> str:
    """Write the segments of a timeline in one of the formats.

    JSON has everything, with the names of `docs/records.md`. In the others, times before the
    player's 0 count as 0, and no segment is shorter than a millisecond or a frame.

    Args:
        timeline: Of one video or animation.
        format: One of ``SEGMENT_FORMATS``.
        sheet: What else to say, and how to count.

    Returns:
        The whole file, with plain line feeds.

    Raises:
        ConfigError: The format is unknown, or a segment lies where the format has no time for it.
    """
    listed = [segment for segment in timeline.segments if segment.kind in sheet.kinds]
    moved = _moved(replace(timeline, segments=tuple(listed)), sheet.origin)
    if format == "json":
        return _json(moved, sheet)
    if format == "srt":
        return _srt(moved.segments)
    if format == "vtt":
        return _vtt(moved.segments, sheet)
    if format == "edl":
        return edl_text(moved.segments, sheet.name, sheet.rate)
    message = f"unknown format {format!r} for segments; choose one of {', '.join(SEGMENT_FORMATS)}"
    raise ConfigError(message)


def write_segments(
    timeline: Timeline,
    out: Path | TextIO | None,
    format: str,
    sheet: SegmentSheet = _PLAIN_SHEET,
) -> None:
    """Write the segments of a timeline to a file, which appears whole or not at all.

    Args:
        timeline: As for `render_segments`.
        out: A path, an open text stream (left open), or ``None`` for standard output.
        format: As for `render_segments`.
        sheet: As for `render_segments`.

    Raises:
        ConfigError: As for `render_segments`, or the file cannot be written.
    """
    text = render_segments(timeline, format, sheet)
    output = Output(out)
    output.open()
    try:
        output.write(_encodable(text, getattr(output.text, "encoding", None) or "utf-8"))
        output.commit()
    except BaseException:
        output.abort(keep=False)
        raise


def _encodable(text: str, encoding: str) -> str:
    if codecs.lookup(encoding).name == "utf-8":
        return text
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _moved(timeline: Timeline, origin: Fraction) -> Timeline:
    """Put a timeline on a clock that shows 0 where its own shows the origin."""
    if not origin:
        return timeline
    return replace(
        timeline,
        start=timeline.start - origin,
        end=timeline.end - origin,
        times=tuple(time - origin for time in timeline.times),
        segments=tuple(
            replace(
                one,
                start=one.start - origin,
                end=one.end - origin,
                peak_time=one.peak_time - origin,
            )
            for one in timeline.segments
        ),
        shots=tuple(
            replace(shot, start=shot.start - origin, end=shot.end - origin)
            for shot in timeline.shots
        ),
        stopped=None if timeline.stopped is None else timeline.stopped - origin,
    )


def _json(timeline: Timeline, sheet: SegmentSheet) -> str:
    document = {
        "schema": SCHEMA,
        "path": sheet.name,
        "policy": sheet.policy or None,
        "origin_s": float(sheet.origin),
        "timeline": timeline_record(timeline),
    }
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2)
    return f"{text.encode('utf-8', 'backslashreplace').decode('utf-8')}\n"


def _srt(segments: Sequence[Segment]) -> str:
    cues = []
    for number, segment in enumerate(segments, start=1):
        start, end = (_clock(ms, ",") for ms in _milliseconds(segment))
        cues.append(f"{number}\n{start} --> {end}\n{_caption(segment).translate(_SRT_PLAIN)}\n")
    return "\n".join(cues)


def _vtt(segments: Sequence[Segment], sheet: SegmentSheet) -> str:
    name = _escaped(visible(sheet.name))
    notes = [f"Segments of {name or 'a video'}, by Framesift."]
    if sheet.policy:
        notes.append(f"Policy: {_escaped(visible(sheet.policy))}")
    if sheet.origin:
        notes.append(f"0 is at {float(sheet.origin):.6f} s of the stream's own clock.")
    blocks = ["WEBVTT", "\n".join(["NOTE", *notes])]
    for number, segment in enumerate(segments, start=1):
        start, end = (_clock(ms, ".") for ms in _milliseconds(segment))
        manner = segment.action if segment.kind == "harm" else segment.kind
        text = f"<c.{manner}.{_COLOURS[manner]}>{_escaped(_caption(segment))}</c>"
        blocks.append(f"{number}\n{start} --> {end} line:0 align:start\n{text}")
    return "\n\n".join(blocks) + "\n"


def _caption(segment: Segment) -> str:
    """Say a segment in a line: ``[review] violence 0.93``."""
    manner = segment.action if segment.kind == "harm" else segment.kind
    peak = "unscored" if math.isnan(segment.peak) else f"{segment.peak:.2f}"
    return f"[{manner}] {visible(segment.label)} {peak}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _milliseconds(segment: Segment) -> tuple[int, int]:
    start = max(round(segment.start * 1000), 0)
    return start, max(round(segment.end * 1000), start + 1)


def _clock(milliseconds: int, mark: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{second:02}{mark}{rest:03}"
