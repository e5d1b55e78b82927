from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from framesift.policies import ContextRule, Policy, Rule, Thresholds, VideoRule
from framesift.types import Cue, Curve, Evidence, Segment, Shot, Signal, Survey
from framesift.verdicts import Track, build_timeline, stretches

NAN = math.nan
RULES = {
    "violence": Rule(Thresholds(0.5, 0.9), {"trained": Thresholds(0.8)}),
    "weapons": Rule(Thresholds(0.5)),
}
POLICY = Policy("p", RULES, video=VideoRule(gap_s=0))


def seconds(*values: float | str) -> list[Fraction]:
    return [Fraction(value) for value in values]


def curve(label: str, *values: float, source: str = "zero-shot") -> Curve:
    return Curve(label, source, np.array(values, np.float32))


def timeline(*harm: Curve, policy: Policy = POLICY, survey: Survey | None = None, **more: object):
    count = len(harm[0].values) if harm else 10
    track = Track(seconds(*range(count)), harm=harm, **more)
    return build_timeline(track, survey or Survey(end=Fraction(count)), policy, sampler="u1")


def spans(built) -> list[tuple[str, float, float, str]]:
    return [(one.label, float(one.start), float(one.end), one.action) for one in built.segments]


def shots(*edges: float | str) -> tuple[Shot, ...]:
    marks = seconds(*edges)
    return tuple(Shot(start, end) for start, end in pairwise(marks))


@pytest.mark.parametrize(
    ("cuts", "edge"),
    [
        ((), "1.5"),
        (("1.2",), "1.2"),
        (("1.1", "1.6"), "1.6"),
        (("1.5",), "1.5"),
        ((2,), 2),
        ((1,), "1.5"),
        (("0.5", "2.5"), "1.5"),
    ],
)
def test_neighbours_share_the_time_between_them_at_the_cut_or_half_way(cuts, edge):
    survey = Survey(end=Fraction(3), shots=shots(0, *cuts, 3))
    assert stretches(seconds(1, 2), survey) == (
        (Fraction(0), Fraction(edge)),
        (Fraction(edge), Fraction(3)),
    )


@pytest.mark.parametrize(
    ("gone", "cuts", "edge"),
    [
        ("1.2", (), "1.6"),
        ("1.2", ("1.1",), "1.6"),
        ("1.2", ("1.2",), "1.2"),
        ("1.2", ("1.3", "1.9"), "1.3"),
        (2, (), 2),
        (3, (), 2),
    ],
)
def test_a_moment_holds_while_its_frame_is_on_the_screen(gone, cuts, edge):
    survey = Survey(end=Fraction(3), shots=shots(0, *cuts, 3), ends=tuple(seconds(gone, "2.5")))
    found = stretches(seconds(1, 2), survey)
    assert found[0][1] == found[1][0] == Fraction(edge)


def test_what_stays_on_the_screen_is_no_gap():
    survey = Survey(end=Fraction(10), ends=tuple(seconds(4, 5)))
    assert build_timeline(Track(seconds(0, 4)), survey, POLICY).longest_gap == 5
    still = Survey(end=Fraction(10), ends=tuple(seconds(4, 10)))
    assert build_timeline(Track(seconds(0, 4)), still, POLICY).longest_gap == 0


def test_the_end_follows_from_the_spacing_where_it_is_not_known():
    assert stretches(seconds(1, 3), Survey())[-1] == (Fraction(2), Fraction(5))
    assert stretches(seconds(1), Survey()) == ((Fraction(0), Fraction(26, 25)),)


@pytest.mark.parametrize("times", [(1, 1), (2, 1)])
def test_times_that_do_not_ascend_are_refused(times):
    with pytest.raises(ValueError, match="must ascend"):
        stretches(seconds(*times), Survey(end=Fraction(5)))


def test_a_segment_begins_at_the_threshold_and_ends_below_a_lower_one():
    built = timeline(curve("violence", 0.1, 0.45, 0.5, 0.41, 0.4, 0.39, 0.45, 0.1))
    assert spans(built) == [("violence", 1.5, 4.5, "review")]
    (segment,) = built.segments
    assert (segment.peak, segment.peak_time, segment.source) == (0.5, 2, "zero-shot")


def test_a_segment_has_the_most_severe_action_and_the_earliest_of_equal_peaks():
    built = timeline(curve("violence", 0.6, 0.95, 0.6, 0.95, 0.1))
    assert spans(built) == [("violence", 0.0, 3.5, "block")]
    assert built.segments[0].peak_time == 1


