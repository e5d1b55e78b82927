"""Captions: texts that belong to pictures, from files beside them or from a table.

A caption is never lost in silence. One that cannot be read, or not with certainty, comes back as a
`Caption` with a ``problem``, so that its picture goes to review and is not called safe.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from framesift.media.caption_json import KEYS, Pairs, parse_json, texts_in
from framesift.media.caption_table import read_rows
from framesift.media.decoding import DecodedText, check_encoding, clean_text, decode_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

__all__ = ["KEYS", "MAX_SIDECAR_BYTES", "Caption", "Captions", "read_caption"]

MAX_SIDECAR_BYTES: Final = 8 * 2**20
"""A larger file beside a picture is not read: its picture goes to review (8 MiB)."""

_SUFFIXES: Final = (".txt", ".json")
# Google Takeout cuts the name of a JSON file to 46 characters before its ending, and numbers
# pictures of one name: that of "a(1).jpg" is "a.jpg.supplemental-metadata(1).json".
_TAKEOUT: Final = ".supplemental-metadata"
_TAKEOUT_CUT: Final = 46
_NUMBERED: Final = re.compile(r"(?P<stem>.+)(?P<number>\(\d+\))", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Caption:
    """A text that belongs to a picture.

    Attributes:
        text: Lines end in a line feed; may be empty where there is a problem.
        origin: The file it comes from, with the line where that is a table.
        problem: Why it could not be read, or not with certainty; a sentence that names the file.
    """

    text: str
    origin: str
    problem: str = ""


class _Finder(Protocol):
    def find(self, path: Path) -> Sequence[Caption]:
        """Return what belongs to a picture."""


class Captions:
    """Where the captions of pictures are found.

    Make it with `from_sidecars` or `from_csv`; ``first | second`` looks in both.
    """

    def __init__(self, finders: Iterable[_Finder] = ()) -> None:
        """Look in nothing, or in some places; use the ``from_`` constructors instead."""
        self._finders = tuple(finders)

    def __or__(self, other: Captions) -> Captions:
        """Look in the places of both."""
        return Captions((*self._finders, *other._finders))

    @classmethod
    def from_sidecars(cls, *, encoding: str | None = None) -> Captions:
        """Look beside each picture: ``photo.jpg.txt``, ``photo.txt``, and the same in ``.json``.

        The picture's own name may be left with or without its ending; capitals make no difference.
        So are the names of Google Takeout found, shortened or not:
        ``photo.jpg.supplemental-metadata.json``. Of JSON the texts under `KEYS` count, in objects
        within objects too; words under other names count or are a problem (see docs/captions.md).

        Args:
            encoding: Of texts without a byte order mark; guessed where it is ``None``.

        Raises:
            ConfigError: No encoding has that name.
        """
        return cls([_Sidecars(None if encoding is None else check_encoding(encoding))])

    @classmethod
    def from_csv(
        cls,
        file: str | os.PathLike[str],
        *,
        roots: Iterable[str | os.PathLike[str]] = (),
        encoding: str | None = None,
    ) -> Captions:
        """Read a table with a column ``path`` and captions: CSV, tab-separated or JSON Lines.

        Args:
            file: Ends in ``.csv``, ``.tsv``, ``.jsonl`` or ``.ndjson``. The first line of a CSV
                file names the columns; commas, semicolons and tabs may part them.
            roots: Folders besides the table's own to which its paths may be relative.
            encoding: Of the table; guessed where it is ``None``.

        Raises:
            ConfigError: It cannot be read or is no such table.
        """
        table = Path(file)
        known = None if encoding is None else check_encoding(encoding)
        places = [table.absolute().parent, *(Path(root).absolute() for root in roots)]
        return cls([_Table(table, places, known)])

    @property
    def unused(self) -> tuple[str, ...]:
        """Paths of table rows that no picture asked for so far, in the order of the rows."""
        tables = (finder for finder in self._finders if isinstance(finder, _Table))
        return tuple(path for table in tables for path in table.unused())

    def caption_for(self, path: str | os.PathLike[str]) -> Caption | None:
        """Return the caption of a picture, or ``None`` if it has none.

        Texts from several places are joined, each one once, with line feeds between: all of them
        are seen beside the picture, so all of them count.
        """
        place = Path(path)
        found = [part for finder in self._finders for part in finder.find(place)]
        if not found:
            return None
        texts = dict.fromkeys(part.text for part in found if part.text)
        origins = dict.fromkeys(part.origin for part in found)
        problems = dict.fromkeys(part.problem for part in found if part.problem)
        return Caption("\n".join(texts), ", ".join(origins), "; ".join(problems))


class _Sidecars:
    def __init__(self, encoding: str | None) -> None:
        self._encoding = encoding

    def find(self, path: Path) -> list[Caption]:
        names = _sidecar_names(path)
        listed = _texts_in_folder(path.parent)
        if listed is not None:
            names = [name for wanted in names for name in listed.get(_folded(wanted), ())]
        sidecars = (path.with_name(name) for name in dict.fromkeys(names) if name != path.name)
        found = (self._read(sidecar, path) for sidecar in sidecars)
        return [caption for caption in found if caption is not None]

    def _read(self, sidecar: Path, picture: Path) -> Caption | None:
        origin = str(sidecar).encode("utf-8", "replace").decode("utf-8")
        try:
            if not stat.S_ISREG(sidecar.stat().st_mode):
                return None
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        except OSError as error:
            if error.errno in _NO_SUCH_NAME:
                return None
            return _unread(origin, f"cannot be opened ({error.strerror}); check its permissions")
        try:
            with sidecar.open("rb") as file:
                data = file.read(MAX_SIDECAR_BYTES + 1)
        except OSError as error:
            return _unread(origin, f"cannot be read ({error.strerror}); check its permissions")
        return read_caption(data, origin, encoding=self._encoding, besides=_titles(picture))


def read_caption(
    data: bytes, origin: str, *, encoding: str | None = None, besides: Collection[str] = ()
) -> Caption | None:
    """Read what a file of texts says of a picture.

    Args:
        data: All of it, or more than `MAX_SIDECAR_BYTES` of it.
        origin: The name of the file; one that ends in ``.json`` is read as JSON.
        encoding: Of texts without a byte order mark; guessed where it is ``None``.
        besides: Texts in JSON that are no caption, such as the picture's own name.

    Returns:
        The caption, with a problem where not all of it could be read for certain; ``None`` where
        there is none.
    """
    if len(data) > MAX_SIDECAR_BYTES:
        return _unread(origin, f"is larger than {MAX_SIDECAR_BYTES:,} bytes; shorten it")
    decoded = decode_text(data, encoding)
    if origin.lower().endswith(".json") and decoded.text:
        decoded = _from_json(decoded, besides)
    if decoded.problem:
        return _unread(origin, decoded.problem, decoded.text)
    return Caption(decoded.text, origin) if decoded.text else None


def _sidecar_names(path: Path) -> list[str]:
    """Return the names that a caption of a picture may have."""
    names = [base + suffix for suffix in _SUFFIXES for base in (path.name, path.stem)]
    marks = [_TAKEOUT[:length] for length in range(len(_TAKEOUT), 0, -1)]
    names += [f"{path.name}{mark}.json" for mark in marks]
    if len(path.name) > _TAKEOUT_CUT:
        names.append(f"{path.name[:_TAKEOUT_CUT]}.json")
    numbered = _NUMBERED.fullmatch(path.stem)
    if numbered:
        first = numbered["stem"] + path.suffix
        names += [f"{first}{mark}{numbered['number']}.json" for mark in (*marks, "")]
    return list(dict.fromkeys(names))


def _titles(picture: Path) -> tuple[str, ...]:
    """Return the picture's own name as JSON gives it: that is no caption."""
    numbered = _NUMBERED.fullmatch(picture.stem)
    first = (numbered["stem"] + picture.suffix,) if numbered else ()
    names = (picture.name, picture.stem, *first)
    return tuple(unicodedata.normalize(form, name) for name in names for form in ("NFC", "NFD"))


