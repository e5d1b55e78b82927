"""The SQLite file behind the cache: its tables, and what is done when SQLite complains.

Rules, in the order they are met:

- another program's database, or one made by a newer Framesift, is left alone and not used;
- one of an older version is emptied and built anew: everything in it can be computed again;
- one that is broken is renamed to ``NAME.corrupt-N`` and a new one begun;
- one that is locked for longer than the time-out is tried again later;
- one that cannot be written (a full disk, a read-only folder) turns writing off.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time as clock
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = [
    "CACHE_TABLES",
    "SCHEMA",
    "CacheFile",
    "Tables",
    "Transaction",
    "companions",
    "remove_rows",
]

SCHEMA: Final = 2
"""Version of the tables, kept in ``PRAGMA user_version``.

A file of an older version is emptied and built anew, because everything in it can be computed
again. One of a newer version belongs to a newer Framesift: it is left as it is and not used.
"""


@dataclass(frozen=True, slots=True)
class Tables:
    """What a database of ours looks like.

    Attributes:
        application_id: Tells our files from another program's database.
        schema: Version of the tables.
        statements: What makes them.
    """

    application_id: int
    schema: int
    statements: tuple[str, ...]


CACHE_TABLES: Final = Tables(
    0x46726D53,  # "FrmS"
    SCHEMA,
    (
        "CREATE TABLE plans (sha256 BLOB NOT NULL, key TEXT NOT NULL, plan TEXT NOT NULL,"
        " crc INTEGER NOT NULL, PRIMARY KEY (sha256, key))",
        "CREATE TABLE rows (sha256 BLOB NOT NULL, fingerprint TEXT NOT NULL, time TEXT NOT NULL,"
        " row BLOB NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (sha256, fingerprint, time))",
        "CREATE TABLE thumbnails (sha256 BLOB PRIMARY KEY NOT NULL, jpeg BLOB NOT NULL,"
        " crc INTEGER NOT NULL)",
        "CREATE TABLE posters (sha256 BLOB NOT NULL, time TEXT NOT NULL, jpeg BLOB NOT NULL,"
        " crc INTEGER NOT NULL, PRIMARY KEY (sha256, time))",
    ),
)
_BUSY: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_BROKEN: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

T = TypeVar("T")


class Transaction:
    """BEGIN IMMEDIATE ... COMMIT: the write lock is taken at once, so it can be waited for."""

    def __init__(self, database: sqlite3.Connection) -> None:
        """Keep the connection, which must not be in a transaction."""
        self._database = database

    def __enter__(self) -> None:
        """Begin."""
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Commit, or roll back where anything failed."""
        try:
            if kind is None:
                self._database.execute("COMMIT")
        finally:
            # After some errors SQLite has rolled back by itself, after others it has not.
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")


class NotUsableError(Exception):
    """The file is a sound database, but not one for this version of Framesift."""


