"""A table of a TOML file whose every complaint names the file, the key and the way out."""

from __future__ import annotations

import difflib
import tomllib
from typing import TYPE_CHECKING, Any, NoReturn

from framesift.errors import FramesiftError, PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = ["Table", "read_bounded", "read_toml"]

MAX_TEXT = 500
MAX_BYTES = 1_000_000


def read_bounded(
    path: Path,
    most: int,
    *,
    what: str,
    way_out: str,
    too_large: str,
    error: type[FramesiftError] = PolicyError,
) -> bytes:
    """Read a file that is no larger than it can sensibly be.

    Args:
        path: The file; a pipe or a device is read no further than the bound.
        most: Bytes.
        what: What it is, for the message: ``the policy``.
        way_out: What to do where it cannot be read.
        too_large: The same where it is larger.
        error: The class to raise.

    Raises:
        FramesiftError: Of that class, naming the file and the reason.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        message = f"{what} cannot be read ({reason}); {way_out}"
        raise error(message, source=str(path)) from problem
    if len(data) > most:
        message = f"larger than {most} bytes{too_large}"
        raise error(message, source=str(path))
    return data


def read_toml(path: Path, *, what: str, page: str, error: type[FramesiftError]) -> dict[str, Any]:
    """Read a TOML file that a person wrote.

    Args:
        path: The file, of up to a megabyte.
        what: What it is, for the message: ``policy``.
        page: Of the documentation, where one is shown.
        error: The class to raise.

    Raises:
        FramesiftError: Of that class: it cannot be read, is too large, or is no TOML in UTF-8.
    """
    data = read_bounded(
        path,
        MAX_BYTES,
        what=f"the {what}",
        way_out="check the path",
        too_large=f": this is not a {what}",
        error=error,
    )
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        message = "this is not a TOML file in UTF-8; save it in that encoding"
        raise error(message, source=str(path)) from problem
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        message = f"this is not a TOML file ({problem}); {page} shows one"
        raise error(message, source=str(path)) from problem


class Table:
    """One table, and where it stands.

    Args:
        values: As TOML gives them.
        source: The file.
        where: Dotted keys that lead to the table; empty for the top level.
        error: The class of its complaints.
    """

    def __init__(
        self,
        values: dict[str, Any],
        *,
        source: str,
        where: str = "",
        error: type[FramesiftError] = PolicyError,
    ) -> None:
        """Keep the values."""
        self.values = values
        self.source = source
        self.where = where
        self.error = error

    def fail(self, key: str, reason: str) -> NoReturn:
        """Refuse a key, or with an empty one the table.

        Raises:
            FramesiftError: Always, of the table's class.
        """
        message = f"{f'{self.where}.{key}'.strip('.')} {reason}"
        raise self.error(message, source=self.source)

    def only(self, known: Sequence[str]) -> None:
        """Refuse keys that are not known, with the nearest that is."""
        for key in self.values:
            if key not in known:
                self._unknown(key, key, known)

    def known(self, key: str, value: str, names: Sequence[str], more: str = "") -> None:
        """Refuse a value that is not one of these names, with the nearest that is."""
        if value not in names:
            self._unknown(key, f"value {value!r}", [*names], near=value, more=more)

    def text(self, key: str) -> str:
        """Return a text, empty where there is none."""
        return str(self._typed(key, str, "text in quotes", default=""))

    def filled(self, key: str, way_out: str) -> str:
        """Return a text that must be there and not be empty."""
        value = self.text(key).strip()
        if not value:
            self.fail(key, f"is {'empty' if key in self.values else 'missing'}; {way_out}")
        return value

    def whole(self, key: str, default: int, *, low: int, why: str, high: int | None = None) -> int:
        """Return a whole number within bounds."""
        value = int(self._typed(key, int, "a whole number", default=default))
        if value < low or (high is not None and value > high):
            self.fail(key, f"is {value}; {why}")
        return value

    def number(self, key: str, allowed: str = "a number above 0 and up to 1") -> float | None:
        """Return a number, ``None`` where there is none; the range is for the caller."""
        value = self.values.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            self.fail(key, f"is {value!r}; write {allowed}")
        try:
            return None if value is None else float(value)
        except OverflowError:
            self.fail(key, f"is too large; write {allowed}")

    def choice(self, key: str, known: Sequence[str]) -> str:
        """Return one of the known words, the first where there is none."""
        value = self._typed(key, str, f"one of {', '.join(known)}, in quotes", default=known[0])
        if value not in known:
            self._unknown(key, f"value {value!r}", known, near=value)
        return str(value)

    def strings(
        self, key: str, *, known: Sequence[str] | None = None, most: int = 200
    ) -> tuple[str, ...]:
        """Return a list of different texts; a single text counts as a list of one."""
        value = self.values.get(key, [])
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            self.fail(key, f'is {_shown(value)}; write a list of texts, such as ["a", "b"]')
        for item in items:
            if not item.strip() or len(item) > MAX_TEXT:
                self.fail(key, f"has {_shown(item)}; write 1 to {MAX_TEXT} characters")
            if known is not None and item not in known:
                self._unknown(key, f"value {item!r}", known, near=item)
        if len(items) > most:
            self.fail(key, f"has {len(items)} entries; write at most {most}")
        return tuple(dict.fromkeys(items))

    def table(self, key: str, *, below: str = "") -> Table:
        """Return an inner table, an empty one where there is none."""
        value = self.values.get(key, {})
        where = f"{self.where}.{key}".strip(".")
        if not isinstance(value, dict):
            plain = f"is {_shown(value)}; write a table"
            self.fail(key, f"is not a table; {below}" if below else plain)
        return Table(value, source=self.source, where=where, error=self.error)

    def tables(self, key: str) -> list[Table]:
        """Return the tables of a list of tables, ``[[key]]``."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fail(key, f"is no list of tables; write [[{key}]] above its keys")
        return [
            Table(item, source=self.source, where=f"{key}[{index}]", error=self.error)
            for index, item in enumerate(value, start=1)
        ]

    def named(self, key: str, known: Sequence[str], *, example: str) -> dict[str, Table]:
        """Return tables under known names: ``[key.NAME]``."""
        outer = self.table(key)
        for name in outer.values:
            if name not in known:
                outer._unknown(name, name, known)
        below = f"write [{key}.NAME] with {example} below"
        return {name: outer.table(name, below=below) for name in outer.values}

    def _typed(self, key: str, kind: type, name: str, *, default: Any) -> Any:
        value = self.values.get(key, default)
        if not isinstance(value, kind) or isinstance(value, bool):
            self.fail(key, f"is {_shown(value)}; write {name}")
        return value

    def _unknown(
        self, key: str, what: str, known: Iterable[str], *, near: str = "", more: str = ""
    ) -> NoReturn:
        words = list(known)
        close = difflib.get_close_matches(near or what, words, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        subject = f"{what} is" if near else "is"
        self.fail(key, f"{subject} not known; {hint}known here: {', '.join(words)}{more}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
