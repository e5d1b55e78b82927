"""Stills: every mode and format becomes upright RGB; broken ones become errors that explain."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageCms

from framesift.errors import CorruptMediaError, LimitExceededError, UnsupportedMediaError
from framesift.media import Limits, Source, open_media
from framesift.media.image import MAX_FRAME_PX, reduction

if TYPE_CHECKING:
    from collections.abc import Callable

    from framesift.types import UInt8Array

    Encode = Callable[..., bytes]


def read(data: bytes, **options: object) -> UInt8Array:
    with open_media(data, **options) as media:
        (frame,) = media.read()
    return frame.pixels


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("PNG", "png"),
        ("WEBP", "webp"),
        ("BMP", "bmp"),
        ("DIB", "bmp"),
        ("TIFF", "tiff"),
        ("PPM", "ppm"),
        ("ICO", "ico"),
        ("TGA", "tga"),
        ("QOI", "qoi"),
        ("SGI", "sgi"),
        ("PCX", "pcx"),
        ("DDS", "dds"),
        ("JPEG2000", "jpeg2000"),
    ],
)
def test_lossless_formats_come_back_exactly(
    encode: Encode, make_image: Callable[..., np.ndarray], form: str, name: str
) -> None:
    picture = make_image(64, 48)
    options = {"WEBP": {"lossless": True}, "ICO": {"sizes": [(64, 48)]}}.get(form, {})
    data = encode(picture, form, **options)
    with open_media(data) as media:
        (frame,) = media.read()
    assert media.info.format == name
    assert (media.info.kind, media.info.width, media.info.height) == ("image", 64, 48)
    np.testing.assert_array_equal(frame.pixels, picture)


@pytest.mark.parametrize(
    ("form", "name", "most"), [("JPEG", "jpeg", 5), ("AVIF", "avif", 6), ("GIF", "gif", 30)]
)
def test_lossy_formats_come_back_nearly(
    encode: Encode, make_image: Callable[..., np.ndarray], form: str, name: str, most: float
) -> None:
    picture = make_image(64, 48)
    data = encode(picture, form, **({"quality": 95} if form != "GIF" else {}))
    with open_media(data) as media:
        (frame,) = media.read()
    assert media.info.format == name
    assert np.abs(frame.pixels.astype(int) - picture).mean() < most


def test_heic_is_read_and_pillow_is_left_alone(make_image: Callable[..., np.ndarray]) -> None:
    import pillow_heif

    picture = make_image(64, 48)
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(picture)).save(out, quality=90)
    with open_media(out.getvalue()) as media:
        (frame,) = media.read()
    assert media.info.format == "heif"
    assert np.abs(frame.pixels.astype(int) - picture).mean() < 8
    assert "HEIF" not in Image.OPEN


def test_the_name_does_not_matter(tmp_path, encode: Encode) -> None:
    path = tmp_path / "really_a_png.jpg"
    path.write_bytes(encode(Image.new("RGB", (9, 9), (1, 2, 3))))
    with open_media(path) as media:
        assert media.info.format == "png"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_exif_orientation_is_applied(encode: Encode, orientation: int, form: str) -> None:
    upright = np.zeros((24, 36, 3), np.uint8)
    upright[:12, :18] = (255, 0, 0)
    upright[:12, 18:] = (0, 255, 0)
    upright[12:, :18] = (0, 0, 255)
    # Undo what a viewer does: the inverse of 6 is 8; all others are their own inverse.
    turns = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = Image.fromarray(upright)
    turn = turns[orientation]
    if turn is not None:
        stored = stored.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"WEBP": {"lossless": True}, "AVIF": {"quality": 95, "subsampling": "4:4:4"}}
    data = encode(stored, form, exif=exif.tobytes(), **options.get(form, {}))
    with open_media(data) as media:
        (frame,) = media.read()
    assert (media.info.width, media.info.height) == (36, 24)
    assert np.abs(frame.pixels.astype(int) - upright).mean() < 6


def test_orientation_is_applied_after_scaling(encode: Encode) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    wide = Image.new("RGB", (4000, 1000))
    with open_media(encode(wide, "JPEG", exif=exif), min_side_px=120) as media:
        (frame,) = media.read()
    assert (media.info.width, media.info.height) == (1000, 4000)
    assert frame.pixels.shape == (1000, 250, 3)


@pytest.mark.parametrize(
    ("size", "min_side", "shape"),
    [
        ((1000, 800), 448, (800, 1000)),
        ((1000, 800), 400, (400, 500)),
        ((3200, 2400), 448, (600, 800)),
        ((3200, 2400), 299, (600, 800)),
        ((100, 80), 448, (80, 100)),
    ],
)
def test_jpeg_is_decoded_smaller_but_never_too_small(
    encode: Encode, size: tuple[int, int], min_side: int, shape: tuple[int, int]
) -> None:
    data = encode(Image.new("RGB", size, (80, 90, 100)), "JPEG")
    assert read(data, min_side_px=min_side).shape[:2] == shape


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "JPEG2000"])
def test_scaled_decoding_differs_little_from_full(
    encode: Encode, make_image: Callable[..., np.ndarray], form: str
) -> None:
    picture = Image.fromarray(make_image(400, 300)).resize((2000, 1500), Image.Resampling.BICUBIC)
    data = encode(picture, form)
    full = Image.fromarray(read(data)).resize((224, 168), Image.Resampling.BICUBIC)
    small = Image.fromarray(read(data, min_side_px=448))
    assert min(small.size) >= 448
    assert small.width < 2000
    again = small.resize((224, 168), Image.Resampling.BICUBIC)
    assert np.abs(np.asarray(again, int) - np.asarray(full, int)).mean() < 1.5


def test_a_frame_is_never_larger_than_the_cap() -> None:
    for size in ((13_000, 13_000), (178_956_970, 1), (11_000, 10_000)):
        factor = reduction(size, None)
        assert -(-size[0] // factor) * -(-size[1] // factor) <= MAX_FRAME_PX
    assert reduction((10_000, 10_000), None) == 1


class TestModes:
    def test_grey(self, encode: Encode) -> None:
        assert read(encode(Image.new("L", (8, 8), 77)))[0, 0].tolist() == [77, 77, 77]

    def test_black_and_white(self, encode: Encode) -> None:
        assert read(encode(Image.new("1", (8, 8), 1)))[0, 0].tolist() == [255, 255, 255]

    @pytest.mark.parametrize("mode", ["RGBA", "LA"])
    def test_alpha_is_composited_on_white(self, encode: Encode, mode: str) -> None:
        colour = (200, 0, 0, 128) if mode == "RGBA" else (0, 128)
        pixel = read(encode(Image.new(mode, (8, 8), colour)))[0, 0]
        expected = (227, 127, 127) if mode == "RGBA" else (127, 127, 127)
        assert np.abs(pixel.astype(int) - expected).max() <= 1

    def test_a_transparent_palette_entry_is_white(self, encode: Encode) -> None:
        image = Image.new("P", (8, 8), 1)
        image.putpalette([10, 20, 30, 40, 50, 60])
        opaque = read(encode(image))
        clear = read(encode(image, transparency=1))
        assert opaque[0, 0].tolist() == [40, 50, 60]
        assert clear[0, 0].tolist() == [255, 255, 255]

    def test_a_transparent_colour_key_is_white(self, encode: Encode) -> None:
        image = Image.new("RGB", (8, 8), (1, 2, 3))
        image.putpixel((0, 0), (9, 9, 9))
        pixels = read(encode(image, transparency=(1, 2, 3)))
        assert pixels[0, 0].tolist() == [9, 9, 9]
        assert pixels[4, 4].tolist() == [255, 255, 255]

    def test_cmyk(self, encode: Encode) -> None:
        image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
        for form in ("TIFF", "JPEG"):
            red, green, blue = read(encode(image, form))[8, 8].tolist()
            assert red > 240
            assert max(green, blue) < 15

    def test_lab(self, encode: Encode) -> None:
        image = Image.new("LAB", (8, 8), (137, 128, 128))
        pixel = read(encode(image, "TIFF"))[0, 0].astype(int)
        assert np.abs(pixel - 128).max() < 8

    @pytest.mark.parametrize("form", ["PNG", "TIFF", "PPM"])
    def test_sixteen_bits_are_scaled_not_cut(self, encode: Encode, form: str) -> None:
        values = np.linspace(0, 65535, 256, dtype=np.uint16).reshape(16, 16)
        pixels = read(encode(Image.fromarray(values), form))
        np.testing.assert_allclose(pixels[..., 0], values / 257, atol=0.51)
        assert (pixels[..., 0] == pixels[..., 2]).all()

    def test_floats_in_the_unit_range_are_taken_at_face_value(self, encode: Encode) -> None:
        values = np.array([[0.25, 0.5], [0.5, 0.75]], np.float32)
        assert read(encode(Image.fromarray(values), "TIFF"))[..., 0].tolist() == [
            [64, 128],
            [128, 191],
        ]

    def test_other_ranges_are_stretched(self, encode: Encode) -> None:
        for values in (
            np.array([[-5.0, 5.0], [np.nan, 15.0]], np.float32),
            np.array([[-500, 0], [500, 1500]], np.int32),
            np.array([[-3e38, 0.0], [np.inf, 3e38]], np.float32),
            np.array([[0x7F800001, 0xC0000000], [0, 0x40000000]], np.uint32).view(np.float32),
        ):
            pixels = read(encode(Image.fromarray(values), "TIFF"))[..., 0]
            assert (pixels.min(), pixels.max()) == (0, 255)

    def test_a_wide_gamut_profile_is_applied(self, encode: Encode) -> None:
        swapped = _profile_with_red_and_blue_swapped()
        plain = read(encode(Image.new("RGB", (8, 8), (220, 30, 30))))
        converted = read(encode(Image.new("RGB", (8, 8), (220, 30, 30)), icc_profile=swapped))
        assert plain[0, 0].tolist() == [220, 30, 30]
        assert converted[0, 0, 2] > converted[0, 0, 0] + 100

    def test_an_srgb_profile_changes_nothing(self, encode: Encode) -> None:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        pixels = read(encode(Image.new("RGB", (8, 8), (220, 31, 32)), icc_profile=profile))
        assert pixels[0, 0].tolist() == [220, 31, 32]

    def test_a_broken_profile_is_ignored(self, encode: Encode) -> None:
        broken = bytes(16) + b"RGB " + bytes(200)
        pixels = read(encode(Image.new("RGB", (8, 8), (220, 31, 32)), icc_profile=broken))
        assert pixels[0, 0].tolist() == [220, 31, 32]


def _profile_with_red_and_blue_swapped() -> bytes:
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(data[128:132], "big")
    entries = {bytes(data[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, blue = entries[b"rXYZ"] + 4, entries[b"bXYZ"] + 4
    data[red : red + 8], data[blue : blue + 8] = data[blue : blue + 8], data[red : red + 8]
    return bytes(data).replace(b"sRGB", b"test").replace(b"s\0R\0G\0B", b"t\0e\0s\0t")


class TestStrips:
    """Pictures are converted in strips; the seams must not show."""

    @pytest.mark.parametrize("factor", [1, 3])
    def test_many_strips_equal_one(
        self, monkeypatch: pytest.MonkeyPatch, make_image: Callable[..., np.ndarray], factor: int
    ) -> None:
        from framesift.media import pixels

        image = Image.fromarray(make_image(101, 97)).convert("RGBA")
        image.putalpha(Image.linear_gradient("L").resize(image.size))
        whole = pixels.to_rgb_array(image, reduce_by=factor)
        monkeypatch.setattr(pixels, "_STRIP_PX", 505)
        np.testing.assert_array_equal(pixels.to_rgb_array(image, reduce_by=factor), whole)


class TestBroken:
    def test_empty(self) -> None:
        with pytest.raises(CorruptMediaError, match="empty"):
            open_media(Source.from_bytes(b"", name="nothing.jpg"))

    def test_text(self) -> None:
        with pytest.raises(UnsupportedMediaError, match=r"^note\.jpg: .*convert it"):
            open_media(Source.from_bytes(b"just some text", name="note.jpg"))

    @pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "TIFF", "WEBP", "AVIF"])
    def test_cut_off(
        self, encode: Encode, make_image: Callable[..., np.ndarray], form: str
    ) -> None:
        data = encode(make_image(200, 150), form)
        with (
            pytest.raises(CorruptMediaError, match=r"^cut: .+; get a new copy"),
            open_media(Source.from_bytes(data[: len(data) // 2], name="cut")) as media,
        ):
            list(media.read())

    @pytest.mark.parametrize(
        ("data", "title"),
        [
            (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
            (b"\xd7\xcd\xc6\x9a" + bytes(100), "metafile"),
            (b"%PDF-1.7\n", "PDF"),
            (b"\xff\x0a" + bytes(50), "JPEG XL"),
            (b"RIFF\x24\0\0\0WAVEfmt ", "WAV"),
        ],
    )
    def test_what_is_not_decoded_is_named(self, data: bytes, title: str) -> None:
        with pytest.raises(UnsupportedMediaError, match=title):
            open_media(data)

    def test_too_many_pixels(self, encode: Encode) -> None:
        data = encode(Image.new("L", (100, 100)))
        with pytest.raises(LimitExceededError, match="100 x 100 pixels"):
            open_media(data, limits=Limits(max_pixels=9_999))
        assert read(data, limits=Limits(max_pixels=10_000)).shape == (100, 100, 3)

    def test_a_bomb_is_refused_without_being_decoded(self) -> None:
        bomb = b"P6 60000 60000 255\n" + bytes(100)
        with pytest.raises(LimitExceededError, match="60000 x 60000"):
            open_media(bomb)

    def test_no_warning_reaches_the_host(self, encode: Encode) -> None:
        # More than half of Pillow's limit: `PIL.Image.open` would warn.
        data = encode(Image.new("1", (10_000, 9_000)))
        before = list(warnings.filters)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert min(read(data, min_side_px=448).shape[:2]) >= 448
        assert list(warnings.filters) == before

    def test_pure_python_decoders_are_held_to_fewer_pixels(self) -> None:
        rows = b"P3 5000 4000 255\n"
        with pytest.raises(LimitExceededError, match="too long"):
            read(rows)


def test_reading_twice_gives_the_same(encode: Encode) -> None:
    with open_media(encode(Image.new("RGB", (8, 8), (1, 2, 3)))) as media:
        first, second = next(media.read()), next(media.read())
        assert list(media.read([])) == []
    np.testing.assert_array_equal(first.pixels, second.pixels)
