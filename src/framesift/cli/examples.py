"""Pictures and texts that people have labelled with harm categories: folders or a table."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, NoReturn

from framesift.errors import ConfigError
from framesift.heads.training.results import RowProblem
from framesift.media import ExpandOptions, Source, expand_sources
from framesift.media.decoding import decode_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from framesift.cli.console import Console
    from framesift.settings import Settings
    from framesift.types import Failure

__all__ = ["BENIGN", "Example", "Examples", "decoded_table", "read_examples"]

BENIGN = "benign"
"""The folder, or the label in a table, of what belongs to no category."""

MAX_BYTES = 512 * 2**20
_TEXT_BYTES = 8 * 2**20
_LISTED = 10
_YES = {"1", "yes", "y", "true", "x"}
_NO = {"0", "no", "n", "false"}
_LABELS = ("category", "categories", "label", "labels")
_SEPARATORS = str.maketrans("|,", ";;")


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled picture or text, or a picture with its text.

    Attributes:
        name: What to call it.
        path: The picture, if there is one.
        text: The text, or the picture's caption.
        labels: Category to whether it is of it; what is not here is not known.
    """

    name: str
    path: Path | None
    text: str | None
    labels: Mapping[str, bool]

    @property
    def harmful(self) -> bool:
        """Whether it is of any category."""
        return any(self.labels.values())


@dataclass(frozen=True, slots=True)
class Examples:
    """All of them.

    Attributes:
        source: The folder or the table.
        items: In a fixed order.
        problems: What could not be used.
    """

    source: Path
    items: tuple[Example, ...]
    problems: tuple[RowProblem, ...] = field(default=())

    def tell_left_out(self, console: Console, failures: Sequence[Failure]) -> int:
        """Name the first that could not be used, and return how many there were."""
        lines = [
            ": ".join(filter(None, (f"line {one.row}" if one.row else "", one.path, one.reason)))
            for one in self.problems
        ]
        lines += [failure.error.message for failure in failures]
        for line in lines[:_LISTED]:
            console.say(f"framesift: left out: {line}")
        if len(lines) > _LISTED:
            console.say(f"framesift: left out: and {len(lines) - _LISTED:,} more")
        return len(lines)


def read_examples(place: Path, categories: Collection[str], settings: Settings) -> Examples:
    """Read folders named after categories and ``benign``, or a table.

    In a folder every picture is an example and so is every ``.txt`` file that belongs to none. A
    picture in the folder of one category is neither for nor against the others: people who sort
    files into folders name the worst, not everything.

    Args:
        place: The folder of the folders; or a CSV file with a column ``path`` or ``text``, and
            either a column per category (1 or 0; empty where not known) or a column ``category``
            (names with ``;`` between, or ``benign``).
        categories: That the policy judges.
        settings: Which files to look at.

    Raises:
        ConfigError: There is nothing of use, or a folder or column is of no known category.
    """
    if not place.exists():
        _refuse(place, "is not there; check the path")
    reader = _folders if place.is_dir() else _table
    problems: list[RowProblem] = []
    items = tuple(reader(place, categories, settings, problems))
    if not items:
        way_out = "make a folder per category and one called benign in it, or name a table"
        if place.is_file():
            way_out = "write a row per picture or text, with its label"
        _refuse(place, f"holds no labelled picture and no labelled text; {way_out}")
    return Examples(place, items, tuple(problems))


def _refuse(place: Path, reason: str) -> NoReturn:
    raise ConfigError(reason, source=str(place))


