"""Whatever bytes come, media answer with frames or a `MediaError`, within their limits."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from framesift.errors import MediaError
from framesift.media import Limits, Source, open_media
from framesift.media.pixels import orient, to_rgb_array
from framesift.media.sniff import sniff

LIMITS = Limits(max_bytes=2**20, max_pixels=2**20, max_frames=50, max_duration_s=60)
FORMS = ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "ICO", "PPM", "TGA", "JPEG2000"]


def _seed_picture(form: str) -> bytes:
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 255, (24, 32, 3), np.uint8))
    out = io.BytesIO()
    more = {"save_all": True, "append_images": [image.rotate(90)]} if form in {"GIF", "PNG"} else {}
    image.save(out, form, **more)
    return out.getvalue()


SEEDS = {form: _seed_picture(form) for form in FORMS}


def _try(data: bytes) -> None:
    problem = None
    try:
        with open_media(Source.from_bytes(data, name="fuzz"), limits=LIMITS) as media:
            for frame in media.read():
                assert frame.pixels.shape[0] * frame.pixels.shape[1] <= LIMITS.max_pixels
    except MediaError as error:
        problem = error
    assert problem is None or problem.source == "fuzz"


@given(data=st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    sniff(data)
    _try(data)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_pictures(form: str, data: st.DataObject) -> None:
    picture = bytearray(SEEDS[form])
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(picture) - 1))
        picture[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(len(picture) // 2, len(picture)))
    _try(bytes(picture[:end]))


@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    orientation=st.integers(1, 8),
)
def test_orient_only_moves_pixels(height: int, width: int, orientation: int) -> None:
    pixels = np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)
    turned = orient(pixels, orientation)
    expected = (width, height) if orientation >= 5 else (height, width)
    assert turned.shape == (*expected, 3)
    before = sorted(pixels.reshape(-1, 3).tolist())
    assert sorted(turned.reshape(-1, 3).tolist()) == before


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    factor=st.integers(1, 7),
    mode=st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "F", "I"]),
)
def test_reducing_keeps_the_mean(height: int, width: int, factor: int, mode: str) -> None:
    image = Image.new(mode, (width, height))
    pixels = to_rgb_array(image, reduce_by=factor)
    assert pixels.shape == (-(-height // factor), -(-width // factor), 3)
    assert (pixels == pixels[0, 0]).all()
