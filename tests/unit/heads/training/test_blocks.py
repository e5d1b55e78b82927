from __future__ import annotations

import numpy as np
import pytest

from framesift.heads.training.blocks import Scaling


def arrays(**widths):
    rng = np.random.default_rng(0)
    return {n: (rng.normal(5, 3, (200, w))).astype(np.float32) for n, w in widths.items()}


def test_shares_grow_with_the_width_and_less_than_in_proportion():
    given = arrays(small=16, large=400)
    scaling = Scaling.fit(given, ("small", "large"))
    rows = scaling(given)
    variance = rows.var(axis=0)
    assert variance.sum() == pytest.approx(1, abs=0.02)
    assert variance[:16].sum() == pytest.approx(16**0.75 / (16**0.75 + 400**0.75), rel=0.05)


def test_a_column_that_hardly_varies_is_not_blown_up():
    given = arrays(x=20)
    given["x"][:, 0] = 1e-6 * given["x"][:, 0]
    scaling = Scaling.fit(given, ("x",))
    assert scaling(given).var(axis=0)[0] < 1e-6
    given["x"][:, 0] = 10
    assert np.abs(scaling(given)[:, 0]).max() < 5


def test_the_plain_way_lets_every_column_count_alike():
    given = arrays(small=16, large=400)
    given["large"][:, 0] *= 1e-6
    scaling = Scaling.fit(given, ("small", "large"), plain=True)
    variance = scaling(given).var(axis=0)
    assert variance[:16] == pytest.approx(1 / 416, rel=1e-3)
    assert variance[17:] == pytest.approx(1 / 416, rel=1e-3)
    assert variance[16] < 1e-6


def test_constant_inputs_become_zero():
    given = {"x": np.full((10, 3), 7, np.float32)}
    assert np.abs(Scaling.fit(given, ("x",))(given)).max() == 0


def test_the_standardiser_of_the_head_does_the_same():
    given = arrays(x=5)
    scaling = Scaling.fit(given, ("x",))
    kept = scaling.standardiser()
    again = (given["x"].astype(np.float64) - kept.mean) / kept.scale
    np.testing.assert_array_equal(again, scaling(given))
