from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from framesift import open_media
from framesift.embeddings import load_expert
from framesift.embeddings.perceptual import (
    BITS,
    MATCH_BITS,
    WIDTH,
    PdqEncoder,
    distance,
    mirrored_bits,
    pdq_bits,
    pdq_hex,
    posed_bits,
    row_bits,
)

PDQ = PdqEncoder()


def hashed(pixels: np.ndarray, **more) -> np.ndarray:
    return PDQ.encode(PDQ.prepare(pixels, **more)[None])[0]


def blobs(seed: int) -> np.ndarray:
    """Make soft blobs of every size, as photographs have them: uint8 (520, 700, 3)."""
    noise = np.random.default_rng(seed).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(noise).resize((700, 520), Image.Resampling.BICUBIC))


def waves(width: int, height: int) -> np.ndarray:
    """Make whole numbers in a way that is the same everywhere, with much to see at every scale."""
    y, x = np.mgrid[0:height, 0:width]
    red = (x * 7 + y * 3 + (x * y) // 16) % 256
    green = (x * x // 8 + y * 5) % 256
    blue = ((x // 8) ^ (y // 8)) * 37 % 256
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


# Made by pdqhash 0.2.8, the bindings of the published program, from the same pictures.
REFERENCE = {
    (64, 64): ("3c17c3f58e02387f63e84e0f14fc3380663fcc60ae8769bc5aa15daf5158ced0", 100),
    (65, 63): ("3e06e0ff8f801c2f61f8470b1c7f31c06f1fcc70ae8749be53a0552f5558ced0", 100),
    (300, 200): ("ff7140005ff90777ffffaff73bda3fffffc8c00000f70900048c61400d3b4900", 100),
    (512, 512): ("2d611114dfff400055f38143e9fe4430fe6a2413778f614efab7413bbffd4044", 100),
    (129, 511): ("ffa7ff80ff07731000007390c10d67806f3d6300bf2c7380f2be7380ffbf7780", 100),
}


@pytest.mark.parametrize("size", REFERENCE)
def test_hash_and_quality_are_those_of_the_published_program(size: tuple[int, int]) -> None:
    row = hashed(waves(*size))
    expected, quality = REFERENCE[size]
    # A coefficient may lie so near the median that the order of a sum decides.
    assert distance(pdq_bits(expected), row_bits(row)) <= 2
    assert abs(row[BITS] - quality) <= 1


def test_a_large_picture_is_brought_down_to_what_the_program_sees() -> None:
    small = waves(512, 512)
    large = small.repeat(3, axis=0).repeat(3, axis=1)
    np.testing.assert_array_equal(hashed(large), hashed(small))


@pytest.mark.parametrize("size", [(1, 1), (4, 300), (300, 4)])
def test_a_picture_too_small_to_be_hashed_has_quality_zero(size: tuple[int, int]) -> None:
    assert not hashed(waves(*size)).any()


@pytest.mark.parametrize("value", [0, 127, 255])
def test_an_even_picture_has_no_bits_and_no_quality(value: int) -> None:
    assert not hashed(np.full((90, 70, 3), value, np.uint8)).any()


def test_half_of_the_bits_are_set(make_image) -> None:
    row = hashed(make_image(400, 300))
    assert row.shape == (WIDTH,)
    assert row[:BITS].sum() == BITS / 2
    assert 0 <= row[BITS] <= 100


@pytest.mark.parametrize("quality", [40, 70])
def test_copies_match_and_other_pictures_do_not(quality: int) -> None:
    pixels = blobs(1)
    image = Image.fromarray(pixels)
    out = io.BytesIO()
    image.resize((250, 190)).save(out, "JPEG", quality=quality)
    copy = np.asarray(Image.open(out).convert("RGB"))
    original = row_bits(hashed(pixels))
    assert distance(original, row_bits(hashed(copy))) <= MATCH_BITS
    for seed in range(2, 12):
        other = row_bits(hashed(blobs(seed)))
        assert distance(original, other) > 2 * MATCH_BITS


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_scaled_decoding_changes_few_bits(make_image, orientation: int) -> None:
    image = Image.fromarray(make_image(2600, 2300))
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90, exif=exif)
    found = []
    for side in (None, PDQ.min_side_px):
        with open_media(out.getvalue(), min_side_px=side) as media:
            frame = next(iter(media.read()))
        assert (frame.geometry is None) == (side is None)
        found.append(row_bits(hashed(frame.pixels, geometry=frame.geometry)))
    assert distance(found[0], found[1]) <= 8


def test_mirrored_bits_are_near_the_hash_of_the_mirrored_picture(make_image) -> None:
    pixels = make_image(500, 400, seed=3)
    bits, mirrored = (row_bits(hashed(view)) for view in (pixels, pixels[:, ::-1]))
    assert distance(mirrored_bits(bits), mirrored) < 60 < distance(bits, mirrored)
    np.testing.assert_array_equal(mirrored_bits(mirrored_bits(bits)), bits)
    np.testing.assert_array_equal(mirrored_bits(np.stack([bits] * 3))[1], mirrored_bits(bits))


def test_posed_bits_are_near_the_hashes_of_the_turned_picture(make_image) -> None:
    pixels = make_image(500, 400, seed=3)
    upright = row_bits(hashed(pixels))
    turned = [np.rot90(view, k) for view in (pixels, pixels[:, ::-1]) for k in range(4)][1:]
    poses = posed_bits(upright)
    nearest = []
    for view in turned:
        bits = row_bits(hashed(np.ascontiguousarray(view)))
        found = distance(poses, bits)
        assert found.min() < 60 < np.sort(found)[1]
        nearest.append(int(found.argmin()))
    assert sorted(nearest) == list(range(7))
    np.testing.assert_array_equal(poses[0], mirrored_bits(upright))


@given(hnp.arrays(np.uint8, (BITS,), elements=st.integers(0, 1)))
@settings(max_examples=50)
def test_the_written_form_comes_back(bits: np.ndarray) -> None:
    text = pdq_hex(bits)
    assert len(text) == 64
    np.testing.assert_array_equal(pdq_bits(f" {text.upper()}\n"), bits)
    row = np.append(bits, 93).astype(np.float32)
    assert pdq_hex(row) == text


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "g" * 64, "0x" + "0" * 62, "٣" * 64])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        pdq_bits(text)


def test_other_shapes_are_refused(make_image) -> None:
    with pytest.raises(ValueError, match="256 bits"):
        pdq_hex(np.zeros(64, np.uint8))
    with pytest.raises(ValueError, match="uint8"):
        PDQ.prepare(make_image()[..., 0])
    with pytest.raises(ValueError, match="expected a batch"):
        PDQ.encode(np.zeros((1, 64, 64, 3), np.uint8))


def test_distances_are_broadcast() -> None:
    listed = np.stack([pdq_bits("0" * 64), pdq_bits("f" * 64), pdq_bits("0" * 63 + "1")])
    assert distance(listed, pdq_bits("0" * 64)).tolist() == [0, 256, 1]


def test_it_is_an_expert() -> None:
    expert = load_expert("pdq")
    assert (expert.name, expert.width) == ("pdq", 257)