class CacheFile:
    """The open file; ``connection`` is ``None`` while it cannot be used.

    Not thread-safe: the cache holds a lock around every call.
    """

    def __init__(self, path: Path, busy_timeout_s: float, tables: Tables | None = None) -> None:
        """Open the file, making it and its folder if need be."""
        self.path = path
        self._tables = tables or CACHE_TABLES
        self.connection: sqlite3.Connection | None = None
        self.writable = False
        self.notices: list[str] = []
        self.retry_at = 0.0
        self._busy_timeout_s = busy_timeout_s
        self._identity: tuple[int, int] | None = None
        self._open()

    def say(self, notice: str) -> None:
        """Add a notice, once."""
        if notice not in self.notices:
            self.notices.append(notice)

    def select(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        """Read; nothing is found where nothing can be read."""
        nothing: list[tuple[Any, ...]] = []
        return self.run(lambda d: d.execute(query, values).fetchall(), otherwise=nothing)

    def run(self, work: Callable[[sqlite3.Connection], T], *, otherwise: T) -> T:
        """Do ``work``; once more where the file had to be replaced, else give ``otherwise``."""
        for _ in range(2):
            if self.connection is None:
                break
            try:
                return work(self.connection)
            except sqlite3.Error as error:
                if not self._recover(error):
                    break
        return otherwise

    def follow(self) -> None:
        """Open the file anew where another process has removed it or set it aside.

        SQLite would go on writing to the old one without an error.
        """
        if self.connection is not None and self._moved:
            self.close()
            self._open()

    def close(self) -> None:
        """Close the file, if it is open."""
        connection, self.connection = self.connection, None
        self.writable = False
        if connection is not None:
            # Closing moves the log into the file; where that fails, the log stays and is read.
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    @property
    def _moved(self) -> bool:
        return _identity(self.path) != self._identity

    def _open(self) -> None:
        for _ in range(2):
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.connection = _connect(self.path, self._busy_timeout_s, self._tables)
                self._identity = _identity(self.path)
                self.writable = True
            except sqlite3.Error as error:
                if _code(error) in _BROKEN and self._set_aside(error):
                    continue
                self._turn_off(error)
            except (OSError, NotUsableError) as error:
                self._turn_off(error)
            return

    def _recover(self, error: sqlite3.Error) -> bool:
        """Decide what an error means; true where the work is worth trying once more."""
        code = _code(error)
        if code in _BUSY:
            self.retry_at = clock.monotonic() + self._busy_timeout_s
            return False
        moved = self._moved
        if moved or code in _BROKEN:
            self.close()
            if not moved and not self._set_aside(error):
                self._turn_off(error)
                return False
            self._open()
            return True
        self.writable = False
        self.say(_off(self.path, error))
        return False

    def _turn_off(self, error: Exception) -> None:
        self.close()
        self.say(_off(self.path, error))

    def _set_aside(self, error: sqlite3.Error) -> bool:
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.corrupt-{number}")).exists():
            number += 1
        try:
            self.path.rename(aside)
            for companion in companions(self.path):
                if companion.exists():
                    companion.rename(
                        aside.with_name(companion.name.replace(self.path.name, aside.name))
                    )
        except OSError:
            return False
        self.say(
            f"The cache {self.path} is broken ({error}); it was set aside as {aside.name}"
            " and a new one begun."
        )
        return True


def _connect(path: Path, busy_timeout_s: float, tables: Tables) -> sqlite3.Connection:
    """Open the file and make it ready, waiting for processes that do the same."""
    deadline = clock.monotonic() + busy_timeout_s
    while True:
        connection = sqlite3.connect(
            path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
        )
        try:
            # Before anything is written: another program's database is not ours to convert.
            _check_owner(connection, path, tables)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            # Text that is not UTF-8 is damage; let its checksum say so.
            connection.text_factory = _decode
            if _value(connection, "PRAGMA user_version") != tables.schema:
                with Transaction(connection):
                    _check_owner(connection, path, tables)
                    _build(connection, tables)
        except BaseException as error:
            connection.close()
            # Switching to WAL fails at once, without the busy time-out, if two do it together.
            busy = isinstance(error, sqlite3.Error) and _code(error) in _BUSY
            if not busy or clock.monotonic() >= deadline:
                raise
            clock.sleep(0.02)
        else:
            return connection


def _check_owner(connection: sqlite3.Connection, path: Path, tables: Tables) -> None:
    count = _value(connection, "SELECT count(*) FROM sqlite_master")
    if count and _value(connection, "PRAGMA application_id") != tables.application_id:
        message = f"{path.name} is another program's database"
        raise NotUsableError(message)
    if (version := _value(connection, "PRAGMA user_version")) > tables.schema:
        known = tables.schema
        message = f"it was made by a newer Framesift (schema {version}, this one has {known})"
        raise NotUsableError(message)


def _build(connection: sqlite3.Connection, tables: Tables) -> None:
    """Make the tables, in place of older ones, unless another process just has."""
    if _value(connection, "PRAGMA user_version") == tables.schema:
        return
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    for (name,) in connection.execute(query).fetchall():
        connection.execute(f'DROP TABLE "{name}"')
    for statement in tables.statements:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {tables.application_id}")
    connection.execute(f"PRAGMA user_version = {tables.schema}")


def remove_rows(database: sqlite3.Connection, fingerprint: str | None) -> int:
    """Remove the rows of one model, or all, and the media left without rows; give back the space.

    Returns:
        The number of rows removed.
    """
    with Transaction(database):
        if fingerprint is None:
            removed = database.execute("DELETE FROM rows").rowcount
        else:
            query = "DELETE FROM rows WHERE fingerprint = ?"
            removed = database.execute(query, (fingerprint,)).rowcount
        for table in ("plans", "thumbnails", "posters"):
            orphans = f"DELETE FROM {table} WHERE sha256 NOT IN (SELECT sha256 FROM rows)"  # noqa: S608
            database.execute(orphans)
    try:
        database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        # What was asked for is done; only the space is not given back while others read.
        if _code(error) not in _BUSY:
            raise
    return removed


def _decode(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _value(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])


def _code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code, 0 where the error is not SQLite's own."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _off(path: Path, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else None
    return (
        f"Caching is off: {path} cannot be used ({reason or error})."
        " Free space, or set FRAMESIFT_CACHE_DIR to a folder that can be written."
    )


def companions(path: Path) -> tuple[Path, Path]:
    """Return the write-ahead log and the shared-memory file that SQLite keeps beside it."""
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
