"""Timelines of real videos with small made-up models: what is burnt in is found where it is."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from framesift.embeddings.base import ModelSpec
from framesift.embeddings.cache import Cache
from framesift.engine import run_many
from framesift.frames import AdaptiveSampler, KeyframeSampler, UniformSampler
from framesift.heads import HeadCard
from framesift.media import Source, open_media
from framesift.pipeline import Analyzer, Reading
from framesift.pipeline.items import Item
from framesift.pipeline.moderation import Findings
from framesift.pipeline.timeline import course_of
from framesift.policies import TAXONOMY, Policy, VideoRule
from framesift.types import Embeddings, Evidence, Problem, Scores, Signal, Survey

CATEGORY = TAXONOMY[0].name
FPS = 10


class Colours:
    """The mean colour of a picture as its row, the same whatever the batch."""

    name = "fake"
    space = "fake-space"
    fingerprint = "fake-1"
    precision = "fp32"
    width = 3
    min_side_px = 16
    logit_scale = 100.0
    int8_cosine = None
    spec = ModelSpec("fake", "fake-space", "embedded", 3, "none", "made up")

    def prepare(self, pixels, *, geometry=None):
        return np.asarray(Image.fromarray(pixels).resize((4, 4)))

    def encode(self, batch):
        return batch.mean(axis=(1, 2)).astype(np.float32) / 255

    def to_embeddings(self, rows):
        vectors = rows + 1
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return Embeddings(vectors, self.space, "fake-1", {"colours": rows})

    def embed_images(self, pixels):
        raise AssertionError

    def embed_texts(self, texts):
        raise AssertionError


class Column:
    def __init__(self, task, name, column, factor):
        self.card = HeadCard(task, task, "fake-space", ("colours",), source=task)
        self.names, self.column, self.factor = (name,), column, factor

    def score(self, embeddings):
        values = embeddings.extras["colours"][:, [self.column]] * np.float32(self.factor)
        return Scores(self.card.name, self.names, np.minimum(values, self.factor))


HEADS = (
    Column("quality", "quality", 2, 10),
    Column("moderation", CATEGORY, 1, 1),
    Column("tags", "red", 0, 1),
)


@pytest.fixture
def policy(tmp_path):
    file = tmp_path / "policy.toml"
    file.write_text(f'name = "one"\n[categories.{CATEGORY}]\nreview = 0.6\nblock = 0.8\n')
    return Policy.load(file)


@pytest.fixture
def build(policy):
    def make(**options):
        return Analyzer(Colours(), HEADS, **{"policy": policy, **options})

    return make


def video(seconds, *green, gop=25):
    """A panning texture, green in the given stretches of seconds."""
    out = io.BytesIO()
    rng = np.random.default_rng(5)
    wall = np.kron(rng.integers(40, 130, (12, 60)), np.ones((8, 8))).astype(np.uint8)
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "20", "g": str(gop)})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for number in range(round(seconds * FPS)):
            time = number / FPS
            pixels = np.repeat(wall[:, number : number + 128, None], 3, axis=2)
            if any(start <= time < end for start, end in green):
                pixels = pixels // 8 + np.array([0, 230, 0], np.uint8)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


def cut_off(data):
    """The first 60 per cent of a video's bytes, in a container that can be read without its end."""
    out = io.BytesIO()
    with (
        av.open(io.BytesIO(data)) as source,
        av.open(out, "w", format="matroska") as container,
    ):
        stream = source.streams.video[0]
        copy = container.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.size:
                packet.stream = copy
                container.mux(packet)
    whole = out.getvalue()
    return whole[: int(len(whole) * 0.6)]


def cut(data, at):
    """Two files of one, without decoding: from the key frame at a time on, and what is before."""
    parts = []
    for later in (False, True):
        out = io.BytesIO()
        with av.open(io.BytesIO(data)) as source, av.open(out, "w", format="mp4") as container:
            stream = source.streams.video[0]
            copy = container.add_stream_from_template(stream)
            for packet in source.demux(stream):
                if packet.size and (packet.pts * packet.time_base >= at) == later:
                    packet.stream = copy
                    container.mux(packet)
        parts.append(out.getvalue())
    return parts


def harm(analysis):
    return [one for one in analysis.timeline.segments if one.kind == "harm"]


@pytest.mark.parametrize("sampler", [AdaptiveSampler(), UniformSampler(2), UniformSampler(5)])
@pytest.mark.parametrize(("start", "end"), [(3.2, 5.1), (0.0, 1.5), (8.7, 10.0)])
def test_what_is_burnt_in_is_found_within_one_step(build, sampler, start, end):
    found = harm(build(sampler=sampler).analyze(video(10, (start, end))))
    step = 1 / float(sampler.fps)
    assert len(found) == 1
    assert abs(float(found[0].start) - start) <= step
    assert abs(float(found[0].end) - end) <= step
    assert start <= found[0].peak_time < end
    assert (found[0].label, found[0].action, found[0].source) == (CATEGORY, "block", "moderation")


