"""A table of pictures of people, with what the user says of their groups. Nothing is guessed."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from framesift.cli.examples import decoded_table
from framesift.errors import ConfigError
from framesift.heads.training.results import RowProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["PATHS", "Faces", "Row", "choose_groups", "column_named", "read_faces", "read_rows"]

PATHS = ("path", "file", "filename", "image")
"""What the column of pictures may be called, the first of them that is there."""

_DELIMITERS = ",;\t|"
_GROUPS = range(2, 31)
_MOST_COLUMNS = 4
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?")
_TECHNICAL = {
    "split",
    "fold",
    "subset",
    "set",
    "partition",
    "rater",
    "source",
    "licence",
    "license",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        line: Counted from 1; the header is the first.
        path: As it is written, without the blanks around it.
        cells: Column to cell.
    """

    line: int
    path: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Pictures that are there, and what the table says of each.

    Attributes:
        source: The table.
        images: The folder its names start from.
        columns: Every column but that of the pictures.
        rows: One per picture.
        files: The file of each row.
        problems: What was left out, the first of them.
        problem_count: How many there were in all.
    """

    source: Path
    images: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    files: tuple[Path, ...]
    problems: tuple[RowProblem, ...] = ()
    problem_count: int = 0

    def values(self, column: str) -> list[str]:
        """Return a column's cell of each picture."""
        return [row.cells.get(column, "").strip() for row in self.rows]


def read_rows(table: Path) -> tuple[tuple[str, ...], list[Row | RowProblem]]:
    """Read a table with a header: comma, semicolon, tab or bar; UTF-8, UTF-16 or Windows-1252.

    Returns:
        The columns, and a row or a problem for each line that is not empty.

    Raises:
        ConfigError: It cannot be read, or has no column of pictures.
    """
    text = decoded_table(table)
    header = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=lambda each: (header.count(each), -_DELIMITERS.index(each)))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        place = _path_column(names, table)
        return tuple(names), list(_rows(reader, names, place))
    except csv.Error as error:
        message = f"line {reader.line_num} is not valid CSV ({error}); correct its quotes"
        raise ConfigError(message, source=str(table)) from error


def read_faces(table: Path, images: Path | None, *, files: bool = True) -> Faces:
    """Read a table of pictures and groups, and find the pictures.

    Args:
        table: The file.
        images: The folder that relative paths start from; ``None`` for the table's own.
        files: Whether the pictures must be there.

    Raises:
        ConfigError: It cannot be read, or none of its pictures is there.
    """
    base = table.absolute().parent if images is None else images
    names, found = read_rows(table)
    rows: list[Row] = []
    problems: list[RowProblem] = []
    seen: dict[str, int] = {}
    for one in found:
        if isinstance(one, RowProblem):
            problems.append(one)
        elif one.path in seen:
            problems.append(RowProblem(one.line, one.path, f"as in line {seen[one.path]}"))
        elif files and not (base / one.path).is_file():
            problems.append(RowProblem(one.line, one.path, "there is no such file"))
        else:
            seen[one.path] = one.line
            rows.append(one)
    if not rows:
        first = problems[0].reason if problems else "it has no rows"
        message = f"none of its pictures can be used ({first}); say where they are with --images"
        raise ConfigError(message, source=str(table))
    place = _path_column(names, table)
    columns = tuple(name for number, name in enumerate(names) if number != place and name)
    return Faces(
        table,
        base,
        columns,
        tuple(rows),
        tuple(base / row.path for row in rows),
        tuple(problems[:100]),
        len(problems),
    )


def column_named(name: str, faces: Faces, option: str) -> str:
    """Find a column that the user named, upper and lower case alike.

    Raises:
        ConfigError: There is none.
    """
    for column in faces.columns:
        if column.casefold() == name.strip().casefold():
            return column
    listed = ", ".join(faces.columns) or "none beside the pictures"
    message = f"{option}: there is no column {name.strip()!r}; the columns are {listed}"
    raise ConfigError(message, source=str(faces.source))


def choose_groups(faces: Faces, wanted: Sequence[str] | None, truth: str | None) -> tuple[str, ...]:
    """Return the columns of groups: those named, or those with 2 to 30 different words.

    Columns of numbers and those that say how a table was made (``split``, ``rater``) are none.

    Raises:
        ConfigError: One is not there, says the same of all or something else of each, or none can
            be found.
    """
    if wanted:
        chosen = tuple(dict.fromkeys(column_named(name, faces, "--groups") for name in wanted))
        for column in chosen:
            count = len(set(faces.values(column)))
            if count < 2:
                message = f"--groups: {column!r} says the same of every picture"
                raise ConfigError(message, source=str(faces.source))
            # Groups of one would be answers for single people, which an audit does not give.
            if count > len(faces.rows) / 2:
                message = (
                    f"--groups: {column!r} has {count:,} values for {len(faces.rows):,} pictures, "
                    "so it names pictures, not groups; name a column that many share"
                )
                raise ConfigError(message, source=str(faces.source))
        return chosen
    found = [
        column
        for column in faces.columns
        if column != truth and column.casefold() not in _TECHNICAL and _groups(faces.values(column))
    ]
    if not found:
        message = "no column has 2 to 30 different words; name columns of groups with --groups"
        raise ConfigError(message, source=str(faces.source))
    return tuple(found[:_MOST_COLUMNS])


def _groups(values: Sequence[str]) -> bool:
    known = {value for value in values if value}
    if len(known) not in _GROUPS or len(known) > len(values) / 2:
        return False
    return not all(_NUMBER.fullmatch(value) for value in known)


def _path_column(names: Sequence[str], table: Path) -> int:
    folded = [name.casefold() for name in names]
    for wanted in PATHS:
        if wanted in folded:
            return folded.index(wanted)
    listed = ", ".join(names)[:200] or "nothing"
    message = f"has the columns {listed}; one must be called path (or {', '.join(PATHS[1:])})"
    raise ConfigError(message, source=str(table))


def _rows(
    reader: Iterator[list[str]], names: Sequence[str], place: int
) -> Iterator[Row | RowProblem]:
    end = reader.line_num  # type: ignore[attr-defined]
    for cells in reader:
        line, end = end + 1, reader.line_num  # type: ignore[attr-defined]
        if not any(cell.strip() for cell in cells):
            continue
        path = cells[place].strip() if place < len(cells) else ""
        if len(cells) > len(names):
            reason = f"it has {len(cells)} cells where the header names {len(names)}"
            yield RowProblem(line, path, reason)
        elif not path:
            yield RowProblem(line, "", "it names no picture")
        else:
            yield Row(line, path, dict(zip(names, cells, strict=False)))
