"""What of a scan is done: one SQLite file that is whole after ``kill -9`` at any moment.

Results wait here until there are enough for a part; then they leave the ledger in the same
transaction that notes the part, so each is in exactly one place. What failed stays, so that another
run can try it again.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from framesift.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Any

__all__ = ["Entry", "Ledger"]

_VERSION: Final = 1
_APPLICATION_ID: Final = 0x46726D4C  # "FrmL"
_KEY_BYTES: Final = 16
_TABLES: Final = (
    "CREATE TABLE run (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    # Keys alone, side by side: a million files take some 30 MB.
    "CREATE TABLE done (key BLOB PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE pending (id INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL,"
    " record TEXT NOT NULL)",
    "CREATE TABLE failed (key BLOB PRIMARY KEY, stamp TEXT NOT NULL, action TEXT NOT NULL,"
    " record TEXT NOT NULL)",
    "CREATE TABLE parts (number INTEGER PRIMARY KEY, info TEXT NOT NULL)",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One result on its way into the ledger.

    Attributes:
        key: Of the file, `Ledger.key`.
        record: The record, as JSON.
        action: What the policy says of it: ``allow``, ``review`` or ``block``.
        failed: Whether it is a failure.
        stamp: What the file looked like from outside, so that a change can be told.
    """

    key: bytes
    record: str
    action: str
    failed: bool = False
    stamp: str = ""


