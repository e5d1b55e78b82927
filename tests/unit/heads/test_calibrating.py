"""Platt's calibration and the calibration error."""

from __future__ import annotations

import numpy as np
import pytest

from framesift.errors import HeadError
from framesift.heads.calibrating import LEAST, Platt, calibration_error, fit_platt
from framesift.heads.numeric import sigmoid


def drawn(scale: float, shift: float, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    z = rng.normal(0, 2, count)
    return z, rng.random(count) < sigmoid(scale * z + shift)


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (0.3, -2.0), (4.0, 1.0)])
def test_it_finds_the_constants_that_made_the_targets(scale, shift) -> None:
    platt = fit_platt(*drawn(scale, shift))
    assert platt.scale == pytest.approx(scale, rel=0.08)
    assert platt.shift == pytest.approx(shift, abs=0.12)
    assert platt.positives + platt.negatives == 20_000


def test_separated_examples_give_finite_constants() -> None:
    z = np.concatenate([np.full(50, -3.0), np.full(50, 3.0)])
    platt = fit_platt(z, z > 0)
    assert np.isfinite([platt.scale, platt.shift]).all()
    assert 0.9 < platt(3.0) < 1


def test_huge_scores_do_not_overflow() -> None:
    z, truth = drawn(1.0, 0.0, 500)
    assert fit_platt(z * 1e6, truth).scale == pytest.approx(fit_platt(z, truth).scale / 1e6)


def test_too_few_examples_are_refused() -> None:
    z = np.arange(100.0)
    with pytest.raises(HeadError, match="at least 20"):
        fit_platt(z, z > 99 - LEAST + 1)


def test_scores_that_fall_with_the_targets_are_refused() -> None:
    z, truth = drawn(2.0, 0.0, 1000)
    with pytest.raises(HeadError, match="do not rise"):
        fit_platt(-z, truth)


def test_scores_that_are_not_numbers_are_refused() -> None:
    z, truth = drawn(2.0, 0.0, 100)
    z[3] = np.nan
    with pytest.raises(HeadError, match="finite"):
        fit_platt(z, truth)


def test_the_error_is_none_for_the_truth_and_large_for_a_boast() -> None:
    z, truth = drawn(1.5, -1.0)
    assert calibration_error(sigmoid(1.5 * z - 1.0), truth) < 0.01
    assert calibration_error(sigmoid(6 * z - 1.0), truth) > 0.05
    assert calibration_error(np.ones(10), np.zeros(10)) == 1.0


@pytest.mark.parametrize("wrong", [[], [1.2], [np.nan]])
def test_what_is_no_probability_is_refused(wrong) -> None:
    with pytest.raises(HeadError):
        calibration_error(np.array(wrong), np.zeros(len(wrong)))


def test_a_calibration_keeps_the_order() -> None:
    chances = Platt(0.7, -1.0)(np.linspace(-50, 50, 300))
    assert (np.diff(chances) >= 0).all()
    assert (chances >= 0).all()
    assert (chances <= 1).all()
