"""Targets as text, refusals that say what is needed, and intervals against known values."""

from __future__ import annotations

import numpy as np
import pytest

from framesift.errors import ConfigError, PolicyError
from framesift.policies.calibrate import Needs, Target, choose_threshold, needed
from framesift.policies.rates import rate, reliability


@pytest.mark.parametrize(
    ("text", "metric", "value"),
    [
        ("fpr<=1%", "fpr", 0.01),
        ("FPR <= 0.01", "fpr", 0.01),
        ("precision>=0.95", "precision", 0.95),
        (" recall >= 90 % ", "recall", 0.9),
        ("review<=5%", "review", 0.05),
        ("block<=.5%", "block", 0.005),
    ],
)
def test_targets_are_read(text: str, metric: str, value: float) -> None:
    assert Target.parse(text) == Target(metric, pytest.approx(value))
    assert Target.parse(str(Target.parse(text))) == Target.parse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no target; write fpr<=1%"),
        ("fpr=1%", "is no target"),
        ("accuracy>=0.9", "is no target"),
        ("fpr>=1%", "wrong way"),
        ("recall<=0.9", "wrong way"),
        ("fpr<=0", "between 0 and 1"),
        ("recall>=100%", "between 0 and 1"),
        ("fpr<=1%; drop", "is no target"),
        ("fpr<=nan", "is no target"),
    ],
)
def test_what_is_no_target_is_refused_with_an_example(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Target.parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fpr<=1%", Needs(20, 198, 218)),
        ("fpr<=10%", Needs(20, 20, 40)),
        ("recall>=0.99", Needs(198, 20, 218)),
        ("precision>=0.95", Needs(38, 20, 58)),
        ("review<=1%", Needs(0, 0, 198)),
    ],
)
def test_how_many_examples_a_target_takes(text: str, expected: Needs) -> None:
    assert needed(Target.parse(text)) == expected


def test_too_few_examples_are_refused_with_how_many_it_takes() -> None:
    with pytest.raises(PolicyError, match="at least 20 examples of the category and 198 others"):
        choose_threshold([0.1, 0.9], [False, True], Target.parse("fpr<=1%"))
    with pytest.raises(PolicyError, match="there are 0"):
        choose_threshold([], [], Target.parse("review<=10%"))


def test_copies_of_one_example_are_one_example() -> None:
    scores, labels = np.full(500, 0.5), np.arange(500) % 2 == 0

    with pytest.raises(PolicyError, match="near-duplicates count as one"):
        choose_threshold(scores, labels, Target.parse("fpr<=10%"), groups=["same"] * 500)


def test_scores_that_are_all_alike_reach_no_target() -> None:
    labels = np.arange(100) % 2 == 0
    for text, scores in (("fpr<=10%", np.ones(100)), ("recall>=0.8", np.zeros(100))):
        with pytest.raises(PolicyError, match="no threshold reaches"):
            choose_threshold(scores, labels, Target.parse(text))


def test_the_threshold_lies_just_above_the_examples_that_must_stay_below() -> None:
    others, harmful = np.linspace(0, 0.5, 400), np.linspace(0.6, 1, 100)
    scores, labels = np.append(others, harmful), np.repeat([False, True], [400, 100])

    chosen = choose_threshold(scores, labels, Target.parse("fpr<=5%"))

    assert 0.45 < chosen.threshold < 0.5
    assert chosen.recall.value == 1
    assert chosen.chosen_on == chosen.held_back == (50, 200)


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        # scipy.stats.binomtest(hits, total).proportion_ci(0.95, "exact")
        (0, 10, 0.0, 0.308497),
        (1, 10, 0.002529, 0.445016),
        (5, 100, 0.016432, 0.112835),
        (10, 10, 0.691503, 1.0),
        (200, 20_000, 0.008668, 0.011478),
    ],
)
def test_intervals_are_those_of_clopper_and_pearson(
    hits: int, total: int, low: float, high: float
) -> None:
    found = rate(np.arange(total) < hits)

    assert found.value == hits / total
    assert (found.low, found.high) == pytest.approx((low, high), abs=2e-6)


def test_a_rate_of_nothing_says_that_nothing_is_known() -> None:
    found = rate(np.zeros(0, dtype=bool), np.zeros(0, dtype=np.int64))

    assert np.isnan(found.value)
    assert (found.low, found.high, found.total) == (0, 1, 0)


def test_groups_count_by_their_share() -> None:
    hits = np.array([True, False, True, True])

    found = rate(hits, np.array([7, 7, 8, 9]))

    assert (found.count, found.total) == (2.5, 3)


def test_a_reliability_table_compares_scores_with_what_is_true() -> None:
    table = reliability(np.array([0.05, 0.95, 1.0]), np.array([False, True, False]), bins=10)

    assert [one.count for one in table] == [1, *[0] * 8, 2]
    assert table[0].actual == 0
    assert table[-1].score == pytest.approx(0.975)
    assert table[-1].actual == 0.5


@pytest.mark.parametrize("bad", [[np.nan] * 2, [1.2, 0.0], [[0.1], [0.2]], [0.1]])
def test_scores_that_are_none_are_an_error(bad: list[float]) -> None:
    with pytest.raises(ValueError, match=r"score"):
        choose_threshold(bad, [True, False], Target.parse("fpr<=1%"))
    with pytest.raises(ValueError, match="groups"):
        choose_threshold([0.1], [True], Target.parse("fpr<=1%"), groups=[1, 2])
