"""What is known of a picture or video, and its frames."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Frame",
    "Geometry",
    "MediaInfo",
    "MediaKind",
    "UInt8Array",
    "WordBox",
]

MediaKind: TypeAlias = Literal["image", "animation", "video"]
UInt8Array: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What is known of a picture or video before its frames are read.

    Attributes:
        path: The name the user gave it (``-`` for standard input).
        sha256: Of the content, 64 hexadecimal digits.
        kind: ``image`` (one frame), ``animation`` or ``video``.
        format: The container or codec found in the content, in lower case: ``jpeg``, ``mp4``.
        width: Of the picture as shown (after EXIF or stream rotation), in pixels.
        height: Likewise.
        duration: Seconds, exact; ``None`` for a still or where the file does not tell.
        frame_count: ``1`` for a still, ``None`` where only decoding would tell.
        start: Time of the first frame, in seconds on the stream's own clock.
    """

    path: str
    sha256: str
    kind: MediaKind
    format: str
    width: int
    height: int
    duration: Fraction | None = None
    frame_count: int | None = 1
    start: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where a picture lies in pixels that its decoder scaled down.

    A decoder that scales by 1/k gives ceil(width / k) columns, the last one a part of a column.
    Resizing by these numbers puts a picture where the full decode would, to a fraction of a pixel.

    Attributes:
        width: Of the picture in full, upright, in pixels.
        height: Likewise.
        box: Left, top, right and bottom of the picture within the scaled pixels, as floats.
    """

    width: int
    height: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture, decoded.

    Attributes:
        pixels: uint8 (H, W, 3), RGB, sRGB-like, upright, no alpha. It may be smaller than
            ``MediaInfo.width x height`` where the decoder scaled while decoding.
        time: Presentation time in seconds, from the stream's own PTS; ``0`` for a still.
        index: Position among the frames of its medium, from 0.
        duration: How long it is shown, in seconds; ``None`` where unknown.
        geometry: Where the decoder scaled: the full size and the picture's place in ``pixels``.
    """

    pixels: UInt8Array
    time: Fraction = Fraction(0)
    index: int = 0
    duration: Fraction | None = None
    geometry: Geometry | None = None

    def __post_init__(self) -> None:
        """Check shape and type once, where the frame is made."""
        shape = self.pixels.shape
        if len(shape) != 3 or shape[2] != 3 or 0 in shape or self.pixels.dtype != np.uint8:
            message = f"a frame is uint8 (H, W, 3); got {self.pixels.dtype} {shape}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class WordBox:
    """Words read in a picture.

    Attributes:
        text: One line.
        confidence: Of the reader, in [0, 1].
        box: Left, top, right and bottom as shares of width and height.
    """

    text: str
    confidence: float
    box: tuple[float, float, float, float]
