"""Tiles: where they lie, what they show, and that borders do not hide anything."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from framesift.embeddings.tiles import MAX_TILES, TileEncoder, content_box, tile_boxes
from framesift.errors import ConfigError
from framesift.types import Geometry


class Means:
    """An encoder whose row is the mean colour and the side of what it is shown."""

    name = "means"
    fingerprint = "means-12345678"
    precision = "fp32"
    width = 3
    min_side_px = 16

    def prepare(self, pixels: np.ndarray, *, geometry: Geometry | None = None) -> np.ndarray:
        assert geometry is None
        return np.asarray(Image.fromarray(pixels).resize((8, 8), Image.Resampling.BOX))

    def encode(self, batch: np.ndarray) -> np.ndarray:
        return batch.reshape(len(batch), -1, 3).mean(axis=1).astype(np.float32)


def whole(width: int, height: int) -> Geometry:
    return Geometry(width, height, (0.0, 0.0, float(width), float(height)))


@pytest.mark.parametrize(
    ("size", "grid"),
    [
        ((640, 480), (2, 2)),
        ((480, 640), (2, 2)),
        ((3000, 500), (4, 1)),
        ((500, 5000), (1, 4)),
        ((100, 100), (2, 2)),
    ],
)
def test_the_grid_fits_the_shape(size, grid) -> None:
    boxes = tile_boxes(4, *size)
    lefts = {round(box[0], 6) for box in boxes}
    tops = {round(box[1], 6) for box in boxes}
    assert (len(lefts), len(tops)) == grid


@pytest.mark.parametrize("count", range(1, MAX_TILES + 1))
@pytest.mark.parametrize("size", [(640, 480), (1920, 1080), (333, 1000), (7, 9), (1, 1)])
def test_tiles_lie_inside_and_touch_the_edges(count, size) -> None:
    boxes = np.array(tile_boxes(count, *size))
    assert boxes.shape == (count, 4)
    assert (boxes >= -1e-9).all()
    assert (boxes <= 1).all()
    assert (boxes[:, :2] < boxes[:, 2:]).all()
    if count > 1:
        assert boxes[:, 0].min() == pytest.approx(0, abs=1e-9) or boxes[:, 1].min() == (
            pytest.approx(0, abs=1e-9)
        )


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1600, 900), (1000, 400)])
def test_four_tiles_show_everything_of_usual_shapes(size) -> None:
    seen = np.zeros((100, 100), bool)
    for left, top, right, bottom in tile_boxes(4, *size):
        seen[round(top * 100) : round(bottom * 100), round(left * 100) : round(right * 100)] = True
    assert seen.mean() > 0.98


def test_tiles_are_squeezed_by_no_more_than_half() -> None:
    for size in ((1600, 900), (900, 1600), (5000, 500)):
        for left, top, right, bottom in tile_boxes(4, *size):
            across, down = (right - left) * size[0], (bottom - top) * size[1]
            assert max(across / down, down / across) <= 1.5 + 1e-6


def test_letterbox_bars_are_cut_off(make_image) -> None:
    pixels = np.zeros((400, 400, 3), np.uint8)
    pixels[120:280] = make_image(400, 160)
    left, top, right, bottom = content_box(Image.fromarray(pixels), whole(400, 400))
    assert (left, right) == (0, 1)
    assert 0.3 <= top <= 0.33
    assert 0.67 <= bottom <= 0.7
    boxes = tile_boxes(4, 400, 400, content=(left, top, right, bottom))
    assert min(box[1] for box in boxes) >= 0.3
    assert max(box[3] for box in boxes) <= 0.7


def test_noisy_pillars_are_cut_off_too(make_image) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(8, 16, (300, 600, 3)).astype(np.uint8)
    pixels[:, 200:400] = make_image(200, 300)
    left, top, right, bottom = content_box(Image.fromarray(pixels), whole(600, 300))
    assert (top, bottom) == (0, 1)
    assert 0.32 <= left <= 0.36
    assert 0.64 <= right <= 0.68


def test_a_blank_picture_and_a_speck_have_no_borders() -> None:
    blank = np.full((200, 300, 3), 90, np.uint8)
    assert content_box(Image.fromarray(blank), whole(300, 200)) == (0, 0, 1, 1)
    blank[100:104, 150:154] = 255
    assert content_box(Image.fromarray(blank), whole(300, 200)) == (0, 0, 1, 1)


def test_rows_come_apart_into_tiles_and_places() -> None:
    pixels = np.zeros((100, 100, 3), np.uint8)
    pixels[:50, :50] = (250, 0, 0)
    pixels[50:, 50:] = (0, 250, 0)
    pixels[:, :] += np.arange(100, dtype=np.uint8)[:, None, None] // 20  # no border is uniform
    encoder = TileEncoder(Means(), 4)
    rows = encoder.encode(np.stack([encoder.prepare(pixels)] * 2))
    assert rows.shape == (2, encoder.width)
    tiles, boxes = encoder.split(rows)
    assert tiles.shape == (8, 3)
    assert boxes.shape == (2, 4, 4)
    np.testing.assert_allclose(boxes[0], tile_boxes(4, 100, 100), atol=1e-6)
    assert tiles[:4, 0].argmax() == 0
    assert tiles[:4, 1].argmax() == 3
    np.testing.assert_array_equal(tiles[:4], tiles[4:])


def test_scaled_decoding_shows_the_same_tiles(make_image) -> None:
    full = np.asarray(Image.fromarray(make_image(80, 60)).resize((1601, 1203)))
    scaled = np.asarray(Image.fromarray(full).resize((801, 602), Image.Resampling.BOX))
    geometry = Geometry(1601, 1203, (0.0, 0.0, 800.5, 601.5))
    encoder = TileEncoder(Means(), 4)
    rows = encoder.encode(
        np.stack([encoder.prepare(full), encoder.prepare(scaled, geometry=geometry)])
    )
    np.testing.assert_allclose(rows[0, -16:], rows[1, -16:], atol=1e-6)
    np.testing.assert_allclose(rows[0], rows[1], atol=2)


def test_another_count_is_another_fingerprint() -> None:
    assert TileEncoder(Means(), 4).fingerprint != TileEncoder(Means(), 6).fingerprint
    assert TileEncoder(Means(), 4).name == "tiles/means"


@pytest.mark.parametrize("count", [0, MAX_TILES + 1])
def test_a_silly_count_is_refused(count) -> None:
    with pytest.raises(ConfigError, match="tiles"):
        TileEncoder(Means(), count)


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match="expected rows"):
        TileEncoder(Means(), 4).split(np.zeros((2, 5), np.float32))
