"""Large clean pictures that nobody photographed: dead leaves.

Opaque shapes of every size that cover each other have the edges, the smooth areas and the fine
texture of photographs (Lee, Mumford and Huang, "Occlusion models for natural images", 2001), and
networks that restore photographs can be trained on them alone (Achddou, Gousseau and Ladjal,
"Synthetic images as a regularity prior", 2021). Colours are those of a sample photograph. The
back may be out of focus, as behind a portrait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

if TYPE_CHECKING:
    from degrade import Picture
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

FINER = 2
"""Drawn so many times larger and shrunk, which gives edges the softness of a lens."""


def dead_leaves(palette: Picture, rng: np.random.Generator) -> Picture:
    """Draw a picture whose shorter side has 420 to 1000 px.

    Args:
        palette: Whose colours, uint8 (H, W, 3).
        rng: Of everything random.
    """
    short = FINER * float(np.exp(rng.uniform(np.log(420), np.log(1000))))
    long = short * float(rng.choice([1.0, 4 / 3, 1.5, 16 / 9]))
    size = (round(short), round(long)) if rng.random() < 0.7 else (round(long), round(short))
    grain = _texture(size, rng)
    canvas = np.empty((*size, 3), np.float32)
    canvas[:] = _colour(palette, rng)
    smallest, largest = short * float(np.exp(rng.uniform(np.log(0.006), np.log(0.04)))), short / 2
    layers = [(0.5, float(rng.uniform(2, 14))), (1.0, 0.0)] if rng.random() < 0.6 else [(1.0, 0.0)]
    for share, blur in layers:
        count = int(share * rng.integers(150, 900))
        # Radii between the two follow a power of -3, that of shapes at any distance.
        drawn = rng.uniform(0, 1, count)
        radii = 1 / np.sqrt(drawn / smallest**2 + (1 - drawn) / largest**2)
        for radius in np.sort(radii)[::-1] if rng.random() < 0.5 else radii:
            _leaf(canvas, float(radius), palette, grain, rng)
        if blur:
            canvas = gaussian_filter(canvas, (FINER * blur, FINER * blur, 0))
    image = Image.fromarray(np.clip(np.rint(canvas), 0, 255).astype(np.uint8))
    how = Image.Resampling.LANCZOS if rng.random() < 0.5 else Image.Resampling.BICUBIC
    small = np.asarray(image.resize((size[1] // FINER, size[0] // FINER), how), np.float32)
    small += rng.normal(0, rng.uniform(0, 1.2), small.shape)
    return np.clip(np.rint(small), 0, 255).astype(np.uint8)


def _colour(palette: Picture, rng: np.random.Generator) -> Floats:
    return palette[rng.integers(palette.shape[0]), rng.integers(palette.shape[1])].astype(
        np.float32
    )


def _texture(size: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Make noise whose amplitude falls with a power of the frequency, (H, W), of deviation 1."""
    down, across = np.fft.fftfreq(size[0]), np.fft.rfftfreq(size[1])
    frequency = np.hypot(down[:, None], across)
    frequency[0, 0] = 1.0
    white = np.fft.rfft2(rng.standard_normal(size))
    field = np.fft.irfft2(white / frequency ** rng.uniform(0.4, 1.2), s=size)
    return np.asarray(field / field.std(), np.float32)


def _leaf(
    canvas: Floats, radius: float, palette: Picture, grain: Floats, rng: np.random.Generator
) -> None:
    """Put one shape onto the canvas: a colour, shaded from side to side, with texture or none."""
    reach = int(np.ceil(radius))
    y, x = rng.integers(canvas.shape[0]), rng.integers(canvas.shape[1])
    top, left = max(y - reach, 0), max(x - reach, 0)
    bottom, right = min(y + reach, canvas.shape[0]), min(x + reach, canvas.shape[1])
    mask = _outline(reach, rng)[top - y + reach : bottom - y + reach, left - x + reach :]
    mask = mask[:, : right - left]
    down, across = np.mgrid[top - y : bottom - y, left - x : right - x].astype(np.float32)
    slope = rng.normal(0, 14, 2) / max(radius, 1)
    shade = slope[0] * down + slope[1] * across
    if rng.random() < 0.65:
        shade = shade + rng.uniform(1, 22) * grain[top:bottom, left:right]
    filled = _colour(palette, rng) + shade[..., None]
    canvas[top:bottom, left:right][mask] = filled[mask]


def _outline(reach: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw an ellipse or a polygon, bool (2 * reach, 2 * reach)."""
    corners = int(rng.choice([4, 5, 7, 24]))
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners)) if corners < 24 else np.arange(24) / 3.82
    stretch, turn = rng.uniform(0.35, 1), rng.uniform(0, np.pi)
    points = np.stack([np.cos(angles), stretch * np.sin(angles)])
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ points
    image = Image.new("1", (2 * reach, 2 * reach))
    ImageDraw.Draw(image).polygon([tuple(p) for p in (turned.T + 1) * reach], fill=1)
    return np.asarray(image)
