"""Selecting and ranking: what passes, what never does, and the order."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framesift.errors import ConfigError
from framesift.types import Analysis, Failure, MediaInfo, ModelInfo, Problem, Quality, Verdict
from framesift.verdicts import Selection, left_out, rank, select, selected
from framesift.verdicts.rounding import rounded

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
