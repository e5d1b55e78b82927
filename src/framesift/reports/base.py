"""What every writer is: a context manager that takes one result at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self, TextIO

from framesift.reports.output import Output
from framesift.reports.record import to_record
from framesift.reports.summary import Summary

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from framesift.reports.record import Record
    from framesift.types import ModelInfo, Result, TextAnalysis

__all__ = ["ReportHeader", "Writer"]


@dataclass(frozen=True, slots=True)
class ReportHeader:
    """What a report says of the run itself. Only the HTML page shows it; all of it is optional.

    Attributes:
        version: Framesift's version.
        model: The embedding model.
        policy: Name and hash of the policy.
        started: When the run began, with its time zone.
        arguments: The command line, program name first.
        notice: Something the reader must know, such as that the starter model stood in for CLIP.
        labels: Categories that get a column of their own in CSV; ``None`` for the native taxonomy.
        clear: Put the clear thumbnails of pictures to review or blocked into the HTML page too, to
            be shown on a click; else the page holds blurred ones only.
    """

    version: str | None = None
    model: ModelInfo | None = None
    policy: str | None = None
    started: datetime | None = None
    arguments: tuple[str, ...] = ()
    notice: str | None = None
    labels: tuple[str, ...] | None = None
    clear: bool = False


class Writer(ABC):
    """Writes one report, one result at a time, in memory that does not grow with their number.

    Use it in a ``with`` block. Leaving the block finishes the report, also on Ctrl-C or
    ``sys.exit``: it then holds what was written so far. Any other exception abandons it, and a
    report that stood there before stays as it was.

    Args:
        out: A path, an open text stream (left open), or ``None`` for standard output.
        header: What to say of the run.
    """

    format: ClassVar[str]
    """The name of the format, one of ``framesift.reports.FORMATS``."""
    _keeps_part: ClassVar[bool] = False
    """Whether an abandoned report is worth keeping as ``<name>.part``."""

    def __init__(self, out: Path | TextIO | None, *, header: ReportHeader | None = None) -> None:
        """Keep the destination; nothing is opened before the ``with`` block."""
        self.header = header or ReportHeader()
        self.summary = Summary()
        self._output = Output(out)
        self._interrupted = False

    def __enter__(self) -> Self:
        """Open the destination and write what comes first.

        Raises:
            ConfigError: The destination cannot be written.
        """
        self._output.open()
        try:
            self._begin()
        except BaseException:
            self._release()
            self._output.abort(keep=False)
            raise
        return self

    def write(self, result: Result | TextAnalysis) -> None:
        """Add one picture, text or failure.

        Raises:
            ConfigError: The report cannot be written any further (disk full).
        """
        self.write_record(to_record(result))

    def write_record(self, record: Record) -> None:
        """Add the record of one, as `to_record` made it.

        Raises:
            ConfigError: The report cannot be written any further (disk full).
        """
        self._write(record)
        self.summary.add(record)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish the report, or abandon it after an error."""
        if isinstance(error, Exception):
            self._release()
            self._output.abort(keep=self._keeps_part)
            return
        try:
            self._interrupted = error is not None
            self._finish()
            self._output.commit()
        except BaseException:
            self._output.abort(keep=self._keeps_part)
            raise
        finally:
            self._release()

    def _begin(self) -> None:
        """Write what comes before the first record."""
        return

    @abstractmethod
    def _write(self, record: Record) -> None:
        """Write one record."""

    def _finish(self) -> None:
        """Write what comes after the last record."""
        return

    def _release(self) -> None:
        """Give back what the writer holds besides its output."""
        return
