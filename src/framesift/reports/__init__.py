"""Reports: what was found, as a table, JSON Lines, CSV, Parquet or one HTML page.

::

    with open_writer(Path("report.html"), format=None) as writer:
        for result in results:
            writer.write(result)

Writers take one result at a time and hold none of them. What the names in a record mean stands in
``docs/records.md``.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from framesift.errors import ConfigError
from framesift.reports.base import ReportHeader, Writer
from framesift.reports.record import RECORD_FIELDS, Record, record_schema, to_json, to_record
from framesift.reports.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framesift.types import Result, TextAnalysis

__all__ = [
    "FORMATS",
    "RECORD_FIELDS",
    "Record",
    "ReportHeader",
    "Summary",
    "Writer",
    "format_for",
    "open_writer",
    "record_schema",
    "to_json",
    "to_record",
    "write_report",
]

_WRITERS = {
    "table": ("framesift.reports.table", "TableWriter"),
    "answers": ("framesift.reports.answers", "AnswersWriter"),
    "reasons": ("framesift.reports.reasons", "ReasonsWriter"),
    "jsonl": ("framesift.reports.jsonl", "JsonlWriter"),
    "csv": ("framesift.reports.csv", "CsvWriter"),
    "parquet": ("framesift.reports.parquet", "ParquetWriter"),
    "html": ("framesift.reports.html", "HtmlWriter"),
}
_EXTENSIONS = {
    ".txt": "table",
    ".log": "reasons",
    ".answers": "answers",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".html": "html",
    ".htm": "html",
}

FORMATS: tuple[str, ...] = tuple(_WRITERS)
"""The names that ``open_writer`` takes as ``format``."""


def format_for(path: Path) -> str:
    """Return the format that a file's extension stands for.

    Raises:
        ConfigError: It stands for none.
    """
    try:
        return _EXTENSIONS[path.suffix.lower()]
    except KeyError:
        message = (
            f"its extension names no report format; use one of {', '.join(_EXTENSIONS)}, "
            f"or choose a format ({', '.join(FORMATS)})"
        )
        raise ConfigError(message, source=str(path)) from None


def open_writer(
    out: Path | TextIO | None, *, format: str | None = None, header: ReportHeader | None = None
) -> Writer:
    """Make the writer of a report; use it in a ``with`` block.

    Args:
        out: A path, an open text stream (left open), or ``None`` for standard output.
        format: One of ``FORMATS``; ``None`` takes it from the path's extension, and ``table`` for
            a stream.
        header: What to say of the run.

    Returns:
        A writer, not opened yet.

    Raises:
        ConfigError: The format is unknown.
        MissingExtraError: The format needs a package that is not installed.
    """
    if format is None:
        format = format_for(Path(out)) if isinstance(out, (str, Path)) else "table"
    if format not in _WRITERS:
        message = f"unknown report format {format!r}; choose one of {', '.join(FORMATS)}"
        raise ConfigError(message)
    module, name = _WRITERS[format]
    writer: type[Writer] = getattr(import_module(module), name)
    return writer(out, header=header)


def write_report(
    items: Iterable[Result | TextAnalysis],
    out: Path | TextIO | None,
    *,
    format: str | None = None,
    header: ReportHeader | None = None,
) -> Summary:
    """Write a whole report.

    Args:
        items: Results, taken one at a time.
        out: As for ``open_writer``.
        format: As for ``open_writer``.
        header: As for ``open_writer``.

    Returns:
        The counts over all items.

    Raises:
        ConfigError: The report cannot be written, or the format is unknown.
        MissingExtraError: The format needs a package that is not installed.
    """
    with open_writer(out, format=format, header=header) as writer:
        for item in items:
            writer.write(item)
    return writer.summary
