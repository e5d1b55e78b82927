"""Comparisons of two pictures in a CSV file: the raw data behind ratings from pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

from framesift.web.table import AnswersFile, Row

__all__ = ["COLUMNS", "Outcome", "Pair", "PairsFile"]

Outcome: TypeAlias = Literal["left", "right", "tie"]

COLUMNS = ("left", "right", "better", "rater", "left_sha256", "right_sha256", "time")


@dataclass(frozen=True, slots=True)
class Pair:
    """Which of two pictures one person preferred.

    Attributes:
        left: Path of the picture shown left, relative to the folder, with ``/``.
        right: Path of the other one.
        better: ``left``, ``right`` or ``tie``.
        rater: Who; may be empty.
        left_sha256: Of the content, in hexadecimal.
        right_sha256: Likewise.
        time: When, ISO 8601 in UTC.
    """

    left: str
    right: str
    better: Outcome
    rater: str = ""
    left_sha256: str = ""
    right_sha256: str = ""
    time: str = ""

    def row(self) -> Row:
        """Return the line of the table."""
        facts = (self.rater, self.left_sha256, self.right_sha256, self.time)
        return (self.left, self.right, self.better, *facts)

    @classmethod
    def of(cls, row: Row) -> Pair:
        """Read a line that `PairsFile` has checked."""
        return cls(row[0], row[1], cast("Outcome", row[2]), *row[3:])


class PairsFile(AnswersFile):
    """Every comparison, in the order it was made."""

    columns = COLUMNS

    def by(self, rater: str) -> list[Pair]:
        """Return this rater's comparisons."""
        self._table.refresh()
        return [Pair.of(row) for row in self._table.rows if row[3] == rater]

    def add(self, pair: Pair) -> None:
        """Add a comparison.

        Raises:
            ConfigError: The file is no longer such a table.
            OSError: It cannot be written; nothing has changed.
        """
        self._table.append(pair.row())

    def remove(self, pair: Pair) -> None:
        """Take the last comparison like this one back; none like it is no error.

        Raises:
            ConfigError: The file is no longer such a table.
            OSError: It cannot be written; nothing has changed.
        """
        self._table.refresh()
        rows = list(self._table.rows)
        for place in range(len(rows) - 1, -1, -1):
            if rows[place] == pair.row():
                del rows[place]
                self._table.replace(rows)
                return

    @staticmethod
    def wrong(row: Row) -> str | None:
        """Say what is wrong with a line, or nothing."""
        if not row[0] or not row[1] or row[0] == row[1]:
            return "a pair has two different paths"
        if row[2] not in get_args(Outcome):
            return f"{row[2]!r} is not left, right or tie"
        return None
