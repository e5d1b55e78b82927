"""What a model said of which content: ``(sha256, time, fingerprint) -> row``, in one SQLite file.

A cache can only ever save time, so nothing here is fatal: a file that is broken is set aside, a
folder that cannot be written or a disk that is full turns caching off, and `Cache.notice` says so
in a sentence for the caller to show.

The file is in WAL mode, and every flush is one transaction. Several processes may use it at once,
and killing one at any moment loses at most what it had not flushed. Each payload carries its
CRC-32: one that does not match is a miss, never a wrong score.
"""

from __future__ import annotations

import threading
import time as clock
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from framesift.embeddings.cache_file import CacheFile, Transaction, companions, remove_rows
from framesift.embeddings.cache_plan import Plan, decode_plan, encode_plan, encode_time

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

    from framesift.types import Float32Array

__all__ = ["Cache", "CacheInfo", "Pictures", "Plan", "default_path"]

_MAX_PENDING_BYTES: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """What a cache holds.

    Attributes:
        path: The file.
        size_bytes: On disk, with its write-ahead log.
        items: Media, counted by content.
        rows: Embedded frames, counted once per model.
        models: Rows per model fingerprint, the largest first.
    """

    path: Path
    size_bytes: int
    items: int
    rows: int
    models: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Pictures:
    """What is kept of a medium to look at.

    Attributes:
        thumbnail: A JPEG, or ``None``.
        posters: Small JPEGs of frames, by their times in seconds.
    """

    thumbnail: bytes | None = None
    posters: Mapping[Fraction, bytes] = field(default_factory=dict)


_NO_PICTURES = Pictures()


def default_path() -> Path:
    """Return where the cache lies unless told otherwise; FRAMESIFT_CACHE_DIR moves it."""
    from framesift.embeddings.weights import cache_root

    return cache_root() / "cache.sqlite"


