"""Camera RAW: preview first, else half-size demosaic; a clear message without the extra."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from framesift.errors import CorruptMediaError, LimitExceededError, MissingExtraError
from framesift.media import Limits, Source, open_media
from framesift.media.raw import is_raw_tiff

if TYPE_CHECKING:
    from collections.abc import Callable

rawpy = pytest.importorskip("rawpy", reason="the raw extra is not installed")


def test_without_a_preview_the_sensor_is_read_at_half_size(make_dng: Callable[..., bytes]) -> None:
    with open_media(make_dng(128, 96)) as media:
        (frame,) = media.read()
    assert (media.info.kind, media.info.width, media.info.height) == ("image", 128, 96)
    assert frame.pixels.shape == (48, 64, 3)
    red, green, blue = frame.pixels[8:-8, 8:-8].reshape(-1, 3).mean(axis=0)
    assert red > green + 40
    assert red > blue + 40


def test_a_large_enough_preview_is_preferred(
    make_dng: Callable[..., bytes], encode: Callable[..., bytes]
) -> None:
    preview = encode(Image.new("RGB", (100, 80), (20, 200, 20)), "JPEG", quality=95)
    with open_media(make_dng(128, 96, preview=preview)) as media:
        (frame,) = media.read()
    assert frame.pixels.shape == (80, 100, 3)
    assert np.abs(frame.pixels.reshape(-1, 3).mean(axis=0) - (20, 200, 20)).max() < 4


def test_a_tiny_preview_is_not_enough(
    make_dng: Callable[..., bytes], encode: Callable[..., bytes]
) -> None:
    preview = encode(Image.new("RGB", (20, 15), (20, 200, 20)), "JPEG")
    with open_media(make_dng(128, 96, preview=preview)) as media:
        (frame,) = media.read()
    assert frame.pixels.shape == (48, 64, 3)


def test_orientation_turns_both(
    make_dng: Callable[..., bytes], encode: Callable[..., bytes]
) -> None:
    preview = encode(Image.new("RGB", (100, 80)), "JPEG")
    for data, shape in (
        (make_dng(128, 96, orientation=6), (64, 48, 3)),
        (make_dng(128, 96, orientation=6, preview=preview), (100, 80, 3)),
    ):
        with open_media(data) as media:
            (frame,) = media.read()
        assert (media.info.width, media.info.height) == (96, 128)
        assert frame.pixels.shape == shape


def test_pixels_are_limited(make_dng: Callable[..., bytes]) -> None:
    with pytest.raises(LimitExceededError, match="128 x 96 pixels"):
        open_media(make_dng(128, 96), limits=Limits(max_pixels=1000))


def test_without_rawpy_the_message_names_the_extra(
    make_dng: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(MissingExtraError, match=r'pip install "framesift\[raw\]"') as caught:
        open_media(Source.from_bytes(make_dng(), name="a.dng"))
    assert caught.value.source == "a.dng"


def test_a_broken_raw_is_corrupt() -> None:
    with pytest.raises(CorruptMediaError, match="camera RAW"):
        open_media(b"FUJIFILMCCD-RAW 0201" + bytes(200))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"II*\0" + bytes(4), False),
        (b"II*\0\x08\0\0\0", False),
        (b"MM\0*\0\0\0\x08" + b"\xff" * 400, False),
        (b"II*\0\x08\0\0\0\x01\0" + b"\x12\xc6\x01\0\x04\0\0\0\x01\x04\0\0" + bytes(4), True),
        (b"II*\0\x08\0\0\0\x01\0" + b"\x06\x01\x03\0\x01\0\0\0\x23\x80\0\0" + bytes(4), True),
        (b"II*\0\x08\0\0\0\x01\0" + b"\x06\x01\x03\0\x01\0\0\0\x02\0\0\0" + b"\x08\0\0\0", False),
    ],
)
def test_raw_is_told_from_tiff(data: bytes, expected: bool) -> None:  # noqa: FBT001
    assert is_raw_tiff(io.BytesIO(data)) is expected


def test_an_ordinary_tiff_stays_a_tiff(encode: Callable[..., bytes]) -> None:
    with open_media(encode(Image.new("RGB", (30, 20), (9, 8, 7)), "TIFF")) as media:
        (frame,) = media.read()
    assert media.info.format == "tiff"
    assert frame.pixels[0, 0].tolist() == [9, 8, 7]
