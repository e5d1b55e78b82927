"""Contact sheets and single frames as files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from framesift.media.saving import encode_frame
from framesift.media.sheet import SheetTile, contact_sheet
from framesift.types import Frame

if TYPE_CHECKING:
    from collections.abc import Callable

RED, GREY = (220, 30, 30), (120, 120, 120)


def jpeg(colour: tuple[int, int, int], size: tuple[int, int] = (160, 90)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def opened(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    return image.convert("RGB")


def near(pixel: object, colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(np.subtract(pixel, colour)).max() < 6)  # type: ignore[call-overload]


def test_pictures_stand_in_rows_in_their_order() -> None:
    tiles = [SheetTile(jpeg(RED if n == 5 else GREY), f"0:0{n}.0", "7.1") for n in range(8)]
    sheet = opened(contact_sheet(tiles, title="clip.mp4", cell_px=160))

    assert sheet.width == 2 * 24 + 4 * 160 + 3 * 14
    pixels = np.asarray(sheet).astype(int)
    ys, xs = np.nonzero((np.abs(pixels - RED) < 6).all(axis=2))
    assert xs.min() == 24 + 160 + 14, "the sixth is the second of the second row"
    assert ys.min() == 76 + (90 + 30 + 14)
    assert (xs.max() - xs.min() + 1, ys.max() - ys.min() + 1) == (160, 90)


@pytest.mark.parametrize(
    ("action", "framed"), [("allow", False), ("review", True), ("block", True)]
)
def test_what_is_not_allowed_is_framed(action: str, framed: bool) -> None:  # noqa: FBT001
    sheet = opened(contact_sheet([SheetTile(jpeg(GREY), "0:01", action=action)], title="a"))

    assert near(sheet.getpixel((22, 74)), (20, 23, 28)) is not framed


def test_time_and_score_are_written_below() -> None:
    bare = opened(contact_sheet([SheetTile(jpeg(GREY), "")], title=""))
    told = opened(contact_sheet([SheetTile(jpeg(GREY), "0:12.4", "7.1")], title="clip.mp4"))

    differ = np.nonzero((np.asarray(bare) != np.asarray(told)).any(axis=2))[0]
    assert (differ < 76).any()
    assert (differ > 76 + 135).any()
    assert not ((differ >= 76) & (differ < 76 + 135)).any()


def test_odd_pictures_and_names_do_no_harm() -> None:
    tiles = [
        SheetTile(jpeg(GREY, (5, 400)), "1:02:03.4"),
        SheetTile(jpeg(GREY, (400, 5)), "x"),
        SheetTile(None, "0:03", action="block"),
    ]
    for count in (1, 3, 60):
        png = contact_sheet((tiles * 20)[:count], title="é中\u202e" * 200, subtitle="s" * 500)
        assert opened(png).width < 2000


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_a_frame_is_saved_at_its_own_size(kind: str, make_image: Callable[..., np.ndarray]) -> None:
    pixels = make_image(321, 123)
    data = encode_frame(Frame(pixels), kind)  # type: ignore[arg-type]

    with Image.open(io.BytesIO(data)) as image:
        assert image.format == {"jpg": "JPEG", "png": "PNG"}[kind]
        assert image.size == (321, 123)
        error = np.abs(np.asarray(image).astype(int) - pixels).mean()
    assert error == 0 if kind == "png" else 0 < error < 4
