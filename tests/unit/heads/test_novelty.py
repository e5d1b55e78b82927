from __future__ import annotations

import numpy as np
import pytest

from framesift.errors import HeadError
from framesift.heads.novelty import Novelty


def rows(count: int, width: int, seed: int = 0) -> np.ndarray:
    """Rows that vary along a few directions, as embeddings do, with a little of everything."""
    rng = np.random.default_rng(seed)
    main = np.random.default_rng(99).normal(size=(5, width))
    mixed = rng.normal(size=(count, 5)) @ main + 0.2 * rng.normal(size=(count, width))
    return (mixed + 3).astype(np.float32)


@pytest.mark.parametrize(("count", "width"), [(400, 30), (60, 300), (2000, 8)])
def test_pictures_of_the_same_kind_are_seldom_unusual(count, width):
    novelty = Novelty.fit(rows(count, width))
    assert np.mean(novelty.distance(rows(1000, width, seed=1)) > 1) < 0.05


@pytest.mark.parametrize(("count", "width"), [(400, 30), (60, 300)])
def test_pictures_of_another_kind_are_unusual(count, width):
    novelty = Novelty.fit(rows(count, width))
    other = rows(50, width, seed=2)
    assert (novelty.distance(other + 30) > 1).all()
    along_nothing = other + 4 * np.random.default_rng(3).normal(size=other.shape)
    assert np.mean(novelty.distance(along_nothing.astype(np.float32)) > 1) > 0.95


def test_a_row_does_not_depend_on_the_others():
    novelty = Novelty.fit(rows(100, 20))
    given = rows(7, 20, seed=4)
    together = novelty.distance(given)
    alone = np.concatenate([novelty.distance(given[i : i + 1]) for i in range(7)])
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_equal_rows_do_not_divide_by_zero():
    novelty = Novelty.fit(np.ones((20, 5), np.float32))
    assert np.isfinite(novelty.distance(np.ones((3, 5), np.float32))).all()


def test_it_comes_back_from_its_tensors():
    novelty = Novelty.fit(rows(100, 20))
    again = Novelty.from_tensors(novelty.to_tensors())
    assert again is not None
    given = rows(9, 20, seed=5)
    np.testing.assert_array_equal(again.distance(given), novelty.distance(given))
    assert Novelty.from_tensors({}) is None


def test_too_few_rows_are_refused():
    with pytest.raises(HeadError, match="7 rows are too few"):
        Novelty.fit(rows(7, 5))


def test_arrays_that_do_not_fit_are_refused():
    good = Novelty.fit(rows(50, 6))
    with pytest.raises(HeadError, match="above zero"):
        Novelty(good.mean, good.axes, np.zeros_like(good.scale), 1.0)
    with pytest.raises(HeadError, match="novelty axes"):
        Novelty(good.mean[:3], good.axes, good.scale, 1.0)
