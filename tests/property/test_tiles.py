"""Whatever the shape and the borders, tiles lie inside, and tile scores never rise."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from framesift.embeddings.tiles import MAX_TILES, content_box, tile_boxes
from framesift.heads import HeadCard
from framesift.heads.moderation import tile_scores
from framesift.types import Geometry, Scores

SIDES = st.integers(1, 20_000)


@given(count=st.integers(1, MAX_TILES), width=SIDES, height=SIDES, edges=st.data())
def test_tiles_lie_within_what_borders_leave(count, width, height, edges) -> None:
    left, top = (edges.draw(st.floats(0, 0.4)) for _ in range(2))
    right, bottom = (edges.draw(st.floats(0.6, 1)) for _ in range(2))
    boxes = np.array(tile_boxes(count, width, height, content=(left, top, right, bottom)))
    assert boxes.shape == (count, 4)
    assert (boxes[:, :2] >= np.array([left, top]) - 1e-9).all()
    assert (boxes[:, 2:] <= np.array([right, bottom]) + 1e-9).all()
    assert (boxes[:, 2:] > boxes[:, :2]).all()


@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    bar=st.integers(0, 60),
    seed=st.integers(0, 99),
)
def test_borders_never_take_more_than_four_fifths(width, height, bar, seed) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    pixels[:bar] = 0
    place = Geometry(width, height, (0.0, 0.0, float(width), float(height)))
    left, top, right, bottom = content_box(Image.fromarray(pixels), place)
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1
    assert min(right - left, bottom - top) >= 0.2 - 1e-9


@given(
    values=st.lists(st.floats(0, 1), min_size=1, max_size=8),
    count=st.integers(1, MAX_TILES),
    name=st.sampled_from(["weapons", "gore", "own"]),
)
def test_scores_of_tiles_keep_their_order_and_never_rise(values, count, name) -> None:
    ordered = np.sort(np.array(values, np.float32))[:, None]
    for source in ("trained", "zero-shot"):
        card = HeadCard("h", "moderation", "starter-1", source=source)
        made = tile_scores(card, Scores("h", (name,), ordered), count).values
        assert (np.diff(made, axis=0) >= 0).all()
        assert (made <= ordered + 1e-6).all()
        assert ((made >= 0) & (made <= 1)).all()
