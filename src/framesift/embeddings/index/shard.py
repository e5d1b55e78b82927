"""One full part of an index: a file that is written once, whole, and mapped into memory."""

from __future__ import annotations

import mmap
import os
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from framesift.embeddings.index.codes import Codes, encode
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

    from numpy.typing import NDArray

    from framesift.embeddings.index.layout import Identities
    from framesift.types import Float32Array

__all__ = ["Shard", "open_shard", "write_shard"]

_PAGE: Final = 4096


@dataclass(frozen=True, eq=False)
class Shard:
    """Rows of an index.

    Attributes:
        ids: What they are of, (N,).
        vectors: float32 (N, D), in the file; a row is to be trusted once `check` has seen it.
        codes: Their codes; ``None`` where there are none yet.
        sums: Checksums of the vectors, uint32 (N,).
        path: The file; ``None`` for rows in memory.
    """

    ids: Identities
    vectors: Float32Array
    codes: Codes | None = None
    sums: NDArray[np.uint32] | None = None
    path: Path | None = None

    def __len__(self) -> int:
        """Return N."""
        return len(self.ids)

    @cached_property
    def lengths(self) -> Float32Array:
        """Of the vectors, float32 (N,)."""
        made: Float32Array = np.sqrt(np.einsum("ij,ij->i", self.vectors, self.vectors))
        return made

    def rows(self, places: NDArray[np.int64] | None = None) -> Float32Array:
        """Return some vectors, or all.

        Raises:
            BrokenIndexError: One is not what was written.
        """
        wanted = self.vectors if places is None else self.vectors[places]
        if self.sums is not None:
            expected = self.sums if places is None else self.sums[places]
            if not np.array_equal(row_sums(wanted.view(np.uint32)), expected):
                message = "a vector is damaged"
                raise BrokenIndexError(message, self.path)
        return wanted


def write_shard(path: Path, ids: Identities, vectors: Float32Array, *, key: str) -> None:
    """Write a shard: it takes its name when it is whole and on the disk.

    Args:
        path: Its name.
        ids: What the N rows are of.
        vectors: float32 (N, D).
        key: Of the rows.
    """
    made = encode(vectors)
    arrays: dict[str, NDArray[Any]] = {
        "vectors": vectors,
        "codes": made.codes,
        "ids": ids,
        "step": made.step,
        "error": made.error,
        "length": made.length,
        "mean": made.mean,
        "sums": row_sums(np.ascontiguousarray(vectors).view(np.uint32)),
    }
    sections: dict[str, tuple[int, int, int]] = {}
    at = HEADER_BYTES
    for name, array in arrays.items():
        data = _bytes(array)
        sections[name] = (at, len(data), zlib.crc32(data))
        at += -(-len(data) // _PAGE) * _PAGE
    facts = {
        "version": VERSION,
        "key": key,
        "width": vectors.shape[1],
        "rows": len(ids),
        "bytes": at,
        "sections": sections,
    }
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(pack_header(facts))
        for name, array in arrays.items():
            file.seek(sections[name][0])
            file.write(_bytes(array))
        file.truncate(at)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def open_shard(path: Path, *, key: str, width: int) -> Shard:
    """Map a shard and check all of it but its vectors, which `Shard.rows` checks.

    Raises:
        BrokenIndexError: It is damaged, of another version, or of other rows.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        facts = unpack_header(file.read(HEADER_BYTES), key=key, width=width)
        if os.fstat(file.fileno()).st_size != facts["bytes"]:
            message = "it is cut off"
            raise BrokenIndexError(message)
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    rows = facts["rows"]

    def section(name: str, dtype: Any, *shape: int) -> NDArray[Any]:
        start, size, crc = facts["sections"][name]
        array: NDArray[Any] = np.frombuffer(mapped, np.uint8, size, start)
        if name != "vectors" and zlib.crc32(array.data) != crc:
            message = f"its section {name} is damaged"
            raise BrokenIndexError(message)
        shaped: NDArray[Any] = array.view(dtype).reshape(shape)
        return shaped

    codes = Codes(
        section("codes", np.int8, rows, width),
        section("mean", "<f4", width),
        section("step", "<f4", rows),
        section("error", "<f4", rows),
        section("length", "<f4", rows),
    )
    return Shard(
        section("ids", IDENTITY, rows),
        section("vectors", "<f4", rows, width),
        codes,
        section("sums", "<u4", rows),
        path,
    )


def _bytes(array: NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(array).view(np.uint8).reshape(-1).data
