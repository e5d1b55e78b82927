"""The nearest rows of some shards: all codes are looked at, and few vectors.

The answer is that of comparing the query with every vector in 64-bit floats. A coarse look gives
each row an interval that its product lies in; rows whose interval ends below the k-th highest lower
end cannot be among the k nearest, and the others are computed exactly.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from framesift.embeddings.index.codes import encode_query
from framesift.embeddings.index.integer import product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from framesift.embeddings.index.codes import CoarseQuery
    from framesift.embeddings.index.integer import Product
    from framesift.embeddings.index.layout import Identities
    from framesift.embeddings.index.shard import Shard
    from framesift.types import Float32Array

__all__ = ["Neighbours", "exact_products", "nearest_rows"]

_MOST_THREADS: Final = 16
_FEW: Final = 16
"""Where fewer than one row in so many is wanted, they are computed at once."""

_ROUNDING: Final = 2e-5
"""How far a product of 32-bit floats may be off, per unit of length of either vector."""

_BLOCK: Final = 1 << 14


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The nearest rows, nearest first; equal ones by content and time.

    Attributes:
        rows: Their numbers, int64 (K,).
        scores: Their products with the query, float64 (K,).
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float64]

    def __len__(self) -> int:
        """Return K."""
        return len(self.rows)


@dataclass(slots=True, eq=False)
class _Search:
    """What is looked for; ``floor`` rises as shards are done: less cannot be among the nearest."""

    query: CoarseQuery
    count: int
    multiply: Product | None
    floor: float


def nearest_rows(
    shards: Sequence[Shard],
    query: NDArray[np.float64],
    count: int,
    *,
    wanted: NDArray[np.bool_] | None = None,
    least: float = -np.inf,
) -> Neighbours:
    """Find the rows with the highest products.

    Args:
        shards: N rows in all; their numbers run through.
        query: float64 (D,), of any length.
        count: How many, at least 1.
        wanted: Rows that may be found, bool (N,); ``None`` for all.
        least: The lowest product to find.

    Returns:
        At most ``count``.

    Raises:
        BrokenIndexError: A vector that was looked at is damaged.
    """
    made = product(len(query))
    multiply, levels = (None, 127) if made is None else made
    search = _Search(encode_query(query, levels), count, multiply, least)
    starts = np.cumsum([0, *map(len, shards)])

    def look(place: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        own = None if wanted is None else wanted[starts[place] : starts[place + 1]]
        return _within(shards[place], search, own)

    with ThreadPoolExecutor(_threads(len(shards))) as pool:
        found = list(pool.map(look, range(len(shards))))
    rows = np.concatenate([one + starts[i] for i, (one, _) in enumerate(found)] or [_NO_ROWS])
    scores = np.concatenate([one for _, one in found] or [_NO_ROWS.astype(np.float64)])
    kept = _highest(scores, count)
    order = _order(shards, starts, rows[kept], scores[kept])[:count]
    return Neighbours(rows[kept][order], scores[kept][order])


def exact_products(vectors: Float32Array, query: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return products in 64-bit floats, float64 (N,): a row's does not depend on the others."""
    made = np.empty(len(vectors))
    for start in range(0, len(vectors), _BLOCK):
        part = vectors[start : start + _BLOCK].astype(np.float64)
        part *= query
        made[start : start + _BLOCK] = part.sum(axis=1)
    return made


_NO_ROWS: Final = np.zeros(0, dtype=np.int64)


def _within(
    shard: Shard, search: _Search, wanted: NDArray[np.bool_] | None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find what may be among the nearest in one shard, with exact products."""
    if wanted is not None and _FEW * np.count_nonzero(wanted) <= len(shard):
        places = np.flatnonzero(wanted)
    else:
        places = _candidates(shard, search, wanted)
    scores = exact_products(shard.rows(places), search.query.exact)
    kept = np.flatnonzero(scores >= search.floor)
    return places[kept], scores[kept]


def _candidates(
    shard: Shard, search: _Search, wanted: NDArray[np.bool_] | None
) -> NDArray[np.int64]:
    """Return the rows that may be among the nearest: all but those that cannot."""
    near, off = _coarse(shard, search)
    if wanted is not None:
        near[~wanted] = -np.inf
    lower = near - off
    higher = lower[lower > search.floor]
    if search.count <= len(higher):
        limit = float(np.partition(higher, -search.count)[-search.count])
        # Threads may overtake each other here: a floor that is too low only costs time.
        search.floor = max(search.floor, limit)
    places = np.flatnonzero(near + off >= search.floor)
    return places if wanted is None else places[wanted[places]]


def _coarse(shard: Shard, search: _Search) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return about the products of all rows, float32 (N,), and how far off each may be."""
    query = search.query
    if shard.codes is None or search.multiply is None:
        vectors = shard.rows()
        near = vectors @ query.exact.astype(np.float32)
        return near, (_ROUNDING * query.length * (shard.lengths + 1e-30)).astype(np.float32)
    codes = shard.codes
    near = search.multiply(codes.codes, query.codes).astype(np.float32)
    near *= codes.step
    near *= np.float32(query.step)
    near += np.float32(codes.mean.astype(np.float64) @ query.exact)
    off = codes.error * np.float32(query.length) + codes.length * np.float32(query.error)
    return near, off


def _highest(scores: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return the places of the highest scores, and of all that equal the last of them."""
    if count >= len(scores):
        return np.arange(len(scores))
    limit = np.partition(scores, -count)[-count]
    return np.flatnonzero(scores >= limit)


def _order(
    shards: Sequence[Shard],
    starts: NDArray[np.int64],
    rows: NDArray[np.int64],
    scores: NDArray[np.float64],
) -> list[int]:
    def place(one: int) -> tuple[float, bytes, float, int]:
        identity = identity_of(shards, starts, int(rows[one]))
        seconds = int(identity["numerator"]) / int(identity["denominator"])
        return (-float(scores[one]), bytes(identity["sha256"]), seconds, int(rows[one]))

    return sorted(range(len(rows)), key=place)


def identity_of(shards: Sequence[Shard], starts: NDArray[np.int64], row: int) -> Identities:
    """Return what a row is of."""
    place = int(np.searchsorted(starts, row, side="right")) - 1
    found: Identities = shards[place].ids[row - starts[place]]
    return found


def _threads(shards: int) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(cores or 1, shards, _MOST_THREADS))
