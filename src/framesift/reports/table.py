"""A table on the screen: one line per picture as it is done, and a line of counts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

from framesift.reports.base import Writer
from framesift.reports.timelines import harms, segment_line
from framesift.reports.words import action_of, reason, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from framesift.reports.record import Record

__all__ = ["STYLES", "TableWriter", "shortened"]

_ACTION_WIDTH = 6
_SCORE_WIDTH = 5
_BAR_WIDTH = 10
_PIPE_WIDTH = 120
_ROOM_FOR_REASON = 56
_ROOM_FOR_BAR = 72
_SEGMENTS_TOLD = 3
STYLES = {"allow": "green", "review": "yellow", "block": "bold red", "failed": "bold magenta"}
"""How verdicts look on a terminal with colours."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"


class TableWriter(Writer):
    """Writes a line per picture: name, score with a bar, action, the first reason.

    Lines appear as results come, so the columns have fixed widths. The width is the terminal's,
    ``COLUMNS``, or 120 for a file or a pipe; narrow screens lose the bar first, then the reason.
    Colours only on a terminal and not with ``NO_COLOR``. For a program to read, take ``jsonl``.
    """

    format: ClassVar[str] = "table"

    def _begin(self) -> None:
        from rich.console import Console

        terminal = self._output.is_terminal
        columns = os.environ.get("COLUMNS", "")
        width = int(columns) if columns.isdecimal() and int(columns) > 0 else None
        self._console: Console = Console(
            file=self._output.text,
            width=width if terminal else width or _PIPE_WIDTH,
            force_terminal=None if terminal else False,
            highlight=False,
            markup=False,
            emoji=False,
        )
        self._plain = not self._console.encoding.lower().startswith("utf")
        self._lay_out(self._console.width)
        if self.header.notice:
            self._say(visible(self.header.notice), style="yellow")

    def _lay_out(self, width: int) -> None:
        self._with_bar = width >= _ROOM_FOR_BAR
        self._with_reason = width >= _ROOM_FOR_REASON
        fixed = 2 + _SCORE_WIDTH + 2 + _ACTION_WIDTH + (_BAR_WIDTH + 1 if self._with_bar else 0)
        room = max(width - fixed, 4)
        self._name_width = room * 5 // 9 if self._with_reason else room
        self._reason_width = room - self._name_width - 2 if self._with_reason else 0

    def _write(self, record: Record) -> None:
        if self.summary.items == 0:
            self._head()
        text = self._line()
        text.append(self._cell(record["path"], self._name_width))
        text.append("  ")
        self._add_score(text, record)
        action = action_of(record)
        text.append("  ")
        text.append(action.ljust(_ACTION_WIDTH), style=STYLES.get(action, ""))
        if self._with_reason:
            text.append("  ")
            text.append(self._cell(reason(record), self._reason_width, keep_end=False), style="dim")
        self._print(text)
        self._add_segments(record)

    def _add_segments(self, record: Record) -> None:
        """Say below a video when it happens: the gravest stretches, as far as there is room."""
        found = [one for one in harms(record) if one["action"] != "allow"]
        if not found:
            return
        told = "; ".join(segment_line(one) for one in found[:_SEGMENTS_TOLD])
        more = len(found) - _SEGMENTS_TOLD
        line = f"  harm {told}{f'; and {more} more' if more > 0 else ''}"
        text = self._line()
        shown = self._cell(line, self._console.width - 1, keep_end=False)
        text.append(shown, style=STYLES[found[0]["action"]])
        self._print(text)

    def _head(self) -> None:
        score = "score".ljust(_SCORE_WIDTH + (_BAR_WIDTH + 1 if self._with_bar else 0))
        parts = ["name".ljust(self._name_width), score, "action"]
        if self._with_reason:
            parts.append("reason")
        text = self._line()
        text.append("  ".join(parts), style="bold")
        self._print(text)

    def _add_score(self, text: Text, record: Record) -> None:
        quality = record["quality"]
        shown = "-" if quality is None else f"{quality['score']:.1f}"
        text.append(shown.rjust(_SCORE_WIDTH))
        if self._with_bar:
            bar = "" if quality is None else _bar(quality["score"], plain=self._plain)
            text.append(" ")
            text.append(bar.ljust(_BAR_WIDTH), style="cyan")

    def _cell(self, text: str, width: int, *, keep_end: bool = True) -> str:
        shown = visible(text)
        if self._plain:
            shown = shown.encode("ascii", "backslashreplace").decode("ascii")
        mark = "..." if self._plain else "…"
        from rich.cells import set_cell_size

        return set_cell_size(shortened(shown, width, mark=mark, keep_end=keep_end), width)

    def _line(self) -> Text:
        from rich.text import Text

        return Text(no_wrap=True, overflow="crop", end="")

    def _print(self, text: Text) -> None:
        text.rstrip()
        self._say(text)

    def _say(self, text: Text | str = "", *, style: str | None = None) -> None:
        # Rendered here and written there: Rich itself would end the program on a closed pipe.
        with self._console.capture() as rendered:
            self._console.print(text, style=style)
        self._output.write(rendered.get())

    def _finish(self) -> None:
        if self.summary.items == 0:
            self._say("No pictures or videos.")
            return
        line = self.summary.line()
        self._console.print()
        self._console.print(
            f"Interrupted after {line}" if self._interrupted else line, style="bold"
        )


def shortened(text: str, width: int, *, mark: str = "…", keep_end: bool = True) -> str:
    """Cut a text to so many columns of a terminal, wide characters counting two.

    Args:
        text: Any text without control characters.
        width: Columns, at least 1.
        mark: What stands for the part left out.
        keep_end: Cut in the middle, leaving two thirds of the room to the end, where file names
            differ; else cut the end.

    Returns:
        The text itself where it fits.
    """
    from rich.cells import cell_len

    if cell_len(text) <= width:
        return text
    room = width - cell_len(mark)
    if room < 1:
        return mark[:width]
    head = _fitting(text, room // 3 if keep_end else room)
    if not keep_end:
        return head + mark
    tail = _fitting(text[::-1], room - cell_len(head))[::-1]
    return head + mark + tail


def _fitting(text: str, width: int) -> str:
    from rich.cells import cell_len

    used = 0
    for place, character in enumerate(text):
        used += cell_len(character)
        if used > width:
            return text[:place]
    return text


def _bar(score: float, *, plain: bool) -> str:
    cells = min(max(score, 0.0), 10.0) / 10 * _BAR_WIDTH
    if plain:
        return "#" * round(cells)
    eighths = round(cells * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")
