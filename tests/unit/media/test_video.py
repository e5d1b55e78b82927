"""Videos: exact times, upright frames, seeking, broken and hostile files."""

from __future__ import annotations

import hashlib
import io
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from framesift.errors import (
    CorruptMediaError,
    DecodeTimeoutError,
    LimitExceededError,
    UnsupportedMediaError,
)
from framesift.media import Limits, Source, open_media
from framesift.media.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from framesift.types import Frame

    MakeVideo = Callable[..., bytes]

STEADY = [Fraction(n, 25) for n in range(50)]


def number_of(frame: Frame) -> int:
    """Which frame of `make_video` this is, from its grey."""
    return round((float(frame.pixels[frame.pixels.shape[0] // 2 :].mean()) - 20) / 10)


def digest(frame: Frame) -> bytes:
    return hashlib.sha256(frame.pixels.tobytes()).digest()


@pytest.mark.parametrize(
    ("form", "codec", "name"),
    [
        ("mp4", "mpeg4", "mp4"),
        ("mov", "mpeg4", "mov"),
        ("matroska", "mpeg4", "mkv"),
        ("webm", "libvpx-vp9", "webm"),
        ("avi", "mpeg4", "avi"),
        ("mpegts", "mpeg4", "mpegts"),
        ("flv", "flv", "flv"),
        ("asf", "mpeg4", "asf"),
    ],
)
def test_containers(make_video: MakeVideo, form: str, codec: str, name: str) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"this build of PyAV has no encoder {codec}")
    data = make_video(STEADY[:20], form=form, codec=codec)
    with open_media(data) as media:
        frames = list(media.read())
    assert (media.info.kind, media.info.format) == ("video", name)
    assert (media.info.width, media.info.height) == (64, 48)
    assert abs(media.info.duration - Fraction(20, 25)) < Fraction(1, 10)
    assert [number_of(frame) for frame in frames] == list(range(20))
    offsets = [frame.time - media.start for frame in frames]
    np.testing.assert_allclose([float(time) for time in offsets], np.arange(20) / 25, atol=2e-3)


def test_variable_frame_rate_keeps_its_own_times(make_video: MakeVideo) -> None:
    times = [Fraction(ms, 1000) for ms in (0, 40, 500, 520, 1900, 3000)]
    with open_media(make_video(times)) as media:
        frames = list(media.read())
    assert [frame.time for frame in frames] == times


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ([0], [0]),
        ([-5, 99], [0, 22]),
        ([Fraction(1, 25), Fraction(1, 24)], [1]),
        ([Fraction(1, 2), Fraction(1, 4)], [6, 12]),
        ([Fraction(39, 1000)], [0]),
        ([], []),
    ],
)
def test_the_frame_shown_at_each_time(make_video: MakeVideo, asked: list, shown: list) -> None:
    with open_media(make_video(STEADY[:23])) as media:
        got = [number_of(frame) for frame in media.read([Fraction(time) for time in asked])]
    assert got == shown


@pytest.mark.parametrize("gop", [5, 400])
def test_seeking_finds_the_same_frames_as_walking(make_video: MakeVideo, gop: int) -> None:
    times = [Fraction(n, 10) for n in range(300)]
    asked = [Fraction(n) + Fraction(1, 20) for n in range(0, 30, 4)]
    with open_media(make_video(times, gop=gop)) as media:
        every = {frame.time: number_of(frame) for frame in media.read()}
        found = {frame.time: number_of(frame) for frame in media.read(asked)}
    assert list(found) == [Fraction(n) for n in range(0, 30, 4)]
    assert found == {time: every[time] for time in found}


@pytest.mark.parametrize(
    ("rotation", "size", "white"),
    [
        (0, (64, 48), np.s_[:10]),
        (90, (48, 64), np.s_[:, :10]),
        (180, (64, 48), np.s_[-10:]),
        (-90, (48, 64), np.s_[:, -10:]),
    ],
)
def test_rotation(
    make_video: MakeVideo, rotation: int, size: tuple[int, int], white: tuple
) -> None:
    with open_media(make_video(STEADY[:3], rotation=rotation)) as media:
        frame = next(media.read())
    assert (media.info.width, media.info.height) == size
    assert frame.pixels.shape == (size[1], size[0], 3)
    assert frame.pixels[white].mean() > 200
    assert frame.pixels.mean() < 150


def test_frames_are_scaled_on_request(make_video: MakeVideo) -> None:
    data = make_video(STEADY[:2], size=(1920, 1080))
    with open_media(data, min_side_px=448) as media:
        frame = next(media.read())
    assert frame.pixels.shape == (540, 960, 3)
    assert (media.info.width, media.info.height) == (1920, 1080)


def test_streams_need_no_file(make_video: MakeVideo) -> None:
    class Pipe(io.RawIOBase):
        def __init__(self, data: bytes) -> None:
            self._data = io.BytesIO(data)

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            return self._data.read(min(size, 1000) if size > 0 else size)

    source = Source.from_stream(Pipe(make_video(STEADY[:5])))
    with open_media(source) as media:
        assert len(list(media.read())) == 5
    assert media.info.path == "-"


def test_without_an_index_the_walk_starts_again(make_video: MakeVideo) -> None:
    out = io.BytesIO()
    with av.open(out, "w", format="yuv4mpegpipe") as container:
        stream = container.add_stream("wrapped_avframe", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(6):
            pixels = np.full((48, 64, 3), 20 + 10 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
    with open_media(out.getvalue()) as media:
        assert [number_of(frame) for frame in media.read()] == list(range(6))
        assert [number_of(frame) for frame in media.read()] == list(range(6))


def test_a_sequence_in_heif_clothes_is_a_video(make_video: MakeVideo) -> None:
    data = make_video(STEADY[:4])
    data = data[:8] + b"hevc" + data[12:]
    with open_media(data) as media:
        assert (media.info.kind, media.info.format) == ("video", "heif")
        assert len(list(media.read())) == 4


class TestBroken:
    def test_sound_only(self, make_song: bytes) -> None:
        with pytest.raises(UnsupportedMediaError, match="sound but no video"):
            open_media(make_song)

    def test_no_index(self, make_video: MakeVideo) -> None:
        with pytest.raises(CorruptMediaError, match="cannot be read as video"):
            open_media(make_video(STEADY, cut=0.5))

    @pytest.mark.parametrize("seed", range(5))
    def test_flipped_bits_give_frames_or_a_media_error(
        self, make_video: MakeVideo, seed: int
    ) -> None:
        data = bytearray(make_video(STEADY))
        start, end = data.index(b"mdat") + 4, data.index(b"moov")
        rng = np.random.default_rng(seed)
        for place in rng.integers(start + (end - start) // 2, end, 40):
            data[place] ^= 0xFF
        frames = []
        try:
            with open_media(bytes(data)) as media:
                frames.extend(media.read())
        except CorruptMediaError as error:
            assert error.time_s is not None  # noqa: PT017
        assert frames

    def test_a_file_cut_between_two_packets_says_so(
        self, make_video: MakeVideo, tmp_path: Path
    ) -> None:
        # An index in front promises four seconds; the data end after half of them.
        whole = tmp_path / "whole.mp4"
        with (
            av.open(io.BytesIO(make_video([*STEADY, *(time + 2 for time in STEADY)]))) as source,
            av.open(whole, "w", options={"movflags": "faststart"}) as out,
        ):
            stream = out.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(source.streams.video[0]):
                if packet.size:
                    packet.stream = stream
                    out.mux(packet)
        with av.open(whole) as container:
            ends = [packet.pos + packet.size for packet in container.demux() if packet.size]
        frames = []
        with (
            open_media(whole.read_bytes()[: ends[49]]) as media,
            pytest.raises(CorruptMediaError, match=r"ends here|cut off here") as caught,
        ):
            frames.extend(media.read())
        assert len(frames) == 50
        assert caught.value.time_s == STEADY[-1]

    def test_limits(self, make_video: MakeVideo) -> None:
        data = make_video(STEADY)
        with pytest.raises(LimitExceededError, match="64 x 48"):
            open_media(data, limits=Limits(max_pixels=3000))
        with pytest.raises(LimitExceededError, match="max_duration_s"):
            open_media(data, limits=Limits(max_duration_s=1))
        got = []
        with (
            open_media(data, limits=Limits(max_frames=10)) as media,
            pytest.raises(LimitExceededError, match="max_frames"),
        ):
            got.extend(media.read())
        assert len(got) == 10


class TestHugeFrames:
    """Decoders of huge frames are closed between frames."""

    @pytest.fixture(autouse=True)
    def everything_is_huge(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from framesift.media import budget, deck, video

        monkeypatch.setattr(deck, "_BIG_BYTES", 1)
        monkeypatch.setattr(video, "_APART_BYTES", 1)
        monkeypatch.setattr(video, "_HELD_BYTES", 1)
        monkeypatch.setattr(budget, "_SMALL_BYTES", 1)

    @pytest.mark.parametrize("form", ["mp4", "matroska", "mpegts"])
    def test_the_same_frames_come(self, make_video: MakeVideo, form: str) -> None:
        data = make_video(STEADY, form=form)
        with open_media(data) as media:
            every = {frame.time: frame.pixels for frame in media.read()}
            asked = [media.start + Fraction(n, 9) for n in range(-2, 21)]
            got = list(media.read(asked))
        shown = {max([s for s in every if s <= time] or [min(every)]) for time in asked}
        assert [frame.time for frame in got] == sorted(shown)
        assert all((frame.pixels == every[frame.time]).all() for frame in got)

    def test_no_memory_is_kept_between_frames(self, make_video: MakeVideo) -> None:
        from framesift.media.budget import decode_budget

        with open_media(make_video(STEADY)) as media:
            assert decode_budget.used > 0
            frames = media.read([Fraction(0), Fraction(1)])
            next(frames)
            assert decode_budget.used == 0
            assert len(list(frames)) == 1
        assert decode_budget.used == 0

    @pytest.mark.parametrize("keys_only", [False, True])
    def test_a_stretch_goes_on_where_a_frame_was_taken(
        self, make_video: MakeVideo, *, keys_only: bool
    ) -> None:
        from framesift.media.budget import decode_budget

        with open_media(make_video(STEADY, gop=10)) as media:
            passed = [shown.time for shown in media.pictures(keys_only=keys_only)]
            taken = []
            for shown in media.pictures(keys_only=keys_only):
                taken.append(shown.frame().time)
                assert decode_budget.used == 0
        assert taken == passed
        assert len(taken) >= (5 if keys_only else 50)


class TestIndex:
    """Times that are known without decoding."""

    @pytest.mark.parametrize(
        ("form", "codec", "options"),
        [
            ("mp4", "mpeg4", {"bf": "2"}),
            ("matroska", "mpeg4", {"bf": "2"}),
            ("avi", "mpeg4", {"bf": "2"}),
            ("avi", "mpeg4", {}),
            ("mpegts", "mpeg2video", {"bf": "2"}),
            ("mpeg", "mpeg2video", {"bf": "2"}),
            ("flv", "flv", {}),
            ("mp4", "libx264", {"x264opts": "open_gop=1", "bf": "3"}),
            ("mpegts", "libx264", {"bf": "3"}),
            ("webm", "libvpx", {"auto-alt-ref": "1", "lag-in-frames": "16"}),
            ("webm", "libvpx-vp9", {"auto-alt-ref": "1", "lag-in-frames": "16"}),
        ],
    )
    def test_it_tells_what_decoding_gives(
        self, make_clip: MakeVideo, form: str, codec: str, options: dict[str, str]
    ) -> None:
        data = make_clip(60, form=form, codec=codec, gop=12, options=options)
        with open_media(data) as media:
            shown = [(one.time, one.key) for one in media.pictures()]
            index = media.index
            assert index is not None
            assert [index.time(place) for place in range(len(index))] == [t for t, _ in shown]
            assert list(index.key_times()) == [time for time, key in shown if key]
            assert media.info.frame_count == len(index) == len(shown) == 60
            assert media.info.duration == index.end - media.start
            assert index.end - shown[-1][0] <= Fraction(2, 25)

    def test_of_a_bare_stream_it_is_right_within_a_frame(self, make_clip: MakeVideo) -> None:
        # FFmpeg makes the stamps up as it goes, the first ones before it knows the frame order.
        data = make_clip(60, form="mpeg1video", codec="mpeg1video", options={"bf": "2"})
        with open_media(data) as media:
            shown = [one.time for one in media.pictures()]
            index = media.index
        assert abs(media.info.duration - Fraction(60, 25)) <= Fraction(2, 25)
        assert len(index) == len(shown) == 60
        worst = max(abs(index.time(place) - time) for place, time in enumerate(shown))
        assert worst <= Fraction(1, 25)

    def test_reading_goes_on_while_the_index_is_read(self, make_clip: MakeVideo) -> None:
        with open_media(make_clip(40, form="matroska", codec="mpeg4")) as media:
            shown = media.pictures()
            first = [next(shown).time for _ in range(5)]
            assert len(media.index) == 40
            rest = [one.time for one in shown]
            again = [one.time for one in media.pictures()]
        assert first + rest == again

    def test_h264_in_avi_has_none(self, make_clip: MakeVideo) -> None:
        data = make_clip(30, form="avi", codec="libx264", gop=10, options={"bf": "2"})
        with open_media(data) as media:
            assert media.index is None
            shown = [(one.time, one.key) for one in media.pictures()]
            keys = [one.time for one in media.pictures(keys_only=True)]
        assert len(shown) == 30
        assert keys == [time for time, key in shown if key]

    def test_two_recordings_in_one_file_follow_each_other(self, make_clip: MakeVideo) -> None:
        half = make_clip(30, form="mpegts", codec="mpeg2video", gop=10)
        with open_media(half + half) as media:
            shown = [one.time for one in media.pictures()]
            index = media.index
            keys = [one.time for one in media.pictures(keys_only=True)]
        assert not index.true
        assert len(shown) == 60
        np.testing.assert_allclose(np.diff([float(time) for time in shown]), 1 / 25, atol=1e-6)
        assert [index.time(place) for place in range(60)] == shown
        assert keys == list(index.key_times()) == shown[::10]

    @pytest.mark.parametrize("stamps", [[0, 0, 0, 0], [5, 4, 3, 9]])
    def test_every_frame_has_a_time_of_its_own(self, stamps: list[int]) -> None:
        clock = Clock(step=2, jump=50)
        ticks = [clock.tick(stamp) for stamp in stamps]
        assert ticks == sorted(set(ticks))
        assert not clock.true

    def test_missing_stamps_go_on_at_the_average_rate(self) -> None:
        clock = Clock(step=2, jump=50)
        assert [clock.tick(stamp) for stamp in (None, None, 9, None)] == [0, 2, 9, 11]

    def test_an_index_that_cannot_be_read_is_none(
        self, make_clip: MakeVideo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(deck: object, depth: int) -> None:
            message = "no packet"
            raise ValueError(message)

        monkeypatch.setattr("framesift.media.video.scan_index", broken)
        with open_media(make_clip(60, codec="mpeg4")) as media:
            assert media.index is None
            every = [(shown.time, shown.key) for shown in media.pictures()]
            late = [shown.time for shown in media.pictures(Fraction(2))]
            keys = [shown.time for shown in media.pictures(keys_only=True)]
        assert late == [time for time, _ in every if time >= 2]
        assert keys == [time for time, key in every if key]


class TestStretches:
    """`pictures` between two times."""

    CLIPS = (
        ("mp4", "libx264", {"x264opts": "open_gop=1", "bf": "3"}),
        ("mpegts", "libx264", {"bf": "3"}),
        ("mpegts", "mpeg2video", {"bf": "2"}),
        ("matroska", "libx264", {"x264opts": "intra-refresh=1"}),
        ("avi", "mpeg4", {"bf": "2"}),
        ("webm", "libvpx-vp9", {}),
    )

    @pytest.mark.parametrize(("form", "codec", "options"), CLIPS)
    def test_the_same_pictures_as_from_the_start(
        self, make_clip: MakeVideo, form: str, codec: str, options: dict[str, str]
    ) -> None:
        data = make_clip(125, form=form, codec=codec, gop=25, options=options)
        with open_media(data) as media:
            every = [(one.time, one.key, one.small(16, 8).tobytes()) for one in media.pictures()]
            for at in (0, 3, 24, 25, 26, 51, 74, 75, 124):
                for late in (Fraction(0), Fraction(1, 1000)):
                    begin, end = every[at][0] + late, every[at][0] + Fraction(1, 2)
                    got = [
                        (one.time, one.key, one.small(16, 8).tobytes())
                        for one in media.pictures(begin, end)
                    ]
                    assert got == [one for one in every if every[at][0] <= one[0] < end]
                keys = [
                    (one.time, one.key, one.small(16, 8).tobytes())
                    for one in media.pictures(begin, keys_only=True)
                ]
                assert keys == [one for one in every if one[1] and one[0] >= begin]

    def test_two_files_cut_at_a_key_frame_give_the_same_pictures(
        self, make_clip: MakeVideo
    ) -> None:
        data = make_clip(50, form="matroska", codec="libx264", gop=25, options={"bf": "3"})
        parts = []
        for first, last in ((0, 25), (25, 50)):
            out = io.BytesIO()
            with av.open(io.BytesIO(data)) as source, av.open(out, "w", format="mp4") as target:
                stream = target.add_stream_from_template(source.streams.video[0])
                packets = [packet for packet in source.demux(video=0) if packet.size]
                assert packets[first].is_keyframe
                for packet in packets[first:last]:
                    packet.stream = stream
                    target.mux(packet)
            with open_media(out.getvalue()) as media:
                parts += [digest(shown.frame()) for shown in media.pictures()]
        with open_media(data) as media:
            assert parts == [digest(shown.frame()) for shown in media.pictures()]

    def test_a_stretch_before_the_start_or_after_the_end(self, make_clip: MakeVideo) -> None:
        with open_media(make_clip(50, codec="mpeg4")) as media:
            assert [one.time for one in media.pictures(None, Fraction(-1))] == []
            assert [one.time for one in media.pictures(Fraction(-5), Fraction(1, 25))] == [0]
            assert [one.time for one in media.pictures(Fraction(99))] == [Fraction(49, 25)]
            assert list(media.pictures(Fraction(99), keys_only=True)) == []

    def test_another_reading_ends_the_one_before(self, make_clip: MakeVideo) -> None:
        with open_media(make_clip(30, codec="mpeg4")) as media:
            shown = media.pictures()
            next(shown)
            assert len(list(media.pictures())) == 30
            with pytest.raises(RuntimeError, match="another reading"):
                next(shown)

    def test_a_reading_may_be_left(self, make_clip: MakeVideo) -> None:
        with open_media(make_clip(30, codec="mpeg4")) as media:
            for keys_only in (False, True):
                shown = media.pictures(keys_only=keys_only)
                next(shown)
                shown.close()
                assert len(list(media.pictures())) == 30

    def test_damage_is_said_after_the_last_picture(self, make_clip: MakeVideo) -> None:
        data = bytearray(make_clip(50, codec="libx264"))
        start = data.index(b"mdat") + 4
        rng = np.random.default_rng(1)
        for place in rng.integers(start + 3000, data.index(b"moov"), 30):
            data[place] ^= 0xFF
        seen = []
        with open_media(bytes(data)) as media, pytest.raises(CorruptMediaError) as caught:
            seen.extend(one.time for one in media.pictures())
        assert seen
        assert caught.value.time_s is not None

    def test_time_in_the_decoder_is_limited(
        self, make_clip: MakeVideo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = make_clip(50, codec="mpeg4")
        seen = []
        with open_media(data, limits=Limits(max_decode_s=0.05)) as media:
            ticks = iter(np.arange(0, 100, 0.001))
            monkeypatch.setattr("framesift.media.walk.perf_counter", lambda: next(ticks))
            with pytest.raises(DecodeTimeoutError, match="max_decode_s") as caught:
                seen.extend(one.time for one in media.pictures())
        assert 0 < len(seen) < 50
        assert caught.value.time_s == seen[-1]

    def test_pictures_passed_by_are_limited_by_the_running_time(self, make_clip: MakeVideo) -> None:
        with open_media(make_clip(50), limits=Limits(max_frames=2)) as media:
            seen = [one.time for one in media.pictures(Fraction(1))]
            assert len(seen) == 25


class TestStreams:
    """Which stream is read, and on which clock."""

    @staticmethod
    def mux(
        tracks: list[tuple[int, tuple[int, int], str]], *, form: str = "matroska", late: int = 0
    ) -> bytes:
        """Several video tracks of one grey each: (grey, size, disposition)."""
        out = io.BytesIO()
        with av.open(out, "w", format=form) as container:
            streams = []
            for _, size, disposition in tracks:
                stream = container.add_stream("mjpeg", rate=5)
                stream.width, stream.height, stream.pix_fmt = *size, "yuvj420p"
                stream.disposition = av.stream.Disposition[disposition] if disposition else 0
                streams.append(stream)
            for number in range(5):
                for (grey, size, _), stream in zip(tracks, streams, strict=True):
                    pixels = np.full((*size[::-1], 3), grey, np.uint8)
                    frame = av.VideoFrame.from_ndarray(pixels).reformat(format="yuvj420p")
                    frame.pts, frame.time_base = number + late, Fraction(1, 5)
                    container.mux(stream.encode(frame))
        return out.getvalue()

    @pytest.mark.parametrize(
        ("tracks", "grey"),
        [
            ([(40, (64, 48), ""), (90, (96, 64), "")], 90),
            ([(40, (64, 48), "default"), (90, (96, 64), "")], 40),
            ([(40, (64, 48), ""), (90, (96, 64), "default"), (160, (128, 96), "")], 90),
        ],
    )
    def test_the_default_one_then_the_largest(self, tracks: list, grey: int) -> None:
        with open_media(self.mux(tracks)) as media:
            frames = list(media.read())
            assert len(media.index) == len(frames) == 5
        assert abs(float(frames[0].pixels.mean()) - grey) < 4

    def test_attached_pictures_are_not_the_video(self) -> None:
        tracks = [(40, (64, 48), ""), (200, (320, 240), "attached_pic")]
        with open_media(self.mux(tracks, form="mp4")) as media:
            assert (media.info.width, media.info.height) == (64, 48)
            assert len(list(media.read())) == 5

    @pytest.mark.parametrize("form", ["matroska", "mp4", "mov", "mpegts"])
    def test_a_late_start_is_kept(self, form: str) -> None:
        codec = {"mpegts": "mpeg2video"}.get(form, "mpeg4")
        out = io.BytesIO()
        with av.open(out, "w", format=form) as container:
            stream = container.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for number in range(50):
                frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 99, np.uint8))
                frame.pts, frame.time_base = number + 50, Fraction(1, 25)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        with open_media(out.getvalue()) as media:
            times = [shown.time for shown in media.pictures()]
            assert media.start == times[0] == media.info.start
            if form != "mpegts":  # its muxer adds a delay of its own
                assert media.start == 2
            assert abs(media.info.duration - 2) <= Fraction(2, 25)
            assert media.index.time(0) == times[0]
            assert abs(media.info.duration - 2) <= Fraction(1, 25)
            late = next(media.read([media.start + 1]))
            assert late.time == media.start + 1

    def test_what_an_edit_list_cuts_off_is_not_shown(self, make_clip: MakeVideo) -> None:
        data = bytearray(make_clip(50, codec="mpeg4", gop=25))
        # A list with one entry: version, flags, count, duration, media time, rate.
        place = data.index(b"elst") + 4
        media_time = place + 12
        base = 12800  # ticks a second of what PyAV writes for 25 frames a second
        data[media_time : media_time + 4] = (base * 3 // 5).to_bytes(4, "big")
        with open_media(bytes(data)) as media:
            times = [shown.time for shown in media.pictures()]
            index = media.index
            again = [shown.time for shown in media.pictures()]
        assert times[0] == 0
        assert len(times) == 35
        assert again == times == [index.time(place) for place in range(len(index))]
