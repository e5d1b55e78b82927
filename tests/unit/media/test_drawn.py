"""Pictures drawn from a seed."""

from __future__ import annotations

import numpy as np
import pytest

from framesift.media.drawn import (
    COLOURS,
    OBJECTS,
    SHAPES,
    UNUSUAL,
    Canvas,
    draw_unusual,
    handwritten_digit,
    seeded,
)
from framesift.media.drawn.objects import draw_object


@pytest.mark.parametrize("family", UNUSUAL)
def test_a_seed_makes_the_same_picture_and_another_one_another(family):
    first = draw_unusual(family, 3, seed=1)
    assert first.shape == (320, 320, 3)
    assert first.dtype == np.uint8
    assert first.std() > 3, "there is something to see"
    np.testing.assert_array_equal(first, draw_unusual(family, 3, seed=1))
    assert (first != draw_unusual(family, 4, seed=1)).any()
    assert (first != draw_unusual(family, 3, seed=2)).any()


@pytest.mark.parametrize("digit", range(10))
def test_digits_are_white_on_black_and_no_two_alike(digit):
    pictures = [handwritten_digit(digit, seeded(0, "test", k)) for k in range(4)]
    for picture in pictures:
        share = (picture > 128).mean()
        assert 0.01 < share < 0.25
        assert picture[0].max() == 0, "nothing is cut off above"
    assert len({picture.tobytes() for picture in pictures}) == 4


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_has_its_colour_where_it_stands(shape):
    colour = COLOURS["blue"]
    canvas = Canvas(seeded(0, shape, 0), avoid=[colour])
    canvas.shape(shape, (0.3, 0.7), 0.15, colour)
    pixels = canvas.pixels().astype(int)
    near = np.abs(pixels - colour).sum(axis=2) < 40
    y, x = np.nonzero(near)
    assert 0.25 < x.mean() / 320 < 0.35
    assert 0.62 < y.mean() / 320 < 0.78
    assert not near[:100].any(), "and nowhere else"


def test_an_unknown_shape_is_refused():
    with pytest.raises(ValueError, match="pentagram"):
        Canvas(seeded(0, "x", 0)).shape("pentagram", (0.5, 0.5), 0.2, (0, 0, 0))


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_changes_the_picture_only_where_it_is(name):
    bare, drawn = (Canvas(seeded(0, name, 0)) for _ in range(2))
    draw_object(drawn, name, (0.25, 0.25), 0.2)
    difference = np.asarray(bare.image) != np.asarray(drawn.image)
    assert difference[:320, :320].any()
    assert not difference[320:, 320:].any()


def test_a_ground_lets_the_colours_stand_out():
    for index in range(30):
        colours = [list(COLOURS.values())[k] for k in (index % 8, (index + 3) % 8)]
        canvas = Canvas(seeded(0, "ground", index), avoid=colours)
        for colour in colours:
            assert np.linalg.norm(np.array(canvas.ground) - colour) > 100
