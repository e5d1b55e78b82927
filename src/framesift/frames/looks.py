"""How a small picture looks, in numbers that are cheap to compare.

A look is the picture in 32 x 18 blocks. Means over blocks forget noise and small movements; the
comparisons below also forget how bright the picture is, so that flicker and fades are no change of
what is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from framesift.types import Float32Array, UInt8Array

__all__ = [
    "SMALL_HEIGHT",
    "SMALL_WIDTH",
    "Look",
    "another_scene",
    "change",
    "likeness",
    "share_changed",
]

SMALL_WIDTH = 128
SMALL_HEIGHT = 72

_BLOCK = 4
_ROWS = SMALL_HEIGHT // _BLOCK
_COLUMNS = SMALL_WIDTH // _BLOCK
_POOL_ROWS = np.kron(np.eye(_ROWS, dtype=np.float32), np.full((1, _BLOCK), 1 / _BLOCK**2))
_POOL_ROWS = _POOL_ROWS.astype(np.float32)
_MOST_GAIN = 4.0
_PLAIN = 24.0
_BIN = 64
_COLOUR_WEIGHT = 0.85


class Look:
    """One small picture.

    Attributes:
        blocks: float32 (1728,), mean red, green and blue of 18 x 32 blocks, 0 to 255.
        centred: ``blocks`` less their mean.
        power: Sum of the squares of ``centred``.
    """

    __slots__ = ("_colours", "blocks", "centred", "power")

    def __init__(self, small: UInt8Array) -> None:
        """Take a picture of 128 x 72 pixels, uint8 (72, 128, 3)."""
        if small.shape != (SMALL_HEIGHT, SMALL_WIDTH, 3):
            message = f"a look is made of (72, 128, 3) pixels; got {small.shape}"
            raise ValueError(message)
        pooled = _POOL_ROWS @ small.reshape(SMALL_HEIGHT, -1).astype(np.float32)
        parts = pooled.reshape(_ROWS, _COLUMNS, _BLOCK, 3)
        summed = parts[:, :, 0] + parts[:, :, 1] + parts[:, :, 2] + parts[:, :, 3]
        self.blocks: Float32Array = summed.reshape(-1)
        self.centred: Float32Array = self.blocks - self.blocks.mean()
        self.power = float(self.centred @ self.centred)
        self._colours: Float32Array | None = None

    @property
    def contrast(self) -> float:
        """Return the standard deviation of the blocks; near 0 for a black or grey picture."""
        return float((self.power / self.blocks.size) ** 0.5)

    @property
    def colours(self) -> Float32Array:
        """Return the share of blocks in each of 64 bins of colour, float32 (64,)."""
        if self._colours is None:
            bins = (self.blocks.astype(np.int32) // _BIN).clip(0, 3).reshape(-1, 3) @ (16, 4, 1)
            counts = np.bincount(bins, minlength=64)
            self._colours = (counts / len(bins)).astype(np.float32)
        return self._colours


def change(one: Look, other: Look) -> float:
    """Return how much of two pictures differs, brightness and contrast set aside.

    It is the root mean square, in grey levels, of what is left of one picture after the other was
    fitted to it by a gain and an offset; of both directions the larger one. 0 for the same picture
    at another brightness; 30 to 60 for two scenes.
    """
    product = float(one.centred @ other.centred)
    left = max(_left(product, one.power, other.power), _left(product, other.power, one.power))
    return float((max(left, 0.0) / one.blocks.size) ** 0.5)


def likeness(one: Look, other: Look) -> float:
    """Return the correlation of two pictures' blocks, in [-1, 1]; 0 where one shows nothing."""
    power = (one.power * other.power) ** 0.5
    return float(one.centred @ other.centred) / power if power > 0 else 0.0


def another_scene(one: Look, other: Look) -> bool:
    """Tell whether two pictures that are seconds apart show two scenes.

    Things that moved lower the likeness and keep the colours; the line between was fitted to pairs
    of frames one second apart (``python -m benchmarks.shots``).
    """
    common = float(np.minimum(one.colours, other.colours).sum())
    return likeness(one, other) + _COLOUR_WEIGHT * common < 1


def share_changed(one: Look, other: Look) -> float:
    """Return the share of blocks, in [0, 1], whose colour is plainly another one."""
    apart = np.abs(one.blocks - other.blocks).reshape(-1, 3).max(axis=1)
    return float(np.count_nonzero(apart > _PLAIN) / len(apart))


def _left(product: float, fitted: float, wanted: float) -> float:
    """Return what remains of ``wanted`` squares after the best gain, within reason."""
    if fitted <= 0:
        return wanted
    gain = min(max(product / fitted, 0.0), _MOST_GAIN)
    return wanted - 2 * gain * product + gain * gain * fitted
