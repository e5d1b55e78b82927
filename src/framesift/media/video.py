"""Videos, over PyAV: exact times, upright frames, only what is asked for is decoded."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO, cast

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from framesift.errors import CorruptMediaError, LimitExceededError, UnsupportedMediaError
from framesift.media.base import Media, Shown
from framesift.media.budget import decode_budget
from framesift.media.image import check_pixels, reduction
from framesift.media.index import FrameIndex
from framesift.media.libav import READ_ERRORS, libav_errors, open_container
from framesift.media.walk import Walk
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

__all__ = ["VideoMedia"]

_DECODER_FRAMES = 10
"""Pictures a decoder keeps for reference and reordering, roughly."""

_MANY_PX = 8_000_000
_APART_BYTES = 64 * 2**20
"""From this size on, a decoder is closed between frames and its memory goes back to the budget.

A reader may be left waiting between two frames for as long as its consumer likes; were it to keep a
large part of the budget meanwhile, the readers that the consumer waits for could not go on.
"""


class VideoMedia(Media):
    """A video; demuxer and decoder stay open until `close`."""

    def __init__(
        self, source: Source, file: BinaryIO, form: str, limits: Limits, *, min_side_px: int | None
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
        self._form = form
        self._container: InputContainer | None = None
        self._index: FrameIndex | None = None
        self._indexed = False
        self._lent = 0
        try:
            with libav_errors(self._name):
                self._open()
                self._info = self._describe(source)
        except BaseException:
            self.close()
            raise

    @property
    def info(self) -> MediaInfo:
        """What the container and the first frame say; ``frame_count`` is the container's claim."""
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

        ``Frame.index`` is counted from the stream's average rate, so it is exact for a constant
        rate alone. Broken packets are skipped; the error comes after the last frame.
        """
        if times is not None and not times:
            return
        if times is not None and self._needed >= _APART_BYTES:
            yield from self._read_apart(sorted(set(times)))
            return
        walk = self._rewind()
        pictures = walk.pictures() if times is None else walk.at(sorted(set(times)), self._rewind)
        for picture, time in pictures:
            yield self._to_frame(picture, time)
        if walk.trouble is not None:
            raise walk.trouble

    @property
    def index(self) -> FrameIndex | None:
        """Read from the packets when it is first asked for."""
        if not self._indexed:
            self._indexed = True
            self._index = self._scan_index()
        return self._index

    def pictures(
        self,
        begin: Fraction | None = None,
        end: Fraction | None = None,
        *,
        keys_only: bool = False,
    ) -> Iterator[Shown]:
        """Decode one stretch; seeks to the key frame before it."""
        walk = self._rewind()
        context = self._stream.codec_context
        if keys_only:
            context.skip_frame = "NONKEY"
        try:
            for picture, time in walk.stretch(begin, end, self._rewind):
                if not keys_only or begin is None or time >= begin:
                    yield _Picture(self, picture, time)
        finally:
            context.skip_frame = "DEFAULT"
        if walk.trouble is not None:
            raise walk.trouble

    def close(self) -> None:
        """Close the container and the file and give the memory back."""
        self._pause()
        self._file.close()

    def _read_apart(self, times: Sequence[Fraction]) -> Iterator[Frame]:
        last, trouble = None, None
        for time in times:
            walk = self._rewind()
            frame = None
            for picture, start in walk.at([time], self._rewind):
                if start != last:
                    last, frame = start, self._to_frame(picture, start)
            trouble = trouble or walk.trouble
            self._pause()
            if frame is not None:
                yield frame
        if trouble is not None:
            raise trouble

    def _pause(self) -> None:
        """Close the decoder and give its memory back; `_rewind` opens it again."""
        if self._container is not None:
            self._container.close()
            self._container = None
        decode_budget.release(self._lent)
        self._lent = 0

    def _open(self) -> None:
        container = self._container = open_container(self._file, self._form)
        # Cover art of a song is a video stream with one picture.
        streams = [stream for stream in container.streams.video if not _is_cover(stream)]
        if not streams:
            has_sound = bool(container.streams.audio)
            message = "has sound but no video" if has_sound else "has no video"
            raise UnsupportedMediaError(
                f"{message}; give a picture or a file with video", source=self._name
            )
        self._stream = max(streams, key=_area)
        self._prepare_decoder(self._stream.codec_context)

    def _prepare_decoder(self, context: VideoCodecContext | None) -> None:
        if context is None:
            message = "is in a video codec that is not decoded; convert it to MP4 with H.264"
            raise UnsupportedMediaError(message, source=self._name)
        pixels = context.width * context.height
        check_pixels((context.width, context.height), self._limits, self._name)
        # One decoder thread for huge frames: each further thread keeps frames of its own.
        context.thread_count = 1 if pixels >= _MANY_PX else 2
        context.thread_type = "AUTO"
        # The header may lie about the size: the decoder itself refuses larger frames.
        context.options = {**context.options, "max_pixels": str(self._limits.max_pixels)}
        deep = 2 if any(bits in str(context.pix_fmt) for bits in ("10", "12", "16")) else 1
        self._needed = pixels * deep * 3 // 2 * _DECODER_FRAMES
        if self._needed >= _APART_BYTES and not self._lent:
            self._lent = decode_budget.acquire(self._needed)

    def _rewind(self) -> Walk:
        """Go back to the first frame; by opening the container again where it cannot seek."""
        try:
            if self._container is not None:
                self._container.seek(0)
        except READ_ERRORS:
            self._pause()
        if self._container is None:
            with libav_errors(self._name):
                self._open()
        assert self._container is not None
        return Walk(self._container, self._stream, self._limits, self._name)

    def _describe(self, source: Source) -> MediaInfo:
        assert self._container is not None
        walk = Walk(self._container, self._stream, self._limits, self._name)
        first = next(walk.pictures(), None)
        if first is None:
            message = "has no frame that can be decoded; get a new copy"
            raise walk.trouble or CorruptMediaError(message, source=self._name)
        picture, self._start = first
        check_pixels((picture.width, picture.height), self._limits, self._name)
        self._rate = Fraction(self._stream.average_rate or self._stream.guessed_rate or 25)
        duration = self._find_duration()
        if duration is not None and duration > self._limits.max_duration_s:
            allowed = self._limits.max_duration_s
            message = (
                f"lasts {float(duration):.1f} s; {allowed:.1f} s are allowed; raise max_duration_s"
            )
            raise LimitExceededError(message, source=self._name)
        width, height = picture.width, picture.height
        if _quarter_turns(picture) % 2:
            width, height = height, width
        return MediaInfo(
            path=self._name,
            sha256=source.sha256(self._limits),
            kind="video",
            format=self._form,
            width=width,
            height=height,
            duration=duration,
            frame_count=self._stream.frames or None,
            start=self._start,
        )

    def _find_duration(self) -> Fraction | None:
        stream, container = self._stream, self._container
        assert container is not None
        if stream.duration and stream.time_base and stream.duration > 0:
            return stream.duration * stream.time_base
        if container.duration and container.duration > 0:
            return Fraction(container.duration, av.time_base)
        return self._scan_duration()

    def _scan_duration(self) -> Fraction | None:
        """Find the end by reading all packets, without decoding them."""
        self._rewind()
        end = self._start
        try:
            for packet in self._container.demux(self._stream):  # type: ignore[union-attr]
                if packet.pts is not None and packet.time_base is not None:
                    end = max(end, (packet.pts + (packet.duration or 0)) * packet.time_base)
        except READ_ERRORS:
            pass  # the part that can be read counts
        return end - self._start if end > self._start else None

    def _scan_index(self) -> FrameIndex | None:
        self._rewind()
        base = self._stream.time_base
        pts, keys, sizes, end = [], [], [], 0
        try:
            for packet in self._container.demux(self._stream):  # type: ignore[union-attr]
                if not packet.size:
                    continue
                if packet.pts is None or base is None:
                    return None
                pts.append(packet.pts)
                keys.append(packet.is_keyframe)
                sizes.append(packet.size)
                end = max(end, packet.pts + (packet.duration or 0))
        except READ_ERRORS:
            pass  # the part that can be read counts
        if not pts or base is None:
            return None
        order = np.argsort(np.asarray(pts, np.int64), kind="stable")
        return FrameIndex(
            base,
            np.asarray(pts, np.int64)[order],
            np.asarray(keys, np.bool_)[order],
            np.asarray(sizes, np.uint32)[order],
            end * base,
        )

    def _to_frame(self, picture: VideoFrame, time: Fraction) -> Frame:
        size = (picture.width, picture.height)
        check_pixels(size, self._limits, self._name)
        shrink = reduction(size, self._min_side_px)
        width, height = max(1, size[0] // shrink), max(1, size[1] // shrink)
        with libav_errors(self._name, time):
            small = VideoReformatter().reformat(
                picture, width, height, "rgb24", interpolation="AREA" if shrink > 1 else "BICUBIC"
            )
            assert small is not None
            pixels = cast("UInt8Array", small.to_ndarray())
        turns = _quarter_turns(picture)
        if turns:
            pixels = np.ascontiguousarray(np.rot90(pixels, turns))
        index = max(0, round((time - self._start) * self._rate))
        duration = None
        if picture.duration and picture.time_base:
            duration = picture.duration * picture.time_base
        return Frame(pixels, time=time, index=index, duration=duration)


class _Picture(Shown):
    """A decoded frame in the decoder's own format."""

    def __init__(self, media: VideoMedia, picture: VideoFrame, time: Fraction) -> None:
        self._media = media
        self._picture = picture
        self.time = time
        self.key = bool(picture.key_frame)
        self.duration = None
        if picture.duration and picture.time_base:
            self.duration = picture.duration * picture.time_base

    def small(self, width: int, height: int) -> UInt8Array:
        small = VideoReformatter().reformat(
            self._picture, width, height, "rgb24", interpolation="FAST_BILINEAR"
        )
        assert small is not None
        return cast("UInt8Array", small.to_ndarray())

    def frame(self) -> Frame:
        return self._media._to_frame(self._picture, self.time)


def _quarter_turns(picture: VideoFrame) -> int:
    return round(picture.rotation / 90) % 4


def _is_cover(stream: VideoStream) -> bool:
    return "attached_pic" in str(getattr(stream, "disposition", "")).lower()


def _area(stream: VideoStream) -> int:
    context = stream.codec_context
    return context.width * context.height
