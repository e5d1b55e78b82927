"""Videos, over PyAV: exact times, upright frames, only what is asked for is decoded."""

from __future__ import annotations

from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO, cast

import av
import av.error
import av.logging
import numpy as np
from av.video.reformatter import VideoReformatter

from framesift.errors import (
    CorruptMediaError,
    FramesiftError,
    LimitExceededError,
    UnsupportedMediaError,
)
from framesift.media.base import Media
from framesift.media.budget import decode_budget
from framesift.media.image import check_pixels, reduction
from framesift.types import Frame, MediaInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from av.container import InputContainer
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from framesift.media.limits import Limits
    from framesift.media.source import Source
    from framesift.types import UInt8Array

__all__ = ["VideoMedia", "packet_durations"]

# FFmpeg's libraries would write about broken files to stderr; PyAV's default may change.
av.logging.set_level(None)

_DEMUXERS = {
    "mp4": "mov", "m4v": "mov", "3gp": "mov", "3g2": "mov", "mkv": "matroska", "webm": "matroska",
    "heif": "mov",
}  # fmt: skip
"""The demuxer is named, never guessed: guessing includes playlists that open other files."""

_SEEK_GAP_S = Fraction(2)
_DECODER_FRAMES = 10
"""Pictures a decoder keeps for reference and reordering, roughly."""

_MANY_PX = 8_000_000


