"""All pairs of hashes within a radius, without comparing all pairs: multi-index hashing.

A hash of 256 bits is cut into 16 pieces of 16. Of two hashes that differ in at most 31 bits, one
piece differs in at most one bit, or all 16 together would differ in 32. So it is enough to compare
those that share a piece, or nearly. Norouzi, Punjani and Fleet, "Fast exact search in Hamming space
with multi-index hashing", 2014; the result is exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from framesift.verdicts.stars import IntArray

    Words = NDArray[np.uint64]
    Pieces = NDArray[np.uint16]

__all__ = ["MOST_BITS", "pairs_within", "share_compared"]

_PIECES: Final = 16
_KEYS: Final = 1 << 16
_MASKS: Final = np.array([0, *(1 << bit for bit in range(16))], np.uint16)
_MOST_AT_ONCE: Final = 2_000_000

MOST_BITS: Final = 2 * _PIECES - 1
"""The largest radius for which one differing bit in a piece is enough."""


def pairs_within(words: Words, bits: int) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield all pairs of hashes that differ in at most so many bits, each pair once.

    Args:
        words: uint64 (N, 4).
        bits: The radius, 0 to `MOST_BITS`.

    Yields:
        Portions of first and second indices, int64 (M,), the first ones smaller.
    """
    pieces = np.ascontiguousarray(words).view(np.uint16).reshape(len(words), _PIECES)
    for piece in range(_PIECES):
        keys = np.ascontiguousarray(pieces[:, piece])
        order = np.argsort(keys, kind="stable").astype(np.int64)
        starts = np.searchsorted(keys[order], np.arange(_KEYS + 1))
        for mask in _MASKS:
            for a, b in _candidates(keys, order, starts, mask):
                differing = words[a] ^ words[b]
                near = np.bitwise_count(differing).sum(axis=1) <= bits
                a, b, differing = a[near], b[near], differing[near]
                # What an earlier piece shows has been found there.
                first = np.bitwise_count(differing.view(np.uint16)) <= 1
                new = np.argmax(first, axis=1) == piece
                if new.any():
                    a, b = a[new], b[new]
                    yield np.minimum(a, b), np.maximum(a, b)


def share_compared(words: Words) -> float:
    """Return the share of all pairs that `pairs_within` compares; near 0.004 for random hashes."""
    count = len(words)
    pieces = np.ascontiguousarray(words).view(np.uint16).reshape(count, _PIECES)
    compared = 0.0
    keys = np.arange(_KEYS)
    for piece in range(_PIECES):
        sizes = np.bincount(pieces[:, piece], minlength=_KEYS).astype(np.float64)
        compared += sum(float(sizes @ sizes[keys ^ int(mask)]) for mask in _MASKS) / 2
    return compared / max(count * (count - 1) / 2, 1)


def _candidates(
    keys: Pieces, order: IntArray, starts: IntArray, mask: np.uint16
) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield pairs whose pieces differ just by a mask, in portions that fit in memory."""
    wanted = keys ^ mask
    # Each pair once: by its indices where the pieces are equal, else by its pieces.
    asking = np.flatnonzero(keys < wanted) if mask else np.arange(len(keys))
    low, high = starts[wanted[asking]], starts[wanted[asking].astype(np.int64) + 1]
    found = high - low
    ends = np.cumsum(found)
    begin = 0
    while begin < len(asking):
        so_far = ends[begin - 1] if begin else 0
        stop = int(np.searchsorted(ends, so_far + _MOST_AT_ONCE, side="right"))
        stop = max(stop, begin + 1)
        part = slice(begin, stop)
        total = int(found[part].sum())
        if total:
            a = np.repeat(asking[part], found[part])
            offset = np.arange(total) - np.repeat(np.cumsum(found[part]) - found[part], found[part])
            b = order[np.repeat(low[part], found[part]) + offset]
            if not mask:
                a, b = a[a < b], b[a < b]
            yield a, b
        begin = stop
