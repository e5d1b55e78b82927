"""Pooling as people judge, the costs of faults, and their words."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from framesift.types import Scores, Segment, Survey
from framesift.verdicts.video_quality import (
    find_blocks,
    judge_video,
    moment_weights,
    pool_quality,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def fault(label: str, start: float, end: float, peak: float = 0.8, source: str = "") -> Segment:
    first = Fraction(start)
    return Segment(label, first, Fraction(end), peak, first, "fault", source=source)


def survey(
    *faults: Segment, seconds: int = 10, measures: Mapping[str, float] | None = None
) -> Survey:
    return Survey(
        Fraction(0), Fraction(seconds), faults=faults, measures=tuple((measures or {}).items())
    )


def scores(values: list[float], **parts: list[float]) -> Scores:
    columns = np.array([values, *parts.values()], np.float32).T
    return Scores(
        "head",
        ("quality", *parts),
        columns,
        columns - 1,
        columns + 1,
        percentile=np.full(len(values), 40, np.float32),
        distance=np.full(len(values), 0.5, np.float32),
    )


def seconds(count: int) -> list[Fraction]:
    return [Fraction(2 * place + 1, 2) for place in range(count)]


def test_constant_quality_is_itself() -> None:
    assert pool_quality([6.5] * 30, [1.0] * 30) == pytest.approx(6.5)


def test_one_moment_is_itself() -> None:
    assert pool_quality([4.0], [0.04]) == 4.0


@pytest.mark.parametrize("bad", [1, 3, 6, 12])
def test_bad_part_costs_more_than_its_share_of_time(bad: int) -> None:
    values = [8.0] * 30
    values[10 : 10 + bad] = [3.0] * bad
    assert pool_quality(values, [1.0] * 30) < np.mean(values) - 0.1


def test_good_part_does_not_make_up_for_the_rest() -> None:
    values = [4.0] * 20
    values[5:8] = [9.0] * 3
    assert 4 < pool_quality(values, [1.0] * 20) < np.mean(values)


def test_a_bad_end_costs_more_than_a_bad_start() -> None:
    start, end = [3.0] * 5 + [8.0] * 25, [8.0] * 25 + [3.0] * 5
    # The start is remembered into what follows, the end is not: leave that out.
    weights = [10.0] * 30
    assert pool_quality(end, weights) < pool_quality(start, weights)


def test_bad_moment_is_remembered() -> None:
    together = [8.0] * 6 + [3.0] * 2 + [8.0] * 8
    spread = [8.0] * 4 + [3.0] + [8.0] * 4 + [3.0] + [8.0] * 6
    weights = [1.0] * 16
    assert pool_quality(spread, weights) < pool_quality(together, weights)


@pytest.mark.parametrize("rate", [2, 4, 10])
def test_looking_more_often_at_the_same_changes_little(rate: int) -> None:
    values = np.repeat([8.0, 7.0, 3.0, 6.0, 8.0, 9.0], 5)
    once = pool_quality(values, np.ones(30))
    often = pool_quality(np.repeat(values, rate), np.full(30 * rate, 1 / rate))
    assert often == pytest.approx(once, abs=0.1)


def test_uneven_sampling_counts_time() -> None:
    even = pool_quality([8.0] * 20 + [2.0] * 20, [1.0] * 40)
    uneven = pool_quality([8.0] * 4 + [2.0] * 20, [5.0] * 4 + [1.0] * 20)
    assert uneven == pytest.approx(even, abs=0.15)


@pytest.mark.parametrize(
    ("values", "weights"),
    [([], []), ([1.0], [0.0]), ([1.0, 2.0], [1.0]), ([1.0, 2.0], [2.0, -1.0])],
)
def test_nothing_to_pool(values: list[float], weights: list[float]) -> None:
    with pytest.raises(ValueError, match=r"weights"):
        pool_quality(values, weights)


def test_moments_stand_for_the_time_around_them() -> None:
    times = [Fraction(1), Fraction(2), Fraction(6)]
    assert moment_weights(times, survey()).tolist() == [1.5, 2.5, 6.0]


def test_pages_stand_for_one_each() -> None:
    assert moment_weights([Fraction(0)] * 3, survey(seconds=0)).tolist() == [1, 1, 1]


def test_clean_video_keeps_the_score_of_its_moments() -> None:
    quality = judge_video(
        scores([7.0] * 10, sharpness=[8.0] * 10),
        seconds(10),
        survey(measures={"signal": 10.0, "flow": 10.0, "light": 10.0, "steadiness": 10.0}),
    )
    assert (quality.score, quality.low, quality.high) == pytest.approx((7, 6, 8))
    assert quality.parts[0] == ("sharpness", pytest.approx(8))
    assert dict(quality.parts)["steadiness"] == 10
    assert quality.percentile == pytest.approx(40)
    assert quality.unusual is False
    assert quality.words == ""


@pytest.mark.parametrize("measure", ["signal", "flow", "light", "steadiness", "bitrate"])
def test_every_measure_can_only_lower_the_score(measure: str) -> None:
    found = [
        judge_video(scores([7.0] * 10), seconds(10), survey(measures={measure: value}))
        for value in (10.0, 8.0, 5.0, 2.0, 0.0)
    ]
    values = [quality.score for quality in found]
    assert values == sorted(values, reverse=True)
    assert values[0] == pytest.approx(7)
    assert values[-1] < 6.9
    assert all(quality.low <= quality.score <= quality.high for quality in found)
    assert found[-1].percentile is None


def test_black_moments_are_no_pictures_to_judge() -> None:
    values = [7.0] * 5 + [9.5] * 2 + [7.0] * 3
    dark = survey(fault("black", 5, 7), measures={"signal": 6.0})
    assert judge_video(scores(values), seconds(10), dark).score < 7


def test_a_wholly_black_video_is_judged_all_the_same() -> None:
    dark = survey(fault("black", 0, 10), measures={"signal": 0.5})
    assert judge_video(scores([5.0] * 10), seconds(10), dark).score < 1


def test_rows_and_times_must_match() -> None:
    with pytest.raises(ValueError, match="as many times"):
        judge_video(scores([1.0, 2.0]), seconds(3), survey())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (survey(), ""),
        (survey(fault("freeze", 14, 17.2), seconds=30), "freezes for 3.2 s at 0:14"),
        (survey(fault("black", 5, 7), seconds=30), "black for 2 s at 0:05"),
        (survey(fault("black", 0, 10)), "black for 10 s"),
        (survey(fault("shake", 0, 9.5, 0.5)), "shaky"),
        (survey(fault("shake", 0, 9.5, 0.8)), "very shaky"),
        (survey(fault("shake", 4, 6, 0.5)), "shaky for 2 s at 0:04"),
        (
            survey(fault("freeze", 70, 71), fault("freeze", 80, 82.5), seconds=90),
            "freezes 2 times, for 3.5 s in all, first at 1:10",
        ),
        (
            survey(fault("flicker", 3, 4, 0.8, "flashes"), fault("black", 6, 9, 0.9)),
            "flashes for 1 s at 0:03 (a risk to photosensitive viewers); black for 3 s at 0:06",
        ),
        (survey(fault("flicker", 0, 10, 0.4)), "flickers"),
        (survey(measures={"flow": 5.0}), "jerky"),
        (survey(fault("black", 3723, 3725), seconds=4000), "black for 2 s at 1:02:03"),
    ],
)
def test_words(given: Survey, words: str) -> None:
    assert judge_video(scores([7.0]), [Fraction(1)], given).words == words


def test_words_of_the_pictures_come_after_those_of_the_video() -> None:
    given = survey(fault("blocks", 2, 5), fault("shake", 0, 10, 0.5))
    table = scores([7.0], compression=[3.0])
    quality = judge_video(table, [Fraction(1)], given, lambda _: "strong compression")
    assert quality.words == "shaky; strong compression"
    quality = judge_video(table, [Fraction(1)], given, lambda _: "soft")
    assert quality.words == "shaky; very blocky for 3 s at 0:02; soft"


def test_blocks_are_found_with_hysteresis() -> None:
    values = [8, 3, 4, 2, 5, 8, 8, 3.4, 8, 4]
    table = scores([7.0] * 10, compression=[float(value) for value in values])
    first, second = find_blocks(table, seconds(10), survey())
    assert (first.start, first.end, second.start, second.end) == (1, 4, 7, 8)
    assert (first.label, first.kind, first.peak_time) == ("blocks", "fault", Fraction(7, 2))
    assert first.peak == pytest.approx(0.8)


def test_short_blocks_and_heads_without_the_part() -> None:
    times = [Fraction(place, 4) for place in range(10)]
    table = scores([7.0] * 10, compression=[8.0] * 4 + [1.0] * 2 + [8.0] * 4)
    assert find_blocks(table, times, survey(seconds=2)) == ()
    assert find_blocks(scores([7.0]), [Fraction(0)], survey()) == ()
