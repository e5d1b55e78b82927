"""What no camera sees in daily life: noise, patterns, medical-looking greys, plans, pages.

Drawn imitations, and no more: a phantom of ellipses is not an X-ray picture. They show whether a
detector notices that a picture is of another kind; how it does on real ones is for real ones to
tell.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from framesift.media.drawn.canvas import COLOURS, SIDE_PX, seeded
from framesift.media.drawn.glyphs import handwritten_digit, line_of_print

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from framesift.types import Float32Array, UInt8Array

__all__ = ["EXPOSED", "UNUSUAL", "draw_unusual"]

EXPOSED = (
    "uniform noise",
    "smooth noise",
    "gratings",
    "phantom",
    "page of print",
    "handwritten digits",
)
"""Families that detectors are shown; how they do on the others says how they do on the unseen."""

_S = SIDE_PX


def draw_unusual(family: str, index: int, *, seed: int = 0) -> UInt8Array:
    """Draw the picture of a family with this index, uint8 (320, 320, 3).

    Args:
        family: One of `UNUSUAL`.
        index: Of the picture; the same whatever else is drawn.
        seed: Of all random choices.
    """
    return UNUSUAL[family](seeded(seed, family, index))


def _grid() -> tuple[Float32Array, Float32Array]:
    y, x = np.mgrid[0:_S, 0:_S].astype(np.float32) / _S
    return x, y


def _grey(values: Float32Array) -> UInt8Array:
    """Turn values in [0, 1], (S, S), into a grey picture."""
    levels = np.clip(values * 255, 0, 255).astype(np.uint8)
    return np.repeat(levels[:, :, None], 3, axis=2)


def _tinted(values: Float32Array, rng: np.random.Generator) -> UInt8Array:
    """Turn values in [0, 1] into shades between two colours."""
    a, b = rng.uniform(0, 255, (2, 3)).astype(np.float32)
    mixed = a + np.clip(values, 0, 1)[:, :, None] * (b - a)
    picture: UInt8Array = np.clip(mixed, 0, 255).astype(np.uint8)
    return picture


def _clouds(rng: np.random.Generator, *, coarsest: int = 3, octaves: int = 5) -> Float32Array:
    """Return smooth noise of several sizes added up, in [0, 1]: value noise, after Perlin."""
    from PIL import Image

    total = np.zeros((_S, _S), np.float32)
    for octave in range(octaves):
        cells = coarsest * 2**octave
        coarse = Image.fromarray(rng.random((cells, cells)).astype(np.float32))
        total += np.asarray(coarse.resize((_S, _S), Image.Resampling.BICUBIC)) * 0.55**octave
    low, high = float(total.min()), float(total.max())
    scaled: Float32Array = (total - low) / np.float32(max(high - low, 1e-6))
    return scaled


def _blurred(values: Float32Array, radius_px: float) -> Float32Array:
    from PIL import Image, ImageFilter

    image = Image.fromarray(np.clip(values * 255, 0, 255).astype(np.uint8))
    blurred = image.filter(ImageFilter.GaussianBlur(radius_px))
    scaled: Float32Array = np.asarray(blurred, np.float32) / np.float32(255)
    return scaled


def _uniform_noise(rng: np.random.Generator) -> UInt8Array:
    cell = int(rng.choice([1, 1, 2, 4, 8]))
    side = _S // cell
    noise = rng.integers(0, 256, (side, side, 3 if rng.random() < 0.6 else 1), dtype=np.uint8)
    return np.broadcast_to(noise.repeat(cell, 0).repeat(cell, 1), (_S, _S, 3)).copy()


def _gaussian_noise(rng: np.random.Generator) -> UInt8Array:
    channels = 3 if rng.random() < 0.6 else 1
    noise = rng.normal(rng.uniform(70, 180), rng.uniform(20, 80), (_S, _S, channels))
    return np.broadcast_to(np.clip(noise, 0, 255).astype(np.uint8), (_S, _S, 3)).copy()


def _salt(rng: np.random.Generator) -> UInt8Array:
    values = np.full((_S, _S), rng.uniform(0.2, 0.8), np.float32)
    spots = rng.random((_S, _S))
    share = rng.uniform(0.05, 0.4)
    values[spots < share] = 1.0
    values[spots < share / 2] = 0.0
    return _grey(values)


def _smooth_noise(rng: np.random.Generator) -> UInt8Array:
    return _tinted(_clouds(rng, coarsest=int(rng.integers(2, 12))), rng)


def _gratings(rng: np.random.Generator) -> UInt8Array:
    x, y = _grid()
    angle, waves = rng.uniform(0, np.pi), rng.uniform(4, 60)
    phase = 2 * np.pi * waves * (x * np.cos(angle) + y * np.sin(angle))
    wave = np.sin(phase)
    values = (wave > 0).astype(np.float32) if rng.random() < 0.4 else wave / 2 + 0.5
    return _tinted(values.astype(np.float32), rng)


def _checks(rng: np.random.Generator) -> UInt8Array:
    x, y = _grid()
    angle, cells = rng.uniform(0, np.pi / 2), rng.uniform(4, 40)
    u = np.floor(cells * (x * np.cos(angle) + y * np.sin(angle)))
    v = np.floor(cells * (y * np.cos(angle) - x * np.sin(angle)))
    return _tinted(((u + v) % 2).astype(np.float32), rng)


def _cells(rng: np.random.Generator) -> UInt8Array:
    """Cracked ground or a giraffe: each place has the shade of the nearest of some points."""
    x, y = _grid()
    count = int(rng.integers(12, 60))
    px, py = rng.random((2, count)).astype(np.float32)
    distance = (x[:, :, None] - px) ** 2 + (y[:, :, None] - py) ** 2
    two = np.partition(distance, 1, axis=2)[:, :, :2]
    edge = np.clip((np.sqrt(two[:, :, 1]) - np.sqrt(two[:, :, 0])) * 25, 0, 1)
    shade = rng.uniform(0.3, 1.0, count).astype(np.float32)[distance.argmin(axis=2)]
    return _tinted((shade * edge).astype(np.float32), rng)


def _weave(rng: np.random.Generator) -> UInt8Array:
    x, y = _grid()
    threads = rng.uniform(20, 70)
    over = (np.floor(x * threads) + np.floor(y * threads)) % 2
    across, down = np.abs(np.sin(np.pi * threads * x)), np.abs(np.sin(np.pi * threads * y))
    values = np.where(over > 0, across, down) * 0.7 + 0.3 * _clouds(rng, coarsest=20, octaves=2)
    return _tinted(values.astype(np.float32), rng)


def _phantom(rng: np.random.Generator) -> UInt8Array:
    """A slice of a head made of ellipses, after the phantom of Shepp and Logan (1974)."""
    x, y = _grid()
    values = np.zeros((_S, _S), np.float32)
    wide, tall = rng.uniform(0.3, 0.38), rng.uniform(0.38, 0.46)

    def ellipse(cx: float, cy: float, a: float, b: float, turn: float) -> NDArray[np.bool_]:
        u = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)
        v = (y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)
        inside: NDArray[np.bool_] = (u / a) ** 2 + (v / b) ** 2 < 1
        return inside

    values[ellipse(0.5, 0.5, wide, tall, 0)] = 0.9
    values[ellipse(0.5, 0.5, wide * 0.92, tall * 0.94, 0)] = rng.uniform(0.25, 0.4)
    for side in (-1, 1):
        turn = side * rng.uniform(0.1, 0.4)
        lobe = ellipse(0.5 + side * 0.09, 0.48, rng.uniform(0.04, 0.07), 0.15, turn)
        values[lobe] = rng.uniform(0.05, 0.15)
    for _ in range(int(rng.integers(3, 8))):
        cx, cy = 0.5 + rng.uniform(-0.2, 0.2), 0.5 + rng.uniform(-0.28, 0.28)
        size = rng.uniform(0.01, 0.05, 2)
        values[ellipse(cx, cy, size[0], size[1], rng.uniform(0, 3))] += rng.uniform(-0.1, 0.25)
    return _grey(_blurred(values, 1.2) + rng.normal(0, 0.02, (_S, _S)).astype(np.float32))


def _xray(rng: np.random.Generator) -> UInt8Array:
    """A chest-like picture: two dark fields, a bright middle, ribs as faint arcs."""
    x, y = _grid()
    values = 0.75 - 0.3 * np.abs(y - 0.5)
    for side in (-1, 1):
        cx = 0.5 + side * rng.uniform(0.17, 0.21)
        field = ((x - cx) / 0.14) ** 2 + ((y - 0.47) / 0.3) ** 2
        values -= 0.5 * np.exp(-(field**2))
    values += 0.25 * np.exp(-(((x - 0.5) / 0.05) ** 2))
    ribs = rng.uniform(7, 11)
    arcs = np.sin(2 * np.pi * ribs * (y - 0.5 * (x - 0.5) ** 2 * 2))
    values += 0.06 * arcs * (np.abs(x - 0.5) > 0.06)
    values *= np.exp(-((np.abs(x - 0.5) / 0.45) ** 6))
    grain = rng.normal(0, 0.015, (_S, _S))
    return _grey(_blurred(values.astype(np.float32), 2.0) + grain.astype(np.float32))


def _ultrasound(rng: np.random.Generator) -> UInt8Array:
    """A speckled sector on black with a few dark hollows."""
    x, y = _grid()
    u, v = x - 0.5, y + 0.05
    distance, angle = np.hypot(u, v), np.arctan2(u, v)
    inside = (np.abs(angle) < rng.uniform(0.45, 0.7)) & (distance > 0.12) & (distance < 0.98)
    speckle = rng.rayleigh(0.35, (_S, _S)).astype(np.float32)
    tissue = 0.3 + 0.7 * _clouds(rng, coarsest=4, octaves=3)
    for _ in range(int(rng.integers(1, 4))):
        cx, cy = rng.uniform(0.35, 0.65), rng.uniform(0.35, 0.75)
        a, b = rng.uniform(0.04, 0.13, 2)
        tissue[((x - cx) / a) ** 2 + ((y - cy) / b) ** 2 < 1] *= 0.15
    return _grey(_blurred(np.where(inside, speckle * tissue, 0).astype(np.float32), 1.0))


def _digits(rng: np.random.Generator) -> UInt8Array:
    return handwritten_digit(int(rng.integers(10)), rng)


def _page(rng: np.random.Generator) -> UInt8Array:
    """A page of print in made-up words."""
    from PIL import Image

    shade = int(rng.integers(235, 256))
    image = Image.new("RGB", (_S * 2, _S * 2), (shade, shade, shade - int(rng.integers(0, 15))))
    size, top = float(rng.uniform(16, 34)), float(rng.uniform(20, 90))
    left = float(rng.uniform(30, 80))
    if rng.random() < 0.6:
        line_of_print(image, (left, top), size * 1.8, rng)
        top += size * 3.2
    while top < _S * 2 - size * 2:
        if rng.random() < 0.9:
            line_of_print(image, (left, top), size, rng)
        top += size * 1.5
    return np.asarray(image.resize((_S, _S), Image.Resampling.LANCZOS))


def _chart(rng: np.random.Generator) -> UInt8Array:
    """Bars or lines between two axes."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (_S * 2, _S * 2), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    names = list(COLOURS.values())
    rng.shuffle(names)
    left, bottom, right, top = 70, _S * 2 - 70, _S * 2 - 30, 40
    for step in range(6):
        level = bottom + (top - bottom) * step / 5
        draw.line((left, level, right, level), fill=(215, 215, 215), width=2)
    count = int(rng.integers(4, 12))
    room = (right - left) / count
    if rng.random() < 0.5:
        for k, height in enumerate(rng.uniform(0.1, 1.0, count)):
            x = left + room * k
            box = (x + room * 0.15, bottom + (top - bottom) * height, x + room * 0.85, bottom)
            draw.rectangle(box, fill=names[0] if rng.random() < 0.8 else names[1])
    else:
        for colour in names[: int(rng.integers(1, 4))]:
            steps = np.clip(0.5 + np.cumsum(rng.normal(0, 0.15, count)), 0.02, 0.98)
            points = [
                (left + room * (k + 0.5), bottom + (top - bottom) * height)
                for k, height in enumerate(steps.tolist())
            ]
            draw.line(points, fill=colour, width=5)
    draw.line((left, top, left, bottom, right, bottom), fill=(30, 30, 30), width=4)
    return np.asarray(image.resize((_S, _S), Image.Resampling.LANCZOS))