def _known(name: str, categories: Collection[str], place: Path) -> None:
    if name in categories or name == BENIGN:
        return
    close = get_close_matches(name, [*categories, BENIGN], n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    listed = ", ".join([BENIGN, *categories])
    _refuse(place, f"{name!r} is no category of the policy; {hint}known here: {listed}")


def _labels(names: Sequence[str], categories: Collection[str]) -> dict[str, bool]:
    if list(names) == [BENIGN]:
        return dict.fromkeys(categories, False)
    return dict.fromkeys(names, True)


def _folders(
    folder: Path, categories: Collection[str], settings: Settings, problems: list[RowProblem]
) -> Iterator[Example]:
    options = ExpandOptions(hidden=settings.hidden, all_files=settings.all_files)
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") and not settings.hidden:
            continue
        if not entry.is_dir():
            reason = "lies beside the folders, so it has no label"
            problems.append(RowProblem(0, entry.name, reason))
            continue
        _known(entry.name, categories, entry)
        labels = _labels([entry.name], categories)
        stems = set()
        for found in expand_sources([str(entry)], options=options):
            if not isinstance(found, Source):
                problems.append(RowProblem(0, found.path, found.error.message))
            elif found.path is not None:
                stems |= {found.path.with_suffix(""), found.path}
                yield Example(_name(found.path, folder), found.path, None, labels)
        for path in sorted(entry.rglob("*")):
            is_text = path.suffix.lower() == ".txt" and path.is_file()
            if is_text and path.with_suffix("") not in stems:
                yield from _text_file(path, _name(path, folder), labels, problems)


def _text_file(
    path: Path, name: str, labels: Mapping[str, bool], problems: list[RowProblem]
) -> Iterator[Example]:
    try:
        with path.open("rb") as stream:
            data = stream.read(_TEXT_BYTES + 1)
    except OSError as error:
        problems.append(RowProblem(0, name, error.strerror or str(error)))
        return
    decoded = decode_text(data[:_TEXT_BYTES])
    if decoded.problem or len(data) > _TEXT_BYTES:
        reason = decoded.problem or f"is larger than {_TEXT_BYTES:,} bytes"
        problems.append(RowProblem(0, name, reason))
        return
    yield Example(name, None, decoded.text, labels)


def _name(path: Path, folder: Path) -> str:
    shown = path.relative_to(folder) if path.is_relative_to(folder) else path
    return shown.as_posix().encode("utf-8", "replace").decode("utf-8")


def _table(
    file: Path, categories: Collection[str], settings: Settings, problems: list[RowProblem]
) -> Iterator[Example]:
    del settings
    text = decoded_table(file)
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    limit = csv.field_size_limit(MAX_BYTES)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        names = [name.strip().lower() for name in next(reader, [])]
        judged = _columns(file, names, categories)
        end = reader.line_num
        for cells in reader:
            # A text may go over many lines; people look for the first of them.
            line, end = end + 1, reader.line_num
            if any(cell.strip() for cell in cells):
                row = dict(zip(names, cells, strict=False))
                example = _row(file, row, judged, categories, line)
                if isinstance(example, Example):
                    yield example
                elif example:
                    problems.append(RowProblem(line, row.get("path", ""), example))
    except csv.Error as error:
        _refuse(file, f"line {reader.line_num} is not valid CSV ({error}); correct its quotes")
    finally:
        csv.field_size_limit(limit)


def decoded_table(file: Path) -> str:
    """Read a table as text, whatever its encoding.

    Raises:
        ConfigError: It cannot be read, is no text, or is too large.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        _refuse(file, f"cannot be read ({error.strerror})")
    decoded = decode_text(data)
    if decoded.problem or len(data) > MAX_BYTES:
        _refuse(file, decoded.problem or f"is larger than {MAX_BYTES:,} bytes; split it")
    return decoded.text


def _columns(file: Path, names: list[str], categories: Collection[str]) -> list[str]:
    """Return the columns that are categories, or the one column that names them."""
    judged = [name for name in names if name in categories]
    naming = [name for name in names if name in _LABELS]
    if not {"path", "text"} & set(names) or not (judged or naming):
        found = ", ".join(names)[:200] or "nothing"
        reason = (
            f"has the columns {found}; its first line must name 'path' or 'text', and 'category' "
            f"or categories of the policy ({', '.join(categories)})"
        )
        _refuse(file, reason)
    return judged or naming[:1]


def _row(
    file: Path,
    row: Mapping[str, str],
    judged: list[str],
    categories: Collection[str],
    line: int,
) -> Example | str:
    """Return the example of a row, or why it is none; nothing where nobody has labelled it."""
    path, text = row.get("path", "").strip(), row.get("text") or None
    if not path and text is None:
        return "names no picture and holds no text"
    labels: dict[str, bool] = {}
    if judged[0] in _LABELS:
        given = row.get(judged[0], "").translate(_SEPARATORS).split(";")
        named = [name.strip() for name in given if name.strip()]
        for name in named:
            _known(name, categories, file)
        labels = _labels(named, categories)
        if not labels:
            return "has no label"
    else:
        for name in judged:
            said = row.get(name, "").strip().lower()
            if said and said not in _YES | _NO:
                return f"{name} is {said[:40]!r}; write 1, 0, or nothing"
            if said:
                labels[name] = said in _YES
    if not labels:
        return ""
    place = file.absolute().parent / path if path else None
    if place is not None and not place.is_file():
        return "no such file"
    return Example(path or f"line {line}", place, text, labels)