class VideoMedia(Media):
    """A video; frames come from a demuxer and decoder that stay open until `close`."""

    def __init__(
        self,
        source: Source,
        file: BinaryIO,
        form: str,
        limits: Limits,
        *,
        min_side_px: int | None,
    ) -> None:
        """Open the container and decode the first frame.

        Raises:
            UnsupportedMediaError: It has no video, or in a codec that is not decoded.
            CorruptMediaError: Its header is broken or no frame can be decoded.
            LimitExceededError: It is larger or longer than the limits allow.
        """
        self._name = source.name
        self._limits = limits
        self._min_side_px = min_side_px
        self._file = file
        self._container: InputContainer | None = None
        self._lent = 0
        try:
            with _libav_errors(self._name, None):
                self._open(form)
            self._info = self._describe(source, form)
        except BaseException:
            self.close()
            raise

    @property
    def info(self) -> MediaInfo:
        """What the container and the first frame say."""
        return self._info

    @property
    def frame_times(self) -> None:
        """Not known before decoding."""
        return

    @property
    def start(self) -> Fraction:
        """Time of the first frame; many streams do not start at 0."""
        return self._start

    def read(self, times: Sequence[Fraction] | None = None) -> Iterator[Frame]:
        """Decode frames; seeks where the next wanted time is far away.

        Broken packets are skipped, as players do; the error comes after the last frame.
        """
        walk = _Walk(self, self._limits)
        if times is None:
            yield from walk.every()
        else:
            yield from walk.at(sorted(set(times)))
        walk.check_complete()

    def close(self) -> None:
        """Close the container, the file and give the memory back."""
        if self._container is not None:
            self._container.close()
            self._container = None
        self._file.close()
        decode_budget.release(self._lent)
        self._lent = 0

    def _open(self, form: str) -> None:
        container = av.open(
            self._file, "r", format=_DEMUXERS.get(form, form), metadata_errors="replace"
        )
        self._container = container
        streams = [
            stream
            for stream in container.streams.video
            # Cover art of a song is a video stream with one picture.
            if not _is_cover(stream)
        ]
        if not streams:
            has_sound = bool(container.streams.audio)
            message = "has sound but no video" if has_sound else "has no video"
            raise UnsupportedMediaError(
                f"{message}; give a picture or a file with video", source=self._name
            )
        self._stream = max(streams, key=_area)
        self._prepare_decoder(self._stream)

    def _prepare_decoder(self, stream: VideoStream) -> None:
        context: VideoCodecContext | None = stream.codec_context
        if context is None:
            message = "is in a video codec that is not decoded; convert it to MP4 with H.264"
            raise UnsupportedMediaError(message, source=self._name)
        pixels = context.width * context.height
        check_pixels((context.width, context.height), self._limits, self._name)
        # One decoder thread for huge frames: each further thread keeps frames of its own.
        context.thread_count = 1 if pixels >= _MANY_PX else 2
        context.thread_type = "AUTO"
        context.options = {**context.options, "max_pixels": str(self._limits.max_pixels)}
        deep = 2 if "10" in str(context.pix_fmt) or "12" in str(context.pix_fmt) else 1
        self._lent = decode_budget.acquire(pixels * deep * 3 // 2 * _DECODER_FRAMES)

    def _describe(self, source: Source, form: str) -> MediaInfo:
        walk = _Walk(self, self._limits)
        first = walk.first()
        self._start = first.time
        rate = self._stream.average_rate or self._stream.guessed_rate
        self._rate = Fraction(rate) if rate else Fraction(25)
        self._duration = self._find_duration()
        if self._duration is not None and self._duration > self._limits.max_duration_s:
            message = (
                f"lasts {float(self._duration):.1f} s; {self._limits.max_duration_s:.1f} s are "
                "allowed; raise max_duration_s"
            )
            raise LimitExceededError(message, source=self._name)
        width, height = first.size
        return MediaInfo(
            path=self._name,
            sha256=source.sha256(self._limits),
            kind="video",
            format=form,
            width=width,
            height=height,
            duration=self._duration,
            frame_count=self._stream.frames or None,
        )

    @property
    def container(self) -> InputContainer:
        """The open container."""
        assert self._container is not None, "the video is closed"
        return self._container

    @property
    def stream(self) -> VideoStream:
        """The video stream that is read."""
        return self._stream

    def _find_duration(self) -> Fraction | None:
        stream, container = self._stream, self.container
        if stream.duration and stream.time_base and stream.duration > 0:
            return stream.duration * stream.time_base
        if container.duration and container.duration > 0:
            return Fraction(container.duration, av.time_base)
        return self._scan_duration()

    def _scan_duration(self) -> Fraction | None:
        """Find the end by reading all packets, without decoding them."""
        end = Fraction(0)
        with _libav_errors(self._name, None):
            self._rewind()
            try:
                for packet in self.container.demux(self._stream):
                    if packet.pts is not None and packet.time_base is not None:
                        length = (packet.pts + (packet.duration or 0)) * packet.time_base
                        end = max(end, length)
            except av.error.FFmpegError:
                pass  # the part that can be read counts
        return end - self._start if end > self._start else None

    def _rewind(self) -> bool:
        try:
            self.container.seek(0)
        except (av.error.FFmpegError, OSError):
            return False
        return True

    def to_frame(self, picture: VideoFrame, time: Fraction) -> Frame:
        """Convert a decoded picture: RGB, upright, scaled down where allowed."""
        size = (picture.width, picture.height)
        check_pixels(size, self._limits, self._name)
        shrink = reduction(size, self._min_side_px)
        width, height = max(1, size[0] // shrink), max(1, size[1] // shrink)
        with _libav_errors(self._name, time):
            small = VideoReformatter().reformat(
                picture, width, height, "rgb24", interpolation="AREA" if shrink > 1 else "BICUBIC"
            )
            assert small is not None
            pixels = cast("UInt8Array", small.to_ndarray())
        turns = round(picture.rotation / 90) % 4
        upright = np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels
        index = max(0, round((time - self._start) * self._rate))
        duration = None
        if picture.duration and picture.time_base:
            duration = picture.duration * picture.time_base
        return Frame(upright, time=time, index=index, duration=duration)


class _First:
    """Time and shown size of the first frame."""

    __slots__ = ("size", "time")

    def __init__(self, picture: VideoFrame, time: Fraction) -> None:
        turned = round(picture.rotation / 90) % 2
        self.time = time
        self.size = (picture.height, picture.width) if turned else (picture.width, picture.height)


class _Walk:
    """One pass over a video: decoding, seeking, and what went wrong on the way."""

    def __init__(self, media: VideoMedia, limits: Limits) -> None:
        self._media = media
        self._limits = limits
        self._name = media._name
        self._decoded = 0
        self._last: Fraction | None = None
        self._trouble: CorruptMediaError | None = None

    def first(self) -> _First:
        """Decode the first frame.

        Raises:
            CorruptMediaError: There is none.
        """
        for picture, time in self._pictures():
            return _First(picture, time)
        if self._trouble is not None:
            raise self._trouble
        message = "has no frame that can be decoded; get a new copy"
        raise CorruptMediaError(message, source=self._name)

    def every(self) -> Iterator[Frame]:
        """Yield all frames."""
        self._media._rewind()
        for picture, time in self._pictures():
            yield self._media.to_frame(picture, time)

    def at(self, times: Sequence[Fraction]) -> Iterator[Frame]:
        """Yield the frame shown at each of the ascending times, each frame once."""
        if not times:
            return
        self._media._rewind()
        stream = self._pictures()
        shown: tuple[VideoFrame, Fraction] | None = None
        pending = next(stream, None)
        gap = _SEEK_GAP_S
        emitted: Fraction | None = None
        for time in times:
            here = pending[1] if pending is not None else None
            if here is not None and time - here > gap and self._seek(time):
                landed = next(self._pictures(), None)
                if landed is not None and landed[1] <= time:
                    if landed[1] <= here:
                        gap *= 2  # key frames are far apart: going on was cheaper
                    stream, shown, pending = self._pictures(), None, landed
                else:
                    # The index is wrong here: go back and walk.
                    gap = max(gap, Fraction(10**9))
                    self._media._rewind()
                    stream = self._pictures()
                    shown, pending = None, next(stream, None)
            while pending is not None and (pending[1] <= time or shown is None):
                shown, pending = pending, next(stream, None)
            if shown is not None and shown[1] != emitted:
                emitted = shown[1]
                yield self._media.to_frame(*shown)

    def check_complete(self) -> None:
        """Raise what went wrong on the way, if anything.

        Raises:
            CorruptMediaError: Some packets could not be read or decoded.
        """
        if self._trouble is not None:
            raise self._trouble

    def _seek(self, time: Fraction) -> bool:
        stream = self._media.stream
        if stream.time_base is None:
            return False
        try:
            self._media.container.seek(int(time / stream.time_base), stream=stream)
        except (av.error.FFmpegError, OSError):
            return False
        return True

    def _pictures(self) -> Iterator[tuple[VideoFrame, Fraction]]:
        media = self._media
        last: Fraction | None = None
        packets = media.container.demux(media.stream)
        while True:
            try:
                packet = next(packets, None)
                pictures = packet.decode() if packet is not None else []
            except (av.error.FFmpegError, OSError, ValueError) as error:
                self._note(error, last)
                if isinstance(error, av.error.EOFError) or self._gives_up():
                    return
                continue
            if packet is None:
                return
            for picture in pictures:
                time = self._time_of(picture, last)
                if last is not None and time <= last:
                    continue
                last = time
                self._count(time)
                yield picture, time

    def _note(self, error: Exception, last: Fraction | None) -> None:
        self._decoded += 1
        if self._trouble is None and not isinstance(error, av.error.EOFError):
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            self._trouble = CorruptMediaError(
                f"is broken or cut off here ({reason}); get a new copy",
                source=self._name,
                time_s=last,
            )

    def _gives_up(self) -> bool:
        return self._decoded > self._limits.max_frames

    def _count(self, time: Fraction) -> None:
        self._decoded += 1
        if self._decoded > self._limits.max_frames:
            message = (
                f"needs more than {self._limits.max_frames:,} frames decoded; raise max_frames"
            )
            raise LimitExceededError(message, source=self._name, time_s=time)
        if time > self._limits.max_duration_s and self._decoded > 1:
            message = (
                f"goes on after the {self._limits.max_duration_s:.1f} s allowed; "
                "raise max_duration_s"
            )
            raise LimitExceededError(message, source=self._name, time_s=time)

    def _time_of(self, picture: VideoFrame, last: Fraction | None) -> Fraction:
        pts = picture.pts if picture.pts is not None else picture.dts
        base = picture.time_base or self._media.stream.time_base
        if pts is not None and base is not None:
            return pts * base
        rate = self._media.stream.average_rate or Fraction(25)
        return Fraction(0) if last is None else last + 1 / Fraction(rate)


def packet_durations(file: BinaryIO, most: int) -> tuple[Fraction, ...]:
    """Return how long each frame of an AVIF sequence is shown, as far as the file tells.

    Args:
        file: The content; its position is not kept.
        most: No more than this many.
    """
    file.seek(0)
    durations: list[Fraction] = []
    try:
        with av.open(file, "r", format="mov", metadata_errors="replace") as container:
            stream = max(container.streams.video, key=lambda one: one.frames)
            for packet in container.demux(stream):
                if packet.size and packet.duration and packet.time_base and len(durations) < most:
                    durations.append(packet.duration * packet.time_base)
    except (av.error.FFmpegError, OSError, ValueError):
        pass  # the frames still decode; their times are then the usual guess
    return tuple(durations)


def _is_cover(stream: VideoStream) -> bool:
    flags = getattr(stream, "disposition", None)
    return bool(flags is not None and "attached_pic" in str(flags).lower())


def _area(stream: VideoStream) -> int:
    context = stream.codec_context
    return context.width * context.height if context is not None else -1


@contextmanager
def _libav_errors(name: str, time_s: Fraction | None) -> Iterator[None]:
    try:
        yield
    except FramesiftError:
        raise
    except MemoryError as error:
        message = "needs more memory than there is; make it smaller"
        raise LimitExceededError(message, source=name, time_s=time_s) from error
    except (av.error.DecoderNotFoundError, NotImplementedError) as error:
        message = "is in a video codec that is not decoded; convert it to MP4 with H.264"
        raise UnsupportedMediaError(message, source=name) from error
    except Exception as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        message = f"cannot be read as video ({reason}); get a new copy"
        raise CorruptMediaError(message, source=name, time_s=time_s) from error