def _map(rng: np.random.Generator) -> UInt8Array:
    """Fields and roads from far above."""
    from PIL import Image, ImageDraw

    soil = 40 * _clouds(rng, coarsest=8)[:, :, None]
    image = Image.fromarray((np.array([95, 100, 60]) + soil).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    cuts = [np.sort(rng.uniform(0, _S, int(rng.integers(4, 9)))).tolist() for _ in range(2)]
    for x0, x1 in zip([0, *cuts[0]], [*cuts[0], _S], strict=True):
        for y0, y1 in zip([0, *cuts[1]], [*cuts[1], _S], strict=True):
            if rng.random() < 0.8 and min(x1 - x0, y1 - y0) > 5:
                base = rng.choice([(90, 120, 55), (150, 140, 90), (70, 95, 50), (180, 165, 115)])
                tone = tuple(int(v) for v in base + rng.integers(-12, 13, 3))
                draw.rectangle((x0 + 2, y0 + 2, x1 - 2, y1 - 2), fill=tone)
    for _ in range(int(rng.integers(1, 4))):
        ends = rng.uniform(0, _S, 4).tolist()
        draw.line((ends[0], 0, ends[1], _S), fill=(195, 190, 180), width=int(rng.integers(3, 7)))
    turned = image.rotate(float(rng.uniform(-30, 30)), Image.Resampling.BICUBIC).crop(
        (_S // 8, _S // 8, _S * 7 // 8, _S * 7 // 8)
    )
    pixels = np.asarray(turned.resize((_S, _S), Image.Resampling.BICUBIC), np.float32)
    return np.clip(pixels + rng.normal(0, 5, (_S, _S, 1)), 0, 255).astype(np.uint8)


def _line_drawing(rng: np.random.Generator) -> UInt8Array:
    """Curls and angles of a pen on white paper."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (_S * 2, _S * 2), (252, 252, 250))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(4, 14))):
        turns = np.cumsum(np.cumsum(rng.normal(0, 0.06, 80)))
        steps = rng.uniform(6, 18) * np.stack([np.cos(turns), np.sin(turns)])
        path = np.cumsum(steps, axis=1) + rng.uniform(_S * 0.3, _S * 1.7, (2, 1))
        points = [(float(x), float(y)) for x, y in path.T]
        draw.line(points, fill=(30, 30, 35), width=int(rng.integers(3, 8)), joint="curve")
    return np.asarray(image.resize((_S, _S), Image.Resampling.LANCZOS))


UNUSUAL: Mapping[str, Callable[[np.random.Generator], UInt8Array]] = MappingProxyType(
    {
        "uniform noise": _uniform_noise,
        "gaussian noise": _gaussian_noise,
        "salt and pepper": _salt,
        "smooth noise": _smooth_noise,
        "gratings": _gratings,
        "checks": _checks,
        "cells": _cells,
        "weave": _weave,
        "phantom": _phantom,
        "x-ray": _xray,
        "ultrasound": _ultrasound,
        "handwritten digits": _digits,
        "page of print": _page,
        "chart": _chart,
        "fields from above": _map,
        "line drawing": _line_drawing,
    }
)
"""Family -> what draws one picture of it from random numbers."""
