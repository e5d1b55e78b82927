"""Folds that never split a group and see all of the scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.examples import Int32Array

__all__ = ["canonical_order", "grouped_folds", "numbered", "strata_of"]

_MAX_STRATA = 8


def numbered(labels: Int32Array) -> Int32Array:
    """Number groups from 0 in order of first appearance, int32 (N,) -> (N,)."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int32)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first), dtype=np.int32)
    return rank[inverse.reshape(-1)]


def strata_of(values: Float64Array, folds: int) -> Int32Array:
    """Cut values (N,) into up to 8 bins of equal count, so that each fold can have some of each."""
    count = int(np.clip(len(values) // max(folds, 1), 1, _MAX_STRATA))
    edges = np.quantile(values, np.linspace(0, 1, count + 1)[1:-1])
    return np.searchsorted(edges, values, side="right").astype(np.int32)


def grouped_folds(strata: Int32Array, groups: Int32Array, folds: int, *, seed: int) -> Int32Array:
    """Give each picture a fold, int32 (N,), no group being split.

    Groups are dealt out largest first, each to the fold where it evens out the strata and sizes
    best (greedy, as in scikit-learn's StratifiedGroupKFold). Groups of equal size come in random
    order. Every fold gets at least one group.

    Args:
        strata: (N,) of the bins or classes to balance.
        groups: (N,), numbered from 0 without gaps.
        folds: How many; lowered to the number of groups.
        seed: Of the random order.
    """
    count = int(groups.max()) + 1
    folds = min(folds, count)
    kinds = int(strata.max()) + 1
    table = np.zeros((count, kinds))
    np.add.at(table, (groups, strata), 1.0)
    total = table.sum(axis=0)
    shuffled = np.random.default_rng(seed).permutation(count)
    order = shuffled[np.argsort(-table[shuffled].sum(axis=1), kind="stable")]
    loads = np.zeros((folds, kinds))
    weight = 1.0 / np.maximum(total, 1.0)
    of_group = np.empty(count, np.int32)
    for place, group in enumerate(order):
        row = table[group]
        # Adding to the emptiest fold, per stratum and in all, is what lowers the variance most.
        cost = (loads * row * weight).sum(axis=1) + loads.sum(axis=1) * row.sum() / len(groups)
        if count - place <= (loads.sum(axis=1) == 0).sum():
            cost[loads.sum(axis=1) > 0] = np.inf
        fold = int(np.argmin(cost))
        of_group[group] = fold
        loads[fold] += row
    return of_group[groups]


def canonical_order(rows: list[bytes]) -> Int32Array:
    """Order pictures by a digest of their content, so that the caller's order cannot matter."""
    import hashlib

    digests = [hashlib.blake2b(row, digest_size=16).digest() for row in rows]
    return np.array(sorted(range(len(rows)), key=digests.__getitem__), dtype=np.int32)
