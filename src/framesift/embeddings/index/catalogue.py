"""Which file holds which content, so that a search need not read what has not changed.

A file counts as unchanged while its inode, size and times are those that were seen when it was
hashed. A file that was changed within the last two seconds before is hashed again: within the
resolution of its times it might have changed once more, unseen.

What is kept with a content: when it was taken, and what a policy and a quality head said of it,
under their names and fingerprints. Every entry has a checksum; one that does not match is a miss.
"""

from __future__ import annotations

import math
import os
import threading
import time as clock
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from framesift.embeddings.cache_file import CacheFile, Tables, Transaction

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path
    from types import TracebackType

__all__ = ["Catalogue", "Judgement", "Known"]

_TABLES: Final = Tables(
    0x46726D49,  # "FrmI"
    1,
    (
        "CREATE TABLE files (path BLOB PRIMARY KEY NOT NULL, status TEXT NOT NULL,"
        " sha256 TEXT NOT NULL, kind TEXT NOT NULL, taken_s REAL, crc INTEGER NOT NULL)",
        "CREATE TABLE judgements (sha256 TEXT NOT NULL, key TEXT NOT NULL, action TEXT NOT NULL,"
        " quality REAL, crc INTEGER NOT NULL, PRIMARY KEY (sha256, key))",
    ),
)
_SETTLED_NS: Final = 2_000_000_000
_BUSY_S: Final = 10.0
_MAX_PENDING: Final = 512
_MAX_WAIT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a file without reading it.

    Attributes:
        sha256: Of its content.
        kind: ``image``, ``animation`` or ``video``.
        taken_s: When it was taken by its own header, local time as if it were UTC; NaN if unknown.
    """

    sha256: str
    kind: str
    taken_s: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a policy and a quality head said of a content.

    Attributes:
        action: ``allow``, ``review`` or ``block``.
        quality: 0 to 10, or ``None`` where there is no score.
    """

    action: str
    quality: float | None


class Catalogue:
    """Files and judgements in one SQLite file; losing it costs time and nothing else.

    Args:
        path: The file; it and its folder are made if need be.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or turn remembering off with a notice."""
        self._store = CacheFile(path, _BUSY_S, _TABLES)
        self._lock = threading.RLock()
        self._files: dict[bytes, tuple[object, ...]] = {}
        self._judgements: dict[tuple[str, str], Judgement] = {}
        self._flush_at = clock.monotonic() + _MAX_WAIT_S

    @property
    def notice(self) -> str | None:
        """What the user should know; ``None`` if all is well."""
        return "\n".join(self._store.notices) or None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what waits and close the file."""
        self.close()

    def lookup(self, path: Path, status: os.stat_result) -> Known | None:
        """Look up a file as it is now.

        Args:
            path: Its path, in any form.
            status: Of the file that is read, links followed.
        """
        key = _key(path)
        with self._lock:
            row = self._files.get(key)
            if row is None:
                query = "SELECT status, sha256, kind, taken_s, crc FROM files WHERE path = ?"
                found = self._store.select(query, (key,))
                row = found[0] if found else None
        if row is None or row[0] != _status(status) or row[-1] != _crc(*row[:-1]):
            return None
        taken = row[3]
        return Known(str(row[1]), str(row[2]), float("nan") if taken is None else float(str(taken)))

    def remember(self, path: Path, status: os.stat_result, known: Known) -> None:
        """Keep what was found in a file.

        Args:
            path: Its path, in any form.
            status: As it was *before* it was read: a change meanwhile then shows.
            known: What was found.
        """
        if clock.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) < _SETTLED_NS:
            return
        taken = known.taken_s if math.isfinite(known.taken_s) else None
        row = (_status(status), known.sha256, known.kind, taken)
        with self._lock:
            self._files[_key(path)] = (*row, _crc(*row))
            self._flush_when_due()

    def judgement(self, sha256: str, key: str) -> Judgement | None:
        """Look up what was said of a content.

        Args:
            sha256: Of the content.
            key: Names who said it: model, policy, head.
        """
        with self._lock:
            waiting = self._judgements.get((sha256, key))
            if waiting is not None:
                return waiting
            query = "SELECT action, quality, crc FROM judgements WHERE sha256 = ? AND key = ?"
            found = self._store.select(query, (sha256, key))
        if not found or found[0][2] != _crc(*found[0][:2]):
            return None
        return Judgement(str(found[0][0]), found[0][1])

    def judge(self, sha256: str, key: str, judgement: Judgement) -> None:
        """Keep what was said of a content."""
        with self._lock:
            self._judgements[sha256, key] = judgement
            self._flush_when_due()

    def flush(self) -> None:
        """Write what waits, in one transaction; where that cannot be, it is let go."""
        with self._lock:
            self._flush_at = clock.monotonic() + _MAX_WAIT_S
            if self._files or self._judgements:
                self._store.follow()
                self._store.run(self._write, otherwise=None)
            self._files, self._judgements = {}, {}

    def close(self) -> None:
        """Flush and close the file; calling it again is harmless."""
        with self._lock:
            self.flush()
            self._store.close()

    def _flush_when_due(self) -> None:
        waiting = len(self._files) + len(self._judgements)
        if waiting >= _MAX_PENDING or clock.monotonic() >= self._flush_at:
            self.flush()

    def _write(self, database: sqlite3.Connection) -> None:
        with Transaction(database):
            database.executemany(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)",
                ((key, *row) for key, row in self._files.items()),
            )
            database.executemany(
                "INSERT OR REPLACE INTO judgements VALUES (?, ?, ?, ?, ?)",
                (
                    (*key, said.action, said.quality, _crc(said.action, said.quality))
                    for key, said in self._judgements.items()
                ),
            )


def _key(path: Path) -> bytes:
    # Bytes: a name need not be valid UTF-8. Not resolved: a link may be pointed elsewhere.
    return os.fsencode(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps `..`


def _status(status: os.stat_result) -> str:
    parts = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return "-".join(map(str, parts))


def _crc(*values: object) -> int:
    return zlib.crc32(repr(values).encode())
