"""Which pictures look like copies of one another, and which were taken in one burst.

Copies are found by two opinions that miss different things (measured: docs/dedupe.md). PDQ, a hash
of 256 bits, stays within `Limits.near_bits` when a picture is compressed, scaled, brightened or
written on, which can move an embedding far. An embedding stays close when a picture is cropped,
framed or turned a little, which moves PDQ far, but never quite to where strangers are. So a pair
is linked when PDQ is sure. Where cut-outs are wanted, it is also linked when the embedding is sure,
PDQ does not object, and the pictures do not say themselves that they were taken at different times:
then they are two shots. Pages of text all look alike to an embedding, so nobody gets cut-outs who
does not ask for them.

The result is exact for the radius. PDQ's pairs come from an index
(`framesift.verdicts.multiindex`); with cut-outs or mirrored copies all pairs are compared, block by
block, on packed bits. Memory does not grow with the number of pairs.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from framesift.errors import ConfigError
from framesift.verdicts.multiindex import MOST_BITS, pairs_within, share_compared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from framesift.types import Float32Array, UInt8Array
    from framesift.verdicts.stars import IntArray

    BoolArray = NDArray[np.bool_]
    Float64Array = NDArray[np.float64]
    Words = NDArray[np.uint64]

__all__ = ["BurstLinker", "Limits", "NearLinker", "packed"]

_WORDS: Final = 4
_ROWS, _COLUMNS = 16, 4096
"""Of a block: its 64-bit differences fill half a MiB, which stays in a processor's cache."""

_PORTION = 2048
_MANY = 0.02
"""From this share of a block on, one matrix product is quicker than single pairs."""

_MANY_PICTURES: Final = 30_000
"""An index of fewer takes longer than comparing them."""

_INDEXED: Final = 0.05
"""Where an index would compare a larger share of all pairs, blocks are quicker."""

_MIN_DETAIL: Final = 70
"""PDQ's quality below which a picture shows too little to be told apart. Its authors say 50, and of
1,095 photographs all have more. But so have 39 of 150 white pages with one to three lines of text,
and 19 pairs of them would be taken for copies; none of the pages reaches 70."""

_SANE: Final = 0.25
"""Cosine that copies by PDQ must reach at least: scaling to a quarter leaves 0.36."""

_APART_S: Final = 1.0
"""Copies keep the time at which a picture was taken, some without fractions of a second."""

_ROUNDING: Final = 1e-6
"""By how much a cosine may differ with the order of a sum."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How alike pictures must be.

    Attributes:
        near_bits: PDQ takes two pictures for one up to so many differing bits, 0 to 128.
        cut_outs: Whether cropped, framed and slightly turned copies are linked too.
        near_cosine: From this cosine on the embedding takes two pictures for a cut-out of one
            another, in [0, 1].
        cut_bits: With more differing bits than these PDQ objects to a cut-out, 0 to 128.
        mirrored: Whether a picture mirrored left to right is a copy.
        burst_s: How many seconds apart pictures of one burst were taken, at most.
        burst_cosine: How alike pictures of one burst are, as a cosine in [0, 1].
    """

    near_bits: int = 31
    cut_outs: bool = False
    near_cosine: float = 0.9
    cut_bits: int = 96
    mirrored: bool = False
    burst_s: float = 2.0
    burst_cosine: float = 0.85

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, value, most in (
            ("bits of near duplicates", self.near_bits, 128),
            ("bits of cut-outs", self.cut_bits, 128),
            ("the cosine of near duplicates", self.near_cosine, 1),
            ("the cosine of bursts", self.burst_cosine, 1),
            ("the seconds of bursts", self.burst_s, 86400),
        ):
            if not 0 <= value <= most:
                message = f"{name}: {value:g} is not between 0 and {most}"
                raise ConfigError(message)


