"""`pdq`, an expert that tells whether two pictures are the same one, kept or sent differently.

The 256 bits are those of PDQ, as published by Facebook: "The TMK+PDQF video-hashing algorithm and
the PDQ image-hashing algorithm", 2019, with its note "PDQ image hash", 2017. Luminance is blurred
by a tent filter and sampled at 64 x 64; of its cosine transform the 16 x 16 lowest frequencies
without the constant ones are kept, and a bit says whether a coefficient lies above their median.
Two pictures within `MATCH_BITS` bits are taken for the same one by common practice.

The published program brings a large picture down to 512 x 512 by picking pixels; here they are
averaged, which is steadier, and is what a decoder that scales does. Hashes still lie within a few
bits of each other.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from framesift.embeddings.preprocess import check_batch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framesift.types import Float32Array, Geometry, UInt8Array

__all__ = [
    "BITS",
    "MATCH_BITS",
    "MIN_QUALITY",
    "WIDTH",
    "PdqEncoder",
    "distance",
    "mirrored_bits",
    "pdq_bits",
    "pdq_hex",
    "posed_bits",
    "row_bits",
]

BITS: Final = 256
WIDTH: Final = BITS + 1

MATCH_BITS: Final = 31
"""At most this many bits differ between copies of one picture; PDQ's authors propose it."""

MIN_QUALITY: Final = 50
"""Pictures below it show too little to be told apart; PDQ's authors leave them out of lists."""

_VERSION: Final = 1
_LARGEST_PX: Final = 512
_SMALLEST_PX: Final = 5
_GRID: Final = 64
_KEPT: Final = 16
_LUMA: Final = np.array((0.299, 0.587, 0.114))
# What rounding leaves of a coefficient that is zero, as all are in an even picture.
_ROUNDING: Final = 1e-3
_PREPARED: Final = (_GRID + 1, _GRID, 4)
_HEX_DIGITS: Final = BITS // 4


class PdqEncoder:
    """Hashes pictures by what they show; implements `framesift.embeddings.ImageEncoder`.

    A row is 256 bits as 0.0 or 1.0, in the order of the hexadecimal form, and PDQ's quality from 0
    to 100. A picture with a side under 5 pixels has no hash: its row is all zeros.
    """

    name = "pdq"
    precision = "fp32"
    width = WIDTH
    min_side_px = 2 * _LARGEST_PX
    """Twice what is looked at, so that scaled and full decoding give nearly the same bits."""

    def __init__(self) -> None:
        """Nothing is loaded: the method has no weights."""
        recipe = f"pdq/{_VERSION}/{_LARGEST_PX}/{_GRID}/{_KEPT}"
        self.fingerprint: str = hashlib.sha256(recipe.encode()).hexdigest()[:16]

    def prepare(self, pixels: UInt8Array, *, geometry: Geometry | None = None) -> UInt8Array:
        """Turn one picture, uint8 (H, W, 3), into its luminance at 64 x 64.

        Returns:
            uint8 (65, 64, 4): the bytes of 64 x 64 float32 numbers in [0, 255], and a last row that
            tells by its first byte whether the picture is large enough to be hashed.

        Raises:
            ValueError: The array is not uint8 (H, W, 3).
        """
        if (
            pixels.ndim != 3
            or pixels.shape[2] != 3
            or pixels.dtype != np.uint8
            or 0 in pixels.shape
        ):
            message = f"a picture is uint8 (H, W, 3); got {pixels.dtype} {pixels.shape}"
            raise ValueError(message)
        packed = np.zeros(_PREPARED, np.uint8)
        luma = _seen(pixels, geometry) @ _LUMA
        height, width = luma.shape
        packed[-1, 0, 0] = min(height, width) >= _SMALLEST_PX
        grid = _sampling(height) @ luma @ _sampling(width).T
        packed[:-1] = np.ascontiguousarray(grid, "<f4").view(np.uint8).reshape(_GRID, _GRID, 4)
        return packed

    def encode(self, batch: UInt8Array) -> Float32Array:
        """Hash N prepared pictures: float32 (N, 257).

        Raises:
            ValueError: The batch has another shape or type.
        """
        check_batch(batch, _PREPARED)
        rows = np.zeros((len(batch), WIDTH), np.float32)
        transform = _transform()
        for row, packed in zip(rows, batch, strict=True):
            if not packed[-1, 0, 0]:
                continue
            grid = np.ascontiguousarray(packed[:-1]).view("<f4")[..., 0].astype(np.float64)
            found = transform @ grid @ transform.T
            found[np.abs(found) < _ROUNDING] = 0.0
            row[:BITS] = _above_median(found.ravel())
            row[BITS] = _quality(grid)
        return rows


def row_bits(row: Float32Array) -> UInt8Array:
    """Take the bits out of a row (257,), or of rows (N, 257): uint8 (256,) or (N, 256)."""
    return (np.asarray(row)[..., :BITS] > 0.5).astype(np.uint8)


def pdq_hex(row: Float32Array | UInt8Array) -> str:
    """Write a row (257,), or bits (256,), as 64 hexadecimal digits, as PDQ's own tools do.

    Raises:
        ValueError: It is neither.
    """
    if row.shape not in {(WIDTH,), (BITS,)}:
        message = f"a PDQ hash has {BITS} bits and perhaps a quality; got shape {row.shape}"
        raise ValueError(message)
    return np.packbits(row_bits(np.asarray(row, np.float32))).tobytes().hex()


