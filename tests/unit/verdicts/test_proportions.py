"""Intervals against the figures of the papers that they come from."""

from __future__ import annotations

import math

import pytest

from framesift.verdicts.proportions import (
    detectable,
    difference,
    paired_difference,
    ratio,
    share,
)


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [
        # Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson(count: int, total: int, low: float, high: float) -> None:
    found = share(count, total)

    assert found.value == count / total
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_nothing_of_nothing_is_not_known() -> None:
    found = share(0, 0)

    assert math.isnan(found.value)
    assert (found.low, found.high) == (0, 1)


@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    [
        # Newcombe (1998), "Interval estimation for the difference", table II, method 10.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((0, 10), (0, 20), -0.1611, 0.2775),
    ],
)
def test_newcombe(a: tuple[int, int], b: tuple[int, int], low: float, high: float) -> None:
    found = difference(share(*a), share(*b))

    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_a_difference_the_other_way_round_is_the_same() -> None:
    one, other = difference(share(5, 20), share(2, 30)), difference(share(2, 30), share(5, 20))

    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))


def test_koopman() -> None:
    # Koopman (1984): 36 of 40 against 16 of 80.
    found = ratio(share(36, 40), share(16, 80))

    assert found.value == pytest.approx(4.5)
    assert (found.low, found.high) == pytest.approx((2.94, 7.15), abs=5e-3)


def test_a_ratio_to_nothing_has_no_upper_end() -> None:
    found = ratio(share(3, 20), share(0, 20))

    assert math.isinf(found.value)
    assert math.isinf(found.high)
    assert 0 < found.low < 1
    assert ratio(share(0, 20), share(3, 20)).low == 0
    assert math.isnan(ratio(share(0, 9), share(0, 9)).value)


def test_newcombe_paired() -> None:
    # Fagerland, Lydersen and Laake (2014), airway hyper-responsiveness: 1, 1, 7, 12.
    found = paired_difference(1, 7, 1, 12)

    assert found.value == pytest.approx(-6 / 21)
    assert (found.low, found.high) == pytest.approx((-0.507, -0.026), abs=5e-4)


def test_paired_without_change_holds_zero() -> None:
    found = paired_difference(4, 0, 0, 12)

    assert found.value == 0
    assert found.low < 0 < found.high


@pytest.mark.parametrize(("group", "base"), [(96, 0.1), (500, 0.02), (16, 0.3)])
def test_a_difference_that_is_called_detectable_is_found_in_four_of_five(
    group: int, base: float
) -> None:
    import numpy as np

    found = detectable(base, group, 3 * group, 0.05)
    rng = np.random.default_rng(0)
    x = rng.binomial(group, base + found, 4000) / group
    y = rng.binomial(3 * group, base, 4000) / (3 * group)
    pooled = (x + 3 * y) / 4
    z = np.abs(x - y) / np.sqrt(np.maximum(pooled * (1 - pooled) * 4 / (3 * group), 1e-12))

    assert (z > 1.96).mean() == pytest.approx(0.8, abs=0.05)


def test_too_few_pictures_detect_nothing() -> None:
    assert math.isnan(detectable(0.5, 2, 2, 0.001))
    assert math.isnan(detectable(0.5, 0, 10, 0.05))