class _Table:
    def __init__(self, file: Path, places: Sequence[Path], encoding: str | None) -> None:
        self._paths: list[str] = []
        self._used: set[int] = set()
        self._rows: dict[str, list[tuple[int, Caption]]] = {}
        folders = tuple(dict.fromkeys(_key(place) for place in places))
        for number, row in enumerate(read_rows(file, encoding)):
            problem = f"{file}, line {row.line}: {row.problem}" if row.problem else ""
            entry = (number, Caption(row.text, f"{file}, line {row.line}", problem))
            self._paths.append(row.path)
            # A name may begin or end with a blank, and so may a cell with a name that does not.
            names = dict.fromkeys((row.path, row.path.strip()))
            for key in {_key(Path(folder, name)) for folder in folders for name in names}:
                self._rows.setdefault(key, []).append(entry)

    def find(self, path: Path) -> list[Caption]:
        rows = self._rows.get(_key(path.absolute()), ())
        self._used.update(number for number, _ in rows)
        return [caption for _, caption in rows if caption.text or caption.problem]

    def unused(self) -> list[str]:
        return [path for number, path in enumerate(self._paths) if number not in self._used]


_NO_SUCH_NAME: Final = frozenset({errno.ENAMETOOLONG, errno.EINVAL})
"""No file can have such a name, so there is none."""


_FRESH_NS: Final = 2 * 10**9
"""A folder changed this recently may change again without a later time: no list of it is kept."""


def _texts_in_folder(folder: Path) -> Mapping[str, Sequence[str]] | None:
    """Return the names that may be captions by their `_folded` spelling; ``None`` if unknown."""
    try:
        changed = folder.stat().st_mtime_ns
        fresh = time.time_ns() - changed < _FRESH_NS
        return (_listed.__wrapped__ if fresh else _listed)(str(folder.absolute()), changed)
    except (OSError, ValueError):
        return None  # it may still let files be opened by their names


@lru_cache(maxsize=8)
def _listed(folder: str, _changed: int) -> Mapping[str, Sequence[str]]:
    names: dict[str, list[str]] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.lower().endswith(_SUFFIXES):
                names.setdefault(_folded(entry.name), []).append(entry.name)
    for spelled in names.values():
        spelled.sort()
    return names


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _unread(origin: str, problem: str, text: str = "") -> Caption:
    return Caption(text, origin, f"{origin}: {problem}")


def _key(path: Path) -> str:
    """Spell a path so that two spellings of one file agree, whatever system wrote them."""
    text = unicodedata.normalize("NFC", str(path)).replace("\\", "/")
    return os.path.normcase(os.path.normpath(text))


def _from_json(decoded: DecodedText, besides: Collection[str] = ()) -> DecodedText:
    try:
        content = parse_json(decoded.text)
    except ValueError:
        return DecodedText("", decoded.problem or "is not valid JSON; correct or remove it")
    if isinstance(content, str):
        return DecodedText(clean_text(content), decoded.problem)
    if isinstance(content, Pairs) or (
        isinstance(content, list) and (not content or any(map(_may_hold_text, content)))
    ):
        text, problem = texts_in(content, besides=besides)
        return DecodedText(text, decoded.problem or problem)
    problem = 'holds neither an object nor a text; write {"caption": "..."}'
    return DecodedText("", decoded.problem or problem)


def _may_hold_text(part: object) -> bool:
    return isinstance(part, (str, list))
