"""Read tables of ratings: any delimiter, any names of columns, every bad row accounted for."""

from __future__ import annotations

import csv
import math
from array import array
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from framesift.errors import ConfigError
from framesift.heads.training.examples import RatingTable
from framesift.heads.training.results import RowProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.examples import Int32Array

__all__ = ["COLUMNS", "locate", "read_ratings", "without"]

COLUMNS = ("path", "rating", "rater", "split", "group")
"""What a table may say; the first two it must."""

_DELIMITERS = ",;\t|"
_LISTED = 100
_SAMPLE = 64 * 1024
_TRAIN = ("", "train", "training")
_TEST = ("test", "testing", "val", "valid", "validation", "holdout", "held-out")


def read_ratings(path: Path, *, columns: Mapping[str, str] | None = None) -> RatingTable:
    """Read a CSV or TSV file with a header, row by row.

    Columns are ``path`` and ``rating``, and if there are any ``rater``, ``split`` and ``group``;
    upper and lower case count alike. The delimiter (comma, semicolon, tab or bar) is the one that
    the header uses; UTF-8 with or without a mark, UTF-16 with one, or Windows-1252. With semicolons
    or tabs a decimal comma is understood.

    Rows without a path, or whose rating is empty, no number, NaN or infinite, are left out and
    listed with their line. A picture rated again by the same rater counts with the mean.

    Args:
        path: The file.
        columns: Other names for columns, for instance ``{"rating": "stars"}``.

    Raises:
        ConfigError: The file cannot be read, has no header, lacks a column, holds no usable
            rating, or names one picture with two splits or groups.
    """
    path = Path(path)
    try:
        with path.open(encoding=_encoding(path), newline="") as stream:
            header = stream.readline()
            delimiter = _delimiter(header)
            names = next(csv.reader([header], delimiter=delimiter), [])
            places = _places(names, columns or {}, path)
            reader = _Reader(places, len(names), decimal_comma=delimiter in ";\t|")
            reader.read(csv.reader(stream, delimiter=delimiter))
    except OSError as error:
        message = f"the table of ratings cannot be read ({error}); check the path"
        raise ConfigError(message, source=str(path)) from error
    except (UnicodeDecodeError, csv.Error) as error:
        message = f"this is not a table of text ({error}); save it as CSV in UTF-8"
        raise ConfigError(message, source=str(path)) from error
    return reader.table(path)


def locate(table: RatingTable, images: Path | None = None) -> tuple[RatingTable, tuple[Path, ...]]:
    """Find the rated pictures on disk; missing ones become problems and leave the table.

    A name is looked for as it was written first, since a file's name may begin or end with a
    blank, and then without the blanks around it.

    Args:
        table: From `read_ratings`.
        images: Folder that relative paths start from; ``None`` takes the table's own folder.

    Returns:
        The table of what is there, and the file of each of its pictures.

    Raises:
        ConfigError: None is there.
    """
    base = Path(table.source).parent if images is None else Path(images)
    if table.written:
        table = _named_as_files(table, base)
    files = [base / name for name in table.paths]
    there = [i for i, file in enumerate(files) if file.is_file()]
    if not there:
        message = (
            f"none of the {len(table)} rated pictures is in {str(base)!r} (the first would be "
            f"{str(files[0])!r}); say where they are with --images"
        )
        raise ConfigError(message, source=table.source)
    absent = sorted(set(range(len(files))) - set(there))
    problems = [RowProblem(0, table.paths[i], "there is no such file") for i in absent[:_LISTED]]
    kept = without(table, absent, problems)
    return kept, tuple(files[i] for i in there)


def without(
    table: RatingTable, pictures: Sequence[int], problems: Sequence[RowProblem] = ()
) -> RatingTable:
    """Leave pictures out of a table, by index, and note why."""
    keep = np.ones(len(table), bool)
    keep[list(pictures)] = False
    renumbered = np.cumsum(keep).astype(np.int32) - 1
    rows = keep[table.picture]
    kept = np.flatnonzero(keep)
    return replace(
        table,
        paths=tuple(table.paths[i] for i in kept),
        written=tuple(table.written[i] for i in kept) if table.written else (),
        groups=tuple(table.groups[i] for i in kept),
        splits=tuple(table.splits[i] for i in kept),
        picture=renumbered[table.picture[rows]],
        rating=table.rating[rows],
        rater=table.rater[rows],
        problems=(*table.problems, *problems)[:_LISTED],
        problem_count=table.problem_count + len(pictures),
    )


def _named_as_files(table: RatingTable, base: Path) -> RatingTable:
    """Take blanks off the names that are no files with them.

    Names that then mean the same file become one picture.
    """
    names = [
        name if name != name.strip() and (base / name).is_file() else name.strip()
        for name in table.written
    ]
    place: dict[str, int] = {}
    for name in names:
        place.setdefault(name, len(place))
    renumbered = np.array([place[name] for name in names])
    picture, rater, rating = _averaged(renumbered[table.picture], table.rater, table.rating)
    said: list[dict[str, str]] = [{}, {}]
    for column, found in zip((table.groups, table.splits), said, strict=True):
        for name, value in zip(names, column, strict=True):
            found[name] = found.get(name) or value
    return replace(
        table,
        paths=tuple(place),
        groups=tuple(said[0].values()),
        splits=tuple(said[1].values()),
        written=(),
        picture=picture,
        rater=rater,
        rating=rating,
        repeats=table.repeats + len(table.rating) - len(rating),
    )


