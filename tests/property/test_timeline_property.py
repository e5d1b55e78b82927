"""Whatever the scores, times and shots: segments are disjoint, ordered and hide nothing."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import groupby, pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from framesift.policies import Policy, Rule, Thresholds, VideoRule, decide
from framesift.policies.decide import decimals, level
from framesift.types import Cue, Curve, Evidence, Shot, Signal, Survey
from framesift.verdicts import Track, build_timeline, pool, pool_signals, stretches

GENERATED = settings(max_examples=60, deadline=None)
SEVERITY = ["allow", "review", "block"]
RULES = {
    "violence": Rule(Thresholds(0.5, 0.9), {"trained": Thresholds(0.7)}),
    "gore": Rule(Thresholds(None, 0.8)),
}
SOURCES = {"violence": ("zero-shot", "trained"), "gore": ("zero-shot",)}
SCORES = st.floats(0, 1, width=32)
ANY = st.one_of(SCORES, st.just(math.nan), st.floats(width=32))
FRACTIONS = st.fractions(0, 20, max_denominator=60)
VIDEO = st.one_of(
    st.builds(
        VideoRule,
        st.just("worst"),
        hysteresis=st.floats(0.1, 1),
        min_s=st.sampled_from([0.0, 0.5, 2.0]),
        gap_s=st.sampled_from([0.0, 0.3, 1.0]),
    ),
    st.builds(VideoRule, st.just("share"), share=st.floats(0.01, 1)),
)


@st.composite
def clips(draw):
    """Times that ascend, and a survey whose shots fill start to end."""
    times = sorted(draw(st.sets(FRACTIONS, min_size=1, max_size=8)))
    start = times[0] - draw(FRACTIONS) / 10
    end = times[-1] + draw(st.fractions(Fraction(1, 60), 3, max_denominator=60))
    cuts = sorted({start, end, *(one for one in draw(st.sets(FRACTIONS)) if start < one < end)})
    starts = draw(st.lists(st.fractions(-3, 25, max_denominator=30), max_size=4))
    cues = tuple(Cue(at, at + draw(FRACTIONS) / 10, "x") for at in sorted(starts))
    shots = tuple(Shot(*ends) for ends in pairwise(cuts))
    ends = [min(time + draw(st.sampled_from([0, Fraction(1, 25), 1])), end) for time in times]
    known = tuple(ends) if draw(st.booleans()) else ()
    return times, Survey(start, end, shots=shots, cues=cues, ends=known)


def rows(scores, times):
    return st.lists(scores, min_size=len(times), max_size=len(times))


@st.composite
def tracks(draw, scores=ANY):
    times, survey = draw(clips())
    harm = [
        Curve(label, source, np.array(draw(rows(scores, times)), np.float32))
        for label, sources in SOURCES.items()
        for source in sources
    ]
    signals = [
        Signal(draw(st.sampled_from([*RULES])), draw(ANY), "text", part, Evidence(time=time))
        for part, known in (("subtitles", [cue.start for cue in survey.cues]), ("words", times))
        for time in known
        if draw(st.booleans())
    ]
    tags = [Curve("a beach", "prompts", np.array(draw(rows(ANY, times)), np.float32))]
    return Track(times, harm=harm, tags=tags, signals=signals), survey


def policy_of(video: VideoRule) -> Policy:
    return Policy("p", RULES, video=video)


def severity(action: str) -> int:
    return SEVERITY.index(action)


def action_at(timeline, label: str, time: Fraction) -> int:
    found = [
        severity(one.action)
        for one in timeline.segments
        if one.label == label and one.start <= time < one.end
    ]
    return max(found, default=-1)


@GENERATED
@given(clips())
def test_stretches_fill_the_video_and_hold_their_moments(clip):
    times, survey = clip
    found = stretches(times, survey)
    assert (found[0][0], found[-1][1]) == (survey.start, survey.end)
    assert all(before[1] == after[0] for before, after in pairwise(found))
    assert all(start <= time < end for time, (start, end) in zip(times, found, strict=True))


@GENERATED
@given(tracks(), VIDEO)
def test_segments_are_disjoint_ordered_and_hold_their_peaks(made, video):
    track, survey = made
    built = build_timeline(track, survey, policy_of(video))
    assert [one.start for one in built.segments] == sorted(one.start for one in built.segments)
    for one in built.segments:
        assert built.start <= one.start <= one.peak_time < one.end <= built.end
        assert 0 <= one.peak <= 1 or (math.isnan(one.peak) and one.action == "review")
    named = sorted(built.segments, key=lambda one: (one.kind, one.label))
    for _, own in groupby(named, key=lambda one: (one.kind, one.label)):
        for before, after in pairwise(own):
            assert after.start > before.end + (video.gap if video.gap else -1)
            assert after.start >= before.end


@GENERATED
@given(tracks(), VIDEO)
def test_no_moment_that_leads_to_something_is_left_out(made, video):
    track, survey = made
    policy = policy_of(video)
    built = build_timeline(track, survey, policy)
    for curve in track.harm:
        thresholds = RULES[curve.label].thresholds_for(curve.source)
        for time, score in zip(track.times, curve.values.tolist(), strict=True):
            led = severity(level(score, thresholds))
            if led:
                least = led if not video.min_s else severity("review")
                assert action_at(built, curve.label, time) >= least
    texts = [
        one for one in track.signals if level(one.score, RULES[one.category].thresholds) != "allow"
    ]
    for one in texts:
        time = max(one.evidence.time, built.start)
        time = time if time < built.end else track.times[-1]
        least = severity(level(one.score, RULES[one.category].thresholds))
        assert action_at(built, one.category, time) >= least


@GENERATED
@given(tracks(), st.floats(0.1, 1))
def test_the_peak_is_the_highest_score_of_a_single_source(made, hysteresis):
    track, survey = made
    alone = Track(track.times, harm=track.harm[-1:])
    built = build_timeline(alone, survey, policy_of(VideoRule(hysteresis=hysteresis)))
    for one in built.segments:
        within = {
            time: min(max(score, 0.0), 1.0)
            for time, score in zip(track.times, alone.harm[0].values.tolist(), strict=True)
            if one.start <= time < one.end and decimals(score) >= 0
        }
        if math.isnan(one.peak):
            assert one.action == "review"
            assert all(
                level(score, RULES["gore"].thresholds) == "allow" for score in within.values()
            )
        else:
            assert one.peak == within[one.peak_time] == max(within.values())


@GENERATED
@given(tracks(SCORES), VIDEO, st.data())
def test_a_higher_score_never_shortens_a_segment_nor_softens_it(made, video, data):
    track, survey = made
    policy = policy_of(video)
    number = data.draw(st.integers(0, len(track.harm) - 1))
    row = data.draw(st.integers(0, len(track.times) - 1))
    curve = track.harm[number]
    raised = curve.values.copy()
    raised[row] = max(raised[row], data.draw(SCORES))
    harm = [*track.harm]
    harm[number] = Curve(curve.label, curve.source, raised)
    before = build_timeline(track, survey, policy)
    after = build_timeline(
        Track(track.times, harm=harm, tags=track.tags, signals=track.signals), survey, policy
    )
    middles = [(start + end) / 2 for start, end in stretches(track.times, survey)]
    for time in (*track.times, *middles):
        assert action_at(after, curve.label, time) >= action_at(before, curve.label, time)


@GENERATED
@given(tracks(SCORES), VIDEO)
def test_the_worst_segment_is_the_verdict_and_no_verdict_is_more_severe(made, video):
    track, survey = made
    built = build_timeline(Track(track.times, harm=track.harm), survey, policy_of(video))
    worst = max((severity(one.action) for one in built.segments), default=severity("allow"))
    found = verdict(track.harm, track.times, survey, video)
    assert found == worst if video.rule == "worst" else found <= worst


def highest(curves) -> list[Signal]:
    return [Signal(one.label, float(one.values.max()), one.source) for one in curves]


def verdict(curves, times, survey, video) -> int:
    policy = policy_of(video)
    moments = stretches(times, survey)
    signals = pool_signals(highest(curves), curves, moments, policy)
    return severity(decide(signals, policy, parts=()).action)


@GENERATED
@given(tracks(SCORES), VIDEO, st.data())
def test_no_higher_score_leads_to_a_milder_verdict(made, video, data):
    track, survey = made
    raised = [
        Curve(
            one.label,
            one.source,
            np.maximum(one.values, np.array(data.draw(rows(SCORES, track.times)), np.float32)),
        )
        for one in track.harm
    ]
    before = verdict(track.harm, track.times, survey, video)
    assert verdict(raised, track.times, survey, video) >= before


@GENERATED
@given(tracks(SCORES), VIDEO)
def test_no_rule_lets_a_moment_pass_that_would_be_blocked(made, video):
    track, survey = made
    worst = verdict(track.harm, track.times, survey, VideoRule())
    found = verdict(track.harm, track.times, survey, video)
    assert found <= worst
    if worst == severity("block") or video.rule == "worst":
        assert found >= min(worst, severity("review"))


@GENERATED
@given(clips(), VIDEO, st.data())
def test_the_pooled_score_is_monotone_and_one_of_the_scores(clip, video, data):
    times, survey = clip
    lengths = [end - start for start, end in stretches(times, survey)]
    values = data.draw(rows(SCORES, times))
    row = data.draw(st.integers(0, len(times) - 1))
    higher = [*values]
    higher[row] = max(values[row], data.draw(SCORES))
    assert pool(values, lengths, video) in values
    assert pool(higher, lengths, video) >= pool(values, lengths, video)
    assert pool([*reversed(values)], [*reversed(lengths)], video) == pool(values, lengths, video)


@GENERATED
@given(clips(), st.floats(0.01, 1), st.data())
def test_the_share_is_reached_and_nothing_higher_is(clip, share, data):
    times, survey = clip
    lengths = [end - start for start, end in stretches(times, survey)]
    values = data.draw(rows(SCORES, times))
    pooled = pool(values, lengths, VideoRule("share", share=share))
    wanted = Fraction(repr(share)) * sum(lengths)

    def reached(score: float) -> Fraction:
        return sum(
            (one for one, value in zip(lengths, values, strict=True) if value >= score), Fraction(0)
        )

    assert reached(pooled) >= wanted
    assert all(reached(value) < wanted for value in values if value > pooled)


@GENERATED
@given(
    st.fractions(Fraction(1, 10), 2, max_denominator=30),
    st.integers(5, 60),
    st.tuples(st.fractions(0, 1, max_denominator=997), st.fractions(0, 1, max_denominator=997)),
    st.booleans(),
)
def test_a_burnt_in_stretch_is_found_within_one_step(step, count, places, cuts_known):
    end = step * count
    first, last = sorted(place * end for place in places)
    last = min(max(last, first + step), end)
    first = last - max(last - first, step)
    times = [step * number for number in range(count)]
    values = [0.97 if first <= time < last else 0.02 for time in times]
    edges = sorted({Fraction(0), first, last, end}) if cuts_known else [Fraction(0), end]
    survey = Survey(end=end, shots=tuple(Shot(*ends) for ends in pairwise(edges)))
    track = Track(times, harm=[Curve("violence", "zero-shot", np.array(values, np.float32))])
    (found,) = build_timeline(track, survey, policy_of(VideoRule())).segments
    assert found.action == "block"
    assert first <= found.peak_time < last
    if cuts_known and (last <= times[-1] or last == end):
        assert (found.start, found.end) == (first, last)
    assert abs(found.start - first) <= step
    assert abs(found.end - last) <= step
