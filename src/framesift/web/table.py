"""A CSV file with fixed columns to which one person adds a line at a time.

A line is on the disk before `Table.append` returns. After a crash in the middle of a line the file
is read without that line; everything before it is kept.
"""

from __future__ import annotations

import csv
import errno
import io
import os
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from framesift.engine.writing import create_file, replace_file
from framesift.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = ["AnswersFile", "Row", "Table"]

Row: TypeAlias = tuple[str, ...]

_MOST_BYTES = 512 * 2**20
_BOM = b"\xef\xbb\xbf"


class Table:
    """The rows of a CSV file, in memory and on disk at once.

    Another program may change the file meanwhile: it is read again before the next write.

    Attributes:
        path: The file; it is made at the first write.
        rows: What it holds, in order.
        notice: What the user should know of the file as it was found; empty where all is well.
    """

    def __init__(
        self, path: Path, columns: tuple[str, ...], check: Callable[[Row], str | None]
    ) -> None:
        """Read the file if it is there; nothing is written.

        Args:
            path: The file.
            columns: Its header, exactly.
            check: Says what is wrong with a row, or ``None``.

        Raises:
            ConfigError: It is a folder, cannot be read, or is not such a table.
        """
        self.path = path
        self.columns = columns
        self.rows: list[Row] = []
        self.notice = ""
        self._check = check
        self._whole = True
        self._seen: tuple[int, ...] | None = None
        self._check_place()
        self.refresh()

    def refresh(self) -> None:
        """Read the file again if it changed since it was last read or written.

        Raises:
            ConfigError: It is no longer such a table.
        """
        now = self._signature()
        if now == self._seen:
            return
        if now is None:
            self._whole = False  # Somebody removed it: the next write brings all rows back.
        else:
            self._load()
        self._seen = now

    def append(self, row: Row) -> None:
        """Add one row; it is on the disk when this returns.

        Raises:
            ConfigError: The file is no longer such a table.
            OSError: Writing failed; neither the file nor ``rows`` has changed.
        """
        self.refresh()
        if self._seen is None and not self.rows:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            create_file(self.path, _lines([self.columns, row]))
        elif not self._whole:
            self._write([*self.rows, row])
        else:
            self._add(_lines([row]))
        self.rows.append(row)
        self._whole = True
        self._seen = self._signature()

    def replace(self, rows: Iterable[Row]) -> None:
        """Give the file other rows, all at once or not at all.

        Raises:
            ConfigError: The file is no longer such a table.
            OSError: Writing failed; neither the file nor ``rows`` has changed.
        """
        self.refresh()
        changed = list(rows)
        self._write(changed)
        self.rows = changed
        self._whole = True
        self._seen = self._signature()

    def _write(self, rows: list[Row]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self.path, _lines([self.columns, *rows]))

    def _add(self, line: bytes) -> None:
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
        try:
            before = os.fstat(handle).st_size
            try:
                if os.write(handle, line) != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
                os.fsync(handle)
            except BaseException:
                os.ftruncate(handle, before)
                raise
        finally:
            os.close(handle)

    def _signature(self) -> tuple[int, ...] | None:
        try:
            facts = self.path.stat()
        except FileNotFoundError:
            return None
        return (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)

    def _check_place(self) -> None:
        if self.path.is_dir():
            raise self._refused("is a folder; name a CSV file")
        if self.path.exists() and not self.path.is_file():
            raise self._refused("is not a regular file; name a CSV file")
        folder = self.path.parent
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        target = self.path if self.path.exists() else folder
        if not folder.is_dir() or not os.access(target, os.W_OK):
            raise self._refused("cannot be written; name a file in a folder of your own")

    def _load(self) -> None:
        try:
            if self.path.stat().st_size > _MOST_BYTES:
                raise self._refused(f"has more than {_MOST_BYTES:,} bytes; name another file")
            data = self.path.read_bytes()
        except OSError as error:
            message = f"cannot be read ({error.strerror}); check its permissions"
            raise self._refused(message) from error
        body, found, tail = data.removeprefix(_BOM).rpartition(b"\n")
        if not data.strip():
            rows, last = [], None
        elif found:
            rows, last = self._parse(body), self._parse_last(tail)
        else:
            self._check_header(data)
            rows, last = [], None
        self._whole = not tail and bool(data.strip())
        self.rows = rows if last is None else [*rows, last]
        if tail and last is None:
            self.notice = "its last line was cut off, and is left out"

    def _parse(self, body: bytes) -> list[Row]:
        self._check_header(body.partition(b"\n")[0])
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise self._refused("is not in UTF-8; save it as CSV in UTF-8") from error
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        rows: list[Row] = []
        try:
            next(reader, None)
            for fields in reader:
                row = tuple(fields)
                wrong = self._wrong(row) if row else None
                if wrong:
                    raise self._refused(f"line {reader.line_num}: {wrong}; correct that line")
                if row:
                    rows.append(row)
        except csv.Error as error:
            message = f"line {reader.line_num}: {error}; correct that line"
            raise self._refused(message) from error
        return rows

    def _parse_last(self, tail: bytes) -> Row | None:
        """Return the row of a last line without a line feed, if it is a whole row."""
        try:
            fields = next(csv.reader([tail.decode("utf-8")], strict=True), [])
        except (UnicodeDecodeError, csv.Error):
            return None
        row = tuple(fields)
        return row if row and self._wrong(row) is None else None

    def _wrong(self, row: Row) -> str | None:
        if len(row) != len(self.columns):
            return f"{len(row)} columns where the header has {len(self.columns)}"
        return self._check(row)

    def _check_header(self, line: bytes) -> None:
        wanted = ",".join(self.columns)
        header = line.strip().decode("utf-8", "replace")
        if header != wanted:
            found = f", not {header!r}" if header.isprintable() and len(header) < 100 else ""
            message = (
                "is not a file that this command wrote: its first line would be "
                f"{wanted!r}{found}; name another file"
            )
            raise self._refused(message)

    def _refused(self, message: str) -> ConfigError:
        return ConfigError(message, source=str(self.path))


def _lines(rows: Iterable[Row]) -> bytes:
    text = io.StringIO(newline="")
    plain = csv.writer(text, lineterminator="\n")
    quoted = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        # A bare carriage return would end the row for every reader.
        writer = quoted if any("\r" in field for field in row) else plain
        writer.writerow(row)
    return text.getvalue().encode("utf-8")


class AnswersFile(ABC):
    """A table of what people answered; each kind says its columns and what a line must be.

    Attributes:
        columns: The header.
    """

    columns: ClassVar[tuple[str, ...]]

    def __init__(self, path: Path) -> None:
        """Read the file if it is there.

        Raises:
            ConfigError: It is something else than such a table.
        """
        self._table = Table(path, self.columns, self.wrong)

    @property
    def path(self) -> Path:
        """The file."""
        return self._table.path

    @property
    def notice(self) -> str:
        """What the user should know of the file as it was found."""
        return self._table.notice

    @staticmethod
    @abstractmethod
    def wrong(row: Row) -> str | None:
        """Say what is wrong with a line, or nothing."""
