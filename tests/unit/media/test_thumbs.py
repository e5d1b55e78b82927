"""Thumbnails: small JPEGs of the right shape and content."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from framesift.media import blurred, thumbnail
from framesift.types import Frame

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("size", "side", "expected"),
    [
        ((800, 600), 256, (256, 192)),
        ((600, 800), 100, (75, 100)),
        ((64, 48), 256, (64, 48)),
        ((5000, 20), 256, (256, 1)),
        ((5000, 1), 256, (256, 1)),
        ((4001, 3001), 256, (256, 192)),
    ],
)
def test_size(size: tuple[int, int], side: int, expected: tuple[int, int]) -> None:
    data = thumbnail(Frame(np.zeros((size[1], size[0], 3), np.uint8)), side_px=side)
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("JPEG", expected)


def test_it_shows_the_picture(make_image: Callable[..., np.ndarray]) -> None:
    picture = np.asarray(Image.fromarray(make_image(200, 150)).resize((2000, 1500)))
    with Image.open(io.BytesIO(thumbnail(Frame(picture), quality=90))) as image:
        shown = np.asarray(image.convert("RGB"), int)
    expected = np.asarray(Image.fromarray(picture).resize((256, 192), Image.Resampling.BOX), int)
    assert np.abs(shown - expected).mean() < 6


@pytest.mark.parametrize("size", [(320, 240), (240, 320), (300, 5), (1, 200), (4, 4)])
def test_a_blurred_one_has_its_size_and_none_of_its_detail(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    detail = rng.choice([0, 255], size=(size[1], size[0], 1)).astype(np.uint8).repeat(3, axis=2)
    clear = thumbnail(Frame(detail))

    with Image.open(io.BytesIO(blurred(clear))) as image:
        assert (image.format, image.size) == ("JPEG", Image.open(io.BytesIO(clear)).size)
        soft = np.asarray(image, float)

    if min(size) > 100:
        assert np.abs(np.diff(soft, axis=1)).mean() < 2
        assert soft.std() < np.asarray(Image.open(io.BytesIO(clear)), float).std() / 4


def test_a_blurred_one_keeps_the_colours() -> None:
    red = np.zeros((120, 160, 3), np.uint8)
    red[:, :80] = (200, 30, 30)

    with Image.open(io.BytesIO(blurred(thumbnail(Frame(red))))) as image:
        soft = np.asarray(image, int)

    assert np.abs(soft[60, 10] - (200, 30, 30)).max() < 12
    assert soft[60, 150].max() < 12
