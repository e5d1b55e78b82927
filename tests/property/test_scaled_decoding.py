"""Scaled decoding shows a model what full decoding shows it, whatever the size and orientation."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from framesift import open_media
from framesift.embeddings.base import PreprocessSpec
from framesift.embeddings.preprocess import prepare_image

if TYPE_CHECKING:
    from framesift.embeddings.base import ResizeMode


def jpeg(width: int, height: int, orientation: int) -> bytes:
    """Make a smooth picture, so that only its place can make a difference."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    channels = [127 + 120 * np.sin(x / 31 + k) * np.cos(y / 47 - k) for k in range(3)]
    image = Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95, subsampling=0, exif=exif)
    return out.getvalue()


def prepared(data: bytes, spec: PreprocessSpec, min_side_px: int | None) -> np.ndarray:
    with open_media(data, min_side_px=min_side_px) as media:
        frame = next(iter(media.read()))
    assert (frame.geometry is None) == (min_side_px is None)
    return prepare_image(frame.pixels, spec, geometry=frame.geometry).astype(int)


@pytest.mark.parametrize("mode", ["shortest", "squash", "longest"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(
    width=st.integers(400, 900),
    height=st.integers(400, 900),
    orientation=st.integers(1, 8),
)
def test_input_is_that_of_a_full_decode(
    mode: ResizeMode, width: int, height: int, orientation: int
) -> None:
    spec = PreprocessSpec(96, (0, 0, 0), (1, 1, 1), 96, resize_mode=mode)
    data = jpeg(width, height, orientation)
    full, scaled = prepared(data, spec, None), prepared(data, spec, 192)
    # A shift by half a pixel of the model's input would move these waves by 10 and more.
    assert np.abs(full - scaled).max() <= 4


@settings(max_examples=8, deadline=None)
@given(width=st.integers(2200, 2400), height=st.integers(2200, 2400), orientation=st.integers(1, 8))
def test_the_view_of_starter_is_that_of_a_full_decode(
    width: int, height: int, orientation: int
) -> None:
    from framesift.embeddings.starter import StarterEmbedder

    data = jpeg(width, height, orientation)
    views = []
    for side in (None, 1040):
        with open_media(data, min_side_px=side) as media:
            frame = next(iter(media.read()))
        # The class needs no weights to prepare a picture.
        view = StarterEmbedder.prepare(None, frame.pixels, geometry=frame.geometry)
        views.append(view.astype(int))
    assert np.abs(views[0] - views[1]).max() <= 4
