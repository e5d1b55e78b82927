"""Tables of captions: CSV and JSON Lines with a path and a text in each row."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from framesift.errors import ConfigError
from framesift.media.caption_json import KEYS, Pairs, is_key, parse_json, texts_in
from framesift.media.decoding import clean_text, decode_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["MAX_TABLE_BYTES", "Row", "read_rows"]

MAX_TABLE_BYTES: Final = 512 * 2**20
"""Most bytes of a table, as all of it is held in memory (512 MiB)."""

_PATH: Final = ("path", "file", "filename", "file_name", "image")
_JSON_LINES: Final = (".jsonl", ".ndjson")
_SEPARATED: Final = (".csv", ".tsv", ".txt")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table of captions.

    Attributes:
        line: Where it begins, from 1.
        path: As it stands in the table.
        text: Its texts, joined by line feeds; may be empty.
        problem: Why the text may not be all that was written.
    """

    line: int
    path: str
    text: str
    problem: str = ""


def read_rows(file: Path, encoding: str | None = None) -> Iterator[Row]:
    """Read a table, row by row.

    Args:
        file: By its ending JSON Lines, or text with commas, semicolons or tabs.
        encoding: As in `framesift.media.decoding.decode_text`.

    Raises:
        ConfigError: It cannot be read, is too large, is no such table, or a row names no file.
    """
    ending = file.suffix.lower()
    if ending not in (*_JSON_LINES, *_SEPARATED):
        _refuse(file, "is no table of captions by its ending; use .csv, .tsv, .jsonl or .ndjson")
    decoded = decode_text(_load(file), encoding)
    if decoded.problem:
        _refuse(file, decoded.problem)
    return _json_rows(file, decoded.text) if ending in _JSON_LINES else _rows(file, decoded.text)


def _load(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_TABLE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"cannot be read ({reason}); check the name and its permissions"
        raise ConfigError(message, source=str(file)) from error
    if len(data) > MAX_TABLE_BYTES:
        _refuse(file, f"is larger than {MAX_TABLE_BYTES:,} bytes; split it")
    return data


def _rows(file: Path, text: str) -> Iterator[Row]:
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    limit = csv.field_size_limit(MAX_TABLE_BYTES)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        yield from _csv_rows(file, [name.strip().lower() for name in next(reader, [])], reader)
    except csv.Error as error:
        message = f"line {reader.line_num} is not valid CSV ({error}); correct its quotes"
        raise ConfigError(message, source=str(file)) from error
    finally:
        csv.field_size_limit(limit)


def _csv_rows(file: Path, names: list[str], reader: Iterator[list[str]]) -> Iterator[Row]:
    place = next((names.index(name) for name in _PATH if name in names), None)
    columns = [number for number, name in enumerate(names) if is_key(name)]
    if place is None or not columns:
        found = ", ".join(names)[:200] or "nothing"
        needed = f"a column 'path' and one of {', '.join(KEYS)}"
        _refuse(file, f"has the columns {found}; its first line must name {needed}")
    line = 2
    for cells in reader:
        start, line = line, 1 + getattr(reader, "line_num", line)
        if not any(cell.strip() for cell in cells):
            continue
        path = cells[place] if place < len(cells) else ""
        if not path.strip():
            _refuse(file, f"line {start} names no file; write its path or remove the line")
        problem = ""
        texts = [cells[number] for number in columns if number < len(cells)]
        if len(cells) > len(names):
            # Most often a comma in a caption without quotes: what follows is a part of it.
            problem = f"has {len(cells)} cells, not {len(names)}; put captions in quotes"
            texts += cells[len(names) :]
        yield Row(start, path, _joined(texts), problem)


def _json_rows(file: Path, text: str) -> Iterator[Row]:
    # Other line ends, such as U+2028, may stand inside of a JSON text.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            content = parse_json(line)
        except ValueError as error:
            message = f"line {number} is not valid JSON; correct or remove it"
            raise ConfigError(message, source=str(file)) from error
        if not isinstance(content, Pairs):
            _refuse(file, f"line {number} is no object with a path and a caption")
        yield _json_row(file, number, content)


def _json_row(file: Path, number: int, content: Pairs) -> Row:
    places = {name.strip().lower(): value for name, value in content}
    path = next((places[name] for name in _PATH if places.get(name)), None)
    if not isinstance(path, str) or not path.strip():
        _refuse(file, f"line {number} names no file; write its path or remove the line")
    rest = Pairs(pair for pair in content if pair[0].strip().lower() not in _PATH)
    text, problem = texts_in(rest)
    return Row(number, path, text, problem)


def _joined(texts: list[str]) -> str:
    cleaned = (clean_text(text) for text in texts)
    return "\n".join(dict.fromkeys(text for text in cleaned if text))


def _refuse(file: Path, reason: str) -> NoReturn:
    raise ConfigError(reason, source=str(file))
