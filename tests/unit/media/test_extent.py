"""A container that is shorter than it says is found out, and a whole one never."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from framesift.errors import CorruptMediaError
from framesift.frames import AdaptiveSampler, KeyframeSampler, UniformSampler, iter_frames
from framesift.media import open_media
from framesift.media.extent import missing_bytes

FORMS = {"matroska": "mkv", "webm": "webm", "avi": "avi"}


def clip(container_name: str, **options: str) -> bytes:
    out = io.BytesIO()
    rng = np.random.default_rng(1)
    with av.open(out, "w", format=container_name, options=options) as container:
        stream = container.add_stream("vp8" if container_name == "webm" else "mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.gop_size = 10
        for _ in range(80):
            pixels = rng.integers(0, 255, (64, 96, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


@pytest.mark.parametrize("name", FORMS)
def test_the_bytes_that_are_missing(name: str) -> None:
    whole = clip(name)

    assert missing_bytes(io.BytesIO(whole), FORMS[name]) == 0
    assert missing_bytes(io.BytesIO(whole + b"more"), FORMS[name]) == 0
    # AVI pads its chunks: the last byte may be of none.
    assert missing_bytes(io.BytesIO(whole[:-1000]), FORMS[name]) in {999, 1000}


@pytest.mark.parametrize("form", ["mkv", "avi", "mp4"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x1a\x45\xdf\xa3",
        b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67",
        b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01" + b"\xff" * 7,  # of unknown size
        b"\x00" * 40,
        b"RIFF\0\0\0\0AVI ",
        b"RIFF\xff\xff\xff\xffAVI ",
        b"RIFF",
    ],
)
def test_where_nothing_is_stated_nothing_is_missing(form: str, content: bytes) -> None:
    assert missing_bytes(io.BytesIO(content), form) == 0


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(
    "sampler", [AdaptiveSampler(2), KeyframeSampler(2), UniformSampler(2)], ids=lambda one: one.key
)
def test_every_sampler_gives_what_there_is_and_says_that_it_is_not_all(
    name: str, sampler: AdaptiveSampler
) -> None:
    whole = clip(name)
    for data in (whole, whole[: len(whole) * 6 // 10]):
        problem, times = None, []
        with open_media(data) as media:
            try:
                for frame in iter_frames(media, sampler):
                    times.append(frame.time)  # noqa: PERF401 - what breaks off keeps them
            except CorruptMediaError as error:
                problem = error
        if data is whole:
            assert problem is None
            continue
        assert problem is not None
        assert "cut off" in problem.message or "damaged" in problem.message
        assert problem.time_s is not None
        assert Fraction(3) < problem.time_s < Fraction(6)
        assert times[-1] <= problem.time_s
        assert len(times) >= 4


def test_all_frames_come_before_the_error() -> None:
    data = clip("matroska")
    frames = []
    problem = None
    with open_media(data[: len(data) // 2]) as media:
        try:
            for frame in media.read():
                frames.append(frame)  # noqa: PERF402 - the error comes after them
        except CorruptMediaError as error:
            problem = error
    assert 30 < len(frames) < 50
    assert "bytes are missing; get a new copy" in str(problem)


def test_a_live_recording_of_unknown_size_is_no_broken_file() -> None:
    data = clip("matroska", live="1")
    with open_media(data) as media:
        assert len(list(media.read())) == 80
