"""The part of a record that says what happens along a video, and short texts about it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from framesift.types import SEVERITY
from framesift.verdicts.rounding import rounded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from framesift.reports.record import Record
    from framesift.types import Curve, Segment, Timeline

__all__ = [
    "TIME_DECIMALS",
    "clock",
    "faults",
    "gap_line",
    "harms",
    "segment_line",
    "shots_line",
    "span",
    "timeline_record",
]

TIME_DECIMALS = 6
"""Decimals of every time in a record: a microsecond."""

# A stretch shorter than this is told in tenths of a second, so that its ends differ.
_SHORT_S = 3.0


def timeline_record(timeline: Timeline | None) -> dict[str, Any] | None:
    """Turn a timeline into plain data for a record.

    Of the curves it keeps what a reader needs to draw it: quality, and those labels that have a
    segment. The others stay below their thresholds all along, and their highest score stands among
    the labels of the verdict.

    Args:
        timeline: Of a video or an animation; ``None`` for a still.
    """
    if timeline is None:
        return None
    return {
        "start_s": _seconds(timeline.start),
        "end_s": _seconds(timeline.end),
        "sampler": timeline.sampler,
        "moments": len(timeline.times),
        "longest_gap_s": _seconds(timeline.longest_gap),
        "watched_s": _seconds(timeline.watched),
        "stopped_s": None if timeline.stopped is None else _seconds(timeline.stopped),
        "times_s": [_seconds(time) for time in timeline.times],
        "curves": [_curve(curve) for curve in timeline.curves if _worth_drawing(curve, timeline)],
        "segments": [_segment(segment) for segment in timeline.segments],
        "shots": [
            {"start_s": _seconds(shot.start), "end_s": _seconds(shot.end)}
            for shot in timeline.shots
        ],
    }


def _worth_drawing(curve: Curve, timeline: Timeline) -> bool:
    return curve.label == "quality" or any(one.label == curve.label for one in timeline.segments)


def _seconds(time: Fraction) -> float:
    return rounded(float(time), TIME_DECIMALS)


def _finite(value: float) -> float | None:
    return rounded(value) if math.isfinite(value) else None


def _curve(curve: Curve) -> dict[str, Any]:
    return {
        "label": curve.label,
        "source": curve.source,
        "threshold": None if curve.threshold is None else _finite(curve.threshold),
        "values": [_finite(value) for value in curve.values.tolist()],
    }


def _segment(segment: Segment) -> dict[str, Any]:
    return {
        "label": segment.label,
        "kind": segment.kind,
        "start_s": _seconds(segment.start),
        "end_s": _seconds(segment.end),
        "peak": _finite(segment.peak),
        "peak_time_s": _seconds(segment.peak_time),
        "action": segment.action,
        "source": segment.source,
        "part": segment.part,
    }


def harms(record: Record) -> list[Record]:
    """Return the harm segments of a record, the gravest first: by action, then by peak."""
    found = [one for one in _segments(record) if one["kind"] == "harm"]
    return sorted(found, key=_gravity, reverse=True)


def faults(record: Record) -> list[Record]:
    """Return the segments of a record that are technical faults, in the order of their starts."""
    return [one for one in _segments(record) if one["kind"] == "fault"]


def _segments(record: Record) -> list[Record]:
    timeline = record["timeline"]
    return timeline["segments"] if timeline else []


def _gravity(segment: Record) -> tuple[int, float]:
    # What could not be scored is never the mildest.
    peak = 1.0 if segment["peak"] is None else float(segment["peak"])
    return SEVERITY.index(segment["action"]), peak


def segment_line(segment: Record) -> str:
    """Say one segment in a few words: ``0:12-0:15 violence 0.93 review``."""
    parts = [span(segment["start_s"], segment["end_s"]), segment["label"].replace("_", " ")]
    if segment["kind"] == "harm":
        parts.append("unscored" if segment["peak"] is None else f"{segment['peak']:.2f}")
        parts.append(segment["action"])
    return " ".join(parts)


def span(start_s: float, end_s: float) -> str:
    """Return a stretch of time: ``0:12-0:15``, in tenths where it is short: ``0:12.4-0:12.9``."""
    tenths = end_s - start_s < _SHORT_S
    return f"{clock(start_s, tenths=tenths)}-{clock(end_s, tenths=tenths)}"


def clock(seconds: float, *, tenths: bool = False) -> str:
    """Return a time as a player shows it: ``0:07``, ``1:02:03``, or ``0:07.3`` with tenths."""
    units = round(seconds * 10) if tenths else int(seconds + 1e-6) * 10
    whole, rest = divmod(units, 10)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    text = f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
    return f"{text}.{rest}" if tenths else text


def shots_line(shots: Sequence[Record]) -> str:
    """Say how many shots there are and how long they last: ``15 shots, 1.2 to 8.0 s``."""
    lengths = [shot["end_s"] - shot["start_s"] for shot in shots]
    if len(lengths) < 2:
        return f"{len(lengths)} shot{'' if lengths else 's'}"
    return f"{len(lengths)} shots, {min(lengths):.1f} to {max(lengths):.1f} s long"


def gap_line(timeline: Record) -> str:
    """Say how much of a video was looked at, and the longest stretch that was not."""
    moments = timeline["moments"]
    length_s = timeline["end_s"] - timeline["start_s"]
    watched_s = min(timeline["watched_s"], length_s)
    looked = f"{moments:,} moment{'' if moments == 1 else 's'}"
    gap = f"longest stretch unseen {timeline['longest_gap_s']:.2f} s"
    compared = f"every frame compared in {watched_s:.1f} of {length_s:.1f} s"
    stopped = timeline["stopped_s"]
    end = [] if stopped is None else [f"stopped at {clock(stopped, tenths=True)}"]
    return "; ".join([looked, gap, compared, *end])