def uneven(late_s, start, end, form):
    """Ten seconds at a variable rate that begin late on the stream's clock, green in a stretch."""
    out = io.BytesIO()
    rng = np.random.default_rng(8)
    times = np.cumsum([0, *rng.integers(20, 180, 200)])
    wall = np.kron(rng.integers(40, 130, (12, 60)), np.ones((8, 8))).astype(np.uint8)
    with av.open(out, "w", format=form) as container:
        stream = container.add_stream("libx264", rate=1000, options={"crf": "20", "g": "25"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, ms in enumerate(times[times < 10_000].tolist()):
            pixels = np.repeat(wall[:, number : number + 128, None], 3, axis=2)
            if start <= ms / 1000 < end:
                pixels = pixels // 8 + np.array([0, 230, 0], np.uint8)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")
            frame.pts, frame.time_base = int(1000 * late_s) + ms, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


@pytest.mark.parametrize("sampler", [AdaptiveSampler(), UniformSampler(2)])
@pytest.mark.parametrize(("form", "late_s"), [("mp4", 0), ("matroska", 3), ("mpegts", 11 * 3600)])
def test_so_it_is_where_frames_are_uneven_and_the_clock_starts_late(build, sampler, form, late_s):
    start, end = 3.2, 5.1
    timeline = build(sampler=sampler).analyze(uneven(late_s, start, end, form)).timeline
    (found,) = [one for one in timeline.segments if one.kind == "harm"]
    step = 1 / float(sampler.fps)
    assert abs(float(found.start - timeline.start) - start) <= step
    assert abs(float(found.end - timeline.start) - end) <= step
    assert start <= found.peak_time - timeline.start < end
    # The muxer of MPEG-TS adds a delay of its own.
    assert abs(float(timeline.start) - late_s) <= (2 if form == "mpegts" else 0.001)


def test_a_stretch_that_begins_with_a_cut_is_found_to_the_frame(build):
    found = harm(build().analyze(video(10, (3.2, 5.1))))
    assert [(one.start, one.end) for one in found] == [(Fraction(32, 10), Fraction(51, 10))]


def test_two_stretches_are_two_segments_in_order(build):
    result = build().analyze(video(12, (2, 3), (8, 9.5)))
    assert [round(float(one.start)) for one in harm(result)] == [2, 8]
    assert result.moderation.action == "block"
    assert result.moderation.labels[0].evidence.time in result.timeline.times


def test_curves_have_a_value_for_every_moment(build):
    timeline = build().analyze(video(6, (2, 3))).timeline
    assert [(one.label, one.threshold) for one in timeline.curves] == [
        ("quality", None),
        (CATEGORY, 0.6),
        ("red", None),
    ]
    assert all(one.values.shape == (len(timeline.times),) for one in timeline.curves)
    assert timeline.longest_gap <= 2
    assert (timeline.start, timeline.end) == (0, 6)


def test_the_share_of_the_time_may_decide_but_a_block_is_never_passed_over(build, policy):
    shared = replace(policy, video=VideoRule(rule="share", share=0.5))
    short, long = video(10, (4, 5)), video(10, (1, 9))
    assert build(policy=shared).analyze(short).moderation.action == "review"
    assert build(policy=shared).analyze(long).moderation.action == "block"


@pytest.mark.parametrize("sampler", [AdaptiveSampler(), KeyframeSampler(), UniformSampler(2)])
def test_batches_and_threads_change_nothing(build, sampler):
    sources = [video(5, (1, 2)), video(8), video(6, (3, 6), gop=7)]
    alone = [build(sampler=sampler).analyze(source) for source in sources]
    for workers, batch_size in ((1, 1), (3, 5)):
        many = run_many(
            build(sampler=sampler),
            [Source.from_bytes(source) for source in sources],
            workers=workers,
            batch_size=batch_size,
        )
        for one, other in zip(alone, many, strict=True):
            assert one.timeline.times == other.timeline.times
            assert one.timeline.segments == other.timeline.segments
            assert one.quality.score == pytest.approx(other.quality.score, abs=1e-4)
            for left, right in zip(one.timeline.curves, other.timeline.curves, strict=True):
                np.testing.assert_allclose(left.values, right.values, atol=1e-5)


@pytest.mark.parametrize("sampler", [AdaptiveSampler(), KeyframeSampler()])
def test_a_file_cut_in_two_at_a_key_frame_gives_the_same_scores(build, sampler):
    data = video(10, (1.3, 2.2), (6, 8), gop=25)
    whole = build(sampler=sampler).analyze(data).timeline
    scores = {}
    with open_media(data) as media:
        middle = next(time for time in media.index.key_times() if time > 4)
    for part, offset in zip(cut(data, middle), (0, middle), strict=True):
        timeline = build(sampler=sampler).analyze(part).timeline
        shift = offset - timeline.start
        scores |= {
            time + shift: value
            for time, value in zip(timeline.times, timeline.curves[1].values, strict=True)
        }
    known = dict(zip(whole.times, whole.curves[1].values, strict=True))
    both = scores.keys() & known.keys()
    assert len(both) >= 0.8 * len(known), "and the moments are mostly the same"
    assert [scores[time] for time in both] == pytest.approx(
        [known[time] for time in both], abs=1e-4
    )


def test_the_cache_gives_the_same_timeline(build, tmp_path):
    data = video(8, (3, 4))
    reading = Reading(thumbnail_px=64)
    with Cache(tmp_path / "cache.sqlite") as cache:
        first = build(cache=cache, reading=reading).analyze(data)
        cache.flush()
        again = build(cache=cache, reading=reading).analyze(data)
        other = build(cache=cache, reading=Reading()).analyze(data)
    for result in (again, other):
        assert result.timeline.segments == first.timeline.segments
        assert result.timeline.shots == first.timeline.shots
        assert result.quality == first.quality
    assert again.timeline.posters == first.timeline.posters
    assert other.timeline.posters == ()


def test_posters_of_what_is_flagged_are_blurred(build):
    timeline = build(reading=Reading(thumbnail_px=64)).analyze(video(10, (4, 5))).timeline
    assert [poster.time for poster in timeline.posters] == list(timeline.times)
    for poster in timeline.posters:
        if 4 <= poster.time < 5:
            assert poster.blurred is not None
    assert timeline.posters[0].blurred is None
    clean = build(reading=Reading(thumbnail_px=64)).analyze(video(4)).timeline
    assert all(poster.blurred is None for poster in clean.posters)


def test_where_reading_stopped_is_said(build):
    analyzer = build(sampler=UniformSampler(10, 600))
    stopped = analyzer.analyze(video(10, (2, 3)), stop_on="review").timeline
    assert stopped.stopped == stopped.times[-1]
    assert stopped.times[-1] < 5
    assert analyzer.analyze(video(3), stop_on="review").timeline.stopped is None


def test_what_is_said_after_reading_ended_has_no_false_time(build, policy):
    analyzer = build(sampler=UniformSampler(10, 600))
    result = analyzer.analyze(video(10, (2, 3)), stop_on="review")
    item = Item(Source.from_bytes(b""), "", info=result.info)
    item.times = list(result.timeline.times)
    item.survey = Survey(Fraction(0), result.timeline.end)
    said = Signal(CATEGORY, 0.9, "text", "subtitles", Evidence(time=Fraction(8)))
    findings = Findings([said])
    broken = Problem("CorruptMediaError", "is cut off here; get a new copy")
    found = []
    for item.stopped, item.problem in ((False, None), (True, None), (False, broken)):
        course = course_of(item, findings, policy)
        line = course.timeline(findings, item, result.moderation, policy, sampler="")
        found.append([one.part for one in line.segments])
    assert found == [["subtitles"], [], []]


def test_where_the_share_decides_a_moment_does_not_stop_for_a_block(build, policy):
    shared = replace(policy, video=VideoRule(rule="share", share=0.5))
    analyzer = build(policy=shared, sampler=UniformSampler(10, 600))
    data = video(6, (2, 3))
    assert analyzer.analyze(data, stop_on="block").timeline.stopped is None
    assert analyzer.analyze(data, stop_on="review").timeline.stopped is not None


def test_what_is_cut_off_has_a_timeline_as_far_as_it_goes(build):
    result = build().analyze(Source.from_bytes(cut_off(video(10, (2, 3), gop=10)), name="cut.mkv"))
    assert result.timeline.times[-1] > 2
    assert [round(float(one.start)) for one in harm(result)] == [2]


def test_a_still_has_no_timeline(build):
    out = io.BytesIO()
    Image.new("RGB", (40, 30)).save(out, "PNG")
    assert build().analyze(out.getvalue()).timeline is None


def test_what_the_cache_says_of_damage_names_the_file_at_hand(build, tmp_path):
    data = cut_off(video(10, gop=10))
    with Cache(tmp_path / "cache.sqlite") as cache:
        analyzer = build(cache=cache)
        first = analyzer.analyze(Source.from_bytes(data, name="secret/first.mkv"))
        again = analyzer.analyze(Source.from_bytes(data, name="second.mkv"))
    assert first.error.message.startswith("secret/first.mkv (at ")
    assert again.error.message == first.error.message.replace("secret/first.mkv", "second.mkv")
    assert b"secret" not in (tmp_path / "cache.sqlite").read_bytes()
