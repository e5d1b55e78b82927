"""The samplers for videos: what they choose, what they never do, and what they tell the watcher."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framesift.errors import ConfigError, CorruptMediaError
from framesift.frames import AdaptiveSampler, KeyframeSampler, Sampler, UniformSampler, Watcher

SAMPLERS = [AdaptiveSampler, KeyframeSampler, UniformSampler]


def places(sampler: Sampler, video) -> list[int]:
    return [frame.index for frame in sampler.frames(video, Watcher(video))]


def until_it_breaks(sampler: Sampler, video, watcher: Watcher) -> list[int]:
    frames = sampler.frames(video, watcher)
    chosen = []
    while True:
        try:
            chosen.append(next(frames).index)
        except StopIteration:
            pytest.fail("it should have broken")
        except CorruptMediaError:
            return chosen


def longest_gap(chosen: list[int], video) -> Fraction:
    marks = [*chosen, video.count]
    return max(other - one for one, other in pairwise(marks)) * video.step


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize(("fps", "most"), [(0, 1), (-1, 1), (float("nan"), 1), (1, 0)])
def test_nonsense_is_refused(sampler, fps: float, most: int) -> None:
    with pytest.raises(ConfigError, match="sampler"):
        sampler(fps, most)


def test_keys_differ() -> None:
    keys = {sampler(1, most).key for sampler in SAMPLERS for most in (10, 20)}
    assert len(keys) == 6
    assert AdaptiveSampler(0.5).key == AdaptiveSampler(Fraction(1, 2)).key


# --- key frames --------------------------------------------------------------------------------


def test_key_frames_alone_are_decoded(fake_video) -> None:
    video = fake_video(1000, gop=50)
    assert places(KeyframeSampler(), video) == list(range(0, 1000, 50))
    assert video.decoded == 20


def test_where_key_frames_are_many_one_a_cell_is_taken(fake_video) -> None:
    video = fake_video(1000, gop=1)
    chosen = places(KeyframeSampler(), video)
    assert chosen == list(range(0, 1000, 25))
    assert video.decoded == 40, "it seeks instead of decoding all"


def test_key_frames_without_an_index(fake_video) -> None:
    video = fake_video(500, gop=10).without_index(duration=Fraction(20))
    assert places(KeyframeSampler(), video) == [0, *[next_key(25 * n) for n in range(1, 20)]]


def next_key(place: int) -> int:
    return -(-place // 10) * 10


def test_a_video_that_breaks_before_its_key_frame_still_gives_a_frame(fake_video) -> None:
    video = fake_video(100)
    video.broken_from = 0
    video.read = lambda _times: iter([next(iter(fake_video(1).pictures())).frame()])
    assert until_it_breaks(KeyframeSampler(), video, Watcher(video)) == [0]


# --- exact -------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(
    count=st.integers(1, 400),
    gop=st.integers(1, 120),
    fps=st.fractions(Fraction(1, 20), 30),
    most=st.integers(1, 50),
    start=st.integers(0, 90),
)
def test_exact_sampling_gives_the_frame_shown_at_each_moment(
    fake_video, count, gop, fps, most, start
) -> None:
    video = fake_video(count, gop=gop, start=Fraction(start, 25))
    sampler = UniformSampler(fps, most)
    wanted = {int(time // video.step) for time in sampler.times(video.info, None)}
    assert places(sampler, video) == sorted(wanted)
    assert video.decoded <= count


def test_exact_sampling_decodes_only_what_it_must(fake_video) -> None:
    video = fake_video(25 * 100, gop=25)
    assert len(places(UniformSampler(Fraction(1, 10), 64), video)) == 10
    # Each moment is the middle of ten seconds and a key frame; the frame after it ends a stretch.
    assert video.decoded == 10


def test_exact_sampling_of_a_broken_video_gives_what_there_is(fake_video) -> None:
    video = fake_video(100)
    video.broken_from = 60
    watcher = Watcher(video)
    assert until_it_breaks(UniformSampler(), video, watcher) == [12, 37, 59]
    assert watcher.survey().end == 60 * video.step


# --- adaptive ----------------------------------------------------------------------------------


def test_a_quiet_video_is_passed_over(fake_video) -> None:
    video = fake_video(25 * 60)
    chosen = places(AdaptiveSampler(), video)
    assert len(chosen) == 60
    assert video.decoded < video.count / 4


def test_every_ten_seconds_a_stretch_is_walked(fake_video) -> None:
    video = fake_video(25 * 60)
    watcher = Watcher(video)
    list(AdaptiveSampler().frames(video, watcher))
    assert 5 <= watcher.survey().watched <= 9


def test_a_single_foreign_frame_is_chosen_where_its_bytes_tell(fake_video, make_scene) -> None:
    def look(place: int):
        return make_scene(5 if place == 777 else 0)

    assert 777 in places(AdaptiveSampler(), fake_video(25 * 60, look, news=[777, 778]))
    # In a stretch that is passed over, nothing tells of it.
    assert 777 not in places(AdaptiveSampler(), fake_video(25 * 60, look))
    # Where the key frames are too far apart to pass anything over, it is seen in any case.
    assert 777 in places(AdaptiveSampler(), fake_video(25 * 60, look, gop=250))


@settings(max_examples=6, deadline=None)
@given(foreign=st.sets(st.integers(1, 748), min_size=1, max_size=20))
def test_every_foreign_frame_of_a_walked_video_is_chosen(fake_video, make_scene, foreign) -> None:
    """Each of its own kind, so that none looks like one that was chosen before."""

    def look(place: int):
        return make_scene(1 + place if place in foreign else 0)

    chosen = places(AdaptiveSampler(), fake_video(750, look, gop=750))
    assert foreign <= set(chosen)


def test_a_strobe_light_does_not_spend_the_budget(fake_video, make_scene) -> None:
    video = fake_video(25 * 20, lambda place: make_scene(place % 2), gop=500)
    assert len(places(AdaptiveSampler(), video)) <= 45


def test_shots_begin_where_a_frame_is_chosen(fake_video, make_scene) -> None:
    video = fake_video(25 * 30, lambda place: make_scene(place // 60), gop=750)
    watcher = Watcher(video)
    chosen = [frame.time for frame in AdaptiveSampler().frames(video, watcher)]
    shots = watcher.survey().shots
    assert [shot.start for shot in shots] == [Fraction(place, 25) for place in range(0, 750, 60)]
    assert {shot.start for shot in shots} <= set(chosen)


@settings(max_examples=20, deadline=None)
@given(
    count=st.integers(1, 800),
    keys=st.lists(st.integers(1, 799), max_size=30),
    cuts=st.integers(3, 200),
    fps=st.sampled_from([Fraction(1, 5), Fraction(1), Fraction(2), Fraction(7)]),
    most=st.integers(1, 200),
    start=st.integers(0, 50),
)
@pytest.mark.parametrize("sampler", [AdaptiveSampler, KeyframeSampler])
def test_what_always_holds(
    fake_video, make_scene, sampler, count, keys, cuts, fps, most, start
) -> None:
    def make():
        return fake_video(
            count,
            lambda place: make_scene(place // cuts),
            gop=[key for key in keys if key < count],
            start=Fraction(start, 25),
        )

    chosen = places(sampler(fps, most), make())
    assert chosen == sorted(set(chosen)), "ascending, each once"
    assert 1 <= len(chosen) <= most
    assert chosen[0] == 0
    assert chosen == places(sampler(fps, most), make()), "the same every time"
    if sampler is AdaptiveSampler and count / 25 * fps <= most * Fraction(2, 3) - 1:
        assert longest_gap(chosen, make()) <= 2 / fps + Fraction(1, 25)


def test_two_hours_stay_within_the_budget_and_are_mostly_passed_over(
    fake_video, make_scene
) -> None:
    video = fake_video(5 * 7200, lambda place: make_scene(place // 800), rate=5, gop=10)
    chosen = places(AdaptiveSampler(), video)
    assert 400 <= len(chosen) <= 600
    assert longest_gap(chosen, video) <= 2 * Fraction(7200, 400)
    assert video.smalls < video.count / 2


def test_a_busy_long_video_keeps_frames_for_its_end(fake_video, make_scene) -> None:
    video = fake_video(5 * 600, lambda place: make_scene(place // 2), rate=5, gop=50)
    chosen = places(AdaptiveSampler(1, 300), video)
    assert 240 <= len(chosen) <= 300
    assert longest_gap(chosen, video) <= 6
    late = [place for place in chosen if place > video.count * 3 // 4]
    assert len(late) >= 40


def test_of_unknown_length_the_budget_lasts(fake_video, make_scene) -> None:
    video = fake_video(5 * 900, lambda place: make_scene(place // 100), rate=5).without_index(
        duration=None
    )
    chosen = places(AdaptiveSampler(1, 60), video)
    assert len(chosen) <= 60
    assert chosen[-1] > video.count / 4
    assert video.decoded == video.count, "without an index everything is walked"


def test_a_broken_video_gives_its_good_part_first(fake_video) -> None:
    video = fake_video(1000)
    video.broken_from = 333
    watcher = Watcher(video)
    chosen = until_it_breaks(AdaptiveSampler(), video, watcher)
    survey = watcher.survey()
    assert len(chosen) >= 13
    assert survey.end <= 333 * video.step
    assert survey.shots[-1].end == survey.end


def test_nobody_needs_to_read_to_the_end(fake_video) -> None:
    video = fake_video(1000, gop=1000)
    watcher = Watcher(video)
    frames = AdaptiveSampler().frames(video, watcher)
    assert [next(frames).index, next(frames).index] == [0, 25]
    frames.close()
    survey = watcher.survey()
    assert survey.decoded == video.decoded == 26
    assert survey.end == survey.watched == 26 * video.step


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_survey_counts_each_frame_once(fake_video, make_scene, sampler) -> None:
    video = fake_video(25 * 40, lambda place: make_scene(place // 90), gop=25)
    watcher = Watcher(video)
    list(sampler().frames(video, watcher))
    survey = watcher.survey()
    assert survey.decoded <= video.count
    assert survey.watched <= survey.decoded * video.step
    assert survey.end == 40
    if sampler is KeyframeSampler:
        assert survey.watched == 0
        assert survey.decoded == 40


@pytest.mark.parametrize("gop", [25, 100])
def test_a_cut_at_a_key_frame_keeps_what_is_chosen_there(fake_video, make_scene, gop) -> None:
    """Both halves begin with a key frame; key frames and new pictures are chosen in both."""

    def look(place: int):
        return make_scene(place // 137)

    whole = places(AdaptiveSampler(), fake_video(2000, look, gop=gop))
    second = places(AdaptiveSampler(), fake_video(1000, lambda p: look(p + 1000), gop=gop))
    joins = {place for place in range(137, 2000, 137) if place > 1000}
    assert joins <= set(whole)
    assert joins <= {place + 1000 for place in second}