def test_the_whole_video_is_one_segment_from_its_start_to_its_end():
    survey = Survey(Fraction(-1, 2), Fraction("3.25"))
    built = timeline(curve("weapons", 0.9, 0.9, 0.9), survey=survey)
    assert spans(built) == [("weapons", -0.5, 3.25, "review")]
    assert (built.start, built.end) == (survey.start, survey.end)


def test_short_gaps_are_closed_and_longer_ones_are_not():
    scores = curve("weapons", 0.9, 0.1, 0.9, 0.1, 0.1, 0.9)
    closed = Policy("p", RULES, video=VideoRule(gap_s=1))
    assert spans(timeline(scores, policy=closed)) == [
        ("weapons", 0.0, 2.5, "review"),
        ("weapons", 4.5, 6.0, "review"),
    ]
    assert len(timeline(scores).segments) == 3


def test_sources_of_one_label_make_disjoint_segments_with_the_peak_that_decided():
    built = timeline(
        curve("violence", 0.1, 0.6, 0.95, 0.1, 0.1, 0.1),
        curve("violence", 0.1, 0.1, 0.85, 0.99, 0.1, 0.7, source="trained"),
    )
    assert spans(built) == [("violence", 0.5, 3.5, "block")]
    (segment,) = built.segments
    assert (segment.source, segment.peak_time) == ("zero-shot", 2)
    assert [one.threshold for one in built.curves] == [0.5, 0.8]


def test_a_score_that_is_not_known_is_a_segment_to_review():
    built = timeline(curve("weapons", 0.1, NAN, 0.1, 0.1))
    assert spans(built) == [("weapons", 0.5, 1.5, "review")]
    (segment,) = built.segments
    assert math.isnan(segment.peak)
    assert segment.source == "zero-shot"


def test_what_is_not_known_neither_hides_a_peak_nor_begins_what_goes_on():
    built = timeline(curve("violence", 0.1, 0.95, NAN, 0.45, 0.1))
    assert spans(built) == [("violence", 0.5, 3.5, "block")]
    assert built.segments[0].peak == pytest.approx(0.95)
    onward = timeline(curve("violence", 0.6, NAN, 0.45, 0.1))
    assert spans(onward) == [("violence", 0.0, 2.5, "review")]
    alone = timeline(curve("violence", 0.1, NAN, 0.45, 0.1))
    assert spans(alone) == [("violence", 0.5, 1.5, "review")]


@pytest.mark.parametrize("score", [-0.5, -math.inf])
def test_scores_below_zero_are_not_known(score):
    assert spans(timeline(curve("weapons", 0.1, score, 0.1)))[0][3] == "review"


@pytest.mark.parametrize(("min_s", "action"), [(1, "block"), (2, "review"), (100, "review")])
def test_what_blocks_too_briefly_goes_to_review(min_s, action):
    policy = Policy("p", RULES, video=VideoRule(min_s=min_s))
    built = timeline(curve("violence", 0.1, 0.6, 0.95, 0.6, 0.1), policy=policy)
    assert spans(built) == [("violence", 0.5, 3.5, action)]


def test_a_video_shorter_than_the_minimum_blocks_where_all_of_it_does():
    policy = Policy("p", RULES, video=VideoRule(min_s=100))
    assert spans(timeline(curve("violence", 0.95, 0.95), policy=policy))[0][3] == "block"


def test_context_softens_what_was_seen_and_nothing_that_is_unknown():
    context = {"art": ContextRule("art", 0.5, ("violence",), "allow")}
    policy = Policy("p", RULES, context=context, video=VideoRule(gap_s=0))
    built = timeline(
        curve("violence", 0.95, 0.1, 0.1, NAN, 0.1, 0.95, NAN),
        policy=policy,
        context={"art": 0.5},
    )
    assert [one.action for one in built.segments] == ["allow", "review", "review"]


def test_categories_that_the_policy_does_not_name_are_left_out():
    built = timeline(curve("nudity", 1, 1), curve("weapons", 0.1, 0.2))
    assert [one.label for one in built.curves] == ["weapons"]
    assert not built.segments


def test_tags_hold_where_they_are_likely():
    built = timeline(tags=[curve("a beach \u2600", *[0.1] * 4, 0.5, 0.7, 0.41, 0.3, NAN, 0.9)])
    assert spans(built) == [
        ("a beach \u2600", 3.5, 6.5, "allow"),
        ("a beach \u2600", 8.5, 10.0, "allow"),
    ]
    assert {one.kind for one in built.segments} == {"tag"}