class NearLinker:
    """Links pictures that look like copies.

    Args:
        hashes: PDQ, uint64 (N, 4), from `packed`.
        detail: PDQ's quality, 0 to 100, (N,). What has less than 70 shows too little to be told
            apart, by the hash and by the embedding, and is linked to nothing.
        vectors: float32 (N, D), rows of length 1.
        limits: How alike they must be.
        times: When they were taken, in seconds, float64 (N,); NaN where unknown.
        mirrored: Hashes of the mirrored pictures, uint64 (N, 4); ``None`` finds no mirrored copies.
    """

    def __init__(
        self,
        hashes: Words,
        detail: NDArray[np.generic],
        vectors: Float32Array,
        limits: Limits,
        *,
        times: Float64Array,
        mirrored: Words | None = None,
    ) -> None:
        """Lay the words of all hashes side by side."""
        self._words = np.ascontiguousarray(hashes.T)
        self._mirrored = None if mirrored is None else np.ascontiguousarray(mirrored.T)
        self._clear = np.asarray(detail) >= _MIN_DETAIL
        self._vectors = vectors
        self._times = times
        self._limits = limits
        self._cut_bits = limits.cut_bits if limits.cut_outs else 0
        self._reach = max(limits.near_bits, self._cut_bits)

    def __len__(self) -> int:
        """Return N."""
        return len(self._clear)

    def pairs(self) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield all linked pairs in portions."""
        hashes = np.ascontiguousarray(self._words.T)
        if self._is_indexed(hashes):
            for a, b in pairs_within(hashes, self._limits.near_bits):
                bits = np.zeros(len(a), np.uint8)  # All of them are within the radius.
                sure = self._sure(a, b, bits, self._cosines_of(a, b))
                yield a[sure], b[sure]
            return
        starts = range(0, len(self), _PORTION)
        with ThreadPoolExecutor(2) as pool:  # numpy lets go of the interpreter in these loops
            yield from pool.map(self._portion, starts)

    def _is_indexed(self, hashes: Words) -> bool:
        """Whether the index finds all there is to find, and sooner."""
        if self._mirrored is not None or self._cut_bits or len(self) < _MANY_PICTURES:
            return False
        return self._limits.near_bits <= MOST_BITS and share_compared(hashes) < _INDEXED

    def of(self, item: int) -> IntArray:
        """Return what one picture is linked to, ascending."""
        rows = np.array([item])
        found = [self._block(rows, start)[1] for start in range(0, len(self), _COLUMNS)]
        linked = np.concatenate(found)
        others: IntArray = linked[linked != item]
        return others

    def bits(self, one: int, other: int) -> tuple[int, bool]:
        """Return by how many bits two hashes differ, and whether one was mirrored for that."""
        plain = int(np.bitwise_count(self._words[:, one] ^ self._words[:, other]).sum())
        if self._mirrored is None:
            return plain, False
        turned = int(np.bitwise_count(self._mirrored[:, one] ^ self._words[:, other]).sum())
        return min(plain, turned), turned < plain

    def links(self, one: int, other: int) -> bool:
        """Whether two pictures are linked."""
        bits = np.array([min(self.bits(one, other)[0], 255)], np.uint8)
        cosine = np.array([self._vectors[one] @ self._vectors[other]], np.float32)
        return bool(self._sure(np.array([one]), np.array([other]), bits, cosine)[0])

    def _portion(self, start: int) -> tuple[IntArray, IntArray]:
        stop = min(start + _PORTION, len(self))
        found = []
        for first in range(start, stop, _ROWS):
            rows = np.arange(first, min(first + _ROWS, stop))
            for column in range(first - first % _COLUMNS, len(self), _COLUMNS):
                a, b = self._block(rows, column)
                ahead = b > a
                if ahead.any():
                    found.append((a[ahead], b[ahead]))
        none = np.zeros(0, np.int64)
        return (
            np.concatenate([none, *(pair[0] for pair in found)]),
            np.concatenate([none, *(pair[1] for pair in found)]),
        )

    def _block(self, rows: IntArray, start: int) -> tuple[IntArray, IntArray]:
        """Link some pictures to the next `_COLUMNS` from a start."""
        stop = min(start + _COLUMNS, len(self))
        columns = slice(start, stop)
        near = self._distances(self._words, rows, columns)
        within = near <= self._reach
        turned = None
        if self._mirrored is not None:
            turned = self._distances(self._mirrored, rows, columns)
            within |= turned <= self._limits.near_bits
        if not within.any():
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        a, b = np.nonzero(within)
        bits = near[a, b] if turned is None else np.minimum(near[a, b], turned[a, b])
        one, other = rows[a], b + start
        sure = self._sure(one, other, bits, self._cosines(rows, columns, a, b))
        return one[sure], other[sure]

    def _distances(self, words: Words, rows: IntArray, columns: slice) -> UInt8Array:
        """Count differing bits: uint8 (rows, columns); 256 is 255."""
        differing = np.empty((len(rows), columns.stop - columns.start), np.uint64)
        np.bitwise_xor(words[0, rows, None], self._words[0, None, columns], out=differing)
        total = np.bitwise_count(differing)
        counted = np.empty_like(total)
        for word in range(1, _WORDS):
            np.bitwise_xor(words[word, rows, None], self._words[word, None, columns], out=differing)
            np.bitwise_count(differing, out=counted)
            if word == _WORDS - 1:
                np.minimum(total, 255 - counted, out=total)
            np.add(total, counted, out=total)
        return total

    def _cosines(self, rows: IntArray, columns: slice, a: IntArray, b: IntArray) -> Float32Array:
        if len(a) > _MANY * len(rows) * (columns.stop - columns.start):
            found: Float32Array = (self._vectors[rows] @ self._vectors[columns].T)[a, b]
            return found
        return self._cosines_of(rows[a], b + columns.start)

    def _cosines_of(self, one: IntArray, other: IntArray) -> Float32Array:
        found: Float32Array = np.einsum("nd,nd->n", self._vectors[one], self._vectors[other])
        return found

    def _sure(
        self, one: IntArray, other: IntArray, bits: UInt8Array, cosines: Float32Array
    ) -> BoolArray:
        limits = self._limits
        by_hash = (bits <= limits.near_bits) & (cosines >= _SANE)
        # A comparison with NaN is false: an unknown time says nothing.
        two_shots = np.abs(self._times[one] - self._times[other]) >= _APART_S
        alike = cosines >= limits.near_cosine - _ROUNDING
        by_look = (bits <= self._cut_bits) & alike & ~two_shots
        sure: BoolArray = (by_hash | by_look) & self._clear[one] & self._clear[other]
        return sure


class BurstLinker:
    """Links pictures that one camera took within seconds and that look alike.

    Args:
        series: Which pictures can belong to one burst, int64 (N,): those with the same number.
        times: When they were taken, in seconds, float64 (N,); NaN links nothing.
        vectors: float32 (N, D), rows of length 1.
        limits: How close they must be.
    """

    def __init__(
        self, series: IntArray, times: Float64Array, vectors: Float32Array, limits: Limits
    ) -> None:
        """Sort by series and time, so that what can be linked lies together."""
        self._count = len(times)
        known = np.flatnonzero(np.isfinite(times))
        self._order = known[np.lexsort((known, times[known], series[known]))]
        self._place = np.full(self._count, -1, np.int64)
        self._place[self._order] = np.arange(len(self._order))
        self._series, self._times = series[self._order], times[self._order]
        self._vectors = vectors
        self._limits = limits

    def __len__(self) -> int:
        """Return N."""
        return self._count

    def pairs(self) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield all linked pairs in portions."""
        for start in range(0, len(self._order), _PORTION // 8):
            stop = min(start + _PORTION // 8, len(self._order))
            rows = np.arange(start, stop)
            end = int(self._ends(stop - 1))
            for column in range(start, end, _COLUMNS):
                a, b = self._block(rows, column, min(column + _COLUMNS, end))
                ahead = b > a
                yield self._order[a[ahead]], self._order[b[ahead]]

    def of(self, item: int) -> IntArray:
        """Return what one picture is linked to, ascending."""
        place = int(self._place[item])
        if place < 0:
            return np.zeros(0, np.int64)
        linked = self._block(np.array([place]), int(self._starts(place)), int(self._ends(place)))[1]
        return np.sort(self._order[linked[linked != place]])

    def _starts(self, place: int) -> int:
        """Return the first place whose picture may be in a burst with this one."""
        low, high = np.searchsorted(self._series, self._series[place] + np.array([0, 1]))
        earliest = self._times[place] - self._limits.burst_s
        return int(low + np.searchsorted(self._times[low:high], earliest))

    def _ends(self, place: int) -> int:
        """Return the place after the last picture that may be in a burst with this one."""
        low, high = np.searchsorted(self._series, self._series[place] + np.array([0, 1]))
        latest = self._times[place] + self._limits.burst_s
        return int(low + np.searchsorted(self._times[low:high], latest, side="right"))

    def _block(self, rows: IntArray, start: int, stop: int) -> tuple[IntArray, IntArray]:
        columns = slice(start, stop)
        apart = np.abs(self._times[rows, None] - self._times[None, columns])
        close = (apart <= self._limits.burst_s) & (
            self._series[rows, None] == self._series[None, columns]
        )
        ones, others = self._vectors[self._order[rows]], self._vectors[self._order[columns]]
        a, b = np.nonzero(close & (ones @ others.T >= self._limits.burst_cosine - _ROUNDING))
        return rows[a], b + start


def packed(bits: UInt8Array) -> Words:
    """Pack bits (N, 256) of 0 and 1 into uint64 (N, 4)."""
    words: Words = np.packbits(np.asarray(bits, np.uint8), axis=1).view("<u8").astype(np.uint64)
    return words