class Cache:
    """Plans, embedding rows and thumbnails by content, shared by threads and processes.

    ``put`` collects and writes in batches; look-ups see what is not written yet. After ``close``,
    and whenever caching is off, look-ups miss and ``put`` does nothing. Open one per process: a
    connection must not be carried over a fork (pickling gives a cache of the same path).

    Args:
        path: The SQLite file; it and its folder are made if need be.
        max_pending: Flush once this many media wait.
        max_wait_s: Flush at the first ``put`` after this many seconds.
        busy_timeout_s: How long to wait for another process before a flush is put off.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        max_pending: int = 128,
        max_wait_s: float = 2.0,
        busy_timeout_s: float = 10.0,
    ) -> None:
        """Open the file, or turn caching off with a notice."""
        self.path = Path(path)
        self._settings = (max_pending, max_wait_s, busy_timeout_s)
        self._lock = threading.RLock()
        self._pending = _Pending()
        self._flush_at = clock.monotonic() + max_wait_s
        self._store = CacheFile(self.path, busy_timeout_s)

    @property
    def notice(self) -> str | None:
        """What the user should know: a file set aside, caching off; ``None`` if all is well."""
        return "\n".join(self._store.notices) or None

    @property
    def enabled(self) -> bool:
        """Whether anything can still be looked up."""
        return self._store.connection is not None

    def __enter__(self) -> Cache:
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

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as a cache of the same file: connections stay in their process."""
        return (_reopen, (self.path, *self._settings))

    def plan(self, sha256: str, plan_key: str) -> Plan | None:
        """Look up how a medium was read.

        Args:
            sha256: Of the content, in hexadecimal.
            plan_key: Names the limits, the sampler and whatever else the plan depends on.
        """
        key = (bytes.fromhex(sha256), plan_key)
        with self._lock:
            text: str | None = self._pending.plans.get(key)
            if text is None:
                query = "SELECT plan, crc FROM plans WHERE sha256 = ? AND key = ?"
                text = _first_whole(self._store.select(query, key))
        return None if text is None else decode_plan(text, sha256)

    def rows(self, sha256: str, times: Sequence[Fraction], fingerprint: str) -> Float32Array | None:
        """Look up what a model said of the frames of a medium.

        Returns:
            float32 (T, W), in the order of ``times``, or ``None`` unless every row is there and
            whole.
        """
        key = (bytes.fromhex(sha256), fingerprint)
        with self._lock:
            found = dict(self._pending.rows.get(key, {}))
            if any(encode_time(moment) not in found for moment in times):
                query = "SELECT time, row, crc FROM rows WHERE sha256 = ? AND fingerprint = ?"
                for moment, row, crc in self._store.select(query, key):
                    if _is_whole(row, crc):
                        found.setdefault(moment, row)
        blobs = [found.get(encode_time(moment), b"") for moment in times]
        width = len(blobs[0]) if blobs else 0
        if width == 0 or width % 4 or any(len(blob) != width for blob in blobs):
            return None
        rows = np.frombuffer(b"".join(blobs), dtype="<f4").astype(np.float32)
        return rows.reshape(len(blobs), -1)

    def thumbnail(self, sha256: str) -> bytes | None:
        """Look up the thumbnail of a medium, a JPEG."""
        key = bytes.fromhex(sha256)
        with self._lock:
            waiting = self._pending.thumbnails.get(key)
            if waiting is not None:
                return waiting
            query = "SELECT jpeg, crc FROM thumbnails WHERE sha256 = ?"
            stored: bytes | None = _first_whole(self._store.select(query, (key,)))
        return stored

    def posters(self, sha256: str) -> dict[Fraction, bytes]:
        """Look up the small pictures of a medium's frames: JPEGs by the time of the frame."""
        key = bytes.fromhex(sha256)
        with self._lock:
            query = "SELECT time, jpeg, crc FROM posters WHERE sha256 = ?"
            stored = self._store.select(query, (key,))
            found = {moment: jpeg for moment, jpeg, crc in stored if _is_whole(jpeg, crc)}
            found |= self._pending.posters.get(key, {})
        return {Fraction(moment): jpeg for moment, jpeg in found.items()}

    def put(
        self,
        sha256: str,
        *,
        plan_key: str,
        plan: Plan,
        rows: Mapping[str, Float32Array],
        pictures: Pictures = _NO_PICTURES,
    ) -> None:
        """Keep what was computed for one medium; it is written whole or not at all.

        Args:
            sha256: Of the content, in hexadecimal.
            plan_key: As for ``plan``.
            plan: How the medium was read.
            rows: float32 (T, W) per model fingerprint, T being the number of ``plan.times``.
            pictures: JPEGs; those that are not given stay as they are.

        Raises:
            ValueError: The rows do not fit the plan.
        """
        for fingerprint, array in rows.items():
            if array.ndim != 2 or len(array) != len(plan.times):
                message = f"{fingerprint}: {array.shape} rows; expected ({len(plan.times)}, W)"
                raise ValueError(message)
        key = bytes.fromhex(sha256)
        with self._lock:
            if not self._store.writable:
                return
            self._pending.add(key, plan_key, plan, rows, pictures)
            full = len(self._pending.media) >= self._settings[0]
            heavy = self._pending.size_bytes >= _MAX_PENDING_BYTES
            if full or heavy or clock.monotonic() >= self._flush_at:
                self._flush_when_due()

    def flush(self) -> None:
        """Write what waits, in one transaction.

        Where another process keeps the file locked for longer than the time-out, it goes on
        waiting; where the file cannot be written at all, it is dropped and caching is off.
        """
        with self._lock:
            pending = self._pending
            self._flush_at = clock.monotonic() + self._settings[1]
            if not pending.media:
                return
            self._store.follow()
            written = self._store.run(pending.write, otherwise=False)
            if written or not self._store.writable:
                self._pending = _Pending()

    def close(self) -> None:
        """Flush and close the file; calling it again is harmless."""
        with self._lock:
            self.flush()
            self._drop_pending()
            self._store.close()

    def info(self) -> CacheInfo:
        """Count what the cache holds."""
        with self._lock:
            self.flush()
            items = self._store.select("SELECT count(DISTINCT sha256) FROM plans", ())
            query = "SELECT fingerprint, count(*) AS n FROM rows GROUP BY 1 ORDER BY n DESC, 1"
            models: dict[str, int] = dict(self._store.select(query, ()))
        files = (self.path, *companions(self.path))
        size = sum(file.stat().st_size for file in files if file.is_file())
        return CacheInfo(
            path=self.path,
            size_bytes=size,
            items=items[0][0] if items else 0,
            rows=sum(models.values()),
            models=models,
        )

    def clear(self, *, fingerprint: str | None = None) -> int:
        """Forget everything, or the rows of one model and the media that only it knew.

        The space goes back to the file system, unless another process is using the file.

        Returns:
            The number of rows removed.
        """
        with self._lock:
            self.flush()
            return self._store.run(lambda database: remove_rows(database, fingerprint), otherwise=0)

    def _flush_when_due(self) -> None:
        """Flush, but wait between attempts while another process holds the file."""
        if self._store.retry_at <= clock.monotonic():
            self.flush()
        if self._pending.size_bytes >= 4 * _MAX_PENDING_BYTES:
            self._drop_pending()

    def _drop_pending(self) -> None:
        if self._pending.media:
            self._pending = _Pending()
            self._store.say(f"{self.path} stayed locked; some results were not cached.")