def _averaged(
    picture: np.ndarray, rater: np.ndarray, rating: Float64Array
) -> tuple[Int32Array, Int32Array, Float64Array]:
    """Average what one rater said of one picture more than once."""
    count = int(rater.max()) + 1
    unique, inverse = np.unique(picture.astype(np.int64) * count + rater, return_inverse=True)
    inverse = inverse.reshape(-1)
    mean = np.bincount(inverse, rating) / np.bincount(inverse)
    return (unique // count).astype(np.int32), (unique % count).astype(np.int32), mean


def _encoding(path: Path) -> str:
    with path.open("rb") as stream:
        start = stream.read(_SAMPLE)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        # A character may be cut at the end of the sample.
        start[: -4 if len(start) == _SAMPLE else None].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return "cp1252" if error.start < len(start) - 8 or len(start) < _SAMPLE else "utf-8-sig"
    return "utf-8-sig"


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=lambda each: (header.count(each), -_DELIMITERS.index(each)))


def _places(names: list[str], columns: Mapping[str, str], path: Path) -> dict[str, int]:
    unknown = sorted(set(columns) - set(COLUMNS))
    if unknown:
        message = f"there is no column {unknown[0]!r} to rename; use some of {', '.join(COLUMNS)}"
        raise ConfigError(message)
    folded = [name.strip().casefold() for name in names]
    places = {}
    for column in COLUMNS:
        wanted = columns.get(column, column)
        if wanted.strip().casefold() in folded:
            places[column] = folded.index(wanted.strip().casefold())
        elif column in ("path", "rating") or column in columns:
            message = (
                f"there is no column {wanted!r} among: {', '.join(names) or '(none)'}; the first "
                "line must name the columns path and rating, or say which they are, as in "
                "--columns rating=stars"
            )
            raise ConfigError(message, source=str(path))
    return places


class _Reader:
    """Gathers rows into arrays; a million rows cost a few numbers each."""

    def __init__(self, places: dict[str, int], width: int, *, decimal_comma: bool) -> None:
        self._places = places
        self._width = width
        self._comma = decimal_comma
        self._picture: dict[str, int] = {}
        self._rater: dict[str, int] = {}
        self._said: dict[str, dict[int, str]] = {"split": {}, "group": {}}
        self._pictures = array("q")
        self._raters = array("q")
        self._ratings = array("d")
        self._problems: list[RowProblem] = []
        self._left_out = 0

    def read(self, rows: Iterable[list[str]]) -> None:
        """Take every row after the header."""
        for number, row in enumerate(rows, start=2):
            if any(row):
                self._take(number, row)

    def _take(self, number: int, row: list[str]) -> None:
        place = self._places["path"]
        written = row[place] if place < len(row) else ""
        name = written.strip()
        text = self._cell(row, "rating")
        value = self._number(text)
        reason = ""
        if len(row) > self._width:
            reason = f"it has {len(row)} cells where the header names {self._width}"
        elif not name:
            reason = "it names no picture"
        elif not text:
            reason = "its rating is empty"
        elif value is None or not math.isfinite(value):
            reason = f"its rating {text[:40]!r} is not a number"
        if reason or value is None:
            self._left_out += 1
            if len(self._problems) < _LISTED:
                self._problems.append(RowProblem(number, name, reason))
            return
        picture = self._picture.setdefault(written, len(self._picture))
        rater = self._rater.setdefault(self._cell(row, "rater"), len(self._rater))
        for column, said in self._said.items():
            self._note(said, column, picture, self._cell(row, column), (number, name))
        self._pictures.append(picture)
        self._raters.append(rater)
        self._ratings.append(value)

    def _cell(self, row: list[str], column: str) -> str:
        place = self._places.get(column)
        return row[place].strip() if place is not None and place < len(row) else ""

    def _number(self, text: str) -> float | None:
        if self._comma and "." not in text:
            text = text.replace(",", ".")
        try:
            return float(text)
        except ValueError:
            return None

    def _note(
        self, said: dict[int, str], column: str, picture: int, value: str, row: tuple[int, str]
    ) -> None:
        if column == "split":
            value = _split(value, row)
        if value and said.setdefault(picture, value) != value:
            message = (
                f"line {row[0]}: {row[1]!r} is in {column} {value!r} here and in "
                f"{said[picture]!r} before; give each picture one {column}"
            )
            raise ConfigError(message)

    def table(self, path: Path) -> RatingTable:
        """Make the table, repeated ratings averaged."""
        if not self._ratings:
            first = [f" (line {each.row}: {each.reason})" for each in self._problems[:1]]
            message = f"there is no usable rating in it{''.join(first)}"
            raise ConfigError(message, source=str(path))
        picture, rater, mean = _averaged(
            np.array(self._pictures), np.array(self._raters), np.array(self._ratings)
        )
        written = tuple(self._picture)
        names = tuple(name.strip() for name in written)
        padded = written != names
        # Two cells that differ in blanks alone may name two files: `locate` can tell.
        names = written if len(set(names)) < len(names) else names
        return RatingTable(
            source=str(path),
            paths=names,
            groups=tuple(self._said["group"].get(i, "") for i in range(len(names))),
            splits=tuple(self._said["split"].get(i, "") for i in range(len(names))),
            picture=picture,
            rating=mean,
            rater=rater,
            raters=tuple(self._rater),
            problems=tuple(self._problems),
            problem_count=self._left_out,
            repeats=len(self._ratings) - len(mean),
            written=written if padded else (),
        )


def _split(value: str, row: tuple[int, str]) -> str:
    folded = value.casefold()
    if folded in _TRAIN:
        return "train" if folded else ""
    if folded in _TEST:
        return "test"
    message = f"line {row[0]}: split {value!r} of {row[1]!r} is not train or test"
    raise ConfigError(message)
