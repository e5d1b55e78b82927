"""Lines of text in a picture: found in the map of a text detector, and cut out upright.

The method is that of "Real-time Scene Text Detection with Differentiable Binarization" (Liao and
others, 2020): a network marks the core of every line, and the line is the smallest rectangle around
the core, grown by what the network was trained to shrink it by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from framesift.types import Float32Array, UInt8Array

__all__ = ["Line", "core_map", "cut_line", "find_lines"]

_STEP: Final = 32
_CORE: Final = 0.3
_LEAST_SCORE: Final = 0.4
_GROWTH: Final = 1.6
_THINNEST_CORE_PX: Final = 3
_THINNEST_LINE_PX: Final = 5
_UPRIGHT: Final = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Where a line may be.

    Attributes:
        corners: float32 (4, 2), x and y in pixels of the picture: the upper left one, then on
            clockwise, as far as a turned line has an upper left one.
        score: Mean of the map within the core, 0 to 1.
    """

    corners: Float32Array
    score: float


def core_map(session: Any, pixels: UInt8Array, shorter_px: int, longer_px: int) -> Float32Array:
    """Run the detector on a picture, uint8 (H, W, 3), brought to a size.

    Args:
        session: Of ONNX Runtime, with the detector.
        pixels: The picture, RGB.
        shorter_px: The shorter side is enlarged to this; 0 to leave small pictures as they are.
        longer_px: The longer side is never larger than this.

    Returns:
        float32 (h, w) in [0, 1], each side a multiple of 32.
    """
    from PIL import Image

    height, width = pixels.shape[:2]
    scale = max(1.0, shorter_px / min(height, width))
    scale = min(scale, longer_px / max(height, width))
    size = tuple(max(_STEP, round(side * scale / _STEP) * _STEP) for side in (width, height))
    image = Image.fromarray(np.ascontiguousarray(pixels))
    small = image.resize((size[0], size[1]), Image.Resampling.BILINEAR, reducing_gap=2.0)
    # The network was trained on blue, green, red in [-1, 1].
    scaled = np.asarray(small, np.float32)[..., ::-1] * (2 / 255) - 1
    data = np.ascontiguousarray(scaled.transpose(2, 0, 1)[None], np.float32)
    found: Float32Array = session.run(None, {session.get_inputs()[0].name: data})[0][0, 0]
    return found


def find_lines(cores: Float32Array, width: int, height: int) -> list[Line]:
    """Find lines in a map, float32 (h, w), of a picture of the given size in pixels."""
    import cv2

    mask = cv2.dilate((cores > _CORE).astype(np.uint8), np.ones((2, 2), np.uint8))
    outlines = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[-2]
    scale = np.array((width / cores.shape[1], height / cores.shape[0]), np.float32)
    lines = []
    for outline in outlines:
        centre, (across, down), angle = cv2.minAreaRect(outline)
        if min(across, down) < _THINNEST_CORE_PX:
            continue
        score = _mean_within(cores, _corners((centre, (across, down), angle)))
        grown = _GROWTH * across * down / (across + down)
        sides = (across + grown, down + grown)
        if score < _LEAST_SCORE or min(sides) < _THINNEST_LINE_PX:
            continue
        corners = _corners((centre, sides, angle)) * scale
        corners = np.clip(corners, 0, np.array((width, height), np.float32))
        lines.append(Line(_from_upper_left(corners), score))
    return lines


def cut_line(pixels: UInt8Array, line: Line) -> UInt8Array:
    """Cut a line out of its picture, uint8 (H, W, 3), and turn it upright: uint8 (h, w, 3)."""
    import cv2

    corners = line.corners
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    across, down = max(1, int(max(sides[0], sides[2]))), max(1, int(max(sides[1], sides[3])))
    target = np.array(((0, 0), (across, 0), (across, down), (0, down)), np.float32)
    turn = cv2.getPerspectiveTransform(corners, target)
    cut = cv2.warpPerspective(
        np.ascontiguousarray(pixels),
        turn,
        (across, down),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.ascontiguousarray(np.rot90(cut) if down >= _UPRIGHT * across else cut)


def _corners(turned: Any) -> Float32Array:
    import cv2

    return np.asarray(cv2.boxPoints(turned), np.float32)


def _from_upper_left(corners: Float32Array) -> Float32Array:
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    left = by_x[:2][np.argsort(by_x[:2, 1], kind="stable")]
    right = by_x[2:][np.argsort(by_x[2:, 1], kind="stable")]
    return np.stack([left[0], right[0], right[1], left[1]])


def _mean_within(cores: Float32Array, corners: Float32Array) -> float:
    import cv2

    limit = np.array((cores.shape[1] - 1, cores.shape[0] - 1))
    left, top = np.clip(np.floor(corners.min(axis=0)), 0, limit).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=0)), 0, limit).astype(int)
    part = cores[top : bottom + 1, left : right + 1]
    mask = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(mask, [np.round(corners - (left, top)).astype(np.int32)], (1.0,))
    return float(part[mask > 0].mean()) if mask.any() else 0.0
