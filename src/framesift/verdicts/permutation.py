"""Tests of groups against outcomes that hold for few pictures and for many tests at once.

Every test asks whether an outcome has nothing to do with who is shown. Its answer comes from
shuffling: answers are dealt anew to the pictures, so that whatever the groups' sizes and however
rare an outcome, chance is seen at work rather than assumed. All tests of one audit are corrected
together by the step-down minP procedure of Westfall and Young (1993, algorithm 2.8), which keeps
the probability of any false finding at the level asked for and knows that outcomes depend on each
other. Ordinary p values: a share by the exact test of Fisher (1935), scores by the rank sum of
Wilcoxon (1945), all answers of a column together by the statistic of Pearson (1900). `holm` is
the correction of Holm (1979), for tests that were not shuffled together.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Family", "Shuffled", "conditional_p", "fisher_table", "holm", "shuffled"]

BoolArray: TypeAlias = NDArray[np.bool_]
FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]

_GRID = np.linspace(0.0, 37.0, 7401)
_SLACK = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """Everything that is tested together.

    Attributes:
        members: Which picture is of which group, bool (N, G).
        column: The column that each group is of, int (G,), counted from 0.
        hits: Which picture has which outcome, bool (N, O).
        eligible: Which picture counts for which outcome, bool (N, O); within a stratum all or none.
        scores: Float (N, S), higher is more of something; ``None`` tests no scores.
        strata: Answers are dealt anew only among pictures of the same stratum, int (N,).
        answers: The first outcomes that together are an answer; they make the test of a column as
            a whole. 0 leaves that test out.
    """

    members: BoolArray
    column: IntArray
    hits: BoolArray
    eligible: BoolArray
    scores: FloatArray | None
    strata: IntArray
    answers: int


@dataclass(frozen=True, slots=True, eq=False)
class Shuffled:
    """What came of the tests of a family, all p values in (0, 1].

    Attributes:
        rates: Fisher's p of each share against the rest, float (G, O).
        rates_adjusted: The same after the correction.
        scores: Wilcoxon's p of each score against the rest, float (G, S).
        scores_adjusted: The same after the correction.
        columns: p of each column as a whole, float (C,); empty where it was left out.
        columns_adjusted: The same after the correction.
        level: The p below which a single test counts as found.
    """

    rates: FloatArray
    rates_adjusted: FloatArray
    scores: FloatArray
    scores_adjusted: FloatArray
    columns: FloatArray
    columns_adjusted: FloatArray
    level: float


def holm(p: Sequence[float]) -> list[float]:
    """Correct p values by Holm's step-down procedure; NaN stays and does not count."""
    known = sorted((value, place) for place, value in enumerate(p) if not math.isnan(value))
    found = [math.nan] * len(p)
    highest = 0.0
    for rank, (value, place) in enumerate(known):
        highest = max(highest, min(1.0, value * (len(known) - rank)))
        found[place] = highest
    return found


def fisher_table(group: int, hits: int, total: int) -> tuple[int, FloatArray]:
    """Return Fisher's two-sided p for every count that a group can have.

    Args:
        group: Pictures of the group.
        hits: Pictures with the outcome, in the group or not.
        total: All pictures.

    Returns:
        The lowest count, and p for it and the counts after it.
    """
    low, high = max(0, group + hits - total), min(group, hits)
    counts = np.arange(low, high + 1)
    logs = _log_factorials(total)
    mass: FloatArray = logs[counts] + logs[hits - counts] + logs[group - counts]
    mass += logs[total - group - hits + counts]
    chance = np.exp(mass.min() - mass)
    chance /= chance.sum()
    order = np.argsort(chance, kind="stable")
    below = np.cumsum(chance[order])
    # Counts as unlikely as this one belong to its tail.
    last = np.searchsorted(chance[order], chance * (1 + 1e-7), side="right") - 1
    p: FloatArray = np.minimum(below[last], 1.0)
    return low, p


