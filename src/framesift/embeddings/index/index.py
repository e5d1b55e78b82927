"""An index of embeddings on disk: opened as it is at one moment, and searched exactly."""

from __future__ import annotations

import functools
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from framesift.embeddings.cache_file import companions
from framesift.embeddings.index.journal import read_journal
from framesift.embeddings.index.layout import (
    HEADER_BYTES,
    IDENTITY,
    BrokenIndexError,
    key_of,
    moments,
)
from framesift.embeddings.index.nearest import nearest_rows
from framesift.embeddings.index.shard import Shard, open_shard

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction
    from pathlib import Path

    from numpy.typing import NDArray

    from framesift.embeddings.index.layout import Identities
    from framesift.embeddings.index.nearest import Neighbours
    from framesift.types import Float32Array

__all__ = ["CATALOGUE", "JOURNAL", "VectorIndex", "clear_indexes", "shard_files", "shard_path"]

JOURNAL: Final = "journal"
CATALOGUE: Final = "files.sqlite"
_SHARD: Final = re.compile(r"^(\d{6})\.shard$")
_TRIES: Final = 5


@dataclass(frozen=True, eq=False)
class VectorIndex:
    """The rows of an index at one moment; what others add meanwhile is not seen.

    Attributes:
        shards: The full ones, and last the rows of the journal.
        broken: Files that cannot be trusted, and why; their rows are not here.
        width: Floats per row D.
    """

    shards: tuple[Shard, ...]
    width: int
    broken: tuple[tuple[Path, str], ...] = ()

    @classmethod
    def open(cls, folder: Path, *, key: str, width: int) -> Self:
        """Open what is there; nothing is an empty index.

        Args:
            folder: Where its files are.
            key: What its rows depend on; rows of another key are not opened.
            width: Floats per row.
        """
        for _ in range(_TRIES):
            before = shard_files(folder)
            found = cls._read(folder, before, key=key, width=width)
            # A shard that was completed meanwhile took its rows out of the journal.
            if list(shard_files(folder)) == list(before):
                break
        return found

    @classmethod
    def of(cls, vectors: Float32Array, ids: Identities) -> Self:
        """Make an index in memory, without codes."""
        return cls((Shard(ids, vectors),), vectors.shape[1])

    @classmethod
    def _read(cls, folder: Path, files: dict[int, Path], *, key: str, width: int) -> Self:
        broken: list[tuple[Path, str]] = []

        def read(path: Path) -> Shard | None:
            try:
                return open_shard(path, key=key, width=width)
            except (BrokenIndexError, OSError, ValueError) as error:
                broken.append((path, str(error)))
                return None

        with ThreadPoolExecutor(4) as pool:
            shards = [shard for shard in pool.map(read, files.values()) if shard is not None]
        path = folder / JOURNAL
        try:
            journal = read_journal(path, key=key, width=width)
            while journal.number in files:
                journal = journal.without(len(shards[list(files).index(journal.number)]))
            shards.append(Shard(journal.ids, journal.vectors))
        except FileNotFoundError:
            pass
        except (BrokenIndexError, OSError, ValueError) as error:
            broken.append((path, str(error)))
        return cls(tuple(shards), width, tuple(broken))

    def __len__(self) -> int:
        """Return the number of rows."""
        return sum(map(len, self.shards))

    @property
    def numbers(self) -> set[int]:
        """The numbers of its full shards."""
        names = (shard.path.name for shard in self.shards if shard.path is not None)
        return {int(name.partition(".")[0]) for name in names}

    @cached_property
    def ids(self) -> Identities:
        """What the rows are of, (N,)."""
        if not self.shards:
            return np.zeros(0, dtype=IDENTITY)
        return np.concatenate([shard.ids for shard in self.shards])

    def sha256(self, row: int) -> str:
        """Return the content that a row is of, in hexadecimal."""
        return bytes(self.ids[row]["sha256"]).hex()

    def time(self, row: int) -> Fraction:
        """Return the time of a row, in seconds."""
        return moments(self.ids[row : row + 1])[0]

    def rows_of(self, contents: Sequence[str]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Find the rows of some contents.

        Args:
            contents: M different hashes in hexadecimal.

        Returns:
            Which rows are of any of them, bool (N,), and which of them are here with all their
            rows, bool (M,).
        """
        wanted = np.array([bytes.fromhex(one) for one in contents], dtype="V32")
        chosen = np.zeros(len(self), dtype=bool)
        complete = np.zeros(len(wanted), dtype=bool)
        if not len(wanted) or not len(self):
            return chosen, complete
        keys = _keys(wanted)
        order = np.argsort(keys, kind="stable")
        place = np.searchsorted(keys[order], self._keys).clip(max=len(keys) - 1)
        owner = order[place]
        chosen = (keys[owner] == self._keys) & (self.ids["sha256"] == wanted[owner])
        rows = np.flatnonzero(chosen)
        expected = np.zeros(len(wanted), dtype=np.int64)
        np.maximum.at(expected, owner[rows], self.ids["count"][rows])
        # A medium that two processes added at once is here twice: each of its rows counts once.
        distinct = np.unique(owner[rows] * 2**32 + self.ids["place"][rows]) // 2**32
        found = np.bincount(distinct, minlength=len(wanted))
        return chosen, (found == expected) & (found > 0)

    def vectors(self, rows: NDArray[np.int64]) -> Float32Array:
        """Return the vectors of some rows, float32 (K, D).

        Raises:
            BrokenIndexError: One is damaged.
        """
        made = np.empty((len(rows), self.width), dtype=np.float32)
        start = 0
        for shard in self.shards:
            here = np.flatnonzero((rows >= start) & (rows < start + len(shard)))
            if len(here):
                made[here] = shard.rows(rows[here] - start)
            start += len(shard)
        return made

    def nearest(
        self,
        query: NDArray[np.floating],
        count: int,
        *,
        wanted: NDArray[np.bool_] | None = None,
        least: float = -np.inf,
    ) -> Neighbours:
        """Find the rows with the highest products with a query, exactly.

        Args:
            query: (D,), of any length.
            count: How many at most.
            wanted: Rows that may be found, bool (N,); ``None`` for all.
            least: The lowest product to find.

        Raises:
            ValueError: The query is of another width, or is not finite.
            BrokenIndexError: A vector that was looked at is damaged.
        """
        exact = np.asarray(query, dtype=np.float64)
        if exact.shape != (self.width,) or not np.isfinite(exact).all() or count < 1:
            message = f"a query is {self.width} finite numbers, and asks for at least one row"
            raise ValueError(message)
        return nearest_rows(self.shards, exact, count, wanted=wanted, least=least)

    @cached_property
    def _keys(self) -> NDArray[np.uint64]:
        return _keys(self.ids["sha256"])


def clear_indexes(root: Path, *, fingerprint: str | None = None) -> None:
    """Remove the indexes below a folder, and with all of them the catalogue of files.

    Args:
        root: The folder of the folders of indexes.
        fingerprint: Only those of one model, whose keys begin so; ``None`` for all.
    """
    if fingerprint is None:
        catalogue = root / CATALOGUE
        for path in (catalogue, *companions(catalogue)):
            path.unlink(missing_ok=True)
    for folder in root.iterdir() if root.is_dir() else ():
        files = [folder / JOURNAL, *shard_files(folder).values()]
        if not folder.is_dir() or not any(path.is_file() for path in files):
            continue
        if fingerprint is None or any(_is_of(path, fingerprint) for path in files):
            for path in files:
                path.unlink(missing_ok=True)


def _is_of(path: Path, fingerprint: str) -> bool:
    try:
        with path.open("rb") as file:
            return key_of(file.read(HEADER_BYTES)).startswith(fingerprint)
    except OSError:
        return False


def shard_files(folder: Path) -> dict[int, Path]:
    """Return the shards in a folder by their numbers, in order."""
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return {}
    return {int(found[1]): folder / name for name in names if (found := _SHARD.match(name))}


def shard_path(folder: Path, number: int) -> Path:
    """Return the name of a shard."""
    return folder / f"{number:06}.shard"


def _keys(sha256: NDArray[np.void]) -> NDArray[np.uint64]:
    """Return a number per hash. Nobody can make two contents of one number: it holds a secret."""
    words = np.ascontiguousarray(sha256).view("<u8").reshape(-1, 4)
    made: NDArray[np.uint64] = (words * _secret()).sum(axis=1, dtype=np.uint64)
    return made


@functools.cache
def _secret() -> NDArray[np.uint64]:
    return np.frombuffer(os.urandom(32), dtype=np.uint64) | np.uint64(1)