def pdq_bits(text: str) -> UInt8Array:
    """Read 64 hexadecimal digits as bits, uint8 (256,), of 0 and 1.

    Raises:
        ValueError: It is something else.
    """
    digits = text.strip()
    if len(digits) != _HEX_DIGITS or not set(digits.lower()) <= set("0123456789abcdef"):
        message = f"a PDQ hash is {_HEX_DIGITS} hexadecimal digits, not {text[:80]!r}"
        raise ValueError(message)
    return np.unpackbits(np.frombuffer(bytes.fromhex(digits), np.uint8))


def distance(first: UInt8Array, second: UInt8Array) -> NDArray[np.intp]:
    """Count the bits that differ, 0 to 256, over the last axis; the other axes are broadcast."""
    differing: NDArray[np.intp] = np.count_nonzero(first != second, axis=-1)
    return differing


def mirrored_bits(bits: UInt8Array) -> UInt8Array:
    """Estimate the hash of the picture mirrored left to right, from the bits (..., 256) alone.

    Mirroring turns the sign of every second coefficient. The median lies near 0 but not on it, so
    a few bits come out wrong: compare both hashes of a picture with a list to find mirrored copies.
    """
    return _ungrid(_mirrored(_grid(bits)))


def posed_bits(bits: UInt8Array) -> UInt8Array:
    """Estimate the hashes of the picture mirrored and turned by quarters, uint8 (7, 256).

    From the bits (256,) alone: mirrored; upside down; both; and the picture with its axes changed,
    in the same four ways. Together they are every way of laying the picture down, except its own.
    A few bits come out wrong, as with `mirrored_bits`.
    """
    grid = _grid(bits)
    swapped = grid.swapaxes(-1, -2)
    upside, beside = (_mirrored(one.swapaxes(-1, -2)).swapaxes(-1, -2) for one in (grid, swapped))
    poses = (_mirrored(grid), upside, _mirrored(upside))
    others = (swapped, _mirrored(swapped), beside, _mirrored(beside))
    return np.stack([_ungrid(pose) for pose in poses + others])


def _grid(bits: UInt8Array) -> UInt8Array:
    """Lay bits (..., 256) out by frequency, (..., 16 down, 16 across)."""
    return bits[..., ::-1].reshape(*bits.shape[:-1], _KEPT, _KEPT)


def _ungrid(grid: UInt8Array) -> UInt8Array:
    return grid.reshape(*grid.shape[:-2], BITS)[..., ::-1]


def _mirrored(grid: UInt8Array) -> UInt8Array:
    turned = grid.copy()
    turned[..., ::2] = 1 - turned[..., ::2]
    return turned


def _seen(pixels: UInt8Array, geometry: Geometry | None) -> UInt8Array:
    """Bring each side down to 512 pixels, if it is longer in the full picture."""
    from PIL import Image

    height, width = pixels.shape[:2]
    full = (width, height) if geometry is None else (geometry.width, geometry.height)
    box = (0.0, 0.0, float(width), float(height)) if geometry is None else geometry.box
    wanted = (min(full[0], _LARGEST_PX), min(full[1], _LARGEST_PX))
    if wanted == (width, height):
        return pixels
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(image.resize(wanted, Image.Resampling.BOX, box=box, reducing_gap=2.0))


@lru_cache(maxsize=1024)
def _sampling(length: int) -> NDArray[np.float64]:
    """Blur twice by a moving mean and sample at 64 centres, as a matrix (64, length)."""
    window = math.ceil(length / (2 * _GRID))
    ahead = window // 2
    places = np.arange(length)
    offset = places - places[:, None]
    mean = ((offset <= ahead) & (offset > ahead - window)).astype(np.float64)
    # At the edges the mean is that of what is there.
    mean /= mean.sum(axis=1, keepdims=True)
    centres = ((np.arange(_GRID) + 0.5) * length / _GRID).astype(np.intp)
    sampling: NDArray[np.float64] = mean[centres] @ mean
    return sampling


@lru_cache(maxsize=1)
def _transform() -> NDArray[np.float64]:
    """Cosines of frequencies 1 to 16 along 64 samples: a matrix (16, 64)."""
    frequency = np.arange(1, _KEPT + 1)[:, None]
    sample = 2 * np.arange(_GRID) + 1
    cosines: NDArray[np.float64] = np.cos(np.pi / (2 * _GRID) * frequency * sample)
    return math.sqrt(2 / _GRID) * cosines


def _above_median(coefficients: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Compare with the lower median, from the last coefficient to the first."""
    median = np.partition(coefficients, BITS // 2 - 1)[BITS // 2 - 1]
    above: NDArray[np.bool_] = coefficients[::-1] > median
    return above


def _quality(grid: NDArray[np.float64]) -> int:
    """Sum the steps between neighbours, in whole percent of the range; 0 to 100."""
    steps = 0
    for axis in (0, 1):
        percent = np.diff(grid, axis=axis) * (100 / 255)
        steps += int(np.abs(np.trunc(percent)).sum())
    return min(100, steps // 90)
