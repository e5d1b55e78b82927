"""Pictures by formula, the same on every machine: for the script that makes the expected values
and for the tests that check them."""

from __future__ import annotations

import numpy as np

SIZES = ((64, 64), (48, 40), (101, 61), (61, 101), (20, 30), (300, 200), (33, 130), (32, 32))
TEXTS = (
    "a photo of a dog",
    "two people on a beach",
    "A Photo Of A DOG",
    "  spaces   everywhere\tand\nlines ",
    "",
    "snow, ice & frost!",
    "café naïve 犬 🐕",
    "word " * 60,
)


def pictures() -> list[np.ndarray]:
    """Return one uint8 (H, W, 3) picture per entry of `SIZES` (width, height)."""
    made = []
    for seed, (width, height) in enumerate(SIZES):
        y, x = np.mgrid[0:height, 0:width]
        red = (x * (3 + seed) + y * 5) % 256
        green = (x * y + 17 * seed) % 256
        blue = ((x // 7 + y // 5) % 2) * 200 + (x + y) % 50
        made.append(np.stack([red, green, blue], axis=-1).astype(np.uint8))
    return made