def test_faults_stand_among_the_segments_in_the_order_of_their_starts():
    fault = Segment("freeze", Fraction(0), Fraction(5), 0.5, Fraction(1), "fault")
    survey = Survey(end=Fraction(3), faults=(fault,), watched=Fraction(2))
    built = timeline(curve("weapons", 0.1, 0.9, 0.1), survey=survey)
    assert [one.kind for one in built.segments] == ["fault", "harm"]
    assert (built.watched, built.sampler) == (2, "u1")


@pytest.mark.parametrize(
    ("times", "gap"), [((0, 1, 2), 8), ((0, 4, 9), 5), ((3, 5, 6), 4), ((), 10)]
)
def test_the_longest_gap_counts_from_the_start_and_to_the_end(times, gap):
    built = build_timeline(Track(seconds(*times)), Survey(end=Fraction(10)), POLICY)
    assert built.longest_gap == gap


def text(category: str, score: float, part: str, time: float | str | None) -> Signal:
    evidence = Evidence(time=None if time is None else Fraction(time), words="words")
    return Signal(category, score, "text", part, evidence)


def test_subtitles_are_segments_while_their_lines_are_shown():
    cues = tuple(Cue(*seconds(start, end), "x") for start, end in [(2, 3), (3, 4), (6, 7)])
    signals = [text("violence", 0.95, "subtitles", 2), text("violence", 0.1, "subtitles", 6)]
    built = timeline(signals=signals, survey=Survey(end=Fraction(10), cues=cues))
    assert spans(built) == [("violence", 2.0, 4.0, "block")]
    assert (built.segments[0].part, built.segments[0].source) == ("subtitles", "text")


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        (8, 12, (8, 10)),
        (11, 12, (8.5, 10)),
        (-3, -1, (0, 0.5)),
        (-1, 2, (0, 2)),
        (4, 4, (3.5, 4.5)),
    ],
)
def test_subtitles_beyond_the_pictures_are_not_lost(start, end, span):
    survey = Survey(end=Fraction(10), cues=(Cue(*seconds(start, end), "x"),))
    built = timeline(signals=[text("weapons", 0.9, "subtitles", start)], survey=survey)
    assert spans(built) == [("weapons", *map(float, span), "review")]


@pytest.mark.parametrize(
    ("readings", "end"), [((), 2.5), ((0, 2, 5), 4.5), ((0, 2), 10.0), ((5,), 4.5)]
)
def test_words_hold_until_the_next_reading(readings, end):
    signals = [text("weapons", 0.9, "words", 2)]
    built = timeline(signals=signals, readings=seconds(*readings))
    assert spans(built) == [("weapons", 1.5, end, "review")]


def test_signals_of_the_picture_without_a_time_or_unknown_are_passed_over():
    signals = [
        text("weapons", 0.9, "image", 2),
        text("weapons", 0.9, "caption", None),
        text("nudity", 0.9, "words", 2),
        text("weapons", 0.4, "words", 2),
    ]
    assert not timeline(signals=signals).segments


def test_picture_and_text_together_count_for_the_moment_of_the_picture():
    built = timeline(
        curve("weapons", *[0.1] * 3, 0.8, 0.1), signals=[text("violence", 0.8, "joint", 3)]
    )
    assert spans(built) == [("violence", 2.5, 3.5, "review"), ("weapons", 2.5, 3.5, "review")]


def test_a_text_joins_the_segment_of_the_same_label():
    built = timeline(
        curve("violence", 0.1, 0.6, 0.1, 0.1), signals=[text("violence", 0.95, "words", 2)]
    )
    assert spans(built) == [("violence", 0.5, 2.5, "block")]
    assert built.segments[0].part == "words"


def test_a_text_with_an_unknown_score_goes_to_review():
    assert spans(timeline(signals=[text("weapons", NAN, "words", 0)]))[0][3] == "review"


def test_a_timeline_without_moments_has_the_faults_alone():
    fault = Segment("black", Fraction(0), Fraction(5), 1.0, Fraction(0), "fault")
    built = build_timeline(Track(()), Survey(end=Fraction(5), faults=(fault,)), POLICY)
    assert built.segments == (fault,)


def test_a_curve_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"expected \(2,\)"):
        build_timeline(
            Track(seconds(0, 1), harm=[curve("weapons", 0.1)]), Survey(end=Fraction(2)), POLICY
        )
