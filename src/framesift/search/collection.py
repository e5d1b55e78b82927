"""The pictures that a search is about: which files they are, and which of them may be found."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from fractions import Fraction

__all__ = ["Entry", "Filters", "Hit", "by_content"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One file.

    Attributes:
        path: The name the user gave it.
        sha256: Of its content.
        kind: ``image``, ``animation`` or ``video``.
        date_s: When it was taken, or else changed: local time in seconds as if it were UTC.
    """

    path: str
    sha256: str
    kind: str
    date_s: float = math.nan

    @property
    def date(self) -> datetime | None:
        """When it was taken, local time without a zone; ``None`` where nobody knows."""
        try:
            return datetime.fromtimestamp(self.date_s, UTC).replace(tzinfo=None)
        except (ValueError, OverflowError, OSError):
            return None


@dataclass(frozen=True, slots=True)
class Filters:
    """Which files may be found.

    Attributes:
        after: Taken on this day or later.
        before: Taken before this day.
        folders: Patterns; the file lies in a folder that matches one of them, or below it.
    """

    after: date | None = None
    before: date | None = None
    folders: tuple[str, ...] = ()

    def accepts(self, entry: Entry) -> bool:
        """Tell whether a file may be found. One without a date is outside every span of time."""
        if self.folders and not _lies_in(entry.path, self.folders):
            return False
        if self.after is None and self.before is None:
            return True
        taken = entry.date
        if taken is None or (self.after is not None and taken.date() < self.after):
            return False
        return self.before is None or taken.date() < self.before


@dataclass(frozen=True, slots=True)
class Hit:
    """One content that was found.

    Attributes:
        entry: The first of its files.
        score: Product with the direction looked into: the cosine, where one term was given.
        margin: How far the evidence of a match lies above the limit; ``None`` where nothing can be
            said.
        time: Of the best moment, in seconds; ``None`` for a still.
        copies: Further files with the same content.
        quality: 0 to 10, where it was asked for and there is one.
        action: The verdict, where it was asked for.
        thumbnail: A small JPEG to show: of what is not allowed, a blurred one.
    """

    entry: Entry
    score: float
    margin: float | None = None
    time: Fraction | None = None
    copies: tuple[str, ...] = ()
    quality: float | None = None
    action: str | None = None
    thumbnail: bytes | None = field(default=None, repr=False)


def by_content(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Put files of the same content together, in their order."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.sha256, []).append(entry)
    return found


def _lies_in(path: str, patterns: tuple[str, ...]) -> bool:
    folders = [folder for folder in PurePath(path).parents if folder.parts]
    return any(folder.match(pattern) for folder in folders for pattern in patterns)
