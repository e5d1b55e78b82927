"""Groups with a centre: every member is linked to one of them, so chains join nothing.

Joining whatever is linked makes a chain of small steps one group, whose ends have nothing in
common. Here the item with the most links becomes the centre of a group, takes those that it is
linked to, and so on with the items that are left: star clustering, as in Aslam, Pelekhov and Rus,
"The star clustering algorithm", 2004, with the number of links counted once at the start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

__all__ = ["IntArray", "Linker", "stars"]

IntArray = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

_MOST_KEPT = 20_000_000
"""So many links are kept (320 MB); with more of them, a centre's links are found again."""


class Linker(Protocol):
    """Says which of N items are linked."""

    def __len__(self) -> int:
        """Return N."""
        ...

    def pairs(self) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield all linked pairs in portions, each pair once, as two arrays int64 (M,)."""
        ...

    def of(self, item: int) -> IntArray:
        """Return the items that one is linked to, int64 (M,), ascending, itself left out."""
        ...


def stars(linker: Linker, rank: IntArray, *, most_kept: int = _MOST_KEPT) -> IntArray:
    """Group items around centres.

    Args:
        linker: Says what is linked.
        rank: int64 (N,), all different: of items with as many links the one of the lowest rank
            becomes a centre first. Ranks that depend on the items alone make the groups independent
            of their order.
        most_kept: How many links to keep in memory; it does not change the result.

    Returns:
        The centre of each item's group, int64 (N,); an item alone is its own.
    """
    count = len(linker)
    degree = np.zeros(count, np.int64)
    kept: list[tuple[IntArray, IntArray]] | None = []
    total = 0
    for a, b in linker.pairs():
        degree += np.bincount(a, minlength=count) + np.bincount(b, minlength=count)
        total += len(a)
        if total > most_kept:
            kept = None
        elif kept is not None:
            kept.append((a, b))
    of = linker.of if kept is None else _kept(kept, count)
    centre = np.full(count, -1, np.int64)
    linked = np.flatnonzero(degree)
    for item in linked[np.lexsort((rank[linked], -degree[linked]))].tolist():
        if centre[item] >= 0:
            continue
        around = of(item)
        centre[around[centre[around] < 0]] = item
        centre[item] = item
    alone = centre < 0
    centre[alone] = np.flatnonzero(alone)
    return centre


def _kept(kept: list[tuple[IntArray, IntArray]], count: int) -> Callable[[int], IntArray]:
    """Return what looks an item's links up in pairs."""
    none = np.zeros(0, np.int64)
    a = np.concatenate([none, *(pair[0] for pair in kept)])
    b = np.concatenate([none, *(pair[1] for pair in kept)])
    ends, others = np.concatenate([a, b]), np.concatenate([b, a])
    order = np.lexsort((others, ends))
    others = others[order]
    starts = np.searchsorted(ends[order], np.arange(count + 1))

    def of(item: int) -> NDArray[np.int64]:
        return others[starts[item] : starts[item + 1]]

    return of
