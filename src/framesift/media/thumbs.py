"""Small JPEGs for reports."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framesift.types import Frame

__all__ = ["thumbnail"]


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
