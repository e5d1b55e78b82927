"""The growing end of an index: rows are appended one after another until they fill a shard.

A row is its identity, its vector and a checksum of both, so that after a kill at any moment what
is there is known row by row: whatever follows the first row that is not whole is cut off, and so is
a medium of which not all rows arrived.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from framesift.embeddings.index.layout import (
    HEADER_BYTES,
    IDENTITY,
    VERSION,
    BrokenIndexError,
    pack_header,
    row_sums,
    unpack_header,
)

if TYPE_CHECKING:
    from pathlib import Path

    from framesift.embeddings.index.layout import Identities
    from framesift.types import Float32Array

__all__ = ["Journal", "append_rows", "fresh_journal", "read_journal", "write_journal"]


@dataclass(frozen=True, slots=True, eq=False)
class Journal:
    """What a journal holds.

    Attributes:
        number: Of the shard that its first rows are to become.
        ids: What the N rows are of, without those of a medium that is not whole at the end.
        vectors: float32 (N, D).
        end: Where the next row is to be written, in bytes.
    """

    number: int
    ids: Identities
    vectors: Float32Array
    end: int

    def __len__(self) -> int:
        """Return N."""
        return len(self.ids)

    def without(self, count: int) -> Journal:
        """Return it without its first rows, which a shard has now."""
        return Journal(self.number + 1, self.ids[count:], self.vectors[count:], self.end)


def read_journal(path: Path, *, key: str, width: int) -> Journal:
    """Read what is whole.

    Raises:
        BrokenIndexError: Its header is damaged, of another version, or of other rows.
        OSError: It cannot be read.
    """
    data = path.read_bytes()
    facts = unpack_header(data[:HEADER_BYTES], key=key, width=width)
    record = _record(width)
    count = (len(data) - HEADER_BYTES) // record.itemsize
    rows = np.frombuffer(data, record, count, HEADER_BYTES)
    words = rows.view(np.uint32).reshape(count, record.itemsize // 4)
    whole = row_sums(np.ascontiguousarray(words[:, :-1])) == rows["sum"]
    count = count if whole.all() else int(whole.argmin())
    count -= _unfinished(rows["id"][:count])
    end = HEADER_BYTES + count * record.itemsize
    ids = np.ascontiguousarray(rows["id"][:count])
    return Journal(facts["number"], ids, np.ascontiguousarray(rows["vector"][:count]), end)


def write_journal(
    path: Path, number: int, ids: Identities, vectors: Float32Array, *, key: str
) -> int:
    """Write a journal anew, in place of one that may be there.

    Args:
        path: The file.
        number: Of the shard that its first rows are to become.
        ids: Of the rows it begins with.
        vectors: float32 (N, D).
        key: Of the rows.

    Returns:
        Where the next row is to be written, in bytes.
    """
    facts = {"version": VERSION, "key": key, "width": vectors.shape[1], "number": number}
    data = pack_header(facts) + _pack(ids, vectors)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return len(data)


def append_rows(path: Path, end: int, ids: Identities, vectors: Float32Array) -> int:
    """Append rows, over whatever unfinished ones lie there.

    Args:
        path: The file.
        end: Where they go, as `Journal.end` says.
        ids: Of the rows.
        vectors: float32 (N, D).

    Returns:
        The new end.
    """
    data = _pack(ids, vectors)
    with path.open("r+b") as file:
        file.truncate(end)
        file.seek(end)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return end + len(data)


def _record(width: int) -> np.dtype[Any]:
    return np.dtype([("id", IDENTITY), ("vector", "<f4", (width,)), ("sum", "<u4")])


def _pack(ids: Identities, vectors: Float32Array) -> bytes:
    rows = np.zeros(len(ids), dtype=_record(vectors.shape[1]))
    rows["id"], rows["vector"] = ids, vectors
    words = rows.view(np.uint32).reshape(len(rows), rows.dtype.itemsize // 4)
    rows["sum"] = row_sums(np.ascontiguousarray(words[:, :-1]))
    return rows.tobytes()


def _unfinished(ids: Identities) -> int:
    """Return how many rows at the end are of a medium whose last rows are missing."""
    if not len(ids):
        return 0
    last = ids[-1]
    return 0 if last["place"] + 1 == last["count"] else min(int(last["place"]) + 1, len(ids))


def fresh_journal(path: Path, *, key: str, width: int, number: int) -> Journal:
    """Read the journal, or begin one where there is none that can be used."""
    try:
        return read_journal(path, key=key, width=width)
    except (BrokenIndexError, FileNotFoundError):
        none = np.zeros(0, dtype=IDENTITY), np.zeros((0, width), dtype=np.float32)
        write_journal(path, number, *none, key=key)
        return Journal(number, *none, HEADER_BYTES)
