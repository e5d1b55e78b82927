"""Simple pictures of things that everybody knows, drawn with a few shapes each."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from framesift.media.drawn.canvas import COLOURS, Colour, polygon_points

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from framesift.media.drawn.canvas import Canvas

__all__ = ["OBJECTS", "OBJECT_COLOURS", "draw_object"]

_BROWN: Colour = (110, 70, 40)
_LEAF: Colour = (45, 140, 60)
_WALL: Colour = (220, 190, 150)
_GLASS: Colour = (190, 220, 240)
_DARK: Colour = (40, 40, 45)
_RED, _BLUE, _YELLOW = COLOURS["red"], COLOURS["blue"], COLOURS["yellow"]


class _Place:
    """Where an object goes: its own coordinates run from -1 to 1."""

    def __init__(self, canvas: Canvas, centre: tuple[float, float], radius: float) -> None:
        self.canvas, self.centre, self.radius = canvas, centre, radius

    def point(self, x: float, y: float) -> tuple[float, float]:
        return self.centre[0] + x * self.radius, self.centre[1] + y * self.radius

    def polygon(self, colour: Colour, *points: tuple[float, float]) -> None:
        self.canvas.polygon([self.point(*point) for point in points], colour)

    def box(self, colour: Colour, left: float, top: float, right: float, bottom: float) -> None:
        self.polygon(colour, (left, top), (right, top), (right, bottom), (left, bottom))

    def disc(self, colour: Colour, x: float, y: float, radius: float) -> None:
        self.canvas.disc(self.point(x, y), radius * self.radius, colour)


def _tree(at: _Place) -> None:
    at.box(_BROWN, -0.12, 0.2, 0.12, 1.0)
    for x, y, r in ((-0.35, -0.1, 0.45), (0.35, -0.1, 0.45), (0.0, -0.5, 0.5), (0.0, 0.05, 0.5)):
        at.disc(_LEAF, x, y, r)


def _house(at: _Place) -> None:
    at.box(_WALL, -0.75, -0.15, 0.75, 0.9)
    at.polygon(_RED, (-0.95, -0.15), (0.0, -0.95), (0.95, -0.15))
    at.box(_BROWN, -0.18, 0.3, 0.18, 0.9)
    at.box(_GLASS, -0.6, 0.1, -0.3, 0.4)
    at.box(_GLASS, 0.3, 0.1, 0.6, 0.4)


def _car(at: _Place) -> None:
    at.polygon(_BLUE, (-0.55, -0.05), (-0.35, -0.45), (0.3, -0.45), (0.55, -0.05))
    at.box(_BLUE, -1.0, -0.08, 1.0, 0.35)
    at.polygon(_GLASS, (-0.4, -0.08), (-0.27, -0.36), (0.22, -0.36), (0.4, -0.08))
    for x in (-0.55, 0.55):
        at.disc(_DARK, x, 0.38, 0.24)
        at.disc((190, 190, 190), x, 0.38, 0.1)


def _boat(at: _Place) -> None:
    at.polygon(_RED, (-0.95, 0.4), (0.95, 0.4), (0.6, 0.85), (-0.6, 0.85))
    at.box(_BROWN, -0.05, -0.95, 0.05, 0.4)
    at.polygon((245, 245, 240), (0.1, -0.85), (0.8, 0.25), (0.1, 0.25))


def _flower(at: _Place) -> None:
    at.box(_LEAF, -0.05, 0.0, 0.05, 1.0)
    for x, y in polygon_points(6, (0.0, -0.35), 0.38):
        at.disc(COLOURS["pink"], x, y, 0.24)
    at.disc(_YELLOW, 0.0, -0.35, 0.24)


def _sun(at: _Place) -> None:
    for x, y in polygon_points(12, (0.0, 0.0), 1.0):
        at.polygon(_YELLOW, (x, y), (-y * 0.15, x * 0.15), (y * 0.15, -x * 0.15))
    at.disc((250, 190, 40), 0.0, 0.0, 0.55)


def _fish(at: _Place) -> None:
    orange = COLOURS["orange"]
    at.polygon(orange, (0.45, 0.0), (1.0, -0.45), (1.0, 0.45))
    for step in range(9):
        x = -0.6 + 0.13 * step
        at.disc(orange, x, 0.0, 0.42 - 0.035 * abs(step - 3) - 0.012 * step)
    at.disc((250, 250, 250), -0.62, -0.1, 0.12)
    at.disc(_DARK, -0.64, -0.1, 0.06)


def _umbrella(at: _Place) -> None:
    purple = COLOURS["purple"]
    points = [(x, -((1 - x * x) ** 0.5) * 0.85) for x in (step / 20 for step in range(-20, 21))]
    at.polygon(purple, *points)
    at.box(_DARK, -0.04, -0.05, 0.04, 0.85)


OBJECTS: Mapping[str, Callable[[_Place], None]] = MappingProxyType(
    {
        "a tree": _tree,
        "a house": _house,
        "a car": _car,
        "a boat": _boat,
        "a flower": _flower,
        "the sun": _sun,
        "a fish": _fish,
        "an umbrella": _umbrella,
    }
)
"""What can be drawn, by its name with its article."""

OBJECT_COLOURS: tuple[Colour, ...] = (_BROWN, _LEAF, _RED, _BLUE, *COLOURS.values())
"""Colours that objects are made of; a ground should differ from them."""


def draw_object(canvas: Canvas, name: str, centre: tuple[float, float], radius: float) -> None:
    """Draw one of `OBJECTS`; places and sizes are shares of the side."""
    OBJECTS[name](_Place(canvas, centre, radius))
