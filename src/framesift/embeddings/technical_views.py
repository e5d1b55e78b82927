"""What the technical expert looks at: a picture cut into square views that all have one size.

A picture is first brought to the size at which a person sees it on a screen, a shorter side of at
most `SCREEN_PX`; it is never enlarged. From that come the *whole* view (the centre square at a
shorter side of `SIDE_PX`), five *crops* and the *overview* (the whole picture squashed, for light
and colour alone); another crop, the *close-up*, is cut out of the full picture. Where a picture
is smaller than a view its mirror image continues it.

The places of the crops, four around the centre and one in it, stay the same when a picture is
mirrored or turned by 90 degrees, and every view is turned so that its light comes from the upper
left. A mirrored or turned picture so gives the same crops in another order, and what is averaged
over crops is the same but for the rounding of the resizing.
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

VIEWS_VERSION: Final = 2
"""Grows with every change of what the views show."""

SIDE_PX: Final = 160
SCREEN_PX: Final = 896

# Of each crop, as shares of the room that it has: across, then down.
_PLACES: Final = ((0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8), (0.5, 0.5))
CROPS: Final = len(_PLACES)

SHAPE: Final = (1 + CROPS + 1 + 1, SIDE_PX, SIDE_PX, 3)
"""Of a packed picture: the whole view, the crops, the close-up, the overview."""

_SIZE_BYTES: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """N packed pictures, taken apart.

    Attributes:
        whole: uint8 (N, S, S, 3).
        crops: uint8 (N, 5, S, S, 3); the last one is in the centre.
        close: uint8 (N, S, S, 3); the last crop again where the picture is no larger than the
            screen.
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
    for number, place in enumerate(_PLACES):
        packed[1 + number] = _crop(seen, place)
    large = min(size) > SCREEN_PX
    packed[1 + CROPS] = _crop(pixels, _PLACES[-1]) if large else packed[CROPS]
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
        close=batch[:, 1 + CROPS],
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
    """Show the centre square."""
    from PIL import Image

    width, height = screen.size
    shorter = min(width, height)
    if shorter <= SIDE_PX:
        return _crop(np.asarray(screen), (0.5, 0.5))
    left, top = (width - shorter) / 2, (height - shorter) / 2
    box = (left, top, left + shorter, top + shorter)
    small = screen.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC, box, 3.0)
    return _turned(np.asarray(small))


def _crop(pixels: UInt8Array, place: tuple[float, float]) -> UInt8Array:
    """Cut a square out at its own size; what is smaller than it lies in the middle."""
    across, first_x = _along(pixels.shape[1], place[0])
    down, first_y = _along(pixels.shape[0], place[1])
    rows, columns = (
        _folded(pixels.shape[0], first_y, down),
        _folded(pixels.shape[1], first_x, across),
    )
    return _turned(pixels[rows[:, None], columns])


def _along(length: int, share: float) -> tuple[int, int]:
    """Give the length and the first place of a cut along one axis, alike from both of its ends."""
    room = length - SIDE_PX
    if room <= 0 or share == 0.5:
        # An odd room has no middle: one pixel more is cut, and taken off when the view is turned.
        return SIDE_PX + room % 2, room // 2
    near = round(room * min(share, 1 - share))
    return SIDE_PX, near if share < 0.5 else room - near


def _turned(view: UInt8Array) -> UInt8Array:
    """Mirror and transpose a square so that its left, its top and its upper right are lighter."""
    light = view.sum(axis=2, dtype=np.int32)
    half = SIDE_PX // 2
    if light[:, :half].sum() < light[:, -half:].sum():
        view, light = view[:, ::-1], light[:, ::-1]
    if light[:half].sum() < light[-half:].sum():
        view, light = view[::-1], light[::-1]
    view, light = view[:SIDE_PX, :SIDE_PX], light[:SIDE_PX, :SIDE_PX]
    if np.triu(light).sum() < np.tril(light).sum():
        view = view.transpose(1, 0, 2)
    return view


def _folded(length: int, first: int, count: int) -> NDArray[np.intp]:
    """Give `count` positions from `first` on, folded back into [0, length)."""
    places = (first + np.arange(count)) % (2 * length)
    return np.where(places < length, places, 2 * length - 1 - places)
