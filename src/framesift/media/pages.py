"""Stacked pictures: the pages of a TIFF and the further views of an MPO, each one a frame.

They have no times of their own. To be named like the frames of an animation, page n counts as the
one at second n, from 0, with a duration that is not known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, Final

from PIL import Image

from framesift.errors import CorruptMediaError, LimitExceededError
from framesift.media.base import Media
from framesift.media.image import (
    check_pixels,
    close_image,
    decode_still,
    header_info,
    orientation_of,
)
from framesift.media.pillow import decoding, open_image
from framesift.types import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL.ImageFile import ImageFile

    from framesift.media.limits import Limits
    from framesift.media.source import Source
    from framesift.types import MediaInfo

__all__ = ["MAX_PAGES", "PagesMedia", "pages_of"]

MAX_PAGES: Final = 5000
"""Most pages of one file, where the limits do not say fewer: finding the last reads them all."""

_MOST_WORK: Final = 32
"""All pages together may have this many times the pixels that one picture may have."""

_CLEARLY_SMALLER: Final = Fraction(1, 2)
_GREY: Final = frozenset(("1", "L", "LA", "I", "I;16", "F"))
_SUBFILE_TYPE, _WIDTH, _HEIGHT = 254, 256, 257
_REDUCED, _MASK = 1, 4


@dataclass(frozen=True, slots=True)
class _Page:
    number: int
    pixels: int


class PagesMedia(Media):
    """A file with several pictures that are not shown one after the other by themselves."""

    def __init__(
        self,
        source: Source,
        image: ImageFile,
        pages: Sequence[_Page],
        limits: Limits,
        *,
        min_side_px: int | None,
    ) -> None:
        """Take over an image whose header has been read, and what `pages_of` found in it.

        Raises:
            LimitExceededError: More pages or pixels than the limits allow.
        """
        self._source = source
        self._limits = limits
        self._min_side_px = min_side_px
        self._pages = tuple(pages)
        self._times = tuple(map(Fraction, range(len(self._pages))))
        try:
            check_pixels(image.size, limits, source.name)
            _check_pages(self._pages, limits, source.name)
            info = header_info(source, image, limits)
        finally:
            close_image(image)
        self._info = replace(info, kind="animation", frame_count=len(self._pages))

    @property
    def info(self) -> MediaInfo:
        """What the headers say; the size is that of the first page, there is no duration."""
        return self._info

    @property
    def frame_times(self) -> tuple[Fraction, ...]:
        """The numbers of the pages, from 0."""
        return self._times

    def read(self, times: Sequence[Fraction] | None = None) -> Iterator[Frame]:
        """Decode the wanted pages, each at its own size."""
        last = len(self._pages) - 1
        wanted = range(last + 1) if times is None else {_place(time, last) for time in times}
        for place in sorted(wanted):
            yield self._decode(place)

    def close(self) -> None:
        """Nothing stays open between two pages."""

    def _decode(self, place: int) -> Frame:
        name, time, number = self._source.name, self._times[place], self._pages[place].number
        # Opened anew for each page, as decoding one lets go of the file.
        image = open_image(self._source.open(self._limits), name)
        try:
            with decoding(name, time):
                try:
                    image.seek(number)
                except EOFError as error:
                    message = f"ends before page {number + 1}; get a new copy"
                    raise CorruptMediaError(message, source=name, time_s=time) from error
            check_pixels(image.size, self._limits, name)
            pixels = decode_still(
                image,
                name,
                self._limits,
                orientation=orientation_of(image),
                min_side_px=self._min_side_px,
            )
        except CorruptMediaError as error:
            raise CorruptMediaError(error.message, source=name, time_s=time) from error
        finally:
            close_image(image)
        return Frame(pixels, time=time, index=place)


def pages_of(image: ImageFile, source: Source, limits: Limits) -> tuple[_Page, ...]:
    """List the pictures of a TIFF or an MPO that a person could be shown.

    Left out are smaller copies and masks, which a TIFF says are such; in an MPO, pictures of less
    than half the pixels of the first (previews) and grey ones beside a coloured one (maps of depth
    or of gain); and pictures whose header cannot be read.

    Args:
        image: Opened by Pillow; left as it is.
        source: Opened a second time where there may be several pictures.
        limits: Counting stops one above ``max_frames`` and `MAX_PAGES`.

    Raises:
        LimitExceededError: Pillow's own guard against decompression bombs stopped at a page.
    """
    if not _may_be_stacked(image):
        return ()
    other = open_image(source.open(limits), source.name)
    try:
        with decoding(source.name):
            return tuple(_pages(other, min(limits.max_frames, MAX_PAGES) + 1))
    finally:
        close_image(other)


def _may_be_stacked(image: ImageFile) -> bool:
    if image.format == "TIFF":
        return bool(getattr(getattr(image, "tag_v2", None), "next", 0))
    return image.format == "MPO" and getattr(image, "n_frames", 1) > 1


def _pages(image: ImageFile, most: int) -> Iterator[_Page]:
    mode, area = image.mode, _area(image)
    yield _Page(0, area)
    for number in range(1, most):
        try:
            image.seek(number)
        except EOFError:
            return
        except Image.DecompressionBombError:
            raise
        except Exception:  # noqa: BLE001 - plugins raise nearly anything about a broken header
            if image.format != "TIFF":
                continue
            if _tag(image, _WIDTH) and _tag(image, _HEIGHT):
                yield _Page(number, 0)
            return
        if not _is_companion(image, mode, area):
            yield _Page(number, _area(image))


def _is_companion(image: ImageFile, mode: str, area: int) -> bool:
    if image.format == "TIFF":
        kind = _tag(image, _SUBFILE_TYPE)
        return bool(kind & _MASK or (kind & _REDUCED and _area(image) < area))
    grey = image.mode in _GREY and mode not in _GREY
    return grey or _area(image) < _CLEARLY_SMALLER * area


def _area(image: ImageFile) -> int:
    return image.size[0] * image.size[1]


def _tag(image: ImageFile, number: int) -> int:
    value = getattr(image, "tag_v2", {}).get(number, 0)
    return value if isinstance(value, int) else 0


def _place(time: Fraction, last: int) -> int:
    return min(last, max(0, floor(time)))


def _check_pages(pages: Sequence[_Page], limits: Limits, name: str) -> None:
    most = min(limits.max_frames, MAX_PAGES)
    if len(pages) > most:
        message = f"has more than {most:,} pages, the most one file may have; split it"
        raise LimitExceededError(message, source=name)
    if sum(page.pixels for page in pages) > _MOST_WORK * limits.max_pixels:
        message = (
            f"has {len(pages):,} pages, which take too long to decode together; split it or raise "
            "max_pixels"
        )
        raise LimitExceededError(message, source=name)
