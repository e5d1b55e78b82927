"""Animations: GIF, APNG, WebP, AVIF sequences and FLIC, all frames with their real times."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING, BinaryIO

from framesift.errors import CorruptMediaError, LimitExceededError
from framesift.media.base import Media
from framesift.media.budget import decode_budget
from framesift.media.image import (
    check_pixels,
    close_image,
    decode_still,
    header_info,
    orientation_of,
    reduction,
)
from framesift.media.pillow import decoding, open_image
from framesift.media.pixels import orient, to_rgb_array
from framesift.media.timing import UNSPECIFIED, Timing, gif_timing, png_timing, webp_timing
from framesift.types import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL.ImageFile import ImageFile

    from framesift.media.limits import Limits
    from framesift.media.source import Source
    from framesift.types import MediaInfo

__all__ = ["AnimationMedia", "timing_of"]

_ANIMATED = frozenset(("GIF", "PNG", "WEBP", "AVIF", "FLI"))
_MOST_WORK = 32
"""Every frame of an animation has to be decoded: all of them together may have this many times the
pixels that one picture may have (5.7 gigapixels, about a minute)."""

_BYTES_PER_PX = 20
"""Pillow keeps the canvas, the previous one and a converted one, up to four bytes each."""


class AnimationMedia(Media):
    """A picture with several frames, each shown for a stated time."""

    def __init__(
        self,
        source: Source,
        image: ImageFile,
        timing: Timing,
        limits: Limits,
        *,
        min_side_px: int | None,
    ) -> None:
        """Take over an image whose header has been read.

        Raises:
            LimitExceededError: More pixels, frames or seconds than the limits allow.
        """
        self._source = source
        self._limits = limits
        self._min_side_px = min_side_px
        self._image: ImageFile | None = image
        self._orientation = orientation_of(image)
        self._durations = timing.durations
        self._offset = int(timing.hidden_first)
        self._times = tuple(accumulate(self._durations[:-1], initial=Fraction(0)))
        duration = self._times[-1] + self._durations[-1]
        check_pixels(image.size, limits, source.name)
        _check_work(image.size, len(self._times), limits, source.name)
        _check_length(len(self._times), duration, limits, source.name)
        self._info = replace(
            header_info(source, image, limits),
            kind="animation",
            duration=duration,
            frame_count=len(self._times),
        )

    @property
    def info(self) -> MediaInfo:
        """What the file's blocks say."""
        return self._info

    @property
    def frame_times(self) -> tuple[Fraction, ...]:
        """When each frame starts, in seconds, from 0."""
        return self._times

    def read(self, times: Sequence[Fraction] | None = None) -> Iterator[Frame]:
        """Decode from the first frame on and yield the wanted ones.

        Every frame up to the last wanted one has to be decoded, as each only changes a part of
        the one before.
        """
        wanted = self._wanted(times)
        if not wanted:
            return
        image, self._image = self._image, None
        if image is None:
            image = open_image(self._source.open(self._limits), self._source.name)
        try:
            for index in range(max(wanted) + 1):
                try:
                    frame = self._decode(image, index, keep=index in wanted)
                except CorruptMediaError:
                    if index == 0 and self._offset:
                        yield self._still_for_old_viewers()
                    raise
                if frame is not None:
                    yield frame
        finally:
            close_image(image)

    def close(self) -> None:
        """Close the file if no frame has been decoded."""
        if self._image is not None:
            close_image(self._image)
            self._image = None

    def _wanted(self, times: Sequence[Fraction] | None) -> frozenset[int]:
        if times is None:
            return frozenset(range(len(self._times)))
        return frozenset(max(0, bisect_right(self._times, time) - 1) for time in times)

    def _still_for_old_viewers(self) -> Frame:
        """Give an APNG's default image, where the animation itself is broken from the start."""
        image = open_image(self._source.open(self._limits), self._source.name)
        return Frame(
            decode_still(
                image,
                self._source.name,
                self._limits,
                orientation=self._orientation,
                min_side_px=self._min_side_px,
            )
        )

    def _decode(self, image: ImageFile, index: int, *, keep: bool) -> Frame | None:
        name, time = self._source.name, self._times[index]
        needed = image.size[0] * image.size[1] * _BYTES_PER_PX
        if index and needed > 2 * decode_budget.capacity:
            message = "is an animation too large to decode in memory; make it smaller"
            raise LimitExceededError(message, source=name, time_s=time)
        with decode_budget.borrow(needed), decoding(name, time):
            try:
                image.seek(index + self._offset)
                image.load()
            except EOFError as error:
                message = f"ends after {index} of {len(self._times)} frames; get a new copy"
                raise CorruptMediaError(message, source=name, time_s=time) from error
            check_pixels(image.size, self._limits, name)
            if not keep:
                return None
            shrink = reduction(image.size, self._min_side_px)
            pixels = orient(to_rgb_array(image, reduce_by=shrink), self._orientation)
        return Frame(pixels, time=time, index=index, duration=self._durations[index])


def _check_length(count: int, duration: Fraction, limits: Limits, name: str) -> None:
    if count > limits.max_frames:
        message = (
            f"has more than {limits.max_frames:,} frames, the most one file may have; split it "
            "(in Python: Limits(max_frames=...))"
        )
        raise LimitExceededError(message, source=name)
    if duration > limits.max_duration_s:
        message = (
            f"lasts {float(duration):.1f} s; {limits.max_duration_s:.1f} s are allowed; "
            "raise max_duration_s"
        )
        raise LimitExceededError(message, source=name)


def _check_work(size: tuple[int, int], count: int, limits: Limits, name: str) -> None:
    width, height = size
    if width * height * count > _MOST_WORK * limits.max_pixels:
        message = (
            f"is an animation of {count:,} frames of {width} x {height} pixels, which takes too "
            "long to decode; make it smaller or raise max_pixels"
        )
        raise LimitExceededError(message, source=name)


def timing_of(image: ImageFile, file: BinaryIO, max_frames: int) -> Timing | None:
    """Return the timing of an animation, or ``None`` for a still.

    Args:
        image: Opened by Pillow on ``file``; its position in the file is kept.
        file: The content.
        max_frames: Where to stop counting.
    """
    if image.format not in _ANIMATED:
        return None
    place = file.tell()
    try:
        timing = _timing(image, file, max_frames)
    except (OSError, ValueError):
        timing = None
    finally:
        file.seek(place)
    return timing if timing is not None and len(timing.durations) > 1 else None


def _timing(image: ImageFile, file: BinaryIO, max_frames: int) -> Timing | None:
    match image.format:
        case "GIF":
            return gif_timing(file, max_frames)
        case "PNG":
            timing = png_timing(file, max_frames)
            # Pillow decodes no more frames than the header announces.
            announced = getattr(image, "n_frames", 1) - int(timing.hidden_first)
            return Timing(timing.durations[: max(0, announced)], timing.hidden_first, timing.exif)
        case "WEBP":
            return webp_timing(file, max_frames)
        case "AVIF" if getattr(image, "n_frames", 1) > 1:
            from framesift.media.libav import packet_durations

            count: int = getattr(image, "n_frames", 1)
            known = packet_durations(file, count)
            return Timing((*known, *[UNSPECIFIED] * (count - len(known))))
        case "FLI":
            delay = Fraction(int(image.info.get("duration") or 0), 1000) or UNSPECIFIED
            return Timing((delay,) * min(getattr(image, "n_frames", 1), max_frames + 1))
    return None
