"""Ratings and comparisons as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from framesift.errors import ConfigError
from framesift.web.pairs import Pair, PairsFile
from framesift.web.ratings import COLUMNS, Rating, RatingsFile

if TYPE_CHECKING:
    from pathlib import Path


def test_a_second_rating_of_a_picture_replaces_the_first(tmp_path: Path) -> None:
    file = RatingsFile(tmp_path / "r.csv")
    file.put(Rating("a.jpg", 3))
    file.put(Rating("b.jpg", 7.5, rater="Ann"))
    file.put(Rating("a.jpg", 4, rater="Ann"))
    file.put(Rating("a.jpg", 5))
    assert file.by("") == {"a.jpg": Rating("a.jpg", 5)}
    assert {path: rating.rating for path, rating in file.by("Ann").items()} == {
        "b.jpg": 7.5,
        "a.jpg": 4,
    }
    lines = (tmp_path / "r.csv").read_text().splitlines()
    assert lines == [",".join(COLUMNS), "b.jpg,7.5,Ann,,,,", "a.jpg,4,Ann,,,,", "a.jpg,5,,,,,"]


def test_a_rating_can_be_taken_back(tmp_path: Path) -> None:
    file = RatingsFile(tmp_path / "r.csv")
    file.put(Rating("a.jpg", 3))
    file.put(Rating("a.jpg", 4, rater="Ann"))
    file.remove("a.jpg", "")
    assert file.by("") == {}
    assert list(RatingsFile(tmp_path / "r.csv").by("Ann")) == ["a.jpg"]


def test_one_raters_ratings_are_replaced_and_the_others_stay(tmp_path: Path) -> None:
    file = RatingsFile(tmp_path / "r.csv")
    file.put(Rating("a.jpg", 3))
    file.replace_rater("pairs", [Rating("a.jpg", 6.25, rater="pairs")])
    file.replace_rater("pairs", [Rating("b.jpg", 1, rater="pairs")])
    assert list(file.by("")) == ["a.jpg"]
    assert list(file.by("pairs")) == ["b.jpg"]


def test_what_is_the_same_is_not_written_again(tmp_path: Path) -> None:
    file = RatingsFile(tmp_path / "r.csv")
    file.replace_rater("pairs", [Rating("a.jpg", 6.25, rater="pairs")])
    before = (tmp_path / "r.csv").stat().st_ino
    file.replace_rater("pairs", [Rating("a.jpg", 6.25, rater="pairs")])
    assert (tmp_path / "r.csv").stat().st_ino == before


@pytest.mark.parametrize("rating", ["", "good", "nan", "inf", "-0.5", "10.5"])
def test_a_rating_that_is_none_is_refused(tmp_path: Path, rating: str) -> None:
    path = tmp_path / "r.csv"
    path.write_text(f"{','.join(COLUMNS)}\na.jpg,{rating},,,,,\n")
    with pytest.raises(ConfigError, match="line 2: the rating"):
        RatingsFile(path)


def test_pairs_are_kept_in_order_and_by_rater(tmp_path: Path) -> None:
    file = PairsFile(tmp_path / "p.csv")
    pairs = [Pair("a", "b", "left"), Pair("a", "b", "tie"), Pair("b", "a", "right", "Ann")]
    for pair in pairs:
        file.add(pair)
    assert PairsFile(tmp_path / "p.csv").by("") == pairs[:2]
    assert file.by("Ann") == pairs[2:]


def test_the_last_pair_like_it_is_taken_back(tmp_path: Path) -> None:
    file = PairsFile(tmp_path / "p.csv")
    for pair in (Pair("a", "b", "left"), Pair("a", "c", "tie"), Pair("a", "b", "left")):
        file.add(pair)
    file.remove(Pair("a", "b", "left"))
    file.remove(Pair("x", "y", "left"))
    assert file.by("") == [Pair("a", "b", "left"), Pair("a", "c", "tie")]


@pytest.mark.parametrize("row", ["a,a,left,,,,", ",a,left,,,,", "a,b,both,,,,"])
def test_a_pair_that_is_none_is_refused(tmp_path: Path, row: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(f"left,right,better,rater,left_sha256,right_sha256,time\n{row}\n")
    with pytest.raises(ConfigError, match="line 2"):
        PairsFile(path)
