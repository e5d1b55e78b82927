"""How far frames lie apart in time, and what a head makes of it."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads import HeadCard, load_head, save_head
from framesift.heads.calibrating import Platt
from framesift.heads.motion import MotionHead, Rule, changes, scene_rows
from framesift.types import Embeddings

WIDTH = 12


def times(*seconds: float) -> tuple[Fraction, ...]:
    return tuple(Fraction(str(second)) for second in seconds)


def every(step: str, count: int, start: str = "0") -> tuple[Fraction, ...]:
    return tuple(Fraction(start) + Fraction(step) * number for number in range(count))


def head(doubt: float = 0.5, weights: tuple[float, float] = (1.0, -1.0)) -> MotionHead:
    card = HeadCard("motion", "moderation", "starter-1", inputs=("features",), source="fights")
    rule = Rule((-4.0, 0.5), (1.0, 0.2), weights, 0.1)
    coef = np.linspace(-1, 1, WIDTH).astype(np.float32)
    scene = (coef, np.array([0.2], np.float32), Platt(2.0, 0.3, 20, 30))
    return MotionHead(card, "violence", rule, scene, doubt=doubt)


def turning(angle: float, count: int) -> np.ndarray:
    """Unit rows in a plane, each turned by an angle against the one before."""
    rows = np.zeros((count, WIDTH))
    rows[:, 0], rows[:, 1] = np.cos(angle * np.arange(count)), np.sin(angle * np.arange(count))
    return rows


def jumping(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return scene_rows((2 + rng.normal(0, 0.3, (count, WIDTH))).astype(np.float32))


def embeddings(features: np.ndarray, space: str = "starter-1") -> Embeddings:
    rows = np.asarray(features, np.float32)
    return Embeddings(np.ones((len(rows), 2), np.float32), space, "f", {"features": rows})


def test_scene_rows_are_square_roots_at_unit_length():
    rows = scene_rows(np.array([[9.0, 16.0, 0.0], [0.0, 0.0, 0.0]], np.float32))
    np.testing.assert_allclose(rows, [[0.6, 0.8, 0.0], [0.0, 0.0, 0.0]])


def test_a_pair_alone_gives_its_distance_with_the_growth_that_is_expected():
    rows = turning(math.acos(0.9), 2)
    (level, growth), _ = changes(rows, times(0, 0.25))[0]
    assert level == pytest.approx(math.log2(0.1 + 1e-3))
    assert growth == pytest.approx(0.45)


def test_a_steady_turn_grows_with_time_and_chaos_does_not():
    moments = every("0.1", 21)
    steady = changes(turning(0.02, 21), moments)[0]
    chaos = changes(jumping(21), moments)[0]
    assert (steady[:, 1] > 1.0).all()
    assert (np.abs(chaos[:, 1]) < 0.3).all()


def test_twice_as_fast_lies_further_apart():
    moments = every("0.1", 21)
    slow, fast = (changes(turning(angle, 21), moments)[0][:, 0] for angle in (0.02, 0.04))
    assert (fast - slow > 1.2).all()


def test_ends_of_a_shot_are_judged_by_the_window_next_to_them():
    _, members = changes(turning(0.02, 41), every("0.1", 41))
    assert members[0] == members[10] == (0, 21)
    assert members[20] == (10, 31)
    assert members[40] == members[30] == (20, 41)


def test_frames_of_two_shots_are_not_compared():
    rows = np.concatenate([turning(0.0, 10), jumping(10)])
    moments = every("0.1", 20)
    found, members = changes(rows, moments, cuts=times(0, 1, 7))
    assert members[0] == (0, 10)
    assert members[19] == (10, 20)
    np.testing.assert_allclose(found[:10, 0], changes(rows[:10], moments[:10])[0][:, 0])
    np.testing.assert_allclose(found[10:], changes(rows[10:], moments[10:])[0])


@pytest.mark.parametrize("moments", [(), (0.0,), (0.0, 3.0), (1.0, 1.0), (0.0, 0.01)])
def test_moments_without_a_pair_score_nothing(moments):
    features = np.full((len(moments), WIDTH), 2.0)
    found, _ = changes(scene_rows(features.astype(np.float32)), times(*moments))
    assert found.shape == (len(moments), 2)
    assert np.isnan(found).all()
    scores = head().score(embeddings(features), times(*moments))
    np.testing.assert_array_equal(scores.values, np.zeros((len(moments), 1)))


def test_the_score_is_motion_times_scene():
    features = 2 + np.random.default_rng(4).normal(0, 0.3, (21, WIDTH))
    made, moments = head(0.25), every("0.1", 21)
    motion, scene = made.look(embeddings(features), moments)
    chance = 1 / (1 + np.exp(-(motion - (-4.0, 0.5)) / (1.0, 0.2) @ (1.0, -1.0) - 0.1))
    kind = 1 / (1 + np.exp(-(2.0 * scene + 0.3)))
    scores = made.score(embeddings(features), moments).values[:, 0]
    np.testing.assert_allclose(scores, chance * (0.25 + 0.75 * kind), rtol=1e-5)


def test_a_row_that_is_no_number_spoils_no_other():
    features = 2 + np.random.default_rng(4).normal(0, 0.3, (6, WIDTH))
    features[2] = np.nan
    moments = every("0.2", 6)
    values = head().score(embeddings(features), moments).values[:, 0]
    assert np.isnan(values[2])
    kept = np.delete(np.arange(6), 2)
    alone = head().score(embeddings(features[kept]), tuple(moments[n] for n in kept))
    np.testing.assert_allclose(values[kept], alone.values[:, 0], rtol=1e-6)


@pytest.mark.parametrize("moments", [times(0), times(0, 1, 0.5), times(0, 1, 2, 3)])
def test_times_must_fit_the_rows(moments):
    with pytest.raises(HeadError, match="3 frames need as many times"):
        head().score(embeddings(np.ones((3, WIDTH))), moments)


def test_other_spaces_and_widths_are_refused():
    with pytest.raises(SpaceMismatchError, match="'elsewhere'"):
        head().score(embeddings(np.ones((2, WIDTH)), "elsewhere"), times(0, 1))
    with pytest.raises(SpaceMismatchError, match="rows of 12 numbers, not of 5"):
        head().score(embeddings(np.ones((2, 5))), times(0, 1))


@pytest.mark.parametrize(
    ("mean", "scale"), [((0.0, 0.0), (1.0, 0.0)), ((math.nan, 0.0), (1.0, 1.0))]
)
def test_a_rule_must_be_usable(mean, scale):
    with pytest.raises(HeadError, match="rule of motion"):
        Rule(mean, scale, (1.0, 1.0), 0.0)


@pytest.mark.parametrize("doubt", [-0.1, 1.1, math.nan])
def test_doubt_is_a_share(doubt):
    with pytest.raises(HeadError, match="doubt"):
        head(doubt)


def test_it_survives_a_file(tmp_path):
    features = 2 + np.random.default_rng(4).normal(0, 0.3, (9, WIDTH))
    made, moments = head(), every("0.2", 9)
    again = load_head(save_head(made, tmp_path / "fights"), task="moderation", space="starter-1")
    assert isinstance(again, MotionHead)
    assert again.card == made.card
    np.testing.assert_array_equal(
        again.score(embeddings(features), moments).values,
        made.score(embeddings(features), moments).values,
    )
