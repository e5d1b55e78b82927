"""Adding to an index: safe beside other processes, and after a kill at any moment."""

from __future__ import annotations

import time as clock
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from framesift.embeddings.index.index import JOURNAL, VectorIndex, shard_files, shard_path
from framesift.embeddings.index.journal import append_rows, fresh_journal, write_journal
from framesift.embeddings.index.layout import identities
from framesift.embeddings.index.shard import write_shard
from framesift.embeddings.places import locked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction
    from pathlib import Path
    from types import TracebackType

    from framesift.embeddings.index.layout import Identities
    from framesift.types import Float32Array

__all__ = ["SHARD_ROWS", "IndexBuilder"]

SHARD_ROWS: Final = 1 << 16

_MAX_PENDING_ROWS: Final = 4096
_MAX_WAIT_S: Final = 2.0


class IndexBuilder:
    """Appends the rows of media to an index, each medium once, and all of it or nothing.

    The same media in the same order give the same files, byte for byte, whatever was killed in
    between: what did not reach the disk is missing from `VectorIndex.rows_of` and is added again.

    Args:
        folder: Where the index is; made if need be.
        key: What the rows depend on: the model, how pictures are decoded, which frames are taken.
        width: Floats per row D.
        shard_rows: Rows of a full shard.
        index: What is there already, where the caller has it open.
    """

    def __init__(
        self,
        folder: Path,
        *,
        key: str,
        width: int,
        shard_rows: int = SHARD_ROWS,
        index: VectorIndex | None = None,
    ) -> None:
        """Keep where it is; nothing is written yet."""
        self.folder = folder
        self._index = index
        self._numbers = set[int]() if index is None else index.numbers
        self._added = set[str]()
        self._key, self._width, self._shard_rows = key, width, shard_rows
        self._pending: dict[str, tuple[Identities, Float32Array]] = {}
        self._rows = 0
        self._known: _Tail | None = None
        self._flush_at = clock.monotonic() + _MAX_WAIT_S

    def __enter__(self) -> IndexBuilder:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what waits."""
        self.flush()

    def add(self, sha256: str, times: Sequence[Fraction], vectors: Float32Array) -> None:
        """Take the rows of one medium.

        Args:
            sha256: Of its content, in hexadecimal.
            times: Of its T frames, in seconds.
            vectors: float32 (T, D), finite.

        Raises:
            ValueError: The rows do not fit the times or the index, or are not finite.
            OSError: They cannot be written.
        """
        if vectors.shape != (len(times), self._width) or not np.isfinite(vectors).all():
            shape = (len(times), self._width)
            message = f"{sha256}: {vectors.shape} rows; expected {shape}, all of them finite"
            raise ValueError(message)
        if sha256 in self._pending or not len(times):
            return
        rows = np.array(vectors, dtype="<f4")
        self._pending[sha256] = (identities(sha256, times), rows)
        self._rows += len(rows)
        if self._rows >= _MAX_PENDING_ROWS or clock.monotonic() >= self._flush_at:
            self.flush()

    def flush(self) -> None:
        """Write what waits, and complete shards.

        Raises:
            OSError: It cannot be written.
        """
        self._flush_at = clock.monotonic() + _MAX_WAIT_S
        if not self._pending:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / JOURNAL):
            self._write()
        self._pending, self._rows = {}, 0

    def drop(self, broken: Iterable[Path]) -> None:
        """Remove files that cannot be trusted; their rows are then missing, and can be added."""
        paths = list(broken)
        if paths:
            with locked(self.folder / JOURNAL):
                for path in paths:
                    path.unlink(missing_ok=True)
            self._known = self._index = None

    def _write(self) -> None:
        tail = self._tail()
        here = tail.contents() | self._added | self._whole()
        new = [rows for sha256, rows in self._pending.items() if sha256 not in here]
        self._added.update(self._pending)
        if new:
            ids = np.concatenate([ids for ids, _ in new])
            vectors = np.concatenate([vectors for _, vectors in new])
            tail.end = append_rows(self.folder / JOURNAL, tail.end, ids, vectors)
            tail.parts.append((ids, vectors))
        while len(tail) >= self._shard_rows:
            ids, vectors = tail.joined()
            kept = slice(self._shard_rows)
            write_shard(
                shard_path(self.folder, tail.number), ids[kept], vectors[kept], key=self._key
            )
            self._numbers.add(tail.number)
            self._shorten(tail)
        tail.mark = self._mark()
        self._known = tail

    def _whole(self) -> set[str]:
        """Return which of the media that wait are in shards that are there already."""
        numbers = set(shard_files(self.folder))
        if self._index is None or numbers - self._numbers:
            self._index = VectorIndex.open(self.folder, key=self._key, width=self._width)
            self._numbers = numbers
        waiting = list(self._pending)
        complete = self._index.rows_of(waiting)[1]
        return {sha256 for sha256, there in zip(waiting, complete, strict=True) if there}

    def _tail(self) -> _Tail:
        """Return the rows of the journal: those known already, unless others wrote meanwhile."""
        files = shard_files(self.folder)
        known = self._known
        if known is not None and known.mark == self._mark() and known.number not in files:
            return known
        number = max(files, default=-1) + 1
        read = fresh_journal(self.folder / JOURNAL, key=self._key, width=self._width, number=number)
        tail = _Tail(read.number, [(read.ids, read.vectors)], read.end)
        while tail.number in files:
            # Killed between completing a shard and shortening the journal.
            self._shorten(tail)
        return tail

    def _shorten(self, tail: _Tail) -> None:
        """Take the rows of the shard that is complete now out of the journal."""
        ids, vectors = tail.joined()
        rest = ids[self._shard_rows :], np.ascontiguousarray(vectors[self._shard_rows :])
        tail.number += 1
        tail.parts = [rest]
        tail.end = write_journal(self.folder / JOURNAL, tail.number, *rest, key=self._key)

    def _mark(self) -> tuple[int, int] | None:
        try:
            status = (self.folder / JOURNAL).stat()
        except OSError:
            return None
        return status.st_ino, status.st_size


@dataclass(slots=True, eq=False)
class _Tail:
    """The rows of the journal, as this process left them."""

    number: int
    parts: list[tuple[Identities, Float32Array]]
    end: int
    mark: tuple[int, int] | None = None

    def __len__(self) -> int:
        return sum(len(ids) for ids, _ in self.parts)

    def contents(self) -> set[str]:
        """Return the media that are whole in it; one that begins in a shard is not."""
        joined = b"".join(ids["sha256"].tobytes() for ids, _ in self.parts)
        found = {joined[at : at + 32].hex() for at in range(0, len(joined), 32)}
        first = next((ids[0] for ids, _ in self.parts if len(ids)), None)
        if first is not None and first["place"] > 0:
            found.discard(bytes(first["sha256"]).hex())
        return found

    def joined(self) -> tuple[Identities, Float32Array]:
        ids = np.concatenate([ids for ids, _ in self.parts])
        vectors = np.concatenate([vectors for _, vectors in self.parts])
        self.parts = [(ids, vectors)]
        return ids, vectors
