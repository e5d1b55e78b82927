"""Stills: one picture, decoded by Pillow, as one upright RGB frame.

What has several pictures in one file but is not an animation gives its main one: the first page of
a DCX, the primary image of a HEIF, the flattened image of a Photoshop file, the largest icon of an
ICO or ICNS. The pages of a TIFF and the views of an MPO are read in `framesift.media.pages`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image

from framesift.errors import LimitExceededError
from framesift.media.base import Media
from framesift.media.budget import DECODE_BYTES, decode_budget
from framesift.media.pillow import decoding, open_image
from framesift.media.pixels import orient, scaled_geometry, to_rgb_array
from framesift.types import Frame, MediaInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL.ImageFile import ImageFile

    from framesift.media.limits import Limits
    from framesift.media.source import Source
    from framesift.types import UInt8Array

__all__ = [
    "MAX_FRAME_PX",
    "StillMedia",
    "check_pixels",
    "decode_still",
    "header_info",
    "memory_needed",
    "orientation_of",
    "reduction",
]

MAX_FRAME_PX = 100_000_000
"""A frame never has more pixels: a larger picture is shrunk, also where a full decode is asked for.

No model looks at more than a thousandth of them, and 100 megapixels are 300 MB.
"""

_MOST_BYTES = DECODE_BYTES * 7 // 5
_WORTH_REDUCING_PX = 2_000_000
_MOST_JPEG_SCALE = 4
_WHOLE_FILE_BYTES = 256 * 2**20
_WHOLE_FILE = frozenset(("AVIF", "HEIF", "WEBP"))
"""Formats whose plugins read the file into memory; the others are read piece by piece."""

_STORED_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
_CODEC_BYTES = {
    "AVIF": 8, "HEIF": 8, "WEBP": 12, "JPEG2000": 12, "BLP": 8, "DDS": 8, "FTEX": 8, "PSD": 4,
}  # fmt: skip
"""Bytes a codec takes per pixel beside Pillow's own copy, measured on 40-megapixel pictures."""

_SLOW_CODECS = frozenset(("qoi", "dds_rgb", "ppm_plain", "ppm", "xpm", "BLP1", "BLP2"))
_SLOW_PX = 16_000_000
_PYTHON_PX = 64_000_000
"""Decoders that Pillow has in pure Python stop every thread; some take a second a megapixel."""

_FORMAT_NAMES = {"MPO": "jpeg", "DIB": "bmp", "XVTHUMB": "xv"}


class StillMedia(Media):
    """A picture with one frame."""

    def __init__(
        self, source: Source, image: ImageFile, limits: Limits, *, min_side_px: int | None
    ) -> None:
        """Take over an image whose header has been read.

        Raises:
            LimitExceededError: Its header promises more pixels than the limits allow.
        """
        self._source = source
        self._limits = limits
        self._min_side_px = min_side_px
        self._image: ImageFile | None = image
        check_pixels(image.size, limits, source.name)
        self._orientation = orientation_of(image)
        self._info = header_info(source, image, limits)

    @property
    def info(self) -> MediaInfo:
        """What the header says."""
        return self._info

    @property
    def frame_times(self) -> tuple[Fraction, ...]:
        """One frame, at 0."""
        return (Fraction(0),)

    def read(self, times: Sequence[Fraction] | None = None) -> Iterator[Frame]:
        """Decode the picture; any non-empty ``times`` give the same one frame."""
        if times is not None and not times:
            return
        image, self._image = self._image, None
        if image is None:
            image = open_image(self._source.open(self._limits), self._source.name)
        pixels = decode_still(
            image,
            self._source.name,
            self._limits,
            orientation=self._orientation,
            min_side_px=self._min_side_px,
        )
        size = (self._info.width, self._info.height)
        yield Frame(pixels, geometry=scaled_geometry(size, pixels, self._orientation))

    def close(self) -> None:
        """Close the file if it has not been decoded."""
        if self._image is not None:
            close_image(self._image)
            self._image = None


def header_info(source: Source, image: ImageFile, limits: Limits) -> MediaInfo:
    """Say what the header of a still tells: its format and its size as shown.

    Raises:
        LimitExceededError: The content is larger than the limits allow.
    """
    width, height = image.size
    if orientation_of(image) >= 5:
        width, height = height, width
    return MediaInfo(
        path=source.name,
        sha256=source.sha256(limits),
        kind="image",
        format=format_name(image),
        width=width,
        height=height,
    )


def decode_still(
    image: ImageFile,
    name: str,
    limits: Limits,
    *,
    orientation: int = 1,
    min_side_px: int | None = None,
) -> UInt8Array:
    """Decode an opened picture and close it.

    Args:
        image: Header read, pixels not.
        name: For messages.
        limits: ``max_pixels`` is checked again on what was decoded.
        orientation: EXIF orientation still to apply.
        min_side_px: The shorter side may shrink to this; ``None`` decodes in full.

    Returns:
        uint8 (H, W, 3), RGB, upright.

    Raises:
        CorruptMediaError: It is broken or cut off.
        UnsupportedMediaError: Its variant is not decoded.
        LimitExceededError: It turned out larger than its header said.
    """
    file = image.fp  # decoding lets go of it without closing it
    try:
        with decoding(name):
            _check_speed(image, name)
            shrink = reduction(image.size, min_side_px)
            prepare_scaled(image, shrink, min_side_px)
            needed = memory_needed(image, shrink, name)
        with decode_budget.borrow(needed), decoding(name):
            image.load()
            check_pixels(image.size, limits, name)
            pixels = to_rgb_array(image, reduce_by=_rest(image, shrink, min_side_px))
            close_image(image)
            return orient(pixels, orientation)
    finally:
        close_image(image)
        if file is not None:
            file.close()


