"""Videos, over PyAV: exact times, upright frames, only what is asked for is decoded."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO, cast

import av

from framesift.errors import CorruptMediaError, LimitExceededError, MediaError
from framesift.media.base import Media, Shown
from framesift.media.deck import Deck
from framesift.media.image import check_pixels
from framesift.media.libav import libav_errors
from framesift.media.rendering import Renderer
from framesift.media.scan import scan_index
from framesift.media.subtitles import read_cues
from framesift.media.walk import Walk, cut_off_error
from framesift.types import Frame, MediaInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from framesift.media.index import FrameIndex
    from framesift.media.limits import Limits
    from framesift.media.source import Source
    from framesift.media.walk import Picture
    from framesift.types import Cue, UInt8Array

__all__ = ["VideoMedia"]

_APART_BYTES = 64 * 2**20
"""From this size on, `read` closes a decoder between frames and gives its memory back.

A reader may be left waiting between two frames for as long as its consumer likes; were it to keep a
large part of the budget meanwhile, the readers that the consumer waits for could not go on.
"""

_HELD_BYTES = 256 * 2**20
"""The same for `pictures`, which has to decode again from the last key frame afterwards."""

_FAR_S = Fraction(2)
_LENGTHLESS = "mpegvideo"
"""A form without a length of its own: FFmpeg would guess it from the number of bytes."""


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
        self._source = source
        self._name = source.name
        self._limits = limits
        self._min_side_px = min_side_px
        self._file = file
        self._form = form
        self._deck: Deck | None = None
        self._index: FrameIndex | None = None
        self._indexed = False
        self._cues: tuple[Cue, ...] | None = None
        try:
            self._deck = Deck(file, form, self._name, limits)
            with libav_errors(self._name):
                self._info = self._corrected(self._describe(source))
        except BaseException:
            self.close()
            raise

    @property
    def info(self) -> MediaInfo:
        """What the container and the first frame say; from the packets once `index` was read."""
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
        wanted = None if times is None else sorted(set(times))
        self._prepare_seeking(None if wanted is None else wanted[-1])
        if wanted is not None and self._opened.needed >= _APART_BYTES:
            yield from self._read_apart(wanted)
            return
        walk = self._walk()
        for picture in walk.stretch(None, None) if wanted is None else walk.at(wanted):
            yield self._to_frame(picture)
        if walk.trouble is not None:
            raise walk.trouble

    @property
    def index(self) -> FrameIndex | None:
        """Read from the packets when it is first asked for; a reading under way goes on.

        ``None`` where packets carry no times, or not those at which their frames are shown.
        """
        if not self._indexed:
            self._scan()
            self._info = self._corrected(self._info)
        return self._index

    def pictures(
        self,
        begin: Fraction | None = None,
        end: Fraction | None = None,
        *,
        keys_only: bool = False,
    ) -> Iterator[Shown]:
        """Decode one stretch; seeks to the key frame before it.

        Of decoders that take 256 MiB and more, `Shown.frame` gives the memory back: the stretch
        is then taken up again from the key frame before.
        """
        self._prepare_seeking(begin)
        if keys_only:
            _ = self.index  # times of key frames alone cannot be put right without the others
        after, trouble = begin, None
        going, resumed = True, False
        while going:
            walk = self._walk(passing=True)
            stream = walk.keys(after, end) if keys_only else walk.stretch(after, end)
            going = False
            for picture in stream:
                if resumed and picture.time < cast("Fraction", after):
                    continue
                yield _Shown(self, picture)
                if self._opened.resting:
                    going = resumed = True
                    after = picture.time + self._opened.base
                    break
            stream.close()  # its packets would keep the closed decoder alive
            trouble = trouble or walk.trouble
        if trouble is not None:
            raise trouble

    @property
    def cut_off(self) -> CorruptMediaError | None:
        """Compares the size that the container states with the file's."""
        if not self._opened.missing:
            return None
        last = self.index.time(-1) if self.index is not None else None
        return cut_off_error(self._name, self._opened.missing, last)

    def cues(self) -> tuple[Cue, ...]:
        """Return the text subtitles inside the file; read once, with a demuxer of its own."""
        if self._cues is None:
            self._cues = ()
            if self._opened.has_subtitles:
                with self._source.open(self._limits) as file, libav_errors(self._name):
                    self._cues = read_cues(file, self._form, self._name)
        return self._cues

    def close(self) -> None:
        """Close the container and the file and give the memory back."""
        if self._deck is not None:
            self._deck.rest()
        self._file.close()

    @property
    def _opened(self) -> Deck:
        assert self._deck is not None
        return self._deck

    @property
    def _is_huge(self) -> bool:
        return self._opened.needed >= _HELD_BYTES

    def _walk(self, *, passing: bool = False) -> Walk:
        index = self._index if self._indexed else None
        return Walk(self._opened, self._limits, self._name, index, passing=passing)

    def _prepare_seeking(self, time: Fraction | None) -> None:
        """Read the index before a jump: it tells where one can land, and where one landed."""
        if self._is_huge or (time is not None and time - self._start > _FAR_S):
            _ = self.index

    def _read_apart(self, times: Sequence[Fraction]) -> Iterator[Frame]:
        last, trouble = None, None
        for time in times:
            walk = self._walk()
            stream = walk.at([time])
            picture = next(stream, None)
            stream.close()
            trouble = trouble or walk.trouble
            self._opened.rest()
            if picture is not None and picture.time != last:
                last = picture.time
                yield self._to_frame(picture)
        if trouble is not None:
            raise trouble

    def _describe(self, source: Source) -> MediaInfo:
        first, self._start, _ = self._first_picture()
        stream = self._opened.stream
        self._renderer = Renderer(stream, first, self._limits, self._min_side_px)
        width, height = self._renderer.size(first)
        check_pixels((first.width, first.height), self._limits, self._name)
        check_pixels((width, height), self._limits, self._name)
        duration = self._find_duration()
        if duration is not None and duration > self._limits.max_duration_s:
            allowed = self._limits.max_duration_s
            message = (
                f"lasts {float(duration):.1f} s; {allowed:.1f} s are allowed; raise max_duration_s"
            )
            raise LimitExceededError(message, source=self._name)
        return MediaInfo(
            path=self._name,
            sha256=source.sha256(self._limits),
            kind="video",
            format=self._form,
            width=width,
            height=height,
            duration=duration,
            frame_count=stream.frames or None,
            start=self._start,
        )

    def _first_picture(self) -> Picture:
        """Decode the first frame of the best stream that has one."""
        trouble = None
        while True:
            walk = self._walk()
            first = next(walk.pictures(), None)
            if first is not None:
                self._opened.judge_marks(first.frame)
                return first
            trouble = trouble or walk.trouble
            if not self._opened.choose_next():
                message = "has no frame that can be decoded; get a new copy"
                raise trouble or CorruptMediaError(message, source=self._name)

    def _find_duration(self) -> Fraction | None:
        stream, container = self._opened.stream, self._opened.container
        if self._form != _LENGTHLESS:
            if stream.duration and stream.time_base and stream.duration > 0:
                return stream.duration * stream.time_base
            if container.duration and container.duration > 0:
                whole = Fraction(container.duration, av.time_base)
                # Headers of these count from 0, wherever the first frame is.
                late = self._start if self._form in {"mkv", "webm", "flv"} else 0
                return whole - late if whole > late else whole
        self._scan()
        return self._index.end - self._start if self._index is not None else None

    def _corrected(self, info: MediaInfo) -> MediaInfo:
        """Put the truth of the index in the place of the header's claims."""
        if self._index is None:
            return info
        duration = max(self._index.end - self._start, Fraction(0)) or None
        return replace(info, duration=duration, frame_count=len(self._index))

    def _scan(self) -> None:
        """Scan with a demuxer of its own, so that a reading under way is not disturbed."""
        self._indexed = True
        if self._is_huge:
            self._opened.rest()  # FFmpeg decodes a little to open a file: not twice at a time
        depth = self._opened.depth
        # What is wrong with the file is told by the reading of its pictures.
        with (
            suppress(MediaError),
            self._source.open(self._limits) as file,
            libav_errors(self._name),
        ):
            deck = Deck(file, self._form, self._name, self._limits, like=self._deck)
            try:
                self._index = scan_index(deck, depth)
            finally:
                deck.rest()

    def _to_frame(self, picture: Picture) -> Frame:
        with libav_errors(self._name, picture.time):
            pixels = self._renderer.pixels(picture.frame, self._name)
        index = max(0, round((picture.time - self._start) * self._opened.rate))
        duration = self._duration_of(picture)
        return Frame(pixels, time=picture.time, index=index, duration=duration)

    def _duration_of(self, picture: Picture) -> Fraction | None:
        ticks = picture.frame.duration
        return ticks * self._opened.base if ticks else None

    def _to_small(self, picture: Picture, width: int, height: int) -> UInt8Array:
        with libav_errors(self._name, picture.time):
            return self._renderer.small(picture.frame, width, height)


class _Shown(Shown):
    """A decoded frame in the decoder's own format."""

    def __init__(self, media: VideoMedia, picture: Picture) -> None:
        self._media = media
        self._picture = picture
        self.time = picture.time
        self.key = picture.key
        self.duration = media._duration_of(picture)

    def small(self, width: int, height: int) -> UInt8Array:
        return self._media._to_small(self._picture, width, height)

    def frame(self) -> Frame:
        if self._media._is_huge:
            self._media._opened.rest()  # before the conversion, which takes much as well
        return self._media._to_frame(self._picture)
