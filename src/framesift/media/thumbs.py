"""Small JPEGs for reports."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framesift.types import Frame

__all__ = ["blurred", "thumbnail"]

_BLURRED_PX = 10


def thumbnail(frame: Frame, *, side_px: int = 256, quality: int = 80) -> bytes:
    """Make a small JPEG of a frame.

    Args:
        frame: Any frame; it is not changed.
        side_px: The longer side of the result; a smaller frame keeps its size.
        quality: JPEG quality, 1 to 95.

    Returns:
        A baseline JPEG without metadata.
    """
    from PIL import Image

    height, width = frame.pixels.shape[:2]
    pixels = frame.pixels
    # Skipping pixels first keeps a huge frame cheap; four per result pixel are left to average.
    skip = max(1, max(height, width) // (4 * side_px))
    image = Image.fromarray(pixels[::skip, ::skip])
    scale = min(1.0, side_px / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def blurred(jpeg: bytes) -> bytes:
    """Blur a thumbnail so far that only its colours and its light are left.

    The picture is averaged down to ten pixels on its longer side and drawn large again, so the
    detail is not hidden in the result but gone from it.

    Args:
        jpeg: What `thumbnail` returned.

    Returns:
        A JPEG of the same size in pixels.
    """
    from PIL import Image

    with Image.open(io.BytesIO(jpeg)) as image:
        scale = _BLURRED_PX / max(image.size)
        small = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        soft = image.resize(small, Image.Resampling.BOX).resize(
            image.size, Image.Resampling.BICUBIC
        )
    out = io.BytesIO()
    soft.save(out, "JPEG", quality=50)
    return out.getvalue()
