"""Verdicts with all their reasons, a few lines per item, for people."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, ClassVar

from framesift.reports.table import STYLES, TableWriter
from framesift.reports.timelines import clock, faults, gap_line, harms, segment_line
from framesift.reports.words import (
    UNKNOWN,
    action_of,
    reasons,
    title,
    trouble,
    unknown,
    visible,
)

if TYPE_CHECKING:
    from framesift.reports.record import Record

__all__ = ["ReasonsWriter"]

_INDENT = "         "
_SEGMENTS_TOLD = 40


class ReasonsWriter(TableWriter):
    """Writes a verdict and a name per item, and below them a line for each thing that was found.

    What a table has no room for: every flag and not the first alone, the context, and what went
    wrong. Colours and widths as in a table. For a program to read, take ``jsonl``.
    """

    format: ClassVar[str] = "reasons"

    def _write(self, record: Record) -> None:
        action = action_of(record)
        text = self._line()
        text.append(f"{action or 'unjudged':<8} ", style=STYLES.get(action, ""))
        text.append(self._shown(record["path"]), style="bold")
        self._print(text)
        for line in self._lines(record):
            self._below(line)

    def _lines(self, record: Record) -> list[str]:
        error = record["error"]
        lines = reasons(record)
        if error is not None:
            message = trouble(record)
            failed = record["kind"] is None
            what = {"review": "to review", "block": "blocked"}[record["moderation"]["action"]]
            lines.insert(0, f"{message} ({what})" if failed else f"incomplete: {message}")
        moderation = record["moderation"] or {"context": []}
        context = [
            f"{title(tag['name'])} {tag['score']:.2f}"
            for tag in moderation["context"]
            if tag["score"] >= 0.5
        ]
        lines += [f"context: {', '.join(context)}"] if context else []
        lines += [f"{UNKNOWN}: what the model says of it is a guess"] if unknown(record) else []
        return [*lines, *_along(record)]

    def _below(self, line: str) -> None:
        width = max(self._console.width - 1, len(_INDENT) + 20)
        for part in textwrap.wrap(
            self._shown(line), width, initial_indent=_INDENT, subsequent_indent=_INDENT + "  "
        ):
            text = self._line()
            text.append(part, style="dim")
            self._print(text)

    def _shown(self, text: str) -> str:
        shown = visible(text)
        return shown.encode("ascii", "backslashreplace").decode("ascii") if self._plain else shown

    def _finish(self) -> None:
        # One item is its own summary.
        if self.summary.items != 1 or self._interrupted:
            super()._finish()


def _along(record: Record) -> list[str]:
    """Say when it happens in a video, what is technically wrong, and what nobody looked at."""
    timeline = record["timeline"]
    if timeline is None:
        return []
    found = sorted(harms(record), key=lambda one: float(one["start_s"]))
    lines = [
        f"{segment_line(one)} ({one['part']}; peak at {clock(one['peak_time_s'], tenths=True)})"
        for one in found
    ]
    lines += [segment_line(one) for one in faults(record)]
    lines = _at_most(lines, _SEGMENTS_TOLD)
    return [*lines, gap_line(timeline)]


def _at_most(lines: list[str], count: int) -> list[str]:
    more = len(lines) - count
    return lines if more <= 0 else [*lines[:count], f"and {more:,} more stretches"]
