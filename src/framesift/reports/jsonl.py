"""JSON Lines: one record per line, readable while the run goes on."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, ClassVar

from framesift.reports.base import Writer
from framesift.reports.record import to_json

if TYPE_CHECKING:
    from framesift.reports.record import Record

__all__ = ["JsonlWriter"]


class JsonlWriter(Writer):
    """Writes each record as one line of UTF-8 JSON and flushes it.

    A file is ``<name>.part`` while the run lasts; a killed run leaves it there, with every line
    whole but perhaps the last.
    """

    format: ClassVar[str] = "jsonl"
    _keeps_part: ClassVar[bool] = True

    def _begin(self) -> None:
        encoding = getattr(self._output.text, "encoding", None) or "utf-8"
        self._ascii_only = codecs.lookup(encoding).name != "utf-8"

    def _write(self, record: Record) -> None:
        self._output.write(to_json(record, ascii_only=self._ascii_only) + "\n")
