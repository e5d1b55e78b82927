"""From a decoded video frame to upright RGB pixels: shape, fields, colours, transparency."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import av.filter
import numpy as np
from av.video.reformatter import VideoReformatter

from framesift.media.hdr import HLG, PQ, ToneMap
from framesift.media.image import check_pixels, reduction

if TYPE_CHECKING:
    from av.buffer import Buffer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

    from framesift.media.limits import Limits
    from framesift.types import UInt8Array

    Turn: TypeAlias = tuple[int, int, int, int]

__all__ = ["Renderer"]

_UNSPECIFIED = 2
_BT709 = 1
_BT601 = 5
_HD_WIDTH, _HD_HEIGHT = 1280, 576
_MOST_STRETCHED = 10
_COMB_LEVELS = 10
_COMBED_SHARE = 0.004

_UPRIGHT: Turn = (1, 0, 0, 1)
_TURNS: tuple[Turn, ...] = tuple(
    turn for s in (1, -1) for t in (1, -1) for turn in ((s, 0, 0, t), (0, s, t, 0))
)


class Renderer:
    """Turns the frames of one video into pixels.

    - Pixels that are not square are made square; the height as stored stays.
    - The display matrix is applied, mirroring included; odd angles count as the nearest quarter
      turn.
    - Of interlaced frames in which the fields differ, the upper field is kept and the lines between
      are interpolated. Filters such as bwdif look at the frames around, which would make a frame
      depend on where reading began; one field alone is also one moment, without ghosts.
    - Matrix and range are those that the frame states. Where it states none, BT.709 is taken from
      1280 columns or 577 lines on and BT.601 below, as players do.
    - PQ and HLG are tone-mapped (`ToneMap`).
    - Transparency is laid over white, as for stills.
    """

    def __init__(
        self, stream: VideoStream, first: VideoFrame, limits: Limits, min_side_px: int | None
    ) -> None:
        """Take from the first frame what holds for all."""
        self._limits = limits
        self._min_side_px = min_side_px
        self._aspect = _sample_aspect(stream)
        tiny = VideoReformatter().reformat(first, 2, 2, "rgb24", interpolation="POINT")
        self._peak = _peak_nits(tiny)
        self._turns = {first.rotation: _turn_of(tiny)}
        self._tone_maps: dict[tuple[int, int], ToneMap] = {}
        self._full = VideoReformatter()
        self._tiny = VideoReformatter()

    def size(self, picture: VideoFrame) -> tuple[int, int]:
        """Return width and height as shown: square pixels, upright."""
        width, height = self._square(picture)
        return (height, width) if self._turn(picture)[0] == 0 else (width, height)

    def pixels(self, picture: VideoFrame, name: str) -> UInt8Array:
        """Return uint8 (H, W, 3), RGB, upright, shrunk by a whole factor where that is asked for.

        Raises:
            LimitExceededError: It is larger than the limits allow.
        """
        square = self._square(picture)
        check_pixels((picture.width, picture.height), self._limits, name)
        check_pixels(square, self._limits, name)
        shrink = reduction(square, self._min_side_px)
        width, height = max(1, square[0] // shrink), max(1, square[1] // shrink)
        turn = self._turn(picture)
        smaller = width < picture.width or height < picture.height
        if picture.interlaced_frame and _is_combed(picture):
            picture = _upper_field(picture)
        pixels = self._convert(
            self._full, picture, (width, height), "AREA" if smaller else "BICUBIC"
        )
        return _turned(pixels, turn)

    def small(self, picture: VideoFrame, width: int, height: int) -> UInt8Array:
        """Return uint8 (height, width, 3), RGB, as stored: neither turned nor deinterlaced."""
        return self._convert(self._tiny, picture, (width, height), "FAST_BILINEAR")

    def _square(self, picture: VideoFrame) -> tuple[int, int]:
        return max(1, round(picture.width * self._aspect)), picture.height

    def _turn(self, picture: VideoFrame) -> Turn:
        """Return how a frame is to be turned; mirroring is taken from the first frame of its kind.

        PyAV's container of side data and its frame refer to each other: looking into it would keep
        the frame until Python's garbage is collected, so a tiny copy is looked into.
        """
        rotation = picture.rotation
        if rotation not in self._turns:
            tiny = VideoReformatter().reformat(picture, 2, 2, "rgb24", interpolation="POINT")
            self._turns[rotation] = _turn_of(tiny)
        return self._turns[rotation]

    def _convert(
        self, scaler: VideoReformatter, picture: VideoFrame, size: tuple[int, int], method: str
    ) -> UInt8Array:
        if picture.colorspace == _UNSPECIFIED and _has_matrix(picture):
            hd = picture.width >= _HD_WIDTH or picture.height > _HD_HEIGHT
            picture.colorspace = _BT709 if hd else _BT601
        key = (picture.color_trc, picture.color_primaries)
        high_range = key[0] in {PQ, HLG}
        see_through = _has_alpha(picture)
        form = "rgb48le" if high_range else "rgba" if see_through else "rgb24"
        scaled = scaler.reformat(picture, *size, form, interpolation=method)
        # PyAV gives a view into padded lines where the width is odd.
        array = np.ascontiguousarray(cast("UInt8Array", scaled.to_ndarray()))
        if high_range:
            if key not in self._tone_maps:
                self._tone_maps[key] = ToneMap(*key, self._peak)
            return self._tone_maps[key](array.view(np.uint16))
        return _on_white(array) if see_through else array


def _has_matrix(picture: VideoFrame) -> bool:
    form = picture.format
    return len(form.components) > 2 and not form.is_rgb and not form.has_palette


def _has_alpha(picture: VideoFrame) -> bool:
    form = picture.format
    return form.has_palette or any(part.is_alpha for part in form.components)


def _side_data(picture: VideoFrame, kind: str, dtype: type[np.generic]) -> NDArray[Any]:
    """Return what goes with a frame as numbers; none where it is absent."""
    data = picture.side_data.get(kind)
    return np.frombuffer(b"" if data is None else bytes(cast("Buffer", data)), dtype)


def _sample_aspect(stream: VideoStream) -> Fraction:
    """Return how much wider than high a stored pixel is shown; 1 where that is not believable."""
    aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
    if not aspect or not Fraction(1, _MOST_STRETCHED) <= aspect <= _MOST_STRETCHED:
        return Fraction(1)
    return Fraction(aspect)


def _peak_nits(picture: VideoFrame) -> float | None:
    """Read the brightest light from the frame's metadata, in cd/m2."""
    light = _side_data(picture, "CONTENT_LIGHT_LEVEL", np.uint32)
    if len(light) and light[0]:
        return float(light[0])
    # AVMasteringDisplayMetadata: ten ratios of two ints, the last the peak, and two flags.
    screen = _side_data(picture, "MASTERING_DISPLAY_METADATA", np.int32)
    if len(screen) >= 22 and screen[21] and screen[19] > 0 and screen[18] > 0:
        return float(screen[18] / screen[19])
    return None


