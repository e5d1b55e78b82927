from __future__ import annotations

import numpy as np
import pytest

from framesift.heads.numeric import check_knots
from framesift.heads.training.intervals import (
    half_width,
    out_of_fold_widths,
    percentile_knots,
    spread_knots,
)


def test_the_half_width_is_the_conformal_quantile():
    misses = np.arange(1, 100) * np.where(np.arange(99) % 2, 1.0, -1.0)
    assert half_width(misses, np.arange(99)) == 90


def test_few_errors_give_the_largest():
    assert half_width(np.array([0.5, -2, 1]), np.arange(3)) == 2


def test_a_large_group_does_not_outweigh_the_others():
    misses = np.concatenate([np.full(1000, 0.1), np.full(30, 3.0)])
    groups = np.concatenate([np.zeros(1000), np.arange(1, 31)]).astype(int)
    assert half_width(misses, groups) == 3


def test_widths_come_from_other_folds():
    misses = np.concatenate([np.full(50, 1.0), np.full(50, 2.0)])
    folds = np.repeat([0, 1], 50)
    widths = out_of_fold_widths(misses, np.arange(100), folds)
    assert widths[0] == 2
    assert widths[99] == 1


def test_percentiles_rise_from_0_to_100():
    knots = percentile_knots(np.random.default_rng(0).normal(5, 1, 300))
    check_knots(knots, what="percentiles")
    assert knots[0][1] == 0
    assert knots[-1][1] == 100
    middle = np.interp(5.0, *zip(*knots, strict=True))
    assert middle == pytest.approx(50, abs=8)


def test_percentiles_of_ties():
    knots = percentile_knots(np.array([1.0] * 50 + [2.0] * 50))
    check_knots(knots, what="percentiles")
    assert percentile_knots(np.full(20, 3.0)) is None


def test_spreading_gives_the_distribution_of_the_ratings():
    rng = np.random.default_rng(0)
    actual = rng.uniform(0, 10, 400)
    predicted = 5 + 0.2 * (actual - 5) + rng.normal(0, 0.3, 400)
    knots = spread_knots(predicted, actual)
    check_knots(knots, what="spread")
    spread = np.interp(predicted, *zip(*knots, strict=True))
    assert spread.std() == pytest.approx(actual.std(), rel=0.05)
    assert spread_knots(np.full(9, 4.0), np.arange(9.0)) is None
