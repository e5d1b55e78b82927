"""Which pictures are so related that a fair test must not split them."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.numeric import unit_rows
from framesift.heads.training.folds import numbered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from framesift.heads.training.examples import Examples, FitOptions, Int32Array
    from framesift.types import Float32Array

__all__ = ["Grouping", "UnionFind", "group_pictures", "near_duplicates"]

_NEIGHBOURS = 3
_BLOCK = 2048
_LARGEST_SHARE = 0.5
_STRICTEST = 0.99995
_BURST_SLACK = 8 / 3
_SERIAL = re.compile(r"^(.*?)(\d+)\D*$")


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Groups of related pictures.

    Attributes:
        groups: int32 (N,), numbered from 0 in order of first appearance.
        reasons: Pairs joined by reason: ``group``, ``same file``, ``near duplicate``, ``burst``.
        warnings: Sentences that the user must see.
    """

    groups: Int32Array
    reasons: dict[str, int]
    warnings: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many groups there are."""
        return int(self.groups.max()) + 1 if len(self.groups) else 0


class UnionFind:
    """Disjoint sets of 0..N-1 with path halving."""

    def __init__(self, count: int) -> None:
        """Start with N sets of one."""
        self._parent = list(range(count))

    def find(self, item: int) -> int:
        """Return the smallest member of the set that holds the item."""
        parent = self._parent
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def join(self, a: int, b: int) -> bool:
        """Join two sets; tell whether they were apart."""
        low, high = sorted((self.find(a), self.find(b)))
        self._parent[high] = low
        return low != high

    def labels(self) -> Int32Array:
        """Return the set of each item, int32 (N,), numbered from 0 in order of appearance."""
        roots = np.array([self.find(i) for i in range(len(self._parent))], dtype=np.int32)
        return numbered(roots) if len(roots) else roots


def group_pictures(examples: Examples, named: Sequence[str], options: FitOptions) -> Grouping:
    """Join pictures that share a group name or content, look alike, or were taken in a burst.

    - the same name in ``named`` (an empty name joins nothing);
    - the same sha256;
    - near duplicates: each among the other's three nearest neighbours, with a cosine of at least
      ``options.near_duplicate``. Where that would join more than half of all pictures in one
      group (a space in which everything is alike), the threshold is raised until it does not;
    - bursts: one folder, and capture times within ``options.burst_s``; without times,
      consecutive file numbers of pictures that also look alike (2.7 times as far from a cosine
      of 1 is enough: 0.92 where the threshold is 0.97).
    """
    joined = UnionFind(len(examples))
    reasons = {
        "group": _join(joined, _runs(named)),
        "same file": _join(joined, _runs(examples.sha256)),
    }
    warnings: tuple[str, ...] = ()
    if options.near_duplicate is not None and len(examples) > 1:
        pairs, cosines = near_duplicates(
            examples.embeddings.vectors, _loose(options.near_duplicate)
        )
        chosen, warnings = _threshold(pairs, cosines, len(examples), options.near_duplicate)
        alike = pairs[cosines >= chosen]
        reasons["near duplicate"] = _join(joined, ((int(a), int(b)) for a, b in alike))
        loose = pairs[cosines >= _loose(chosen)]
        reasons["burst"] = _join(joined, _serial_pairs(examples, loose))
    reasons["burst"] = reasons.get("burst", 0) + _join(joined, _timed(examples, options.burst_s))
    return Grouping(joined.labels(), reasons, warnings)


def near_duplicates(vectors: Float32Array, cosine: float) -> tuple[Int32Array, Float32Array]:
    """Find mutual near neighbours, block by block: memory grows with N, not with N squared.

    Returns:
        Pairs int32 (M, 2), the smaller index first, and their cosines, float32 (M,): pairs that
        are among each other's three nearest and reach the cosine.
    """
    rows = unit_rows(vectors).astype(np.float32)
    count = len(rows)
    keep = min(_NEIGHBOURS, count - 1)
    found: list[np.ndarray] = []
    for start in range(0, count, _BLOCK):
        stop = min(start + _BLOCK, count)
        cosines = rows[start:stop] @ rows.T
        cosines[np.arange(stop - start), np.arange(start, stop)] = -2.0
        nearest = np.argpartition(-cosines, keep - 1, axis=1)[:, :keep]
        values = np.take_along_axis(cosines, nearest, axis=1)
        i, j = np.nonzero(values >= cosine)
        found.append(np.stack([i + start, nearest[i, j], values[i, j]], axis=1))
    directed = np.concatenate(found)
    a, b = directed[:, 0].astype(np.int64), directed[:, 1].astype(np.int64)
    key = np.minimum(a, b) * count + np.maximum(a, b)
    unique, first, times = np.unique(key, return_index=True, return_counts=True)
    mutual = times == 2
    pairs = np.stack([unique[mutual] // count, unique[mutual] % count], axis=1)
    return pairs.astype(np.int32), directed[first[mutual], 2].astype(np.float32)


def _threshold(
    pairs: Int32Array, cosines: Float32Array, count: int, wanted: float
) -> tuple[float, tuple[str, ...]]:
    chosen = wanted
    limit = max(_LARGEST_SHARE * count, 4)
    while chosen < _STRICTEST and _largest(pairs[cosines >= chosen], count) > limit:
        chosen += (1 - chosen) / 2
    if chosen == wanted:
        return wanted, ()
    message = (
        f"pictures look so alike to this model that a cosine of {wanted:g} would join over half "
        f"of them in one group; near duplicates were taken from {chosen:.4f} on instead"
    )
    return chosen, (message,)


def _loose(cosine: float) -> float:
    return 1 - (1 - cosine) * _BURST_SLACK


def _largest(pairs: Int32Array, count: int) -> int:
    joined = UnionFind(count)
    _join(joined, ((int(a), int(b)) for a, b in pairs))
    return int(np.bincount(joined.labels()).max())


def _join(joined: UnionFind, pairs: Iterable[tuple[int, int]]) -> int:
    return sum(joined.join(a, b) for a, b in pairs)


def _runs(names: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pair each item with the first of the same name."""
    first: dict[str, int] = {}
    for i, name in enumerate(names):
        if name:
            yield first.setdefault(name, i), i


def _serial_pairs(examples: Examples, pairs: Int32Array) -> Iterator[tuple[int, int]]:
    if not examples.names:
        return
    for a, b in pairs:
        one, other = _serial(examples.names[int(a)]), _serial(examples.names[int(b)])
        if one and other and one[0] == other[0] and abs(one[1] - other[1]) == 1:
            yield int(a), int(b)


def _serial(name: str) -> tuple[str, int] | None:
    path = PurePath(name)
    match = _SERIAL.match(path.stem)
    if match is None or len(match[2]) > 12:
        return None
    return f"{path.parent}/{match[1]}", int(match[2])


def _timed(examples: Examples, burst_s: float) -> Iterator[tuple[int, int]]:
    if not examples.times or burst_s <= 0:
        return
    folders = [str(PurePath(name).parent) for name in examples.names] or [""] * len(examples)
    known = [i for i, time in enumerate(examples.times) if np.isfinite(time)]
    known.sort(key=lambda i: (folders[i], examples.times[i], i))
    for a, b in itertools.pairwise(known):
        if folders[a] == folders[b] and examples.times[b] - examples.times[a] <= burst_s:
            yield a, b
