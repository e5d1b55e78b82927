"""Digits as a hand writes them, stroke by stroke, and lines of print."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from framesift.media.drawn.canvas import SIDE_PX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    from framesift.types import UInt8Array

__all__ = ["DIGIT_WORDS", "handwritten_digit", "line_of_print"]

DIGIT_WORDS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
)

_INNER_PX = 28
_FINE = 8
_LETTERS = "etaoinshrdlucmfwypvbgk"

Stroke = list[tuple[float, float]]


def _arc(
    centre: tuple[float, float], size: tuple[float, float], start: float, end: float
) -> Stroke:
    """Return points on an ellipse from one angle to another, in degrees, clockwise from right."""
    angles = np.radians(np.linspace(start, end, 24))
    x, y = centre[0] + size[0] * np.cos(angles), centre[1] + size[1] * np.sin(angles)
    return list(zip(x.tolist(), y.tolist(), strict=True))


def _strokes(digit: int, style: int) -> list[Stroke]:
    """Return the strokes of a digit in a unit square, in one of the ways people write it."""
    ring = _arc((0.5, 0.5), (0.3, 0.45), -80, 280)
    plain_one: Stroke = [(0.5, 0.05), (0.5, 0.95)]
    seven: Stroke = [(0.2, 0.08), (0.8, 0.08), (0.42, 0.95)]
    table: dict[int, list[list[Stroke]]] = {
        0: [[ring]],
        1: [[plain_one], [[(0.3, 0.25), (0.52, 0.05), (0.52, 0.95)]]],
        2: [[[*_arc((0.5, 0.3), (0.28, 0.25), 190, 390), (0.2, 0.93), (0.82, 0.93)]]],
        3: [
            [
                [
                    *_arc((0.46, 0.28), (0.28, 0.23), 205, 440),
                    *_arc((0.46, 0.71), (0.32, 0.24), -80, 150),
                ]
            ]
        ],
        4: [
            [[(0.35, 0.05), (0.2, 0.6), (0.82, 0.6)], [(0.62, 0.3), (0.62, 0.96)]],
            [[(0.62, 0.96), (0.62, 0.05), (0.18, 0.65), (0.85, 0.65)]],
        ],
        5: [
            [[(0.76, 0.07), (0.32, 0.07), (0.28, 0.45), *_arc((0.48, 0.67), (0.3, 0.26), 230, 510)]]
        ],
        6: [[[(0.66, 0.06), (0.36, 0.4), *_arc((0.5, 0.7), (0.27, 0.24), 200, 560)]]],
        7: [[seven], [seven, [(0.35, 0.5), (0.72, 0.5)]]],
        8: [[_arc((0.5, 0.27), (0.22, 0.21), 90, 450), _arc((0.5, 0.71), (0.28, 0.24), -90, 270)]],
        9: [[[*_arc((0.48, 0.3), (0.25, 0.24), 0, 360), (0.73, 0.3), (0.62, 0.95)]]],
    }
    ways = table[digit]
    return ways[style % len(ways)]


def handwritten_digit(digit: int, rng: np.random.Generator) -> UInt8Array:
    """Draw a digit in a shaky hand with a pen of some width, slanted, turned and scaled.

    White on black at 28 pixels, as in the set of handwritten digits that everybody uses (MNIST),
    then enlarged smoothly.

    Args:
        digit: 0 to 9.
        rng: Where variety comes from.

    Returns:
        uint8 (320, 320, 3).
    """
    from PIL import Image, ImageDraw

    side = _INNER_PX * _FINE
    image = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(image)
    width = float(rng.uniform(1.6, 3.2)) * _FINE
    place = _hand(rng)
    for stroke in _strokes(digit, int(rng.integers(4))):
        points = [(x * side, y * side) for x, y in place(stroke)]
        draw.line(points, fill=255, width=round(width), joint="curve")
        for x, y in (points[0], points[-1]):
            draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    small = image.resize((_INNER_PX, _INNER_PX), Image.Resampling.BOX)
    large = small.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
    return np.repeat(np.asarray(large)[:, :, None], 3, axis=2)


class _hand:
    """One person's way on one day: slant, turn, size, and a slow shake."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._slant = float(rng.normal(0.12, 0.18))
        self._turn = float(rng.normal(0, 0.12))
        self._size = (float(rng.uniform(0.5, 0.75)), float(rng.uniform(0.6, 0.75)))
        self._middle = (0.5 + float(rng.normal(0, 0.03)), 0.5 + float(rng.normal(0, 0.03)))
        self._shake = rng.normal(0, 0.02, (2, 4))
        self._phase = rng.uniform(0, 2 * np.pi, 4)

    def __call__(self, stroke: Stroke) -> Stroke:
        placed = []
        for x, y in _dense(stroke):
            waves = np.sin(np.arange(1, 5) * 2.2 * (x + 2 * y) + self._phase)
            dx, dy = (self._shake @ waves).tolist()
            x, y = (x - 0.5 + dx) * self._size[0], (y - 0.5 + dy) * self._size[1]
            x -= self._slant * y
            cos, sin = math.cos(self._turn), math.sin(self._turn)
            placed.append(
                (self._middle[0] + x * cos - y * sin, self._middle[1] + x * sin + y * cos)
            )
        return placed


def _dense(stroke: Sequence[tuple[float, float]]) -> Stroke:
    """Put points between the corners, so that a shake bends straight strokes too."""
    points: Stroke = [stroke[0]]
    for (x0, y0), (x1, y1) in itertools.pairwise(stroke):
        count = max(1, round(math.hypot(x1 - x0, y1 - y0) / 0.04))
        points += [
            (x0 + (x1 - x0) * k / count, y0 + (y1 - y0) * k / count) for k in range(1, count + 1)
        ]
    return points


def line_of_print(
    image: Image.Image, place: tuple[float, float], size_px: float, rng: np.random.Generator
) -> None:
    """Print made-up words from ``place`` in pixels to near the right edge."""
    from PIL import ImageDraw, ImageFont

    font = ImageFont.load_default(size=size_px)
    draw = ImageDraw.Draw(image)
    room, text = image.width * 0.92 - place[0], ""
    while True:
        word = "".join(rng.choice(list(_LETTERS), size=int(rng.integers(2, 10))))
        if draw.textlength(f"{text}{word} ", font=font) > room:
            break
        text += f"{word} "
    draw.text(place, text.capitalize(), fill=(25, 25, 30), font=font)
