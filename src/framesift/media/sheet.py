"""A contact sheet: small pictures of a video's moments on one PNG."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image, ImageDraw, ImageFont

__all__ = ["SheetTile", "contact_sheet"]

_GROUND, _INK, _SOFT, _CELL = "#14171c", "#eceff3", "#a3adb9", "#0b0d11"
_MARKS = {"review": "#f4bd5e", "block": "#d23b31"}
_MARGIN, _GAP, _CAPTION, _HEAD = 24, 14, 30, 76


@dataclass(frozen=True, slots=True)
class SheetTile:
    """One picture of the sheet.

    Attributes:
        jpeg: Small; ``None`` leaves the place empty.
        caption: Below it, on the left: the time.
        note: Below it, on the right: the score.
        action: ``review`` and ``block`` frame it.
    """

    jpeg: bytes | None
    caption: str
    note: str = ""
    action: str = "allow"


def contact_sheet(
    tiles: Sequence[SheetTile], *, title: str, subtitle: str = "", cell_px: int = 240
) -> bytes:
    """Draw pictures in rows, with a title above and a caption below each.

    Args:
        tiles: In the order to show them; at least one.
        title: Of the sheet.
        subtitle: The line below it.
        cell_px: Width of a picture; its height is that of the widest picture's proportions, and
            between a third of the width and the width.

    Returns:
        A PNG without metadata.
    """
    from PIL import Image, ImageDraw

    columns = _columns(len(tiles))
    rows = -(-len(tiles) // columns)
    cell = (cell_px, _cell_height(tiles, cell_px))
    width = 2 * _MARGIN + columns * cell[0] + (columns - 1) * _GAP
    step = cell[1] + _CAPTION + _GAP
    sheet = Image.new("RGB", (width, _HEAD + _MARGIN + rows * step), _GROUND)
    draw = ImageDraw.Draw(sheet)
    _write_head(draw, title, subtitle, width)
    for place, tile in enumerate(tiles):
        row, column = divmod(place, columns)
        corner = (_MARGIN + column * (cell[0] + _GAP), _HEAD + row * step)
        _place(sheet, draw, tile, corner, cell)
    out = io.BytesIO()
    sheet.save(out, "PNG", optimize=True)
    return out.getvalue()


def _columns(count: int) -> int:
    """Four columns read well on a screen; a few pictures stand in one or two rows."""
    if count <= 4:
        return max(count, 2)
    return 4 if count <= 24 else 5 if count <= 40 else 6


def _cell_height(tiles: Sequence[SheetTile], width: int) -> int:
    from PIL import Image

    shares = []
    for tile in tiles:
        if tile.jpeg is not None:
            with Image.open(io.BytesIO(tile.jpeg)) as image:
                shares.append(image.height / image.width)
    share = min(max(min(shares, default=9 / 16), 1 / 3), 1.0)
    return round(width * share)


def _write_head(draw: ImageDraw.ImageDraw, title: str, subtitle: str, width: int) -> None:
    room = width - 2 * _MARGIN
    big, small = _font(22), _font(14)
    draw.text((_MARGIN, 16), _cut(draw, title, big, room), fill=_INK, font=big)
    draw.text((_MARGIN, 46), _cut(draw, subtitle, small, room), fill=_SOFT, font=small)


def _place(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    tile: SheetTile,
    corner: tuple[int, int],
    cell: tuple[int, int],
) -> None:
    from PIL import Image

    left, top = corner
    draw.rectangle((left, top, left + cell[0] - 1, top + cell[1] - 1), fill=_CELL)
    if tile.jpeg is not None:
        with Image.open(io.BytesIO(tile.jpeg)) as image:
            scale = min(cell[0] / image.width, cell[1] / image.height)
            size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
            small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        sheet.paste(small, (left + (cell[0] - size[0]) // 2, top + (cell[1] - size[1]) // 2))
    else:
        draw.text((left + 12, top + 10), "not shown", fill=_SOFT, font=_font(14))
    mark = _MARKS.get(tile.action)
    if mark:
        draw.rectangle(
            (left - 3, top - 3, left + cell[0] + 2, top + cell[1] + 2), outline=mark, width=3
        )
    font = _font(15)
    below = top + cell[1] + 6
    draw.text((left, below), tile.caption, fill=mark or _INK, font=font)
    wide = draw.textlength(tile.note, font=font)
    draw.text((left + cell[0] - wide, below), tile.note, fill=_SOFT, font=font)


def _cut(
    draw: ImageDraw.ImageDraw,
    text: str,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    room: float,
) -> str:
    if draw.textlength(text, font=font) <= room:
        return text
    while text and draw.textlength(f"{text}...", font=font) > room:
        text = text[:-1]
    return f"{text}..."


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)