def shuffled(family: Family, *, alpha: float, resamples: int, seed: int) -> Shuffled:
    """Test everything in a family by dealing the answers anew.

    Args:
        family: Groups, outcomes and scores of N pictures.
        alpha: The probability of any false finding, in (0, 1).
        resamples: How often the answers are dealt; p after correction is no smaller than
            ``1 / (resamples + 1)``.
        seed: Of the dealing.
    """
    counts, sums = _dealt(family, resamples, seed)
    groups, outcomes = counts.shape[1:]
    rates = _rate_p(family, counts)
    scores = _tail(sums)
    columns, exact = _column_p(family, counts)
    p = np.concatenate([part.reshape(len(part), -1) for part in (rates, scores, columns)], axis=1)
    adjusted, level = _min_p(p, alpha)
    ends = np.cumsum([groups * outcomes, scores[0].size])
    before, after = np.split(p[0].astype(np.float64), ends), np.split(adjusted, ends)
    return Shuffled(
        before[0].reshape(groups, outcomes),
        after[0].reshape(groups, outcomes),
        before[1].reshape(groups, -1),
        after[1].reshape(groups, -1),
        exact,
        after[2],
        level,
    )


def conditional_p(family: Family, *, resamples: int, seed: int) -> FloatArray:
    """Test each column as a whole with the family's strata held, float (C,), not corrected."""
    counts, _ = _dealt(family, resamples, seed)
    return _column_p(family, counts)[1]


def _dealt(family: Family, resamples: int, seed: int) -> tuple[NDArray[np.int64], FloatArray]:
    """Count hits and sum scores as they are (row 0) and dealt anew (rows 1 to B).

    Returns:
        Counts int (B + 1, G, O); standardised rank sums float (B + 1, G, S).
    """
    members = family.members.T.astype(np.float32)
    ranks = _ranks(family.scores, len(family.strata))
    table = np.concatenate([(family.hits & family.eligible), ranks], axis=1).astype(np.float32)
    outcomes = family.hits.shape[1]
    made = np.empty((resamples + 1, len(members), table.shape[1]), np.float32)
    made[0] = members @ table
    for place, order in enumerate(_orders(family.strata, resamples, seed), start=1):
        made[place] = members @ table[order]
    sizes = family.members.sum(axis=0).astype(np.float64)
    total = len(family.strata)
    spread = np.sqrt(np.maximum(sizes * (total - sizes) / max(total - 1, 1), 1e-12))
    counts = np.rint(made[:, :, :outcomes]).astype(np.int64)
    return counts, made[:, :, outcomes:] / spread[None, :, None]


def _orders(strata: IntArray, resamples: int, seed: int) -> Iterator[IntArray]:
    """Yield orders of the rows, each within its stratum."""
    rng = np.random.default_rng(seed)
    by_stratum = np.argsort(strata, kind="stable")
    single = len(strata) > 0 and strata.min() == strata.max()
    for _ in range(resamples):
        if single:
            yield rng.permutation(len(strata))
            continue
        # Sorting by stratum and then by chance deals each stratum among its own places.
        mixed = np.argsort(strata + rng.random(len(strata)))
        order = np.empty_like(mixed)
        order[by_stratum] = mixed
        yield order


