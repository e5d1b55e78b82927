"""From any of Pillow's pixel modes to RGB with eight bits, upright, in bounded memory.

The picture is converted in strips, so that besides Pillow's own copy and the result no third
full-size array ever exists; and it is shrunk strip by strip where the caller needs less.
"""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image, ImageCms

from framesift.types import Geometry

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from framesift.types import UInt8Array

    ToRGB: TypeAlias = Callable[[Image.Image], Image.Image]

__all__ = ["orient", "scaled_geometry", "to_rgb_array"]

_STRIP_PX = 2**21
_WHITE = (255, 255, 255)
_ALPHA_MODES = frozenset(("LA", "La", "PA", "RGBA", "RGBa"))
_DEEP_MODES = frozenset(("I", "F", "I;16", "I;16L", "I;16B", "I;16N"))


def to_rgb_array(image: Image.Image, *, reduce_by: int = 1) -> UInt8Array:
    """Convert a loaded picture.

    - Alpha, and palette or colour-key transparency, is composited on white, as a page shows it.
    - Sixteen bits are scaled to eight, not cut. Thirty-two bit integers and floats have no fixed
      range: floats within [0, 1] and integers within [0, 65535] are taken at face value, other
      ranges are stretched from their minimum to their maximum.
    - CMYK and Lab are converted, and an embedded ICC profile other than sRGB is applied (CMYK, RGB
      and Lab only; perceptual intent). A profile that cannot be used is ignored.

    Args:
        image: Loaded; any mode.
        reduce_by: Shrink by this whole factor, each result pixel the mean of a square.

    Returns:
        uint8 (ceil(H / reduce_by), ceil(W / reduce_by), 3), RGB.
    """
    width, height = image.size
    profile = _profile_transform(image)
    convert = _converter(image, keep_cmyk=profile is not None and image.mode == "CMYK")
    out = np.empty((-(-height // reduce_by), -(-width // reduce_by), 3), np.uint8)
    step = max(1, _STRIP_PX // (width * reduce_by)) * reduce_by
    for top in range(0, height, step):
        bottom = min(top + step, height)
        whole = top == 0 and bottom == height
        strip = convert(image if whole else image.crop((0, top, width, bottom)))
        if reduce_by > 1:
            strip = strip.reduce(reduce_by)
        if profile is not None:
            strip = profile(strip)
        out[top // reduce_by : -(-bottom // reduce_by)] = np.asarray(strip)
    return out


def orient(pixels: UInt8Array, orientation: int) -> UInt8Array:
    """Turn pixels (H, W, 3) upright, given the EXIF orientation from 1 to 8."""
    rows, columns = slice(None, None, -1), slice(None, None, -1)
    if orientation in {5, 6, 7, 8}:
        pixels = pixels.swapaxes(0, 1)
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[rows]
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, columns]
    return np.ascontiguousarray(pixels)


def scaled_geometry(size: tuple[int, int], pixels: UInt8Array, orientation: int) -> Geometry | None:
    """Say where a picture lies in pixels that were decoded at a whole fraction of its size.

    Args:
        size: Full width and height, upright.
        pixels: What was decoded, upright.
        orientation: The EXIF orientation that was applied: it tells on which side the part of
            a pixel that rounding up added has come to lie.

    Returns:
        ``None`` where nothing was scaled.
    """
    height_px, width_px = pixels.shape[:2]
    factor = round(max(size) / max(width_px, height_px))
    if factor < 2 or (-(-size[0] // factor), -(-size[1] // factor)) != (width_px, height_px):
        return None
    width, height = size[0] / factor, size[1] / factor
    left = width_px - width if orientation in {2, 3, 6, 7} else 0.0
    top = height_px - height if orientation in {3, 4, 7, 8} else 0.0
    return Geometry(*size, (left, top, left + width, top + height))


def _converter(image: Image.Image, *, keep_cmyk: bool) -> ToRGB:
    mode = image.mode
    if mode in _DEEP_MODES:
        return _deep_converter(image)
    if mode in _ALPHA_MODES or "transparency" in image.info:
        return _composite
    if mode == "LAB":
        return _lab_to_rgb
    if keep_cmyk or mode == "RGB":
        return _same
    return _plain


def _same(strip: Image.Image) -> Image.Image:
    return strip


def _plain(strip: Image.Image) -> Image.Image:
    return strip.convert("RGB")


def _composite(strip: Image.Image) -> Image.Image:
    if strip.mode == "La":
        strip = strip.convert("LA")
    if strip.mode == "RGBX":
        return strip.convert("RGB")
    layer = strip if strip.mode == "RGBA" else strip.convert("RGBA")
    page = Image.new("RGB", strip.size, _WHITE)
    page.paste(layer, mask=layer.getchannel("A"))
    return page


def _lab_to_rgb(strip: Image.Image) -> Image.Image:
    transform = ImageCms.buildTransform(
        ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB"
    )
    result = ImageCms.applyTransform(strip, transform)
    assert result is not None
    return result


def _deep_converter(image: Image.Image) -> ToRGB:
    low, high = _deep_range(image)
    scale = 255.0 / (high - low) if high > low else 0.0

    def convert(strip: Image.Image) -> Image.Image:
        values = _deep_values(strip)
        values -= low
        values *= scale
        np.clip(values, 0.0, 255.0, out=values)
        return Image.fromarray((values + 0.5).astype(np.uint8)).convert("RGB")

    return convert


def _deep_values(strip: Image.Image) -> NDArray[np.float64]:
    # Double precision: the span of two floats may be more than a float holds.
    with np.errstate(invalid="ignore"):  # signalling not-a-numbers
        values = np.asarray(strip).astype(np.float64)
    # Not-a-number and infinities mark missing data in science formats: show them as darkest.
    return np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)


def _deep_range(image: Image.Image) -> tuple[float, float]:
    if image.mode.startswith("I;16"):
        return 0.0, float(2 ** _tiff_bits(image) - 1)
    low, high = np.inf, -np.inf
    width, height = image.size
    step = max(1, _STRIP_PX // width)
    for top in range(0, height, step):
        values = _deep_values(image.crop((0, top, width, min(top + step, height))))
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    if image.mode == "F" and low >= 0.0 and high <= 1.0:
        return 0.0, 1.0
    if image.mode == "I" and low >= 0.0 and high <= 65535.0 and image.format != "TIFF":
        return 0.0, 65535.0
    return low, high


def _tiff_bits(image: Image.Image) -> int:
    # Twelve-bit TIFF is unpacked into sixteen bits without being scaled.
    bits = getattr(image, "tag_v2", {}).get(258, (16,))
    first = bits[0] if isinstance(bits, tuple) and bits else bits
    return first if first in {9, 10, 11, 12, 13, 14, 15} else 16


def _profile_transform(image: Image.Image) -> ToRGB | None:
    data = image.info.get("icc_profile")
    if not isinstance(data, bytes) or not data:
        return None
    mode = image.mode
    space = {"CMYK": b"CMYK", "RGB": b"RGB ", "RGBA": b"RGB ", "P": b"RGB "}.get(mode)
    # Bytes 16 to 19 of a profile name its colour space; "sRGB" in its text tags needs no work.
    if space is None or data[16:20] != space or _is_srgb(data):
        return None
    with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(BytesIO(data)),
            ImageCms.createProfile("sRGB"),
            "CMYK" if mode == "CMYK" else "RGB",
            "RGB",
        )
        return lambda strip: _apply(strip, transform)
    return None


def _is_srgb(data: bytes) -> bool:
    return b"sRGB" in data or b"s\0R\0G\0B" in data


def _apply(strip: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    result = ImageCms.applyTransform(strip, transform)
    assert result is not None
    return result
