"""Animations: all frames, real durations, sampled by time, partial results from broken ones."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from framesift.errors import CorruptMediaError, LimitExceededError
from framesift.media import Limits, open_media

if TYPE_CHECKING:
    from collections.abc import Callable

    Animate = Callable[..., bytes]

GREYS = [0, 60, 120, 180, 240]
DURATIONS = [50, 100, 200, 400, 250]
STARTS = (Fraction(0), Fraction(1, 20), Fraction(3, 20), Fraction(7, 20), Fraction(3, 4))


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("GIF", {}),
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("AVIF", {"quality": 90}),
    ],
)
def test_every_frame_with_its_own_duration(animation: Animate, form: str, options: dict) -> None:
    with open_media(animation(form, GREYS, DURATIONS, **options)) as media:
        frames = list(media.read())
    assert media.info.kind == "animation"
    assert media.info.frame_count == 5
    assert media.info.duration == 1
    assert media.frame_times == STARTS
    assert tuple(frame.time for frame in frames) == STARTS
    assert [frame.duration for frame in frames] == [Fraction(ms, 1000) for ms in DURATIONS]
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    shown = [int(frame.pixels.mean()) for frame in frames]
    np.testing.assert_allclose(shown, GREYS, atol=3)


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "AVIF"])
def test_one_frame_is_a_still(animation: Animate, form: str) -> None:
    with open_media(animation(form, [99], [100])) as media:
        assert (media.info.kind, media.info.duration) == ("image", None)


@pytest.mark.parametrize(
    ("times", "greys"),
    [
        ([], []),
        ([Fraction(0)], [0]),
        ([Fraction(-1)], [0]),
        ([Fraction(99)], [240]),
        ([Fraction(1, 20)], [60]),
        ([Fraction(49, 1000)], [0]),
        ([Fraction(1, 2), Fraction(1, 10), Fraction(2, 5)], [60, 180]),
    ],
)
def test_the_frame_shown_at_each_time(
    animation: Animate, times: list[Fraction], greys: list[int]
) -> None:
    with open_media(animation("GIF", GREYS, DURATIONS)) as media:
        shown = [int(frame.pixels.mean()) for frame in media.read(times)]
    assert shown == greys


def test_a_delay_of_zero_is_a_tenth_of_a_second(animation: Animate) -> None:
    with open_media(animation("GIF", [0, 99, 200], [0, 0, 0])) as media:
        assert media.info.duration == Fraction(3, 10)


def test_the_hidden_still_of_an_apng_is_not_a_frame(animation: Animate) -> None:
    data = animation("PNG", [10, 120, 240], [100, 100], default_image=True)
    with open_media(data) as media:
        shown = [int(frame.pixels.mean()) for frame in media.read()]
    assert media.info.frame_count == 2
    assert shown == [120, 240]


def test_transparent_frames_are_composited_on_white(encode: Callable[..., bytes]) -> None:
    frames = [Image.new("RGBA", (8, 8), (255, 0, 0, 255)), Image.new("RGBA", (8, 8), (0, 0, 0, 0))]
    data = encode(
        frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100, lossless=True
    )
    with open_media(data) as media:
        first, second = media.read()
    assert first.pixels[0, 0].tolist() == [255, 0, 0]
    assert second.pixels[0, 0].tolist() == [255, 255, 255]


def test_a_cut_off_animation_gives_what_it_has_and_then_says_where(
    encode: Callable[..., bytes], make_image: Callable[..., np.ndarray]
) -> None:
    frames = [Image.fromarray(make_image(120, 90, seed)) for seed in range(4)]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)
    got = []
    with (
        open_media(data[: int(len(data) * 0.6)]) as media,
        pytest.raises(CorruptMediaError) as caught,
    ):
        got.extend(media.read())
    assert 1 <= len(got) < 4
    assert caught.value.time_s == Fraction(len(got), 10)


def test_frames_and_seconds_are_limited(animation: Animate) -> None:
    data = animation("GIF", GREYS, DURATIONS)
    with pytest.raises(LimitExceededError, match="max_frames"):
        open_media(data, limits=Limits(max_frames=4))
    with pytest.raises(LimitExceededError, match="max_duration_s"):
        open_media(data, limits=Limits(max_duration_s=0.9))
    with open_media(data, limits=Limits(max_frames=5, max_duration_s=1)) as media:
        assert len(list(media.read())) == 5


def test_a_header_that_promises_more_frames_is_not_believed(animation: Animate) -> None:
    data = bytearray(animation("PNG", GREYS, DURATIONS))
    at = data.index(b"acTL") + 4
    data[at : at + 4] = (1000).to_bytes(4, "big")
    import zlib

    data[at + 8 : at + 12] = zlib.crc32(data[at - 4 : at + 8]).to_bytes(4, "big")
    with open_media(bytes(data)) as media:
        assert media.info.frame_count == 5
        assert len(list(media.read())) == 5


def test_large_animations_are_shrunk_on_request(encode: Callable[..., bytes]) -> None:
    frames = [Image.new("L", (2000, 1500), grey) for grey in (10, 200)]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)
    with open_media(data, min_side_px=500) as media:
        shapes = [frame.pixels.shape for frame in media.read()]
    assert shapes == [(500, 667, 3)] * 2


def test_the_work_of_decoding_is_limited(animation: Animate) -> None:
    data = animation("GIF", list(range(0, 250, 5)), [20] * 50)
    with pytest.raises(LimitExceededError, match="too long to decode"):
        open_media(data, limits=Limits(max_pixels=24 * 16))