def _rate_p(family: Family, counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Fisher's p of every count, float (B + 1, G, O)."""
    p = np.ones(counts.shape, np.float32)
    totals = family.eligible.sum(axis=0)
    hits = (family.hits & family.eligible).sum(axis=0)
    sizes = family.members.T.astype(np.int64) @ family.eligible.astype(np.int64)
    for group, outcome in np.ndindex(sizes.shape):
        size, hit, total = int(sizes[group, outcome]), int(hits[outcome]), int(totals[outcome])
        if 0 < size < total and 0 < hit < total:
            low, table = fisher_table(size, hit, total)
            p[:, group, outcome] = table[counts[:, group, outcome] - low]
    return p


def _tail(z: NDArray[np.floating]) -> NDArray[np.float32]:
    """Two-sided p of standard normal values; interpolated, since millions are wanted."""
    p: NDArray[np.float32] = np.exp(np.interp(np.abs(z), _GRID, _log_tail())).astype(np.float32)
    return p


@functools.cache
def _log_tail() -> FloatArray:
    return np.log([math.erfc(z / math.sqrt(2)) for z in _GRID.tolist()])


def _column_p(family: Family, counts: NDArray[np.int64]) -> tuple[NDArray[np.float32], FloatArray]:
    """Test each column as a whole by Pearson's statistic.

    Returns:
        P by the gamma distribution that has the dealt statistics' mean and variance (the
        approximation of Satterthwaite 1946, its tail that of Wilson and Hilferty 1931), which can
        be compared with the p of other tests, float (B + 1, C); and the exact p of row 0 by its
        rank among the dealt ones, float (C,).
    """
    number = int(family.column.max()) + 1 if family.answers and len(family.column) else 0
    found = np.ones((len(counts), number), np.float32)
    exact = np.ones(number)
    sizes = family.members.sum(axis=0).astype(np.float64)
    for column in range(number):
        own = family.column == column
        observed = counts[:, own, : family.answers].astype(np.float64)
        share = observed[0].sum(axis=0) / max(sizes[own].sum(), 1.0)
        expected = sizes[own][:, None] * share[None]
        off = (observed - expected) ** 2 / np.where(expected > 0, expected, 1.0)
        statistic = np.round(off.sum(axis=(1, 2)), 6)
        exact[column] = float((statistic >= statistic[0]).mean())
        mean, spread = float(statistic.mean()), float(statistic.var())
        if spread > 0:
            freedom = 2 * mean**2 / spread
            scale = 2 / (9 * freedom)
            z = (np.cbrt(statistic / mean) - (1 - scale)) / math.sqrt(scale)
            tail = _tail(z) / 2
            found[:, column] = np.where(z > 0, tail, 1 - tail)
    return found, exact


def _min_p(p: NDArray[np.float32], alpha: float) -> tuple[FloatArray, float]:
    """Step down through the tests, the clearest first.

    Args:
        p: Row 0 as it is, the others dealt anew, float (B + 1, M).
        alpha: Of the whole family.

    Returns:
        Corrected p, float (M,), and the level of a single test.
    """
    if p.shape[1] == 0:
        return np.empty(0), alpha
    order = np.argsort(p[0], kind="stable")
    lowest = np.full(len(p), np.inf, np.float32)
    adjusted = np.empty(p.shape[1])
    for test in order[::-1]:
        np.minimum(lowest, p[:, test], out=lowest)
        adjusted[test] = float((lowest <= p[0, test] * (1 + _SLACK)).mean())
    adjusted[order] = np.maximum.accumulate(adjusted[order])
    # The share alpha of the dealt minima lies below it.
    level = float(np.quantile(lowest[1:], alpha, method="lower")) if len(p) > 1 else alpha
    return adjusted, min(level, alpha)


def _ranks(scores: FloatArray | None, count: int) -> FloatArray:
    """Ranks of each column, ties averaged, with mean 0 and variance 1; 0 where all are alike."""
    if scores is None or not scores.size:
        return np.empty((count, 0))
    made = np.empty(scores.shape)
    for place in range(scores.shape[1]):
        values = scores[:, place]
        ordered = np.sort(values)
        left = np.searchsorted(ordered, values, side="left")
        rank = (left + np.searchsorted(ordered, values, side="right")).astype(np.float64)
        rank -= rank.mean()
        spread = rank.std()
        made[:, place] = rank / spread if spread > 0 else 0.0
    return made


def _log_factorials(count: int) -> FloatArray:
    known = _FACTORIALS[0]
    if len(known) <= count:
        steps = np.log(np.arange(1, max(count + 1, 2 * len(known))))
        known = np.concatenate([[0.0], np.cumsum(steps)])
        _FACTORIALS[0] = known
    return known


_FACTORIALS: list[FloatArray] = [np.zeros(1)]
