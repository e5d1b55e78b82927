from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framesift.embeddings.cache_plan import Plan, decode_plan, encode_plan, encode_time
from framesift.types import Cue, MediaInfo, Problem, Segment, Shot, Survey, WordBox

SHA = "ab" * 32
TIMES = st.fractions(min_value=-5, max_value=10**6, max_denominator=90_000)


def survey(times: list[Fraction]) -> Survey:
    start, middle, end = times
    return Survey(
        start=start,
        end=end,
        shots=(Shot(start, middle), Shot(middle, end)),
        faults=(Segment("freeze", start, end, 0.75, middle, "fault", source="frames"),),
        measures=(("steadiness", 7.25),),
        watched=end - start,
        decoded=31,
        ends=(middle, end),
        cues=(Cue(start, middle, "zwei \u2028 Zeilen"),),
    )


@given(st.lists(TIMES, min_size=3, max_size=3, unique=True).map(sorted))
def test_a_plan_comes_back_as_it_was(times: list[Fraction]) -> None:
    info = MediaInfo("", SHA, "video", "mp4", 640, 360, times[2], None, times[0])
    words = ((times[0], (WordBox("SALE", 0.9, (0.0, 0.1, 0.5, 0.2)),)), (times[1], ()))
    plan = Plan(info, tuple(times), Problem("CorruptMediaError", "cut"), words, survey(times))
    assert decode_plan(encode_plan(plan), SHA) == plan


def test_a_still_has_no_survey() -> None:
    plan = Plan(MediaInfo("", SHA, "image", "png", 4, 3), (Fraction(0),))
    assert decode_plan(encode_plan(plan), SHA) == plan


@pytest.mark.parametrize("missing", ["info", "times", "problem", "words", "survey"])
def test_what_is_no_plan_is_a_miss(missing: str) -> None:
    plan = Plan(MediaInfo("", SHA, "image", "png", 4, 3), (Fraction(0),))
    content = json.loads(encode_plan(plan))
    del content[missing]
    assert decode_plan(json.dumps(content), SHA) is None
    assert decode_plan("{", SHA) is None


def test_times_are_written_exactly() -> None:
    assert encode_time(Fraction(1001, 30000)) == "1001/30000"
    with pytest.raises(TypeError, match="bytes has no place"):
        encode_plan(Plan(MediaInfo("", SHA, "image", "png", 4, 3), (b"",)))  # type: ignore[arg-type]
