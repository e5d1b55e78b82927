"""Stacked pictures: every page of a TIFF and every view of an MPO is a frame."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import AppendingTiffWriter

from framesift.errors import CorruptMediaError, LimitExceededError, MediaError
from framesift.frames import UniformSampler, iter_frames
from framesift.media import Limits, open_media, pages

if TYPE_CHECKING:
    from collections.abc import Callable

GREYS = [20, 90, 160, 230]


def plain(grey: int, size: tuple[int, int] = (40, 30), mode: str = "RGB") -> Image.Image:
    return Image.new("L", size, grey).convert(mode)


def stacked(images: list[Image.Image], form: str = "TIFF", **options: Any) -> bytes:
    if form == "MPO":
        return mpo(images, **options)
    out = io.BytesIO()
    images[0].save(out, form, save_all=True, append_images=images[1:], **options)
    return out.getvalue()


def mpo(images: list[Image.Image], exifs: tuple[bytes, ...] = ()) -> bytes:
    """Write JPEGs one after the other, with the index of CIPA DC-007 in the first."""
    parts = []
    for place, image in enumerate(images):
        out = io.BytesIO()
        image.save(out, "JPEG", exif=exifs[place] if exifs else b"")
        parts.append(out.getvalue())
    index = _index([len(part) for part in parts], parts[0])
    return b"".join((parts[0][:20], index, parts[0][20:], *parts[1:]))


def _index(sizes: list[int], first: bytes) -> bytes:
    assert first[2:4] == b"\xff\xe0"  # JFIF's block ends at 20, the index begins at 28
    length = 8 + 2 + 3 * 12 + 4
    total = 8 + length + 16 * len(sizes)
    entries, offset = b"", len(first) + total - 28
    for place, size in enumerate(sizes):
        kind = 0 if place else 0x030000
        start = offset if place else 0
        entries += struct.pack("<LLLHH", kind, size, start, 0, 0)
        offset += size if place else 0
    ifd = struct.pack("<2sHLH", b"II", 42, 8, 3)
    ifd += struct.pack("<HHL4s", 0xB000, 7, 4, b"0100")
    ifd += struct.pack("<HHLL", 0xB001, 4, 1, len(sizes))
    ifd += struct.pack("<HHLL", 0xB002, 7, len(entries), length)
    body = b"MPF\0" + ifd + bytes(4) + entries
    return b"\xff\xe2" + struct.pack(">H", len(body) + 2) + body


def shown(data: bytes, **options: Any) -> list[int]:
    with open_media(data, **options) as media:
        return [round(float(frame.pixels.mean())) for frame in media.read()]


@pytest.mark.parametrize("form", ["TIFF", "MPO"])
def test_every_page_is_a_frame(form: str) -> None:
    data = stacked([plain(grey) for grey in GREYS], form)
    with open_media(data) as media:
        frames = list(media.read())
        assert [frame.index for frame in media.read([Fraction(7, 2), Fraction(1)])] == [1, 3]
        assert list(media.read(())) == []
        sampled = list(iter_frames(media, UniformSampler(max_frames=2)))
    info = media.info
    assert (info.kind, info.frame_count, info.duration) == ("animation", 4, None)
    assert info.format == {"TIFF": "tiff", "MPO": "jpeg"}[form]
    assert (info.width, info.height) == (40, 30)
    assert media.frame_times == (0, 1, 2, 3)
    assert [frame.time for frame in frames] == [0, 1, 2, 3]
    assert {frame.duration for frame in frames} == {None}
    assert [frame.index for frame in sampled] == [1, 3]
    means = [float(frame.pixels.mean()) for frame in frames]
    np.testing.assert_allclose(means, GREYS, atol=2)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate", "jpeg"])
def test_pages_may_differ_in_size_and_mode(compression: str | None) -> None:
    images = [plain(20), plain(90, (10, 60)), plain(160, (80, 80), "L")]
    data = stacked(images, compression=compression)
    with open_media(data) as media:
        shapes = [frame.pixels.shape for frame in media.read()]
    assert shapes == [(30, 40, 3), (60, 10, 3), (80, 80, 3)]


@pytest.mark.parametrize("form", ["TIFF", "MPO"])
def test_one_page_is_a_still(form: str) -> None:
    with open_media(stacked([plain(90)], form)) as media:
        assert (media.info.kind, media.info.frame_count) == ("image", 1)


def test_previews_and_maps_of_depth_in_an_mpo_are_passed_over() -> None:
    first, preview, depth = plain(20), plain(90, (20, 15)), plain(160, mode="L")
    with open_media(stacked([first, preview, depth], "MPO")) as media:
        assert media.info.kind == "image"
    assert shown(stacked([first, preview, plain(230)], "MPO")) == [20, 230]
    assert shown(stacked([plain(20, mode="L"), depth], "MPO")) == [20, 160]


def test_smaller_copies_and_masks_in_a_tiff_are_passed_over() -> None:
    small, mask, liar = plain(90, (20, 15)), plain(160), plain(230)
    out = io.BytesIO()
    with AppendingTiffWriter(out, new=True) as writer:
        for image, kind in ((plain(20), 0), (small, 1), (mask, 4), (liar, 1)):
            image.save(writer, "TIFF", tiffinfo={254: kind})
            writer.newFrame()
    assert shown(out.getvalue()) == [20, 230]


def test_each_page_is_turned_upright_by_its_own_note() -> None:
    exifs = []
    for orientation in (1, 6):
        exif = Image.Exif()
        exif[0x0112] = orientation
        exifs.append(exif.tobytes())
    with open_media(mpo([plain(20), plain(90)], tuple(exifs))) as media:
        shapes = [frame.pixels.shape for frame in media.read()]
    assert shapes == [(30, 40, 3), (40, 30, 3)]


def test_pages_are_scaled_as_stills_are(make_image: Callable[..., np.ndarray]) -> None:
    images = [Image.fromarray(make_image(1800, 1300, seed)) for seed in range(2)]
    for form in ("TIFF", "MPO"):
        data = stacked(images, form)
        still = stacked(images[:1], form)
        with open_media(data, min_side_px=300) as media, open_media(still, min_side_px=300) as one:
            first, second = media.read()
            expected = next(iter(one.read()))
        np.testing.assert_array_equal(first.pixels, expected.pixels)
        assert second.pixels.shape == first.pixels.shape
        assert min(second.pixels.shape[:2]) < 1300


def test_pages_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    data = stacked([plain(grey) for grey in GREYS])
    with pytest.raises(LimitExceededError, match="has more than 3 pages"):
        open_media(data, limits=Limits(max_frames=3))
    monkeypatch.setattr(pages, "MAX_PAGES", 2)
    with pytest.raises(LimitExceededError, match="has more than 2 pages"):
        open_media(data)
    monkeypatch.undo()
    monkeypatch.setattr(pages, "_MOST_WORK", 3)
    with pytest.raises(LimitExceededError, match="too long to decode together"):
        open_media(data, limits=Limits(max_pixels=1200))
    assert len(shown(data, limits=Limits(max_pixels=1600, max_frames=4))) == 4


def test_a_page_that_is_too_large_is_refused_when_it_is_read() -> None:
    data = stacked([plain(20), plain(90, (80, 80))])
    with open_media(data, limits=Limits(max_pixels=1200 * 4)) as media:
        assert next(media.read()).index == 0
        with pytest.raises(LimitExceededError, match="80 x 80"):
            list(media.read())


def broken_page(tag: int, value: int) -> bytes:
    """Change a value in the header of the second of two pages."""
    data = bytearray(stacked([plain(20), plain(90)]))
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    (second,) = struct.unpack_from("<I", data, first + 2 + 12 * count)
    (count,) = struct.unpack_from("<H", data, second)
    for at in range(second + 2, second + 2 + 12 * count, 12):
        if struct.unpack_from("<H", data, at)[0] == tag:
            struct.pack_into("<I", data, at + 8, value)
    return bytes(data)


@pytest.mark.parametrize(("tag", "value"), [(259, 60000), (262, 77)])
def test_a_page_that_cannot_be_decoded_is_named_after_the_others(tag: int, value: int) -> None:
    got = []
    with (
        open_media(broken_page(tag, value)) as media,
        pytest.raises(MediaError, match=";") as caught,
    ):
        got.extend(media.read())
    assert [frame.index for frame in got] == [0]
    assert caught.value.time_s == 1


def test_a_pointer_to_nothing_ends_the_list() -> None:
    data = bytearray(stacked([plain(20)]))
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * count, len(data) + 100)
    with open_media(bytes(data)) as media:
        assert media.info.kind == "image"
    assert shown(bytes(data)) == [20]


def test_an_mpo_whose_second_picture_was_dropped_is_a_still() -> None:
    data = stacked([plain(20), plain(90)], "MPO")
    second = data.index(b"\xff\xd8\xff", 3)
    assert shown(data[:second]) == [20]


def test_an_mpo_cut_within_its_second_picture_says_so() -> None:
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (200, 200, 3), np.uint8))
    data = stacked([noise, noise], "MPO")
    got = []
    with open_media(data[: len(data) * 3 // 4]) as media, pytest.raises(CorruptMediaError) as error:
        got.extend(media.read())
    assert [frame.index for frame in got] == [0]
    assert error.value.time_s == 1
