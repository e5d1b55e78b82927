"""What one sitting does: ratings, comparisons, undo, resuming."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from framesift.errors import ConfigError
from framesift.web.pair_desk import ENOUGH, PairDesk, ratings_from_pairs
from framesift.web.pairs import Pair, PairsFile
from framesift.web.rate_desk import RateDesk
from framesift.web.ratings import Rating, RatingsFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = tuple(f"{letter}.jpg" for letter in "abcdefgh")


@pytest.fixture
def desk(tmp_path: Path, make_gallery: Callable[..., Any]) -> Callable[..., RateDesk]:
    return lambda rater="": RateDesk(make_gallery(*NAMES), RatingsFile(tmp_path / "r.csv"), rater)


@pytest.fixture
def pair_desk(tmp_path: Path, make_gallery: Callable[..., Any]) -> Callable[..., PairDesk]:
    def make(names: tuple[str, ...] = NAMES, rater: str = "", seed: int = 0) -> PairDesk:
        pairs, ratings = PairsFile(tmp_path / "p.csv"), RatingsFile(tmp_path / "r.csv")
        return PairDesk(make_gallery(*names), pairs, ratings, rater, seed=seed)

    return make


def test_a_sitting_goes_on_where_the_last_one_stopped(
    tmp_path: Path, desk: Callable[..., RateDesk]
) -> None:
    first = desk("Ann")
    first.rate(0, 7)
    first.rate(2, 8.5)
    again = desk("Ann")
    assert again.state()["ratings"] == [7, None, 8.5, None, None, None, None, None]
    assert (again.rated, again.given) == (2, 0)
    assert desk("Bob").state()["ratings"] == [None] * 8
    kept = RatingsFile(tmp_path / "r.csv").by("Ann")["c.jpg"]
    assert (kept.sha256, kept.time[-1]) == (f"{2:064x}", "Z")


def test_undo_takes_back_step_by_step(tmp_path: Path, desk: Callable[..., RateDesk]) -> None:
    sitting = desk()
    sitting.rate(0, 7)
    sitting.rate(1, 3)
    sitting.rate(0, 9)
    assert sitting.undo() == {"index": 0, "rating": 7.0}
    assert sitting.undo() == {"index": 1, "rating": None}
    assert sitting.state()["ratings"][:2] == [7, None]
    assert sitting.given == 1
    assert sitting.undo() == {"index": 0, "rating": None}
    assert sitting.undo() == {"index": None, "rating": None}
    assert RatingsFile(tmp_path / "r.csv").by("") == {}
    assert sitting.given == 0


def test_rating_again_keeps_split_and_group(tmp_path: Path, desk: Callable[..., RateDesk]) -> None:
    RatingsFile(tmp_path / "r.csv").put(Rating("a.jpg", 1, split="test", group="7"))
    desk().rate(0, 2)
    kept = RatingsFile(tmp_path / "r.csv").by("")["a.jpg"]
    assert (kept.rating, kept.split, kept.group) == (2, "test", "7")


@pytest.mark.parametrize("rating", [-1, 10.5, 3.3, float("nan"), True, "7", None, 10**400])
def test_what_is_no_rating_is_refused(
    tmp_path: Path, desk: Callable[..., RateDesk], rating: object
) -> None:
    with pytest.raises(ConfigError, match="a rating is a number"):
        desk().rate(0, rating)
    assert not (tmp_path / "r.csv").exists()


@pytest.mark.parametrize("index", [-1, 8, 0.0, True, "0", None])
def test_what_is_no_picture_is_refused(
    desk: Callable[..., RateDesk], pair_desk: Callable[..., PairDesk], index: object
) -> None:
    with pytest.raises(ConfigError, match="picture"):
        desk().rate(index, 5)
    with pytest.raises(ConfigError, match="picture"):
        pair_desk().judge(index, 1, "left")


def test_a_rating_that_cannot_be_written_changes_nothing(
    desk: Callable[..., RateDesk], monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting = desk()
    sitting.rate(0, 7)

    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.write", fail)
    with pytest.raises(OSError, match="No space"):
        sitting.rate(1, 3)
    monkeypatch.undo()
    assert sitting.state()["ratings"][:2] == [7, None]
    assert sitting.undo()["index"] == 0


def by_letter(pair: dict[str, Any]) -> str:
    """Somebody who prefers what comes first in the alphabet."""
    return "left" if pair["left_name"] < pair["right_name"] else "right"


def compare(sitting: PairDesk, times: int, answer: Callable[..., str] = by_letter) -> None:
    state = sitting.state()
    for _ in range(times):
        if not state["pairs"]:
            return
        pair = state["pairs"][0]
        state = sitting.judge(pair["left"], pair["right"], answer(pair))


def test_pairs_become_ratings_in_the_order_of_the_answers(
    tmp_path: Path, pair_desk: Callable[..., PairDesk]
) -> None:
    sitting = pair_desk(rater="Ann")
    compare(sitting, 100)
    assert sitting.state()["pairs"] == [], "8 pictures make 28 pairs"
    assert sitting.state()["compared"] == 28
    assert sitting.finish() == 8
    ratings = RatingsFile(tmp_path / "r.csv").by("Ann (pairs)")
    assert sorted(ratings, key=lambda name: -ratings[name].rating) == list(NAMES)
    assert ratings["a.jpg"].rating > 8
    assert ratings["h.jpg"].rating < 2
    assert ratings["b.jpg"].sha256 == f"{1:064x}"


def test_ratings_given_one_by_one_stay_beside_those_from_pairs(
    tmp_path: Path, desk: Callable[..., RateDesk], pair_desk: Callable[..., PairDesk]
) -> None:
    desk().rate(0, 2)
    sitting = pair_desk()
    compare(sitting, 28)
    sitting.finish()
    sitting.finish()
    file = RatingsFile(tmp_path / "r.csv")
    assert file.by("")["a.jpg"].rating == 2
    assert len(file.by("pairs")) == 8


def test_too_few_pairs_make_no_ratings(tmp_path: Path, pair_desk: Callable[..., PairDesk]) -> None:
    sitting = pair_desk()
    compare(sitting, 5)
    assert sitting.state()["until_enough"] == 8 * ENOUGH // 2 - 5
    assert sitting.finish() == 0
    assert not (tmp_path / "r.csv").exists()


def test_every_picture_is_compared_equally_often_and_no_pair_twice(
    tmp_path: Path, pair_desk: Callable[..., PairDesk]
) -> None:
    names = tuple(f"{number}.jpg" for number in range(30))
    sitting = pair_desk(names)
    compare(sitting, 60)
    pairs = PairsFile(tmp_path / "p.csv").by("")
    assert len({frozenset((pair.left, pair.right)) for pair in pairs}) == 60
    counts = [sum(name in (pair.left, pair.right) for pair in pairs) for name in names]
    assert max(counts) - min(counts) <= 2
    lefts = sum(pair.left < pair.right for pair in pairs)
    assert 15 < lefts < 45, "neither side is preferred"


def test_the_choice_of_pairs_depends_on_the_seed(pair_desk: Callable[..., PairDesk]) -> None:
    first = pair_desk(seed=1).state()["pairs"]
    assert first == pair_desk(seed=1).state()["pairs"]
    assert any(pair_desk(seed=seed).state()["pairs"] != first for seed in range(2, 6))


def test_undo_brings_the_pair_back(tmp_path: Path, pair_desk: Callable[..., PairDesk]) -> None:
    sitting = pair_desk()
    shown = sitting.state()["pairs"][0]
    sitting.judge(shown["left"], shown["right"], "tie")
    state = sitting.undo()
    assert state["pairs"][0] == shown
    assert (state["compared"], state["given"]) == (0, 0)
    assert PairsFile(tmp_path / "p.csv").by("") == []
    assert sitting.undo()["given"] == 0


def test_a_skipped_pair_does_not_come_again(
    tmp_path: Path, pair_desk: Callable[..., PairDesk]
) -> None:
    sitting = pair_desk(NAMES[:3])
    shown = sitting.state()["pairs"][0]
    sitting.judge(shown["left"], shown["right"], "skip")
    compare(sitting, 10)
    assert sitting.state()["compared"] == 2
    assert sitting.given == 2


def test_a_picture_that_fails_is_shown_no_more(pair_desk: Callable[..., PairDesk]) -> None:
    sitting = pair_desk(NAMES[:4])
    sitting.state()
    sitting.gallery.failures[0] = "is broken"
    state = sitting.state()
    assert state["pictures"] == 3
    assert all(0 not in (pair["left"], pair["right"]) for pair in state["pairs"])
    assert state["failures"] == {"a.jpg": "is broken"}


@pytest.mark.parametrize("better", ["both", "", None, 1])
def test_what_is_no_answer_is_refused(pair_desk: Callable[..., PairDesk], better: object) -> None:
    with pytest.raises(ConfigError, match="an answer"):
        pair_desk().judge(0, 1, better)
    with pytest.raises(ConfigError, match="an answer"):
        pair_desk().judge(1, 1, "left")


def test_pictures_that_no_chain_of_answers_joins_get_no_rating() -> None:
    rng = np.random.default_rng(0)

    def among(names: str) -> list[Pair]:
        return [
            Pair(first, second, "left" if rng.random() < 0.7 else "tie")
            for first in names
            for second in names
            if first < second
        ]

    ratings = ratings_from_pairs([*among("abcdef"), *among("uvwxy")], "pairs")
    assert [rating.path for rating in ratings] == list("abcdef")
    assert ratings_from_pairs([], "pairs") == []
