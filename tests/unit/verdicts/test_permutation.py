"""Tests by shuffling, against exact tests and by their own promise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from framesift.verdicts.permutation import Family, conditional_p, fisher_table, holm, shuffled


def family(groups: np.ndarray, hits: np.ndarray, scores: np.ndarray | None = None) -> Family:
    members = np.eye(int(groups.max()) + 1, dtype=bool)[groups]
    return Family(
        members,
        np.zeros(members.shape[1], np.int64),
        hits,
        np.ones_like(hits),
        scores,
        np.zeros(len(hits), np.int64),
        hits.shape[1],
    )


def test_fisher_is_the_textbook_one() -> None:
    # Fisher's tea: 3 of 4 right; two-sided p is 34 / 70.
    low, p = fisher_table(4, 4, 8)

    assert low == 0
    assert p == pytest.approx(np.array([2, 34, 70, 34, 2]) / 70)


def test_fisher_agrees_with_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    low, p = fisher_table(10, 9, 31)
    for place, value in enumerate(p):
        count = low + place
        table = [[count, 10 - count], [9 - count, 12 + count]]
        assert value == pytest.approx(stats.fisher_exact(table)[1])


def test_holm() -> None:
    # Holm (1979): 0.01, 0.02, 0.03 -> 3 x, 2 x, 1 x, never falling.
    assert holm([0.03, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.005, 0.04, 0.03, 0.01]) == pytest.approx([0.02, 0.06, 0.06, 0.03])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    found = holm([0.02, math.nan])
    assert found[0] == 0.02
    assert math.isnan(found[1])


def test_one_test_alone_is_not_corrected() -> None:
    rng = np.random.default_rng(1)
    groups = np.repeat([0, 1], 20)
    hits = (rng.random(40) < np.where(groups, 0.6, 0.2))[:, None]
    found = shuffled(family(groups, hits), alpha=0.05, resamples=4999, seed=0)

    # Two groups are one test seen from two sides.
    assert found.rates[0] == pytest.approx(found.rates[1])
    assert found.rates_adjusted[0, 0] == pytest.approx(found.rates[0, 0], abs=0.02)


def test_many_tests_are_corrected_less_than_by_bonferroni() -> None:
    rng = np.random.default_rng(2)
    groups = np.repeat([0, 1], 40)
    one = rng.random(80) < np.where(groups, 0.5, 0.25)
    # The same outcome twenty times is one test: Bonferroni would multiply by twenty.
    hits = np.repeat(one[:, None], 20, axis=1)
    found = shuffled(family(groups, hits), alpha=0.05, resamples=1999, seed=0)

    assert found.rates_adjusted[0, 0] < 4 * found.rates[0, 0]


@pytest.mark.parametrize("share", [0.5, 0.06])
def test_chance_is_called_found_in_five_of_a_hundred(share: float) -> None:
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(4), 15)
    times, wrong = 150, 0
    for seed in range(times):
        hits = rng.random((60, 5)) < share
        found = shuffled(
            family(groups, hits, rng.normal(size=(60, 5))), alpha=0.05, resamples=99, seed=seed
        )
        lowest = min(
            found.rates_adjusted.min(), found.scores_adjusted.min(), found.columns_adjusted.min()
        )
        wrong += lowest <= 0.05

    # 150 draws of 5 %: 99.9 % of the time fewer than 18.
    assert wrong < 18


def test_strata_take_away_what_is_theirs() -> None:
    rng = np.random.default_rng(4)
    strata = np.repeat([0, 1], 100)
    # Group 1 is frequent in stratum 1, where the outcome is frequent too: nothing of its own.
    groups = (rng.random(200) < np.where(strata, 0.8, 0.2)).astype(np.int64)
    hits = (rng.random(200) < np.where(strata, 0.8, 0.2))[:, None]
    hits = np.concatenate([hits, ~hits], axis=1)
    plain = family(groups, hits)
    within = Family(plain.members, plain.column, hits, plain.eligible, None, strata, 2)

    assert conditional_p(plain, resamples=999, seed=0)[0] < 0.005
    assert conditional_p(within, resamples=999, seed=0)[0] > 0.05


def test_the_same_seed_gives_the_same() -> None:
    rng = np.random.default_rng(5)
    made = family(np.repeat([0, 1, 2], 10), rng.random((30, 3)) < 0.4, rng.normal(size=(30, 3)))
    one, two = (shuffled(made, alpha=0.05, resamples=99, seed=7) for _ in range(2))

    assert np.array_equal(one.rates_adjusted, two.rates_adjusted)
    assert np.array_equal(one.scores_adjusted, two.scores_adjusted)
