"""A square to draw on: grounds that vary, shapes in named colours, smooth edges."""

from __future__ import annotations

import math
import zlib
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from PIL import Image, ImageDraw

    from framesift.types import UInt8Array

__all__ = ["COLOURS", "SHAPES", "SIDE_PX", "Canvas", "Colour", "polygon_points", "seeded"]

Colour: TypeAlias = tuple[int, int, int]

SIDE_PX = 320
"""Side of every drawn picture."""

COLOURS: Mapping[str, Colour] = MappingProxyType(
    {
        "red": (205, 32, 38),
        "orange": (245, 135, 25),
        "yellow": (250, 220, 40),
        "green": (40, 150, 60),
        "blue": (30, 80, 200),
        "purple": (125, 50, 160),
        "pink": (245, 130, 180),
        "brown": (115, 70, 35),
    }
)
"""Colours that everybody gives the same name."""

SHAPES = ("circle", "square", "triangle", "star", "diamond", "heart")
"""What `Canvas.shape` can draw."""

_SMOOTH = 2
_FAR_ENOUGH = 110.0
_GROUNDS: tuple[Colour, ...] = (
    (250, 250, 248),
    (225, 225, 220),
    (30, 32, 36),
    (205, 220, 235),
    (235, 225, 205),
    (210, 230, 210),
    (90, 95, 105),
)


def seeded(seed: int, name: str, index: int) -> np.random.Generator:
    """Return the random numbers of one picture, whatever other pictures are drawn.

    Args:
        seed: Of the run.
        name: Of the kind of picture.
        index: Of the picture among its kind.
    """
    return np.random.default_rng([seed, zlib.crc32(name.encode()), index])


class Canvas:
    """A square picture under way. Places and sizes are shares of its side, in [0, 1].

    Args:
        rng: Where variety comes from.
        avoid: Colours that must stand out from the ground.
    """

    def __init__(self, rng: np.random.Generator, *, avoid: Iterable[Colour] = ()) -> None:
        """Fill the ground: plain, shaded from top to bottom, or mottled like paper or a wall."""
        from PIL import Image, ImageDraw

        self.rng = rng
        self.side = SIDE_PX * _SMOOTH
        self.ground = _ground_colour(rng, tuple(avoid))
        pixels = _ground(rng, self.side, self.ground)
        self.image: Image.Image = Image.fromarray(pixels)
        self.draw: ImageDraw.ImageDraw = ImageDraw.Draw(self.image)

    def pixels(self) -> UInt8Array:
        """Return the picture, uint8 (320, 320, 3), its edges smoothed and with a little grain."""
        from PIL import Image

        small = self.image.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
        grain = self.rng.normal(0, self.rng.uniform(0.5, 3.0), (SIDE_PX, SIDE_PX, 1))
        noisy: UInt8Array = np.clip(np.asarray(small, np.float32) + grain, 0, 255).astype(np.uint8)
        return noisy

    def at(self, points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
        """Turn shares of the side into pixels."""
        return [(x * self.side, y * self.side) for x, y in points]

    def polygon(self, points: Iterable[tuple[float, float]], colour: Colour) -> None:
        """Fill a polygon."""
        self.draw.polygon(self.at(points), fill=colour)

    def disc(self, centre: tuple[float, float], radius: float, colour: Colour) -> None:
        """Fill a circle."""
        (x, y), r = centre, radius
        self.draw.ellipse([value * self.side for value in (x - r, y - r, x + r, y + r)], colour)

    def line(self, points: Sequence[tuple[float, float]], colour: Colour, *, width: float) -> None:
        """Draw a line through points, ``width`` as a share of the side."""
        thick = max(1, round(width * self.side))
        self.draw.line(self.at(points), fill=colour, width=thick, joint="curve")

    def shape(self, name: str, centre: tuple[float, float], radius: float, colour: Colour) -> None:
        """Draw one of `SHAPES`, turned by up to 12 degrees."""
        turn = float(self.rng.uniform(-0.2, 0.2))
        if name == "circle":
            self.disc(centre, radius, colour)
            return
        self.polygon(_outline(name, centre, radius, turn), colour)


def polygon_points(
    sides: int, centre: tuple[float, float], radius: float, turn: float = 0.0
) -> list[tuple[float, float]]:
    """Return the corners of a regular polygon, the first one on top before it is turned."""
    angles = [turn - math.pi / 2 + 2 * math.pi * k / sides for k in range(sides)]
    return [(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles]


def _outline(
    name: str, centre: tuple[float, float], radius: float, turn: float
) -> list[tuple[float, float]]:
    if name == "square":
        return polygon_points(4, centre, radius * 1.15, turn + math.pi / 4)
    if name == "triangle":
        return polygon_points(3, centre, radius * 1.15, turn)
    if name == "diamond":
        narrow = [(0.0, -1.25), (0.7, 0.0), (0.0, 1.25), (-0.7, 0.0)]
        return _turned(narrow, centre, radius, turn)
    if name == "star":
        points = []
        for k in range(10):
            length, angle = (1.25 if k % 2 == 0 else 0.5), -math.pi / 2 + math.pi * k / 5
            points.append((length * math.cos(angle), length * math.sin(angle)))
        return _turned(points, centre, radius, turn)
    if name == "heart":
        steps = np.linspace(0, 2 * np.pi, 60)
        x = 16 * np.sin(steps) ** 3 / 15
        y = 13 * np.cos(steps) - 5 * np.cos(2 * steps) - 2 * np.cos(3 * steps) - np.cos(4 * steps)
        return _turned(list(zip(x.tolist(), (-y / 15).tolist(), strict=True)), centre, radius, turn)
    message = f"no shape is called {name!r}; known: {', '.join(SHAPES)}"
    raise ValueError(message)


def _turned(
    points: Iterable[tuple[float, float]],
    centre: tuple[float, float],
    radius: float,
    turn: float,
) -> list[tuple[float, float]]:
    cos, sin = math.cos(turn), math.sin(turn)
    return [
        (centre[0] + radius * (x * cos - y * sin), centre[1] + radius * (x * sin + y * cos))
        for x, y in points
    ]


def _ground_colour(rng: np.random.Generator, avoid: Sequence[Colour]) -> Colour:
    """Pick a ground from which all given colours stand out."""
    fits = [
        ground
        for ground in _GROUNDS
        if all(math.dist(ground, colour) > _FAR_ENOUGH for colour in avoid)
    ]
    return fits[int(rng.integers(len(fits)))] if fits else _GROUNDS[0]


def _ground(rng: np.random.Generator, side: int, colour: Colour) -> UInt8Array:
    kind = int(rng.integers(3))
    shade = np.zeros((side, side, 1), np.float32)
    if kind == 1:
        shade += np.linspace(-14, 14, side, dtype=np.float32)[:, None, None]
    if kind == 2:
        from PIL import Image

        coarse = rng.normal(0, 9, (12, 12)).astype(np.float32)
        smooth = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
        shade += np.asarray(smooth)[:, :, None]
    filled: UInt8Array = np.clip(np.array(colour, np.float32) + shade, 0, 255).astype(np.uint8)
    return filled
