"""What the technical expert looks at: a picture cut into square views that all have one size.

A picture is first brought to the size at which a person sees it on a screen, a shorter side of at
most `SCREEN_PX`; it is never enlarged. From that come the *whole* view (the centre square at a
shorter side of `SIDE_PX`), six *crops* and the *overview* (the whole picture squashed, for light
and colour alone); two more crops, the *close-ups*, are cut out of the full picture. Where a picture
is smaller than a view its mirror image continues it.

Crops lie in mirrored pairs and the right one of each pair is turned round. A mirrored picture so
gives the same crops with the two of each pair exchanged, and what is averaged over crops is the
same to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from framesift.types import Geometry, UInt8Array

__all__ = ["CROPS", "SCREEN_PX", "SHAPE", "SIDE_PX", "VIEWS_VERSION", "Views", "pack", "unpack"]

VIEWS_VERSION: Final = 1
"""Grows with every change of what the views show."""

SIDE_PX: Final = 192
SCREEN_PX: Final = 896

# Left crop of each pair, as shares of the room that the crop has: across, then down.
_PAIRS: Final = ((0.1, 0.2), (0.1, 0.8), (0.36, 0.5))
_CLOSE: Final = (0.4, 0.5)
CROPS: Final = 2 * len(_PAIRS)

SHAPE: Final = (1 + CROPS + 2 + 1, SIDE_PX, SIDE_PX, 3)
"""Of a packed picture: the whole view, the crops, the close-ups, the overview."""

_SIZE_BYTES: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """N packed pictures, taken apart.

    Attributes:
        whole: uint8 (N, S, S, 3).
        crops: uint8 (N, 6, S, S, 3).
        close: uint8 (N, 2, S, S, 3); the last two crops again where the picture is no larger than
            the screen.
        overview: uint8 (N, S - 1, S, 3).
        size: Width and height of the full pictures, in pixels, int64 (N, 2).
    """

    whole: UInt8Array
    crops: UInt8Array
    close: UInt8Array
    overview: UInt8Array
    size: NDArray[np.int64]

    @property
    def large(self) -> NDArray[np.bool_]:
        """Which pictures are larger than the screen, (N,)."""
        return np.asarray(self.size.min(axis=1) > SCREEN_PX)


def pack(pixels: UInt8Array, geometry: Geometry | None = None) -> UInt8Array:
    """Cut one picture, uint8 (H, W, 3), into views, uint8 `SHAPE`.

    The last row of the overview holds width and height, as two little-endian integers.
    """
    from PIL import Image

    size = (pixels.shape[1], pixels.shape[0])
    if geometry is not None:
        left, top, right, bottom = (round(edge) for edge in geometry.box)
        pixels, size = pixels[top:bottom, left:right], (geometry.width, geometry.height)
    pixels = np.ascontiguousarray(pixels)
    screen = _shrunk(Image.fromarray(pixels), SCREEN_PX)
    seen = np.asarray(screen)
    packed = np.zeros(SHAPE, np.uint8)
    packed[0] = _whole(screen)
    for pair, place in enumerate(_PAIRS):
        packed[1 + 2 * pair : 3 + 2 * pair] = _mirrored_pair(seen, place)
    if min(size) > SCREEN_PX:
        packed[1 + CROPS : 3 + CROPS] = _mirrored_pair(pixels, _CLOSE)
    else:
        packed[1 + CROPS : 3 + CROPS] = packed[CROPS - 1 : CROPS + 1]
    squashed = screen.resize((SIDE_PX, SIDE_PX - 1), Image.Resampling.BOX)
    packed[-1, :-1] = np.asarray(squashed)
    packed[-1, -1].reshape(-1)[:_SIZE_BYTES] = np.array(size, "<u4").view(np.uint8)
    return packed


def unpack(batch: UInt8Array) -> Views:
    """Take packed pictures, uint8 (N, *`SHAPE`), apart."""
    sizes = np.ascontiguousarray(batch[:, -1, -1].reshape(len(batch), -1)[:, :_SIZE_BYTES])
    return Views(
        whole=batch[:, 0],
        crops=batch[:, 1 : 1 + CROPS],
        close=batch[:, 1 + CROPS : 3 + CROPS],
        overview=batch[:, -1, :-1],
        size=sizes.view("<u4").astype(np.int64),
    )


def _shrunk(image: Image.Image, shorter_px: int) -> Image.Image:
    """Bring the shorter side down to `shorter_px`, if it is longer."""
    from PIL import Image

    shorter = min(image.size)
    if shorter <= shorter_px:
        return image
    width, height = (max(1, round(side * shorter_px / shorter)) for side in image.size)
    # From three times the size on, blocks of pixels are averaged first, at half the cost.
    return image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=1.5)


def _whole(screen: Image.Image) -> UInt8Array:
    """Show the centre square, turned so that its left half is the lighter one."""
    from PIL import Image

    width, height = screen.size
    shorter = min(width, height)
    if shorter > SIDE_PX:
        left, top = (width - shorter) / 2, (height - shorter) / 2
        box = (left, top, left + shorter, top + shorter)
        small = screen.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC, box, 3.0)
        view = np.asarray(small)
    else:
        view = _cut(np.asarray(screen), (width - SIDE_PX) // 2, (height - SIDE_PX) // 2)
    half = SIDE_PX // 2
    if view[:, :half].sum(dtype=np.int64) < view[:, half:].sum(dtype=np.int64):
        view = view[:, ::-1]
    return view


def _mirrored_pair(pixels: UInt8Array, place: tuple[float, float]) -> UInt8Array:
    """Cut two crops that lie mirrored to each other; the right one is turned round."""
    room_x, room_y = pixels.shape[1] - SIDE_PX, pixels.shape[0] - SIDE_PX
    # Where the picture is smaller than the crop, both show all of it.
    left = round(room_x * place[0]) if room_x > 0 else room_x // 2
    top = round(room_y * place[1]) if room_y > 0 else room_y // 2
    first = _cut(pixels, left, top)
    second = _cut(pixels, room_x - left, top)
    return np.stack([first, second[:, ::-1]])


def _cut(pixels: UInt8Array, left: int, top: int) -> UInt8Array:
    """Cut a square out at its own size, mirroring the picture at its edges where it ends."""
    rows, columns = _folded(pixels.shape[0], top), _folded(pixels.shape[1], left)
    return pixels[rows[:, None], columns]


def _folded(length: int, first: int) -> NDArray[np.intp]:
    """Give `SIDE_PX` positions from `first` on, folded back into [0, length)."""
    places = (first + np.arange(SIDE_PX)) % (2 * length)
    return np.where(places < length, places, 2 * length - 1 - places)
