"""The best moments are good, spread out, and never what nobody should see."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framesift.types import Curve, Segment, Shot, Timeline
from framesift.verdicts.moments import best_moments, is_veiled, moments_of_shots

COUNT = 40


def made(
    scores: list[float], *segments: Segment, cuts: tuple[int, ...] = (), curve: bool = True
) -> Timeline:
    count = len(scores)
    edges = [0, *cuts, count]
    values = np.array(scores, np.float32)
    return Timeline(
        Fraction(0),
        Fraction(count),
        tuple(Fraction(n) for n in range(count)),
        curves=(Curve("quality", "head", values),) if curve else (),
        segments=segments,
        shots=tuple(Shot(Fraction(a), Fraction(b)) for a, b in itertools.pairwise(edges)),
    )


def harm(start: int, end: int, action: str = "block", kind: str = "harm") -> Segment:
    return Segment("x", Fraction(start), Fraction(end), 0.9, Fraction(start), kind, action)


def seconds(moments: object) -> list[int]:
    return [int(one.time) for one in moments]  # type: ignore[attr-defined]


def test_the_best_of_each_shot_comes_before_the_second_best_of_any() -> None:
    timeline = made([9, 9, 9, 9, 1, 2, 5, 6], cuts=(4, 6))

    assert seconds(best_moments(timeline, 3)) == [0, 5, 7]
    assert seconds(best_moments(timeline, 2)) == [0, 7], "the two better shots"


def test_further_moments_of_one_shot_lie_apart() -> None:
    timeline = made([5, 9, 8.9, 8.8, 3, 4, 2, 4.5])

    assert seconds(best_moments(timeline, 2)) == [1, 3], "the best of those a quarter away"
    assert seconds(best_moments(timeline, 3)) == [1, 3, 7]
    crowded = made([9, 8.9, 8.8, *[1] * 17])
    assert seconds(best_moments(crowded, 2)) == [0, 5], "and not what is next to it"


def test_moments_that_are_not_allowed_are_taken_only_where_asked_for() -> None:
    timeline = made([1, 2, 9, 9, 3, 2], harm(2, 4))

    assert set(seconds(best_moments(timeline, 6))) == {0, 5}, "nor those beside them"
    assert [one.veiled for one in best_moments(timeline, 6, veiled=True)].count(True) == 4


def test_a_softened_stretch_is_no_reason_to_hide() -> None:
    assert seconds(best_moments(made([1, 2, 9], harm(2, 3, "allow")), 1)) == [2]


@pytest.mark.parametrize(
    ("action", "hidden"), [("block", True), ("review", True), ("allow", False)]
)
def test_a_verdict_without_a_stretch_hides_everything(action: str, hidden: bool) -> None:  # noqa: FBT001
    timeline = made([1, 2, 9], harm(0, 1, "allow", "fault"))

    assert is_veiled(timeline, Fraction(2), action) is hidden  # type: ignore[arg-type]
    assert bool(best_moments(timeline, 3, action=action)) is not hidden  # type: ignore[arg-type]


def test_a_frozen_or_black_moment_is_the_last_choice() -> None:
    timeline = made([9, 9, 4, 4], harm(0, 2, "allow", "fault"))

    assert seconds(best_moments(timeline, 1)) == [2]
    assert len(best_moments(timeline, 4)) == 4


def test_black_moments_come_after_the_second_best_of_other_shots() -> None:
    black = harm(4, 8, "allow", "fault")

    one_shot = made([9, 8, 7, 6, 0, 0, 0, 0], black)
    assert seconds(best_moments(one_shot, 4)) == [0, 1, 2, 3], "however far away the black is"
    two_shots = made([9, 8, 7, 6, 0, 0, 0, 0], black, cuts=(4,))
    assert seconds(best_moments(two_shots, 4)) == [0, 1, 2, 3]
    assert seconds(best_moments(two_shots, 5))[:4] == [0, 1, 2, 3]


def test_without_scores_there_is_no_best() -> None:
    assert best_moments(made([1, 2], curve=False), 3) == ()
    assert seconds(best_moments(made([float("nan"), 2]), 3)) == [1]


def test_a_sheet_has_a_moment_per_shot_and_rather_an_allowed_one() -> None:
    cuts = tuple(range(4, COUNT, 4))
    timeline = made([float(n % 4) for n in range(COUNT)], harm(3, 4), cuts=cuts)

    found = moments_of_shots(timeline, 60)
    assert seconds(found) == [1, *range(7, COUNT, 4)]
    assert not any(one.veiled for one in found)
    pictured = {Fraction(n) for n in (1, 3, 5, 39)}
    assert seconds(moments_of_shots(timeline, 6, among=pictured)) == [1, 5, 39]
    assert len(moments_of_shots(timeline, 5)) == 5


def test_a_single_shot_is_told_in_a_few_moments() -> None:
    found = moments_of_shots(made([float(n) for n in range(COUNT)]), 60)

    assert 11 <= len(found) <= 12
    assert found[-1].time == COUNT - 1, "its best moment is among them"


@given(
    st.lists(st.floats(0, 10) | st.just(float("nan")), min_size=1, max_size=30),
    st.integers(1, 40),
    st.sets(st.integers(1, 29)),
    st.tuples(st.integers(0, 29), st.integers(1, 30)),
)
def test_moments_are_ascending_distinct_and_at_most_as_many_as_wanted(
    scores: list[float], count: int, cuts: set[int], stretch: tuple[int, int]
) -> None:
    edges = tuple(sorted(cut for cut in cuts if cut < len(scores)))
    timeline = made(scores, harm(stretch[0], stretch[0] + stretch[1]), cuts=edges)

    best = best_moments(timeline, count)
    assert len(best) <= count
    assert seconds(best) == sorted(set(seconds(best)))
    assert not any(one.veiled for one in best)
    inside = [stretch[0] <= n < sum(stretch) for n in range(len(scores))]
    possible = sum(
        score == score and not any(inside[max(n - 1, 0) : n + 2]) for n, score in enumerate(scores)
    )
    assert len(best) == min(count, possible)
    sheet = moments_of_shots(timeline, count)
    assert 0 < len(sheet) <= max(count, 1)
    assert seconds(sheet) == sorted(set(seconds(sheet)))
