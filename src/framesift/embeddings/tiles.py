"""Tiles: the parts of a picture, each looked at by itself, so that nothing small is missed.

An encoder sees a few hundred pixels of a picture, and of a long one only the middle. `TileEncoder`
wraps an encoder and shows it ``count`` overlapping parts instead:

- uniform borders (letterbox and pillarbox bars, passe-partouts) are cut off first;
- the rest is divided into a grid that fits its shape: 2 x 2 for an ordinary photograph and four
  tiles, 4 x 1 for a panorama, 1 x 4 for the screenshot of a long page;
- a tile is squeezed into a square by no more than a factor of 1.5, which these networks were
  trained to bear, and the first and last tile of a row touch the edges.

The whole picture stays the business of the encoder's own row.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Final

import numpy as np

from framesift.embeddings.preprocess import check_batch
from framesift.errors import ConfigError
from framesift.types import Geometry

if TYPE_CHECKING:
    from PIL import Image

    from framesift.embeddings.base import ImageEncoder
    from framesift.types import Float32Array, UInt8Array

__all__ = ["MAX_TILES", "TILES_VERSION", "Box", "TileEncoder", "content_box", "tile_boxes"]

TILES_VERSION: Final = 1
"""Grows with every change of what the tiles show."""

MAX_TILES: Final = 16
"""More tiles cost more than they find."""

Box = tuple[float, float, float, float]

_OVERLAP: Final = 1.2
_MOST_SQUEEZED: Final = 1.5
_TILE_PX: Final = 512
_SCALED_PX: Final = 1024
_CELLS: Final = 128
_SAME: Final = 14
_LEAST_CONTENT: Final = 0.2
_BOX_BYTES: Final = 16


class TileEncoder:
    """An encoder's rows of several tiles of a picture; implements `ImageEncoder`.

    A row joins the inner encoder's rows of all tiles and the tiles' places; `split` takes it apart.
    Prepared input is that of the inner encoder for every tile, with one more slice each, which
    holds the tile's place.

    Args:
        encoder: What looks at the tiles.
        count: How many, 1 to `MAX_TILES`.

    Raises:
        ConfigError: The count is out of range.
    """

    def __init__(self, encoder: ImageEncoder, count: int) -> None:
        """Keep the parts."""
        if not 1 <= count <= MAX_TILES:
            message = f"{count} tiles: choose a number from 1 to {MAX_TILES}"
            raise ConfigError(message, source="tiles")
        self._encoder = encoder
        self.count = count
        self.name = f"tiles/{encoder.name}"
        recipe = f"tiles/{TILES_VERSION}/{count}/{encoder.fingerprint}"
        self.fingerprint: str = f"tiles-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}"
        self.width = count * (encoder.width + 4)
        # A tile is about half a picture; decoders may scale down to what still fills one.
        self.min_side_px = max(encoder.min_side_px, _SCALED_PX)
        self._item = encoder.prepare(np.zeros((8, 8, 3), np.uint8)).shape

    @property
    def precision(self) -> str:
        """Of the inner encoder."""
        return self._encoder.precision

    def prepare(self, pixels: UInt8Array, *, geometry: Geometry | None = None) -> UInt8Array:
        """Turn one picture, uint8 (H, W, 3), into model input, uint8 (count, A + 1, ...).

        Args:
            pixels: The frame, perhaps scaled down while it was decoded.
            geometry: If it was: its full size and its place in ``pixels``.
        """
        from PIL import Image

        height, width = pixels.shape[:2]
        place = geometry or Geometry(width, height, (0.0, 0.0, float(width), float(height)))
        image = Image.fromarray(np.ascontiguousarray(pixels))
        inner = content_box(image, place)
        prepared = np.zeros((self.count, self._item[0] + 1, *self._item[1:]), np.uint8)
        boxes = tile_boxes(self.count, place.width, place.height, content=inner)
        for number, box in enumerate(boxes):
            prepared[number, :-1] = self._encoder.prepare(_cut(image, place, box))
            note = np.array(box, "<f4").view(np.uint8)
            prepared[number, -1].reshape(-1)[:_BOX_BYTES] = note
        return prepared

    def encode(self, batch: UInt8Array) -> Float32Array:
        """Turn N prepared pictures into rows, float32 (N, `width`).

        Raises:
            ValueError: The batch has another shape or type.
        """
        check_batch(batch, (self.count, self._item[0] + 1, *self._item[1:]))
        flat = np.ascontiguousarray(batch[:, :, :-1]).reshape(-1, *self._item)
        rows = self._encoder.encode(flat).reshape(len(batch), self.count * self._encoder.width)
        spare = math.prod(self._item[1:])
        notes = batch[:, :, -1].reshape(len(batch), self.count, spare)[..., :_BOX_BYTES]
        boxes = np.ascontiguousarray(notes).view("<f4").reshape(len(batch), 4 * self.count)
        return np.concatenate([rows, boxes.astype(np.float32)], axis=1)

    def split(self, rows: Float32Array) -> tuple[Float32Array, Float32Array]:
        """Take rows (N, `width`) apart.

        Returns:
            The inner encoder's rows, float32 (N * count, its width), picture after picture; and
            the places of the tiles, float32 (N, count, 4): left, top, right and bottom as shares
            of width and height.

        Raises:
            ValueError: The rows are of another width.
        """
        rows = np.asarray(rows, np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.width:
            message = f"expected rows (N, {self.width}); got {rows.shape}"
            raise ValueError(message)
        cut = self.count * self._encoder.width
        boxes = rows[:, cut:].reshape(len(rows), self.count, 4)
        return rows[:, :cut].reshape(-1, self._encoder.width), boxes


def tile_boxes(
    count: int, width: int, height: int, *, content: Box = (0.0, 0.0, 1.0, 1.0)
) -> tuple[Box, ...]:
    """Divide a picture into overlapping tiles.

    Of the grids with ``count`` cells that one is taken whose tiles show the most of the picture
    and, of those that show as much, are the smallest.

    Args:
        count: Number of tiles.
        width: Of the picture, in pixels.
        height: Likewise.
        content: What is left within uniform borders, as shares.

    Returns:
        Left, top, right and bottom of each tile, as shares of width and height, row by row.
    """
    left, top, right, bottom = content
    across, down = (right - left) * width, (bottom - top) * height
    columns, tile_width, tile_height = min(
        (_grid(columns, count // columns, across, down) for columns in _divisors(count)),
        key=lambda grid: (-round(_shown(grid, count, across, down), 3), grid[1] * grid[2]),
    )
    rows = count // columns
    boxes = []
    for number in range(count):
        row, column = divmod(number, columns)
        x = left * width + _start(column, columns, across - tile_width)
        y = top * height + _start(row, rows, down - tile_height)
        boxes.append(
            (
                x / width,
                y / height,
                min((x + tile_width) / width, 1.0),
                min((y + tile_height) / height, 1.0),
            )
        )
    return tuple(boxes)


def content_box(image: Image.Image, place: Geometry) -> Box:
    """Find what lies within uniform borders, as shares of width and height.

    The picture is looked at in at most 128 x 128 cells, so that scaled decoding changes nothing. A
    border is a run of rows or columns from an edge in which every cell has the colour of the
    outermost one; one cell more is cut off, as the last may show a little of both. What would
    leave less than a fifth of a side is no border but the picture.
    """
    from PIL import Image as Pillow

    size = (min(_CELLS, place.width), min(_CELLS, place.height))
    small = image.resize(size, Pillow.Resampling.BOX, box=place.box)
    cells = np.asarray(small, np.int16)
    top, bottom = _borders(cells)
    left, right = _borders(cells[top : len(cells) - bottom].transpose(1, 0, 2))
    return (left / size[0], top / size[1], 1 - right / size[0], 1 - bottom / size[1])


def _borders(cells: np.ndarray) -> tuple[int, int]:
    """Count the rows of the uniform borders above and below."""
    found = [_border(cells), _border(cells[::-1])]
    if len(cells) - sum(found) < max(1, _LEAST_CONTENT * len(cells)):
        return 0, 0
    return found[0], found[1]


def _border(cells: np.ndarray) -> int:
    away = np.abs(cells - cells[0, 0]).max(axis=(1, 2)) > _SAME
    run = int(away.argmax()) if away.any() else len(cells)
    return run + 1 if 0 < run < len(cells) else run


def _divisors(count: int) -> list[int]:
    return [number for number in range(1, count + 1) if count % number == 0]


def _grid(columns: int, rows: int, across: float, down: float) -> tuple[int, float, float]:
    """Give the columns of a grid and the size of its tiles, in pixels."""
    width = across * (1.0 if columns == 1 else _OVERLAP / columns)
    height = down * (1.0 if rows == 1 else _OVERLAP / rows)
    return (
        columns,
        min(width, _MOST_SQUEEZED * height),
        min(height, _MOST_SQUEEZED * width),
    )


def _shown(grid: tuple[int, float, float], count: int, across: float, down: float) -> float:
    columns, width, height = grid
    return min(1.0, columns * width / across) * min(1.0, count // columns * height / down)


def _start(number: int, of: int, room: float) -> float:
    return room / 2 if of == 1 else room * number / (of - 1)


def _cut(image: Image.Image, place: Geometry, box: Box) -> UInt8Array:
    """Cut one tile out and squeeze it into a square, of at most `_TILE_PX`."""
    from PIL import Image as Pillow

    full = ((box[2] - box[0]) * place.width, (box[3] - box[1]) * place.height)
    side = max(1, min(_TILE_PX, math.ceil(max(full))))
    x, y, right, bottom = place.box
    across, down = right - x, bottom - y
    part = (
        x + box[0] * across,
        y + box[1] * down,
        min(x + box[2] * across, right),
        min(y + box[3] * down, bottom),
    )
    return np.asarray(image.resize((side, side), Pillow.Resampling.BICUBIC, box=part), np.uint8)
