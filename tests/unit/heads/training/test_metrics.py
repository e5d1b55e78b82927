from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as reference

from framesift.heads.training import metrics as own


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    actual = np.round(rng.uniform(0, 10, 80), 0)
    return actual, np.round(0.6 * actual + rng.normal(0, 2, 80), 1)


def test_figures_agree_with_scipy_and_scikit_learn(pair):
    actual, predicted = pair
    found = own.metrics_of(actual, predicted, np.arange(80, dtype=np.int32), repeats=20)
    assert found.r2.value == pytest.approx(reference.r2_score(actual, predicted))
    assert found.mse.value == pytest.approx(reference.mean_squared_error(actual, predicted))
    assert found.mae.value == pytest.approx(reference.mean_absolute_error(actual, predicted))
    assert found.srcc.value == pytest.approx(stats.spearmanr(actual, predicted).statistic)
    assert found.plcc.value == pytest.approx(stats.pearsonr(actual, predicted).statistic)
    assert found.kendall.value == pytest.approx(stats.kendalltau(actual, predicted).statistic)


def test_constants_have_no_correlation():
    actual = np.arange(10.0)
    flat = np.full(10, 4.5)
    assert math.isnan(own.srcc_of(actual, flat))
    assert math.isnan(own.kendall_of(flat, actual))
    assert math.isnan(own.r2_of(flat, actual))
    found = own.metrics_of(actual, flat, np.arange(10, dtype=np.int32), repeats=50)
    assert math.isnan(found.plcc.value)
    assert math.isnan(found.plcc.low)
    assert found.r2.value == pytest.approx(0)


def test_the_interval_holds_the_value_and_narrows_with_more_pictures():
    rng = np.random.default_rng(1)
    widths = []
    for count in (50, 500):
        actual = rng.uniform(0, 10, count)
        predicted = actual + rng.normal(0, 1, count)
        found = own.metrics_of(actual, predicted, np.arange(count, dtype=np.int32)).mae
        assert found.low < found.value < found.high
        widths.append(found.high - found.low)
    assert widths[1] < widths[0] / 2


def test_related_pictures_widen_the_interval():
    rng = np.random.default_rng(2)
    actual = rng.uniform(0, 10, 300)
    groups = np.repeat(np.arange(30), 10).astype(np.int32)
    predicted = actual + np.repeat(rng.normal(0, 1, 30), 10)
    alone = own.metrics_of(actual, predicted, np.arange(300, dtype=np.int32), repeats=300).mae
    together = own.metrics_of(actual, predicted, groups, repeats=300).mae
    assert together.high - together.low > 2 * (alone.high - alone.low)
    assert own.metrics_of(actual, predicted, groups, repeats=5).groups == 30


def test_under_four_groups_there_is_no_interval():
    groups = np.repeat(np.arange(3), 4).astype(np.int32)
    found = own.metrics_of(np.arange(12.0), np.arange(12.0), groups)
    assert found.mae.value == 0
    assert math.isnan(found.mae.low)


def test_resamples_draw_whole_groups():
    groups = np.array([0, 0, 1, 2, 2, 2, 3], np.int32)
    for rows in own.resamples(groups, seed=0, repeats=20):
        counts = np.bincount(rows, minlength=7)
        assert counts[0] == counts[1]
        assert counts[3] == counts[4] == counts[5]


def test_bias_by_group_is_sorted_and_skips_empty_names():
    actual = np.array([5.0, 5, 5, 5, 5])
    predicted = np.array([5.5, 5.5, 3, 3, 9])
    found = own.by_group(actual, predicted, ["a", "a", "b", "b", ""])
    assert [each.name for each in found] == ["b", "a"]
    assert found[0].bias.value == -2
    assert found[1].mae == 0.5


def test_deciles_follow_the_predictions():
    predicted = np.linspace(0, 10, 100)
    tenths = own.deciles_of(predicted + 1, predicted)
    assert len(tenths) == 10
    assert sum(each.n for each in tenths) == 100
    assert all(each.actual == pytest.approx(each.predicted + 1) for each in tenths)
    assert [each.low for each in tenths] == sorted(each.low for each in tenths)
    assert len(own.deciles_of(predicted[:3], predicted[:3])) == 1


def test_coverage_counts_the_ends():
    y = np.array([1.0, 2, 3, 4, 5])
    low, high = np.array([1.0, 2.1, 3, 0, 0]), np.array([2.0, 3, 3, 4, 4])
    figure = own.coverage_of(y, (low, high), np.arange(5, dtype=np.int32), repeats=50)
    assert figure.value == pytest.approx(0.6)