def _reopen(path: Path, max_pending: int, max_wait_s: float, busy_timeout_s: float) -> Cache:
    return Cache(
        path, max_pending=max_pending, max_wait_s=max_wait_s, busy_timeout_s=busy_timeout_s
    )


class _Pending:
    """What was put and not written yet, encoded: nobody can change it any more."""

    def __init__(self) -> None:
        self.media: set[bytes] = set()
        self.plans: dict[tuple[bytes, str], str] = {}
        self.rows: dict[tuple[bytes, str], dict[str, bytes]] = defaultdict(dict)
        self.thumbnails: dict[bytes, bytes] = {}
        self.posters: dict[bytes, dict[str, bytes]] = defaultdict(dict)
        self.size_bytes = 0

    def add(
        self,
        key: bytes,
        plan_key: str,
        plan: Plan,
        rows: Mapping[str, Float32Array],
        pictures: Pictures,
    ) -> None:
        """Take one medium; what was put under the same key before is replaced."""
        self.media.add(key)
        text = self.plans[key, plan_key] = encode_plan(plan)
        self.size_bytes += len(text)
        times = [encode_time(moment) for moment in plan.times]
        for fingerprint, array in rows.items():
            blobs = [row.tobytes() for row in np.ascontiguousarray(array, dtype="<f4")]
            self.rows[key, fingerprint].update(zip(times, blobs, strict=True))
            self.size_bytes += sum(map(len, blobs))
        if pictures.thumbnail is not None:
            self.thumbnails[key] = bytes(pictures.thumbnail)
            self.size_bytes += len(pictures.thumbnail)
        for moment, jpeg in pictures.posters.items():
            self.posters[key][encode_time(moment)] = bytes(jpeg)
            self.size_bytes += len(jpeg)

    def write(self, database: sqlite3.Connection) -> bool:
        """Write everything in one transaction."""
        with Transaction(database):
            database.executemany(
                "INSERT OR REPLACE INTO plans VALUES (?, ?, ?, ?)",
                ((*key, text, _crc(text)) for key, text in self.plans.items()),
            )
            database.executemany(
                "INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?)",
                (
                    (*key, moment, blob, _crc(blob))
                    for key, blobs in self.rows.items()
                    for moment, blob in blobs.items()
                ),
            )
            database.executemany(
                "INSERT OR REPLACE INTO thumbnails VALUES (?, ?, ?)",
                ((key, jpeg, _crc(jpeg)) for key, jpeg in self.thumbnails.items()),
            )
            database.executemany(
                "INSERT OR REPLACE INTO posters VALUES (?, ?, ?, ?)",
                (
                    (key, moment, jpeg, _crc(jpeg))
                    for key, jpegs in self.posters.items()
                    for moment, jpeg in jpegs.items()
                ),
            )
        return True


def _crc(payload: str | bytes) -> int:
    return zlib.crc32(payload.encode() if isinstance(payload, str) else payload)


def _is_whole(payload: object, crc: object) -> bool:
    return isinstance(payload, str | bytes) and _crc(payload) == crc


def _first_whole(found: Iterable[tuple[Any, ...]]) -> Any | None:
    return next((payload for payload, crc in found if _is_whole(payload, crc)), None)
