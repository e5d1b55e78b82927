"""Selecting and ranking: what passes, what never does, and the order."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framesift.errors import ConfigError
from framesift.types import Analysis, Failure, MediaInfo, ModelInfo, Problem, Quality, Verdict
from framesift.verdicts import Selection, choose, left_out, rank, select, selected
from framesift.verdicts.rounding import rounded

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = ModelInfo("starter", "f" * 8, "fp32")
FAILURE = Failure("broken.jpg", Problem("CorruptMediaError", "cut off"))


def picture(path: str, score: float | None, action: str | None = "allow") -> Analysis:
    quality = None if score is None else Quality(score, score, score, "head")
    verdict = None if action is None else Verdict(action, (), "p@1")
    info = MediaInfo(path, "0" * 64, "image", "jpeg", 10, 10)
    return Analysis(info, quality, verdict, (), MODEL)


def paths(results: list[Analysis]) -> list[str]:
    return [item.path for item in results]


@pytest.mark.parametrize(
    ("result", "selection", "expected"),
    [
        (picture("a", 6.0), Selection(min_score=6), None),
        (picture("a", 5.99996), Selection(min_score=6), None),
        (picture("a", 5.9999), Selection(min_score=6), "score too low"),
        (picture("a", 6.0), Selection(max_score=6), None),
        (picture("a", 6.1), Selection(max_score=6), "score too high"),
        (picture("a", None), Selection(), "no score"),
        (picture("a", math.nan), Selection(), "no score"),
        (picture("a", 9.0, "review"), Selection(), None),
        (picture("a", 9.0, "block"), Selection(), "action"),
        (picture("a", 9.0, "block"), Selection(actions=frozenset(("allow", "block"))), None),
        (picture("a", 9.0, None), Selection(), None),
        (picture("a", 9.0, None), Selection(actions=frozenset(("allow",))), "action"),
        (FAILURE, Selection(), "failed"),
        (FAILURE, Selection(actions=frozenset(("allow", "review", "block"))), "failed"),
    ],
)
def test_a_picture_passes_or_the_reason_is_given(
    result: Analysis | Failure, selection: Selection, expected: str | None
) -> None:
    assert left_out(result, selection) == expected
    assert list(selected([result], selection)) == ([] if expected else [result])


def test_rank_is_best_first_then_by_path_whatever_the_order_given() -> None:
    items = [
        picture("c", 5.0),
        picture("a", 5.00001),
        picture("b", 9.0),
        picture("d", None),
        FAILURE,
    ]
    for seed in range(20):
        random.Random(seed).shuffle(items)
        assert paths(rank(items)) == ["b", "a", "c"]
        assert paths(rank(items, top=2)) == ["b", "a"]


def test_select_takes_the_best_of_those_that_pass() -> None:
    items = [picture("x", 9.9, "block"), picture("a", 4.0), picture("b", 8.0), picture("c", 7.0)]

    assert paths(select(items, Selection(min_score=5, top=1))) == ["b"]
    assert paths(select(iter(items), Selection(min_score=5))) == ["b", "c"]
    assert select([], Selection(top=3)) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"min_score": -0.1},
        {"min_score": 10.1},
        {"max_score": math.nan},
        {"min_score": 7, "max_score": 6},
        {"top": 0},
        {"actions": frozenset()},
        {"actions": frozenset(("keep",))},
    ],
)
def test_a_selection_that_makes_no_sense_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Selection(**fields)


@given(
    st.lists(
        st.tuples(
            st.text(max_size=3),
            st.none() | st.floats(0, 10) | st.just(math.nan),
            st.sampled_from(["allow", "review", "block", None]),
        ),
        max_size=12,
    ),
    st.floats(0, 10),
    st.none() | st.integers(1, 12),
)
def test_top_is_the_head_of_the_ranking_and_everything_in_it_passes(
    rows: list[tuple[str, float | None, str | None]], low: float, top: int | None
) -> None:
    items = [picture(*row) for row in rows]
    everything = select(items, Selection(min_score=low))

    chosen = select(items, Selection(min_score=low, top=top))

    assert chosen == everything[:top]
    for item in chosen:
        assert item.quality is not None
        assert rounded(item.quality.score) >= low


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_rounding_refuses_what_is_not_finite(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        rounded(value)


def test_rounding_gives_no_negative_zero() -> None:
    assert str(rounded(-0.00001)) == "0.0"


def spread(*scores: float, folder: str = "a") -> list[Analysis]:
    return [picture(f"{folder}/{number:02}", score) for number, score in enumerate(scores)]


@pytest.mark.parametrize(
    ("percentile", "kept"),
    [(0, 10), (10, 9), (75, 2), (80, 2), (81, 1), (99.9, 1), (100, 1)],
)
def test_a_percentile_keeps_the_best_share_and_at_least_one(percentile: float, kept: int) -> None:
    items = spread(*range(10))
    chosen = select(items, Selection(percentile=percentile))
    assert [item.path for item in chosen] == [f"a/{number:02}" for number in range(9, 9 - kept, -1)]


def test_a_percentile_counts_whole_pictures_in_spite_of_binary_fractions() -> None:
    assert len(select(spread(*(n / 20 for n in range(100))), Selection(percentile=7))) == 93


def test_equal_scores_stay_or_go_together() -> None:
    assert len(select(spread(5, 5, 5, 5, 5), Selection(percentile=90))) == 5
    assert len(select(spread(1, 7, 7, 7, 9), Selection(percentile=50))) == 4
    assert len(select(spread(5.00001, 5, 4, 4), Selection(percentile=75))) == 2, "as records show"


def test_a_percentile_is_of_all_that_were_analysed_whatever_else_is_asked() -> None:
    items = [*spread(1, 2, 3, 4, 5, 6, 7), picture("x", 8, "block"), picture("y", None), FAILURE]
    choice = choose(items, Selection(percentile=50, max_score=6, top=1))
    assert paths(choice.chosen) == ["a/05"]
    assert dict(choice.left_out) == {
        "failed": 1,
        "no score": 1,
        "action": 1,
        "score too high": 1,
        "below the percentile": 4,
        "not among the best": 1,
    }


def test_top_and_percentile_within_each_folder() -> None:
    items = [*spread(1, 2, 3, 4, folder="a"), *spread(7, 8, folder="b"), *spread(0, folder="b/c")]
    assert paths(select(items, Selection(top=1, per_folder=True))) == ["b/01", "a/03", "b/c/00"]
    half = select(items, Selection(percentile=50, per_folder=True))
    assert paths(half) == ["b/01", "a/03", "a/02", "b/c/00"]
    assert paths(select(items, Selection(top=1))) == ["b/01"]


def test_memory_holds_few_more_than_the_best() -> None:
    alive = 0

    class Counted(Analysis):
        __slots__ = ()

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    most = 0

    def many() -> Iterator[Analysis]:
        nonlocal alive, most
        for number in range(2000):
            alive += 1
            made = picture(str(number), number % 11)
            yield Counted(made.info, made.quality, made.moderation, (), MODEL)
            most = max(most, alive)

    choice = choose(many(), Selection(top=3))
    assert [item.quality.score for item in choice.chosen if item.quality] == [10, 10, 10]
    assert choice.left_out == {"not among the best": 1997}
    assert most < 150


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]),
            st.one_of(st.none(), st.integers(0, 10)),
            st.sampled_from(["allow", "review", "block", None]),
        ),
        max_size=30,
    ),
    st.one_of(st.none(), st.integers(1, 5)),
    st.one_of(st.none(), st.floats(0, 100)),
    st.booleans(),
)
def test_every_result_is_chosen_or_counted(
    kinds: list[tuple[str, int | None, str | None]],
    top: int | None,
    percentile: float | None,
    per_folder: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    items = [
        picture(f"{folder}/{number}", score, action)
        for number, (folder, score, action) in enumerate(kinds)
    ]
    choice = choose(items, Selection(top=top, percentile=percentile, per_folder=per_folder))
    assert len(choice.chosen) + choice.left_out.total() == len(items)
    assert paths(choice.chosen) == paths(rank(choice.chosen))


@pytest.mark.parametrize("percentile", [-0.1, 100.1, math.nan])
def test_a_percentile_that_is_none_is_refused(percentile: float) -> None:
    with pytest.raises(ConfigError, match="percentile"):
        Selection(percentile=percentile)
