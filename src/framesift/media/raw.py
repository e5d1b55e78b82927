"""Camera RAW, over rawpy (LibRaw): the embedded preview first, else a half-size demosaic."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from framesift.errors import CorruptMediaError, FramesiftError, MissingExtraError
from framesift.media.base import Media
from framesift.media.budget import decode_budget
from framesift.media.image import check_pixels, decode_still, orientation_of
from framesift.media.pillow import open_image
from framesift.media.pixels import orient
from framesift.types import Frame, MediaInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from framesift.media.limits import Limits
    from framesift.media.source import Source
    from framesift.types import UInt8Array

__all__ = ["PREVIEW_MIN_PX", "RawMedia", "is_raw_tiff"]

PREVIEW_MIN_PX = 700
"""A preview whose shorter side is smaller than this, and than asked for, is not good enough."""

_FLIP_TO_ORIENTATION = {0: 1, 3: 3, 5: 8, 6: 6}
_BYTES_PER_PX = 12
_MAX_IFDS = 16

_PHOTOMETRIC, _COMPRESSION, _SUB_IFDS, _DNG_VERSION = 0x0106, 0x0103, 0x014A, 0xC612
_RAW_PHOTOMETRIC = frozenset((32803, 34892))
_RAW_COMPRESSION = frozenset((32767, 34713, 32769, 32770))


class RawMedia(Media):
    """A camera's RAW file, as one frame."""

    def __init__(
        self, source: Source, file: BinaryIO, form: str, limits: Limits, *, min_side_px: int | None
    ) -> None:
        """Read the header.

        Raises:
            MissingExtraError: rawpy is not installed.
            CorruptMediaError: LibRaw cannot read it.
            LimitExceededError: It has more pixels than the limits allow.
        """
        self._name = source.name
        self._limits = limits
        self._min_side_px = min_side_px
        self._file = file
        self._raw: Any = _imread(file, source.name)
        sizes = self._raw.sizes
        self._orientation = _FLIP_TO_ORIENTATION.get(int(sizes.flip), 1)
        size = (int(sizes.width), int(sizes.height))
        try:
            check_pixels(size, limits, source.name)
            width, height = size if self._orientation < 5 else size[::-1]
            self._info = MediaInfo(
                path=source.name,
                sha256=source.sha256(limits),
                kind="image",
                format=form,
                width=width,
                height=height,
            )
        except BaseException:
            self.close()
            raise

    @property
    def info(self) -> MediaInfo:
        """Size of the sensor's picture, upright; the frame may be smaller."""
        return self._info

    @property
    def frame_times(self) -> tuple[Fraction, ...]:
        """One frame, at 0."""
        return (Fraction(0),)

    def read(self, times: Sequence[Fraction] | None = None) -> Iterator[Frame]:
        """Give the camera's own preview if it is large enough, else a half-size demosaic."""
        if times is not None and not times:
            return
        try:
            pixels = self._preview()
            if pixels is None:
                pixels = self._demosaic()
        except FramesiftError:
            raise
        except Exception as error:
            message = f"cannot be decoded as camera RAW ({error}); get a new copy"
            raise CorruptMediaError(message, source=self._name) from error
        yield Frame(pixels)

    def close(self) -> None:
        """Close LibRaw and the file."""
        self._raw.close()
        self._file.close()

    def _preview(self) -> UInt8Array | None:
        import rawpy

        try:
            preview = self._raw.extract_thumb()
        except rawpy.LibRawError:
            return None
        wanted = self._min_side_px or PREVIEW_MIN_PX
        wanted = min(wanted, self._info.width // 2, self._info.height // 2)
        if preview.format == rawpy.ThumbFormat.BITMAP:
            bitmap: UInt8Array = np.asarray(preview.data, np.uint8)
            if bitmap.ndim != 3 or min(bitmap.shape[:2]) < wanted:
                return None
            return orient(bitmap, self._orientation)
        if preview.format != rawpy.ThumbFormat.JPEG:
            return None
        image = open_image(io.BytesIO(preview.data), self._name)
        if min(image.size) < wanted:
            return None
        check_pixels(image.size, self._limits, self._name)
        # Some cameras turn the preview and say so in its own EXIF; most leave that to the RAW.
        own = orientation_of(image)
        return decode_still(
            image,
            self._name,
            self._limits,
            orientation=own if own > 1 else self._orientation,
            min_side_px=self._min_side_px,
        )

    def _demosaic(self) -> UInt8Array:
        with decode_budget.borrow(self._info.width * self._info.height * _BYTES_PER_PX):
            pixels: UInt8Array = self._raw.postprocess(
                half_size=True, use_camera_wb=True, output_bps=8
            )
        return np.ascontiguousarray(pixels)


def _imread(file: BinaryIO, name: str) -> Any:
    try:
        import rawpy
    except ImportError as error:
        message = (
            'is a camera RAW file; install its decoder with pip install "framesift[raw]" '
            "or convert it to JPEG"
        )
        raise MissingExtraError(message, source=name) from error
    try:
        file.seek(0)
        return rawpy.imread(file)
    except (rawpy.LibRawError, OSError, ValueError) as error:
        message = f"cannot be read as camera RAW ({error}); get a new copy or convert it to JPEG"
        raise CorruptMediaError(message, source=name) from error


def is_raw_tiff(file: BinaryIO) -> bool:
    """Tell whether a TIFF is a camera RAW file (DNG, NEF, ARW, PEF...).

    Pillow opens those too, but shows only the thumbnail. They are known by a DNG version, a colour
    filter array, or a camera maker's own compression, in any of their directories.
    """
    place = file.tell()
    try:
        return _any_raw_ifd(file)
    except (struct.error, OSError, ValueError, OverflowError):
        return False
    finally:
        file.seek(place)


def _any_raw_ifd(file: BinaryIO) -> bool:
    file.seek(0)
    head = file.read(8)
    order = "<" if head[:2] == b"II" else ">"
    (first,) = struct.unpack(order + "I", head[4:8])
    waiting, seen = [first], set[int]()
    while waiting and len(seen) < _MAX_IFDS:
        offset = waiting.pop()
        if offset == 0 or offset in seen:
            continue
        seen.add(offset)
        tags, following = _read_ifd(file, offset, order)
        if _DNG_VERSION in tags or tags.get(_PHOTOMETRIC, (0,))[0] in _RAW_PHOTOMETRIC:
            return True
        if tags.get(_COMPRESSION, (0,))[0] in _RAW_COMPRESSION:
            return True
        waiting.extend((following, *tags.get(_SUB_IFDS, ())[:_MAX_IFDS]))
    return False


def _read_ifd(file: BinaryIO, offset: int, order: str) -> tuple[dict[int, tuple[int, ...]], int]:
    file.seek(offset)
    (count,) = struct.unpack(order + "H", file.read(2))
    entries = file.read(12 * count)
    (following,) = struct.unpack(order + "I", file.read(4).ljust(4, b"\0"))
    tags: dict[int, tuple[int, ...]] = {}
    for at in range(0, 12 * count, 12):
        tag, kind, number = struct.unpack(order + "HHI", entries[at : at + 8])
        if tag in {_PHOTOMETRIC, _COMPRESSION, _SUB_IFDS, _DNG_VERSION}:
            tags[tag] = _values(file, entries[at + 8 : at + 12], kind, number, order)
    return tags, following


def _values(file: BinaryIO, field: bytes, kind: int, number: int, order: str) -> tuple[int, ...]:
    code = {1: "B", 3: "H", 4: "I", 13: "I"}.get(kind)
    if code is None or not 0 < number <= _MAX_IFDS:
        return (0,)
    size = struct.calcsize(code) * number
    if size > 4:
        (offset,) = struct.unpack(order + "I", field)
        file.seek(offset)
        field = file.read(size)
    return struct.unpack(order + code * number, field[:size])
