"""What every medium promises, whichever reader is behind it."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PIL import Image

from framesift.errors import LimitExceededError, MediaError
from framesift.frames import UniformSampler, iter_frames
from framesift.media import Limits, Media, Source, open_media

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = {
    "jpeg": "image",
    "heic": "image",
    "gif": "animation",
    "apng": "animation",
    "webp": "animation",
    "avif": "animation",
    "tiff": "animation",
    "mp4": "video",
    "mkv": "video",
}


def _encode(name: str, pictures: list[np.ndarray]) -> bytes:
    out = io.BytesIO()
    images = [Image.fromarray(picture) for picture in pictures]
    if name == "jpeg":
        images[0].save(out, "JPEG")
    elif name == "heic":
        import pillow_heif

        pillow_heif.from_pillow(images[0]).save(out)
    elif KINDS[name] == "animation":
        form = {"apng": "PNG"}.get(name, name.upper())
        images[0].save(out, form, save_all=True, append_images=images[1:], duration=200)
    else:
        with av.open(out, "w", format={"mkv": "matroska"}.get(name, name)) as container:
            stream = container.add_stream("mpeg4", rate=5)
            stream.height, stream.width = pictures[0].shape[:2]
            stream.pix_fmt = "yuv420p"
            for picture in pictures:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
    return out.getvalue()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def data(kind: str, make_image: Callable[..., np.ndarray]) -> bytes:
    return _encode(kind, [make_image(96, 64, seed) for seed in range(5)])


def test_information_is_complete(kind: str, data: bytes) -> None:
    source = Source.from_bytes(data, name=f"some.{kind}")
    with open_media(source) as media:
        info = media.info
    assert isinstance(media, Media)
    assert info.path == f"some.{kind}"
    assert info.sha256 == source.sha256()
    assert info.kind == KINDS[kind]
    assert (info.width, info.height) == (96, 64)
    assert (info.duration is None) is (info.kind == "image" or kind == "tiff")
    assert info.duration is None or abs(info.duration - 1) < Fraction(1, 4)


def test_frames_are_rgb_ascending_and_numbered(kind: str, data: bytes) -> None:
    with open_media(data) as media:
        frames = list(media.read())
    assert len(frames) == (1 if KINDS[kind] == "image" else 5)
    assert all(frame.pixels.shape == (64, 96, 3) for frame in frames)
    assert all(frame.pixels.flags.c_contiguous for frame in frames)
    times = [frame.time for frame in frames]
    assert all(isinstance(time, Fraction) for time in times)
    assert times == sorted(set(times))
    assert [frame.index for frame in frames] == list(range(len(frames)))


def test_frame_times_are_those_of_the_frames(kind: str, data: bytes) -> None:
    with open_media(data) as media:
        times = tuple(frame.time for frame in media.read())
        known = media.frame_times
    assert known is None if KINDS[kind] == "video" else known == times
    assert media.start == times[0]


def test_any_times_give_each_shown_frame_once(data: bytes) -> None:
    with open_media(data) as media:
        every = {frame.time: frame.pixels for frame in media.read()}
        starts = sorted(every)
        asked = [Fraction(n, 7) - 1 for n in range(25)]
        shown = {max([s for s in starts if s <= time] or starts[:1]) for time in asked}
        got = list(media.read(list(reversed(asked))))
    assert [frame.time for frame in got] == sorted(shown)
    for frame in got:
        np.testing.assert_array_equal(frame.pixels, every[frame.time])


def test_reading_again_gives_the_same(data: bytes) -> None:
    with open_media(data) as media:
        first = [frame.pixels for frame in media.read()]
        next(media.read(), None)  # abandoned after one frame
        second = [frame.pixels for frame in media.read()]
        assert list(media.read(())) == []
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_path_bytes_and_stream_are_alike(kind: str, data: bytes, tmp_path) -> None:
    path = tmp_path / "misnamed.txt"
    path.write_bytes(data)
    digests = set()
    for source in (path, str(path), data, Source.from_stream(io.BytesIO(data))):
        with open_media(source) as media:
            digests.add(media.info.sha256)
            assert media.info.kind == KINDS[kind]
            assert next(media.read()).pixels.shape == (64, 96, 3)
    assert len(digests) == 1


def test_sampling_is_bounded(data: bytes) -> None:
    with open_media(data) as media:
        assert 1 <= len(list(iter_frames(media, UniformSampler(50, 2)))) <= 2


@pytest.mark.parametrize("limits", [Limits(max_bytes=100), Limits(max_pixels=96 * 64 - 1)])
def test_limits_hold(data: bytes, limits: Limits) -> None:
    with pytest.raises(LimitExceededError) as caught:
        open_media(Source.from_bytes(data, name="big"), limits=limits)
    assert caught.value.source == "big"


def test_closing_twice_is_fine(data: bytes) -> None:
    media = open_media(data)
    media.close()
    media.close()


def test_no_cut_is_a_crash(data: bytes) -> None:
    for part in (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99):
        source = Source.from_bytes(data[: int(len(data) * part)], name="cut")
        problem = None
        try:
            with open_media(source) as media:
                for frame in media.read():
                    assert frame.pixels.shape[2] == 3
        except MediaError as error:
            problem = error
        if problem is not None:
            assert problem.source == "cut"
            assert ";" in problem.message  # the reason and the way out