def reduction(size: tuple[int, int], min_side_px: int | None) -> int:
    """Return the whole factor by which a picture of ``size`` may shrink."""
    width, height = size
    factor = 1
    if min_side_px is not None and width * height >= _WORTH_REDUCING_PX:
        factor = max(1, min(width, height) // min_side_px)
    while -(-width // factor) * -(-height // factor) > MAX_FRAME_PX:
        factor += 1
    return factor


def prepare_scaled(image: ImageFile, shrink: int, min_side_px: int | None) -> None:
    """Ask the codec itself to decode smaller, where it can.

    JPEG scales by 1/2 or 1/4 inside the inverse DCT, which costs a fraction of a full decode; 1/8
    is not taken, because it keeps nothing but the mean of each block. JPEG 2000 leaves out
    resolution levels.
    """
    width, height = image.size
    if image.format in {"JPEG", "MPO"}:
        factor = shrink
        if min_side_px is not None:
            factor = max(factor, min(width, height) // min_side_px)
        factor = min(factor, _MOST_JPEG_SCALE)
        # Pillow takes the largest scale whose result is at least this large on both sides.
        if factor > 1:
            image.draft(image.mode, (max(1, width // factor), max(1, height // factor)))
    elif image.format == "JPEG2000" and shrink > 1:
        levels = min(shrink.bit_length() - 1, _jpeg2000_levels(image))
        if levels > 0:
            image.reduce = levels  # type: ignore[assignment, method-assign]


def _jpeg2000_levels(image: ImageFile) -> int:
    # The coding style marker, after the start of the codestream, counts the resolution levels.
    assert image.fp is not None
    place = image.fp.tell()
    image.fp.seek(0)
    head = image.fp.read(2**16)
    image.fp.seek(place)
    start = head.find(b"\xff\x4f\xff\x51")
    marker = head.find(b"\xff\x52", start) if start >= 0 else -1
    return head[marker + 9] if 0 <= marker < len(head) - 9 else 0


def _rest(image: ImageFile, shrink: int, min_side_px: int | None) -> int:
    """Return the factor still to go after the codec scaled, or did not."""
    if image.format in {"JPEG", "MPO"}:
        return reduction(image.size, None)
    if image.format == "JPEG2000":
        return reduction(image.size, min_side_px)
    return shrink


def memory_needed(image: ImageFile, shrink: int, name: str) -> int:
    """Estimate the bytes that decoding takes at its peak.

    Raises:
        LimitExceededError: It is far more than the whole process may use.
    """
    width, height = image.size
    codec = _CODEC_BYTES.get(image.format or "", 0)
    if image.format == "JPEG2000":
        width, height = (-(-side >> getattr(image, "_reduce", 0)) for side in (width, height))
    pixels = width * height
    needed = pixels * (_STORED_BYTES.get(image.mode, 4) + codec) + 6 * pixels // shrink**2
    if image.info.get("progressive"):
        # A progressive JPEG keeps all its coefficients, at full size, until the last scan.
        scale = image.decoderconfig[0] if image.decoderconfig else 1
        needed += 6 * pixels * scale**2
    if image.format in _WHOLE_FILE and image.fp is not None:
        needed += _whole_file(image.fp, name)
    if needed > _MOST_BYTES:
        message = (
            f"needs about {needed / 1e9:.1f} GB of memory to be decoded ({width} x {height} pixels "
            f"of {image.format}); make it smaller, or save it as JPEG or PNG"
        )
        raise LimitExceededError(message, source=name)
    return needed


def _whole_file(file: BinaryIO | object, name: str) -> int:
    seek, tell = getattr(file, "seek", None), getattr(file, "tell", None)
    if seek is None or tell is None:
        return 0
    place = tell()
    size = int(seek(0, 2))
    seek(place)
    if size > _WHOLE_FILE_BYTES:
        message = f"has {size:,} bytes, too many for a picture of this format; convert it"
        raise LimitExceededError(message, source=name)
    return size


def _check_speed(image: ImageFile, name: str) -> None:
    width, height = image.size
    codec = image.tile[0][0] if image.tile else ""
    if codec not in Image.DECODERS:
        return
    if width * height > (_SLOW_PX if codec in _SLOW_CODECS else _PYTHON_PX):
        message = (
            f"is {width} x {height} pixels, which takes too long to decode from {image.format}; "
            "save it as PNG"
        )
        raise LimitExceededError(message, source=name)


def check_pixels(size: tuple[int, int], limits: Limits, name: str) -> None:
    """Raise if a picture has more pixels than allowed.

    Raises:
        LimitExceededError: It has.
    """
    width, height = size
    if width * height > limits.max_pixels:
        message = (
            f"is {width} x {height} pixels; {limits.max_pixels:,} pixels are allowed; "
            "make it smaller or raise max_pixels"
        )
        raise LimitExceededError(message, source=name)


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation still to be applied, 1 to 8; 1 where EXIF is absent or broken."""
    if image.format == "TIFF":
        return 1  # Pillow turns these itself
    try:
        with decoding(""):
            # The base class's method: PNG's own would decode the whole picture to look for EXIF.
            value = Image.Image.getexif(image).get(0x0112, 1)
    except Exception:  # noqa: BLE001 - broken EXIF never spoils a good picture
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def format_name(image: Image.Image) -> str:
    """Return the format as records call it, in lower case."""
    name = image.format or ""
    return _FORMAT_NAMES.get(name, name.lower())


def close_image(image: ImageFile) -> None:
    """Close a picture and the file under it."""
    file = image.fp
    image.close()
    if file is not None:
        file.close()
