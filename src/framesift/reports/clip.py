"""What a video comes to, for people: score, verdict, and when what happens, a block per video."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from framesift.reports.reasons import ReasonsWriter
from framesift.reports.table import STYLES
from framesift.reports.timelines import (
    clock,
    faults,
    gap_line,
    harms,
    segment_line,
    shots_line,
)
from framesift.reports.words import action_of, duration, reasons, title, trouble

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from framesift.reports.record import Record

__all__ = ["ClipWriter"]

_LABEL_WIDTH = 10
_MOST_LINES = 12
_LATE_S = 0.1
_SHORT_S = 60.0
"""Videos shorter than this have tenths of a second at the ends of their drawn time."""
_MOST_COLUMNS = 72
_LEVELS = "▁▂▃▄▅▆▇█"
_PLAIN_LEVELS = "_.,-~+*#"
# From where on a sub-score deserves the word.
_GRADES = ((8.5, "excellent"), (7.0, "good"), (5.0, "fair"), (3.0, "weak"), (0.0, "bad"))
_MARKS = {"block": "█", "review": "▒", "fault": "·"}
_PLAIN_MARKS = {"block": "#", "review": "=", "fault": "."}


class ClipWriter(ReasonsWriter):
    """Writes a block of lines per video: quality in words, verdict, timeline, stretches, shots.

    Colours and widths as in a table. For a program to read, take ``jsonl``.
    """

    format: ClassVar[str] = "clip"

    def _write(self, record: Record) -> None:
        timeline = record["timeline"]
        if timeline is None:
            super()._write(record)
            return
        if self.summary.items:
            self._say()
        text = self._line()
        text.append(self._shown(record["path"]), style="bold")
        length = duration(record["duration_s"]) or "length unknown"
        start_s = timeline["start_s"]
        # Players that count from the first frame show other times than the stream's own clock.
        late = f", starts at {clock(start_s, tenths=True)}" if abs(start_s) >= _LATE_S else ""
        text.append(f"   {length}, {record['width']} x {record['height']}{late}", style="dim")
        self._print(text)
        if record["error"] is not None:
            self._row("problem", trouble(record), "yellow")
        self._quality(record)
        self._verdict(record)
        self._picture(record, timeline)
        self._stretches("harm", harms(record))
        self._stretches("faults", faults(record))
        self._row("shots", shots_line(timeline["shots"]))
        self._row("seen", gap_line(timeline), "dim")

    def _finish(self) -> None:
        # Where there was no video the command itself says so.
        if self.summary.items:
            super()._finish()

    def _quality(self, record: Record) -> None:
        quality = record["quality"]
        if quality is None:
            return
        words = f": {quality['words']}" if quality["words"] else ""
        likely = f"likely {quality['low']:.1f} to {quality['high']:.1f}"
        self._row("quality", f"{quality['score']:.1f} of 10, {likely}{words}", "bold")
        graded = _graded(quality["parts"])
        if graded:
            self._row("", graded, "dim")

    def _verdict(self, record: Record) -> None:
        action = action_of(record)
        if not action:
            return
        found = reasons(record)
        self._row("verdict", action, STYLES.get(action, ""))
        for line in found[:_MOST_LINES]:
            self._row("", line)

    def _picture(self, record: Record, timeline: Record) -> None:
        columns = min(self._console.width - _LABEL_WIDTH - 3, _MOST_COLUMNS)
        if columns < 16 or timeline["moments"] < 2:
            return
        curve = next((one for one in timeline["curves"] if one["label"] == "quality"), None)
        marks = _PLAIN_MARKS if self._plain else _MARKS
        lane = _lane([*faults(record), *reversed(harms(record))], timeline, columns, marks)
        if curve is None and not lane.strip():
            return
        if curve is not None:
            levels = _PLAIN_LEVELS if self._plain else _LEVELS
            drawn = _levels(timeline, curve["values"], columns, levels)
            self._drawn("timeline", drawn, "cyan")
        if lane.strip():
            self._drawn("" if curve else "timeline", lane, "red")
        tenths = timeline["end_s"] - timeline["start_s"] < _SHORT_S
        start, end = (clock(timeline[name], tenths=tenths) for name in ("start_s", "end_s"))
        self._drawn("", start + end.rjust(columns - len(start)), "dim")

    def _drawn(self, label: str, drawn: str, style: str) -> None:
        text = self._line()
        text.append(f"  {label:<{_LABEL_WIDTH}}", style="dim")
        text.append(drawn, style=style)
        self._print(text)

    def _stretches(self, label: str, found: Sequence[Record]) -> None:
        shown = sorted(found[:_MOST_LINES], key=lambda one: float(one["start_s"]))
        for number, one in enumerate(shown):
            told = f" (peak at {clock(one['peak_time_s'], tenths=True)})"
            harm = one["kind"] == "harm"
            style = STYLES.get(one["action"], "") if harm else ""
            self._row("" if number else label, segment_line(one) + (told if harm else ""), style)
        if len(found) > _MOST_LINES:
            self._row("", f"and {len(found) - _MOST_LINES:,} more; a report has them all", "dim")

    def _row(self, label: str, told: str, style: str = "") -> None:
        import textwrap

        width = max(self._console.width - _LABEL_WIDTH - 3, 24)
        for number, part in enumerate(textwrap.wrap(self._shown(told), width) or [""]):
            text = self._line()
            text.append(f"  {'' if number else label:<{_LABEL_WIDTH}}", style="dim")
            text.append(part, style=style)
            self._print(text)


def _graded(parts: Sequence[Record]) -> str:
    """Say in words what a score is made of, the worst first: ``weak: sharpness 4.0; good: ...``."""
    by_word: dict[str, list[str]] = {}
    for one in sorted(parts, key=lambda part: float(part["score"])):
        word = next(word for lowest, word in _GRADES if one["score"] >= lowest)
        by_word.setdefault(word, []).append(f"{title(one['name'])} {one['score']:.1f}")
    return "; ".join(f"{word}: {', '.join(found)}" for word, found in by_word.items())


def _levels(timeline: Record, values: Sequence[float | None], columns: int, levels: str) -> str:
    """Draw a curve as one character per column: the worst of what was seen in it."""
    start_s, length_s = _extent(timeline)
    worst: dict[int, float] = {}
    for time, value in zip(timeline["times_s"], values, strict=True):
        if value is not None:
            column = min(int((time - start_s) / length_s * columns), columns - 1)
            worst[column] = min(worst.get(column, 10.0), value)
    drawn, last = "", " "
    for column in range(columns):
        if column in worst:
            share = min(max(worst[column], 0.0), 10.0) / 10
            last = levels[min(int(share * len(levels)), len(levels) - 1)]
        drawn += last
    return drawn


def _lane(segments: Iterable[Record], timeline: Record, columns: int, marks: dict[str, str]) -> str:
    """Draw stretches as characters; later ones lie on top."""
    start_s, length_s = _extent(timeline)
    drawn = [" "] * columns
    for one in segments:
        mark = marks.get(one["action"] if one["kind"] == "harm" else "fault")
        if mark is None:
            continue
        first = min(int((one["start_s"] - start_s) / length_s * columns), columns - 1)
        last = -(-int((one["end_s"] - start_s) * columns * 1000) // int(length_s * 1000))
        for column in range(first, min(max(last, first + 1), columns)):
            drawn[column] = mark
    return "".join(drawn)


def _extent(timeline: Record) -> tuple[float, float]:
    start_s = float(timeline["start_s"])
    return start_s, max(float(timeline["end_s"]) - start_s, 1e-3)