def _turn_of(picture: VideoFrame) -> Turn:
    """Return the nearest of the eight ways to turn and mirror, as the matrix (a, b, c, d).

    A stored pixel (x, y) is shown at (a x + c y, b x + d y).
    """
    matrix = _side_data(picture, "DISPLAYMATRIX", np.int32)
    if len(matrix) < 9:
        return _UPRIGHT
    a, b, _, c, d = (float(value) for value in matrix[:5])
    scores = [a * turn[0] + b * turn[1] + c * turn[2] + d * turn[3] for turn in _TURNS]
    best = int(np.argmax(scores))
    return _TURNS[best] if scores[best] > 0 else _UPRIGHT


def _turned(pixels: UInt8Array, turn: Turn) -> UInt8Array:
    if turn == _UPRIGHT:
        return pixels
    a, b, c, d = turn
    if a == 0:
        pixels = pixels.swapaxes(0, 1)
    if a + c < 0:
        pixels = pixels[:, ::-1]
    if b + d < 0:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _is_combed(picture: VideoFrame) -> bool:
    """Tell whether the two fields show different moments: lines that stand out from both sides."""
    grey = VideoReformatter().reformat(picture, format="gray", interpolation="POINT").to_ndarray()
    lines = grey[:, ::2].astype(np.int16)
    above, here, below = lines[:-2], lines[1:-1], lines[2:]
    up, down = here - above, here - below
    out = np.minimum(np.abs(up), np.abs(down)) > _COMB_LEVELS
    combed = out & ((up > 0) == (down > 0)) & (np.abs(above - below) < _COMB_LEVELS)
    return bool(combed.mean() > _COMBED_SHARE) if combed.size else False


def _upper_field(picture: VideoFrame) -> VideoFrame:
    """Return every second line, half as high; nothing is copied."""
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=picture.width,
        height=picture.height,
        format=picture.format,
        time_base=picture.time_base or Fraction(1, 1000),
    )
    field, sink = graph.add("field", "type=top"), graph.add("buffersink")
    source.link_to(field)
    field.link_to(sink)
    graph.configure()
    graph.push(picture)
    return cast("VideoFrame", graph.pull())


def _on_white(pixels: UInt8Array) -> UInt8Array:
    """Lay RGBA, not premultiplied, over white."""
    alpha = pixels[..., 3:].astype(np.uint16)
    mixed = pixels[..., :3] * alpha + np.uint16(255) * (255 - alpha) + np.uint16(127)
    return (mixed // 255).astype(np.uint8)
