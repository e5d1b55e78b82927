"""A table of answers on the screen: one line per picture, and a line of counts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from framesift.reports.table import TableWriter
from framesift.reports.timelines import segment_line
from framesift.reports.words import reason, visible

if TYPE_CHECKING:
    from rich.text import Text

    from framesift.reports.record import Record
    from framesift.types import AnswerStatus

__all__ = ["AnswersWriter"]

_PROBABILITY = 11
_OTHERS = 3
_ROOM_FOR_OTHERS = 80
_STYLES: dict[AnswerStatus, str] = {"label": "green", "none": "dim", "unsure": "yellow"}


class AnswersWriter(TableWriter):
    """Writes a line per picture: name, answer, probability, and what else was likely.

    Below a video stands when each label holds. Colours, widths and odd names are as in the table of
    a scan.
    """

    format: ClassVar[str] = "answers"

    def _begin(self) -> None:
        super()._begin()
        self._answers: Counter[str] = Counter()

    def _lay_out(self, width: int) -> None:
        self._with_reason = width >= _ROOM_FOR_OTHERS
        room = max(width - _PROBABILITY - 4, 8)
        self._name_width = room * (4 if self._with_reason else 5) // 9
        rest = room - self._name_width
        self._answer_width = rest // 2 if self._with_reason else rest
        self._reason_width = rest - self._answer_width - 2 if self._with_reason else 0

    def _write(self, record: Record) -> None:
        if self.summary.items == 0:
            self._head()
        text = self._line()
        text.append(self._cell(record["path"], self._name_width))
        text.append("  ")
        if record["answer"] is None:
            self._add_failure(text, record)
            return
        answer = record["answer"]
        self._answers[_counted(answer)] += 1
        told = self._cell(_told(answer), self._answer_width, keep_end=False)
        text.append(told, style=_STYLES[answer["status"]])
        text.append("  ")
        text.append(f"{answer['probability']:.2f}".rjust(_PROBABILITY))
        if self._with_reason:
            text.append("  ")
            shown = _others(record) if record["error"] is None else reason(record)
            text.append(self._cell(shown, self._reason_width, keep_end=False), style="dim")
        self._print(text)
        self._add_stretches(record)

    def _add_failure(self, text: Text, record: Record) -> None:
        text.append("failed", style="bold magenta")
        room = self._answer_width + _PROBABILITY + self._reason_width - 4
        text.append("  ")
        text.append(self._cell(reason(record), max(room, 1), keep_end=False), style="dim")
        self._print(text)

    def _add_stretches(self, record: Record) -> None:
        """Say below a video when each of its labels holds."""
        if record["timeline"] is None:
            return
        found = [one for one in record["timeline"]["segments"] if one["kind"] == "tag"]
        if not found:
            return
        text = self._line()
        line = f"  {'; '.join(map(segment_line, found))}"
        text.append(self._cell(line, self._console.width - 1, keep_end=False), style="dim")
        self._print(text)

    def _head(self) -> None:
        parts = ["name".ljust(self._name_width), "answer".ljust(self._answer_width)]
        parts.append("probability".rjust(_PROBABILITY))
        if self._with_reason:
            parts.append("next")
        text = self._line()
        text.append("  ".join(parts), style="bold")
        self._print(text)

    def _finish(self) -> None:
        if self._answers:
            told = [f"{count:,} {visible(name)}" for name, count in self._answers.most_common()]
            more = len(told) - 12
            rest = f", and {more} other answers" if more > 0 else ""
            self._console.print()
            self._console.print(f"Answers: {', '.join(told[:12])}{rest}", style="bold")
        super()._finish()


def _told(answer: Record) -> str:
    if answer["status"] == "none":
        return "none of these"
    return "unsure" if answer["status"] == "unsure" else ", ".join(answer["labels"])


def _counted(answer: Record) -> str:
    return _told(answer) if answer["status"] != "label" else str(answer["labels"][0])


def _others(record: Record) -> str:
    """Return the likeliest names that are not the answer itself."""
    answer = record["answer"]
    given = {*answer["labels"], *(("none",) if answer["status"] == "none" else ())}
    others = [tag for tag in record["tags"] if tag["name"] not in given][:_OTHERS]
    names = [
        f"{'none of these' if one['name'] == 'none' else one['name']} {one['score']:.2f}"
        for one in others
    ]
    return ", ".join(names)
