"""One frame as a file of its own."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from framesift.types import Frame

__all__ = ["encode_frame"]


def encode_frame(frame: Frame, kind: Literal["jpg", "png"] = "jpg") -> bytes:
    """Encode a frame at its own size.

    Args:
        frame: Any frame; it is not changed.
        kind: ``jpg`` at quality 95 with the colours in full resolution, or ``png``, which loses
            nothing.

    Returns:
        The content of a file, without metadata.
    """
    from PIL import Image

    image = Image.fromarray(frame.pixels)
    out = io.BytesIO()
    if kind == "png":
        image.save(out, "PNG")
    else:
        image.save(out, "JPEG", quality=95, subsampling=0, optimize=True)
    return out.getvalue()
