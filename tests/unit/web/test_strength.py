"""Bradley-Terry with ties: what is known in closed form, and what must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framesift.web.strength import fit_strengths


def comparisons(strength: np.ndarray, rounds: int, ties: float) -> list[tuple[int, int, float]]:
    rng = np.random.default_rng(1)
    pairs = []
    for _ in range(rounds):
        order = rng.permutation(len(strength))
        for first, second in zip(order, np.roll(order, 1), strict=True):
            gap = strength[first] - strength[second]
            odds = np.array([np.exp(gap / 2), np.exp(-gap / 2), ties])
            share = rng.choice([1.0, 0.0, 0.5], p=odds / odds.sum())
            pairs.append((int(first), int(second), float(share)))
    return pairs


def test_known_strengths_and_ties_are_found_again() -> None:
    true = np.linspace(-2, 2, 30)
    fitted = fit_strengths(30, comparisons(true, rounds=200, ties=0.5))
    assert np.sqrt(np.mean((fitted.values - true) ** 2)) < 0.2, "400 answers a picture"
    assert fitted.ties == pytest.approx(0.5, rel=0.15)


def test_the_slope_is_zero_at_the_answer() -> None:
    pairs = comparisons(np.array([0.0, 1.0, -1.0, 0.5]), rounds=5, ties=0.5)
    fitted = fit_strengths(4, pairs)

    def objective(values: np.ndarray, log_ties: float) -> float:
        total = -(values @ values + log_ties**2) / 8
        for first, second, share in pairs:
            gap = values[first] - values[second]
            odds = {1.0: gap / 2, 0.0: -gap / 2, 0.5: log_ties}
            total += odds[share] - np.log(sum(np.exp(list(odds.values()))))
        return float(total)

    best = objective(fitted.values, np.log(fitted.ties))
    for place in range(5):
        for step in (-1e-3, 1e-3):
            moved = np.append(fitted.values, np.log(fitted.ties))
            moved[place] += step
            assert objective(moved[:-1], moved[-1]) < best


def test_a_picture_that_always_wins_stays_finite_and_on_the_scale() -> None:
    fitted = fit_strengths(3, [(0, 1, 1.0), (0, 2, 1.0)] * 50)
    ratings = fitted.ratings()
    assert np.isfinite(fitted.values).all()
    assert 9 < ratings[0] < 10
    assert ratings[1] == pytest.approx(ratings[2])


def test_two_pictures_are_symmetric_about_five() -> None:
    ratings = fit_strengths(2, [(0, 1, 1.0), (1, 0, 0.5)]).ratings()
    assert ratings.sum() == pytest.approx(10)
    assert ratings[0] > ratings[1]


@pytest.mark.parametrize("count", [0, 1, 4])
def test_without_comparisons_all_are_in_the_middle(count: int) -> None:
    fitted = fit_strengths(count, [])
    assert fitted.values.tolist() == [0.0] * count
    assert fitted.ratings().tolist() == [5.0] * count


def test_only_ties_make_equals() -> None:
    fitted = fit_strengths(3, [(0, 1, 0.5), (1, 2, 0.5)] * 20)
    assert np.allclose(fitted.values, 0, atol=1e-6)
    assert fitted.ties > 3


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from([0.0, 0.5, 1.0])).filter(
            lambda pair: pair[0] != pair[1]
        ),
        max_size=40,
    ),
    st.randoms(use_true_random=False),
)
def test_neither_order_nor_side_matters_and_one_more_win_never_hurts(pairs, random) -> None:
    before = fit_strengths(6, pairs)
    turned = [(b, a, 1 - share) for a, b, share in pairs]
    random.shuffle(turned)
    assert np.allclose(fit_strengths(6, turned).values, before.values, atol=1e-5)
    assert np.isfinite(before.values).all()
    after = fit_strengths(6, [*pairs, (0, 1, 1.0)])
    assert after.values[0] - after.values[1] > before.values[0] - before.values[1]