class Ledger:
    """The open file; one process at a time.

    Attributes:
        waiting: How many results wait for a part.
        waiting_bytes: How long their records are together.

    Args:
        path: The SQLite file; made if need be.
        identity: What makes results of two runs comparable: model, policy, settings. A ledger of
            another identity is refused.

    Raises:
        ConfigError: It is another program's file, broken, of a newer version, of another identity,
            in use, or cannot be written.
    """

    def __init__(self, path: Path, identity: Mapping[str, str]) -> None:
        """Open the file and check that it belongs to the same scan."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=1.0, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise self._refusal(error) from error
        try:
            self._prepare(identity)
            size = "SELECT count(*), coalesce(sum(length(record)), 0) FROM pending"
            self.waiting, self.waiting_bytes = self._database.execute(size).fetchone()
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    @staticmethod
    def key(name: bytes) -> bytes:
        """Return the key of a file: 16 bytes of a hash of its path."""
        return hashlib.blake2b(name, digest_size=_KEY_BYTES).digest()

    def is_done(self, key: bytes) -> bool:
        """Tell whether a file has its result."""
        return self._one("SELECT 1 FROM done WHERE key = ?", key) is not None

    def stamp_of_failure(self, key: bytes) -> str | None:
        """Return what a file that failed looked like; ``None`` where it did not fail."""
        found = self._one("SELECT stamp FROM failed WHERE key = ?", key)
        return None if found is None else str(found[0])

    def add(self, entries: list[Entry]) -> None:
        """Take results, all of them or none.

        Raises:
            ConfigError: The disk is full or the file cannot be written.
        """

        def work() -> None:
            for entry in entries:
                if entry.failed:
                    self._database.execute(
                        "INSERT OR REPLACE INTO failed VALUES (?, ?, ?, ?)",
                        (entry.key, entry.stamp, entry.action, entry.record),
                    )
                    continue
                self._database.execute("DELETE FROM failed WHERE key = ?", (entry.key,))
                self._database.execute("INSERT INTO done VALUES (?)", (entry.key,))
                self._database.execute(
                    "INSERT INTO pending (action, record) VALUES (?, ?)",
                    (entry.action, entry.record),
                )

        self._transact(work)
        fresh = [len(entry.record) for entry in entries if not entry.failed]
        self.waiting += len(fresh)
        self.waiting_bytes += sum(fresh)

    @property
    def failures(self) -> int:
        """How many files have failed and not succeeded since."""
        return int(self._count("failed"))

    @property
    def finished(self) -> int:
        """How many files have their result."""
        return int(self._count("done"))

    def actions(self) -> Counter[str]:
        """Count the actions of all results, in parts, waiting and failed."""
        counts: Counter[str] = Counter()
        for info in self.parts():
            counts.update(info["actions"])
        for table in ("pending", "failed"):
            query = f"SELECT action, count(*) FROM {table} GROUP BY action"  # noqa: S608
            counts.update(dict(self._database.execute(query)))
        return counts

    def oldest(self, count: int, most_bytes: int) -> list[tuple[int, str]]:
        """Return waiting results, oldest first: number and record.

        Args:
            count: At most so many.
            most_bytes: And no more once they are so long together.
        """
        query = "SELECT id, record FROM pending ORDER BY id LIMIT ?"
        found: list[tuple[int, str]] = []
        size = 0
        for number, record in self._database.execute(query, (count,)):
            found.append((number, record))
            size += len(record)
            if size >= most_bytes:
                break
        return found

    def failed_records(self) -> Iterator[str]:
        """Give the records of what failed, in the order of their paths' keys."""
        for (record,) in self._database.execute("SELECT record FROM failed ORDER BY key"):
            yield record

    def parts(self) -> list[dict[str, Any]]:
        """Return what is noted of the parts written, in their order."""
        rows = self._database.execute("SELECT info FROM parts ORDER BY number")
        return [json.loads(info) for (info,) in rows]

    def seal(self, number: int, info: Mapping[str, Any], rows: list[tuple[int, str]]) -> None:
        """Note a part that is on the disk, and let go of the results in it.

        Args:
            number: Of the part.
            info: What the manifest says of it.
            rows: What `oldest` gave for it.
        """

        def work() -> None:
            self._database.execute("INSERT INTO parts VALUES (?, ?)", (number, json.dumps(info)))
            self._database.execute("DELETE FROM pending WHERE id <= ?", (rows[-1][0],))

        self._transact(work)
        self.waiting -= len(rows)
        self.waiting_bytes -= sum(len(record) for _, record in rows)

    def close(self) -> None:
        """Close the file; its lock is gone then."""
        self._database.close()

    def _prepare(self, identity: Mapping[str, str]) -> None:
        try:
            # Exclusive: a second scan into the same folder is refused instead of waiting.
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.execute("BEGIN EXCLUSIVE")
            try:
                self._check_file()
                self._check_identity(identity)
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._refusal(error) from error

    def _check_file(self) -> None:
        (owner,) = self._database.execute("PRAGMA application_id").fetchone()
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        (tables,) = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not tables:
            for statement in _TABLES:
                self._database.execute(statement)
            self._database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            self._database.execute(f"PRAGMA user_version = {_VERSION}")
        elif owner != _APPLICATION_ID or version != _VERSION:
            message = (
                "is not a ledger that this version of Framesift can go on with; name another folder"
            )
            raise ConfigError(message, source=str(self.path))

    def _check_identity(self, identity: Mapping[str, str]) -> None:
        known = dict(self._database.execute("SELECT name, value FROM run"))
        if not known:
            self._database.executemany("INSERT INTO run VALUES (?, ?)", identity.items())
            return
        for name in [*known, *identity]:
            before, now = known.get(name, "none"), identity.get(name, "none")
            if before != now:
                message = (
                    f"the scan in this folder was made with {name} {before}, and this one has "
                    f"{now}; go on with the same, or name another folder"
                )
                raise ConfigError(message, source=str(self.path.parent))

    def _transact(self, work: Callable[[], None]) -> None:
        try:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                work()
                self._database.execute("COMMIT")
            finally:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise self._refusal(error) from error

    def _one(self, query: str, key: bytes) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = self._database.execute(query, (key,)).fetchone()
        return found

    def _count(self, table: str) -> int:
        (count,) = self._database.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
        return int(count)

    def _refusal(self, error: Exception) -> ConfigError:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            message = "another scan is writing into this folder; wait for it, or name another"
        else:
            message = f"the ledger of the scan cannot be used ({error}); name another folder"
        return ConfigError(message, source=str(self.path))
