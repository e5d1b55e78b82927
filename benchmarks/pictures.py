"""Make the pictures to be scanned, from the two photographs that scikit-learn carries.

Each is another crop, mirrored or not, enlarged or reduced to the size wanted, with its own noise
and brightness: no two files are alike, and a JPEG of one weighs about what a camera's does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from benchmarks.models import bench_root

if TYPE_CHECKING:
    from pathlib import Path

SIZES = {"12mp": (4000, 3000), "500px": (500, 375)}
QUALITY = 90
_TILE = 512
_VERSION = 2


def photograph(width: int, height: int, seed: int) -> Image.Image:
    """Make one picture of the given size; the same seed gives the same picture."""
    from sklearn.datasets import load_sample_image

    rng = np.random.default_rng(seed)
    name = ("china.jpg", "flower.jpg")[seed % 2]
    picture = Image.fromarray(np.asarray(load_sample_image(name)))
    share = rng.uniform(0.5, 0.9)
    wide = int(share * min(picture.width, picture.height * width / height))
    high = int(wide * height / width)
    left = int(rng.integers(0, picture.width - wide + 1))
    top = int(rng.integers(0, picture.height - high + 1))
    picture = picture.crop((left, top, left + wide, top + high))
    if rng.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    pixels = np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    tile = rng.normal(0, rng.uniform(4, 9), (_TILE, _TILE, 3)).astype(np.int16)
    repeats = (-(-height // _TILE), -(-width // _TILE), 1)
    noise = np.tile(tile, repeats)[:height, :width]
    brightness = np.int16(rng.integers(-25, 26))
    return Image.fromarray(np.clip(pixels + noise + brightness, 0, 255).astype(np.uint8))


def folder_of(size: str, count: int) -> Path:
    """Return a folder with ``count`` JPEGs of a size named in `SIZES`, made on first use."""
    folder = bench_root() / f"pictures-{_VERSION}-{size}-{count}"
    done = folder / ".complete"
    if done.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    width, height = SIZES[size]
    for number in range(count):
        path = folder / f"{number:04}.jpg"
        photograph(width, height, number).save(path, quality=QUALITY)
    done.touch()
    return folder
