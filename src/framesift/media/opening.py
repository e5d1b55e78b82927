"""One way in: any source becomes an opened medium of the right kind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from framesift.errors import CorruptMediaError, UnsupportedMediaError
from framesift.media.limits import Limits
from framesift.media.sniff import HEAD_BYTES, sniff
from framesift.media.source import Source

if TYPE_CHECKING:
    import os

    from framesift.media.base import Media
    from framesift.media.sniff import Sniffed

__all__ = ["open_media"]

_SEQUENCE_BRANDS = frozenset((b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"))


def open_media(
    source: Source | str | os.PathLike[str] | bytes,
    *,
    limits: Limits | None = None,
    min_side_px: int | None = None,
) -> Media:
    """Open a picture, animation or video, by its content whatever its name.

    Args:
        source: A `Source`, a path, or the content itself as bytes.
        limits: The largest medium that is still read; default `Limits()`.
        min_side_px: Decoders may scale down while the shorter side keeps at least this many
            pixels; ``None`` decodes in full (up to 100 megapixels a frame).

    Returns:
        The medium; close it, or use it in a ``with`` statement.

    Raises:
        SourceError: It cannot be found, opened or read.
        UnsupportedMediaError: Its content is not of a format that is decoded.
        CorruptMediaError: Its header is broken.
        LimitExceededError: It is larger than the limits allow.
        MissingExtraError: It is camera RAW and rawpy is not installed.
    """
    limits = limits or Limits()
    source = _as_source(source)
    source.sha256(limits)
    file = source.open(limits)
    source.forget()
    try:
        return _open(source, file, limits, min_side_px)
    except BaseException:
        file.close()
        raise


def _as_source(source: Source | str | os.PathLike[str] | bytes) -> Source:
    if isinstance(source, Source):
        return source
    if isinstance(source, bytes):
        return Source.from_bytes(source)
    return Source.from_path(Path(source))


def _open(source: Source, file: BinaryIO, limits: Limits, min_side_px: int | None) -> Media:
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if not head:
        raise CorruptMediaError("is empty (0 bytes); get a new copy", source=source.name)
    kind = sniff(head)
    match kind.family:
        case "video":
            from framesift.media.video import VideoMedia

            return VideoMedia(source, file, kind.format, limits, min_side_px=min_side_px)
        case "audio":
            message = f"is sound only ({kind.title}); give a picture or a video"
            raise UnsupportedMediaError(message, source=source.name)
        case "blocked":
            message = f"is of a kind that is not decoded ({kind.title}); convert it to JPEG or PNG"
            raise UnsupportedMediaError(message, source=source.name)
        case _:
            return _open_picture(source, file, kind, limits, min_side_px=min_side_px)


def _open_picture(
    source: Source, file: BinaryIO, kind: Sniffed, limits: Limits, *, min_side_px: int | None
) -> Media:
    from framesift.media.animation import AnimationMedia, timing_of
    from framesift.media.image import StillMedia
    from framesift.media.pages import PagesMedia, pages_of
    from framesift.media.pillow import open_image
    from framesift.media.raw import RawMedia, is_raw_tiff

    if kind.format == "heif":
        sequence = _open_sequence(source, limits, min_side_px)
        if sequence is not None:
            file.close()
            return sequence
    if kind.family == "raw":
        return RawMedia(source, file, kind.format, limits, min_side_px=min_side_px)
    if kind.format == "tiff" and is_raw_tiff(file):
        try:
            return RawMedia(source, file, "raw", limits, min_side_px=min_side_px)
        except CorruptMediaError:
            pass  # an ordinary TIFF with a camera's tags; Pillow may know better
    image = open_image(file, source.name)
    timing = timing_of(image, file, limits.max_frames)
    if timing is not None:
        return AnimationMedia(source, image, timing, limits, min_side_px=min_side_px)
    pages = pages_of(image, source, limits)
    if len(pages) > 1:
        return PagesMedia(source, image, pages, limits, min_side_px=min_side_px)
    return StillMedia(source, image, limits, min_side_px=min_side_px)


def _open_sequence(source: Source, limits: Limits, min_side_px: int | None) -> Media | None:
    """Open a HEIF file as a video if its first brand says that it is a sequence of pictures."""
    from framesift.media.video import VideoMedia

    file = source.open(limits)
    if file.read(12)[8:] not in _SEQUENCE_BRANDS:
        file.close()
        return None
    try:
        return VideoMedia(source, file, "heif", limits, min_side_px=min_side_px)
    except (CorruptMediaError, UnsupportedMediaError):
        return None  # no usable track: the still picture beside it is read instead
