"""Ratings of pictures in a CSV file that `framesift train quality` reads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from framesift.web.table import AnswersFile, Row

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["COLUMNS", "Rating", "RatingsFile", "now"]

COLUMNS = ("path", "rating", "rater", "split", "group", "sha256", "time")


@dataclass(frozen=True, slots=True)
class Rating:
    """What one person said of one picture.

    Attributes:
        path: Of the picture, relative to the folder that was rated, with ``/``.
        rating: From 0 to 10.
        rater: Who; may be empty.
        split: ``train`` or ``test`` where somebody filled it in; empty otherwise.
        group: Likewise: pictures that must not be split apart.
        sha256: Of the picture's content, in hexadecimal; empty where unknown.
        time: When, ISO 8601 in UTC.
    """

    path: str
    rating: float
    rater: str = ""
    split: str = ""
    group: str = ""
    sha256: str = ""
    time: str = ""

    def row(self) -> Row:
        """Return the line of the table."""
        rating = f"{self.rating:.4f}".rstrip("0").rstrip(".")
        return (self.path, rating, self.rater, self.split, self.group, self.sha256, self.time)

    @classmethod
    def of(cls, row: Row) -> Rating:
        """Read a line that `RatingsFile` has checked."""
        return cls(row[0], float(row[1]), *row[2:])


class RatingsFile(AnswersFile):
    """One rating for every picture and rater, kept on disk as it is given."""

    columns = COLUMNS

    def by(self, rater: str) -> dict[str, Rating]:
        """Return this rater's ratings by the picture's path; the last one counts."""
        self._table.refresh()
        ratings = (Rating.of(row) for row in self._table.rows)
        return {rating.path: rating for rating in ratings if rating.rater == rater}

    def put(self, rating: Rating) -> None:
        """Add a rating, or replace the same rater's earlier one of the same picture.

        Raises:
            ConfigError: The file is no longer such a table.
            OSError: It cannot be written; nothing has changed.
        """
        self._table.refresh()
        key = (rating.path, rating.rater)
        kept = [row for row in self._table.rows if (row[0], row[2]) != key]
        if len(kept) == len(self._table.rows):
            self._table.append(rating.row())
        else:
            self._table.replace([*kept, rating.row()])

    def remove(self, path: str, rater: str) -> None:
        """Take a rating back.

        Raises:
            ConfigError: The file is no longer such a table.
            OSError: It cannot be written; nothing has changed.
        """
        self._table.refresh()
        self._table.replace([row for row in self._table.rows if (row[0], row[2]) != (path, rater)])

    def replace_rater(self, rater: str, ratings: Iterable[Rating]) -> None:
        """Give one rater other ratings; those of all others stay.

        Raises:
            ConfigError: The file is no longer such a table.
            OSError: It cannot be written; nothing has changed.
        """
        self._table.refresh()
        others = [row for row in self._table.rows if row[2] != rater]
        rows = [*others, *(rating.row() for rating in ratings)]
        if rows != self._table.rows:
            self._table.replace(rows)

    @staticmethod
    def wrong(row: Row) -> str | None:
        """Say what is wrong with a line, or nothing."""
        if not row[0]:
            return "the path is empty"
        try:
            rating = float(row[1])
        except ValueError:
            rating = math.nan
        return None if 0 <= rating <= 10 else f"the rating {row[1]!r} is not a number from 0 to 10"


def now() -> str:
    """Return the time as ratings carry it: ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
