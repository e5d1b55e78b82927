"""Hashed word and character n-grams, made for a whole batch at once in numpy.

Every n-gram is a stretch of the joined texts. The hash of a stretch is a polynomial over its
code points modulo 2^64 (Rabin and Karp), read off prefix sums, so that any number of stretches
costs a few array operations; a mixing step spreads it over the buckets ("feature hashing",
Weinberger et al., ICML 2009).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CHARACTERS", "Grams", "hash_texts"]

CHARACTERS = (2, 3, 4, 5)
"""Lengths of the character n-grams; they run across blanks."""

_WORDS = (1, 2, 3)
_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_INVERSE = pow(_BASE, -1, 1 << 64)
UInt64Array: TypeAlias = NDArray[np.uint64]
IntArray: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Grams:
    """The n-grams of N texts, M in all.

    Attributes:
        rows: Which text, int64 (M,), ascending.
        columns: Bucket, int64 (M,).
        values: Weight, float64 (M,): the words of a text have length 1, so have its characters.
        starts: Where each n-gram begins in its text; with `ends` only if asked for.
        ends: Likewise, exclusive.
    """

    rows: IntArray
    columns: IntArray
    values: NDArray[np.float64]
    starts: IntArray | None = None
    ends: IntArray | None = None


def hash_texts(texts: Sequence[str], *, bits: int, places: bool = False) -> Grams:
    """Make the n-grams of normalised texts.

    Args:
        texts: Words with one blank between them.
        bits: There are 2**bits buckets.
        places: Keep every occurrence with its place (for evidence) instead of one entry per
            text and bucket. The weights of a bucket's occurrences add up to the same.

    Returns:
        Each block (words, characters) with weights log(1 + count), scaled to length 1.
    """
    joined = "".join(f" {text} " for text in texts)
    if not joined:
        empty = np.zeros(0, np.int64)
        return Grams(empty, empty, np.zeros(0), empty, empty)
    codes = np.frombuffer(joined.encode("utf-32-le", "replace"), np.uint32).astype(np.uint64)
    lengths = np.array([len(text) + 2 for text in texts], np.int64)
    owner = np.repeat(np.arange(len(texts)), lengths)
    begin = np.cumsum(lengths) - lengths
    prefix = _prefix(codes)
    blocks = [
        _weigh(_stretches_of_words(codes, owner), prefix, owner, bits, 1),
        _weigh(_stretches_of_characters(codes, owner), prefix, owner, bits, 2),
    ]
    if not places:
        merged = [_merge(rows, columns, bits) for rows, columns, _, _ in blocks]
        rows, columns, values = (np.concatenate(parts) for parts in zip(*merged, strict=True))
        order = np.argsort(rows, kind="stable")
        return Grams(rows[order], columns[order], values[order])
    spread = [_spread(rows, columns, bits) for rows, columns, _, _ in blocks]
    rows, columns, starts, ends = (np.concatenate(p) for p in zip(*blocks, strict=True))
    at = begin[rows] + 1
    return Grams(rows, columns, np.concatenate(spread), starts - at, ends - at)


def _prefix(codes: UInt64Array) -> tuple[UInt64Array, UInt64Array]:
    """Prefix sums of code x base^place, and the inverse powers that undo a place."""
    count = len(codes) + 1
    powers = np.full(count, _BASE, np.uint64)
    powers[0] = 1
    inverse = np.full(count, _INVERSE, np.uint64)
    inverse[0] = 1
    powers = np.cumprod(powers, dtype=np.uint64)
    inverse = np.cumprod(inverse, dtype=np.uint64)
    sums = np.zeros(count, np.uint64)
    np.cumsum((codes + np.uint64(1)) * powers[:-1], out=sums[1:])
    return sums, inverse


def _stretches_of_characters(codes: UInt64Array, owner: IntArray) -> tuple[IntArray, IntArray]:
    """Every stretch of the given lengths within one text, (starts, ends)."""
    starts, ends = [], []
    for length in CHARACTERS:
        first = np.arange(max(0, len(codes) - length + 1))
        inside = owner[first] == owner[first + length - 1]
        # Two blanks meet only at the seam of two texts; one that is a blank and a letter is kept.
        starts.append(first[inside])
        ends.append(first[inside] + length)
    return np.concatenate(starts), np.concatenate(ends)


def _stretches_of_words(codes: UInt64Array, owner: IntArray) -> tuple[IntArray, IntArray]:
    """Every run of one, two or three words within one text."""
    blank = codes == 32
    first = np.flatnonzero(~blank & np.concatenate([[True], blank[:-1]]))
    last = np.flatnonzero(~blank & np.concatenate([blank[1:], [True]])) + 1
    starts, ends = [], []
    for count in _WORDS:
        if len(first) < count:
            break
        begin, end = first[: len(first) - count + 1], last[count - 1 :]
        inside = owner[begin] == owner[end - 1]
        starts.append(begin[inside])
        ends.append(end[inside])
    if not starts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(starts), np.concatenate(ends)


def _weigh(
    stretches: tuple[IntArray, IntArray],
    prefix: tuple[UInt64Array, UInt64Array],
    owner: IntArray,
    bits: int,
    seed: int,
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Give rows, buckets, starts and ends of stretches."""
    starts, ends = stretches
    sums, inverse = prefix
    hashed = (sums[ends] - sums[starts]) * inverse[starts] + np.uint64(seed * 0x1000003)
    hashed ^= hashed >> np.uint64(31)
    hashed *= np.uint64(0xBF58476D1CE4E5B9)
    hashed ^= hashed >> np.uint64(29)
    hashed *= np.uint64(0x94D049BB133111EB)
    columns = (hashed >> np.uint64(64 - bits)).astype(np.int64)
    return owner[starts], columns, starts, ends


def _merge(
    rows: IntArray, columns: IntArray, bits: int
) -> tuple[IntArray, IntArray, NDArray[np.float64]]:
    keys, counts = np.unique((rows << bits) | columns, return_counts=True)
    rows = keys >> bits
    return rows, keys & ((1 << bits) - 1), _scale(rows, np.log1p(counts))


def _spread(rows: IntArray, columns: IntArray, bits: int) -> NDArray[np.float64]:
    keys, back, counts = np.unique(
        (rows << bits) | columns, return_inverse=True, return_counts=True
    )
    spread: NDArray[np.float64] = (_scale(keys >> bits, np.log1p(counts)) / counts)[back]
    return spread


def _scale(rows: IntArray, values: NDArray[np.float64]) -> NDArray[np.float64]:
    if not len(rows):
        return values
    squares = np.bincount(rows, values**2)
    scaled: NDArray[np.float64] = values / np.sqrt(squares[rows])
    return scaled
