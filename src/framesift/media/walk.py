"""One pass over a video stream: decoding, seeking, and what goes wrong on the way."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import av.error

from framesift.errors import CorruptMediaError, LimitExceededError
from framesift.media.libav import READ_ERRORS, reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from framesift.media.limits import Limits

    Picture: TypeAlias = tuple[VideoFrame, Fraction]

__all__ = ["Walk"]

_SEEK_GAP_S = Fraction(2)
_NEVER = Fraction(10**9)
_END_SLACK_S = Fraction(1)


class Walk:
    """One pass; make a new one for the next.

    Broken packets are skipped, as players do, and the first one is remembered in ``trouble``.
    """

    def __init__(
        self, container: InputContainer, stream: VideoStream, limits: Limits, name: str
    ) -> None:
        """Start where the container stands."""
        self._container = container
        self._stream = stream
        self._limits = limits
        self._name = name
        self._steps = 0
        self._first: Fraction | None = None
        self.trouble: CorruptMediaError | None = None

    def pictures(self) -> Iterator[Picture]:
        """Decode from here on; yields pictures with their ascending times.

        Raises:
            LimitExceededError: More frames or seconds come than the limits allow.
        """
        last: Fraction | None = None
        end = Fraction(0)
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                pictures = packet.decode() if packet is not None else []
            except READ_ERRORS as error:
                self._note(error, last)
                if isinstance(error, av.error.EOFError):
                    return
                continue
            if packet is None:
                return
            end = max(end, _end_of(packet))
            for picture in pictures:
                assert not isinstance(picture, bytes)
                time = self._time_of(picture, last)
                if last is None or time > last:
                    last = time
                    self._count(time)
                    yield picture, time
            if not packet.size:  # what flushes the decoder at the end
                self._check_end(end, last)

    def at(self, times: Sequence[Fraction], rewind: Callable[[], Walk]) -> Iterator[Picture]:
        """Yield the picture shown at each of the ascending times, each picture once.

        Args:
            times: Seconds.
            rewind: Brings the container back to its start; needed where its index is wrong.
        """
        stream = self.pictures()
        shown: Picture | None = None
        pending = next(stream, None)
        gap, emitted = _SEEK_GAP_S, None
        for time in times:
            here = pending[1] if pending is not None else _NEVER
            if time - here > gap and self._seek(time):
                stream = self.pictures()
                landed = next(stream, None)
                if landed is None or landed[1] > time:
                    # The index is wrong here: go back and walk.
                    gap = _NEVER
                    rewind()
                    stream = self.pictures()
                    landed = next(stream, None)
                elif landed[1] <= here:
                    gap *= 2  # key frames are far apart: going on would have been cheaper
                shown, pending = None, landed
            while pending is not None and (shown is None or pending[1] <= time):
                shown, pending = pending, next(stream, None)
            if shown is not None and shown[1] != emitted:
                emitted = shown[1]
                yield shown

    def stretch(
        self, begin: Fraction | None, end: Fraction | None, rewind: Callable[[], Walk]
    ) -> Iterator[Picture]:
        """Yield the picture shown at ``begin`` and all that follow, up to ``end``.

        Args:
            begin: Seconds; ``None`` for the first picture.
            end: Pictures that start here or later are left out; ``None`` for none.
            rewind: As for `at`.
        """
        if begin is not None:
            self._seek(begin)
        stream = self.pictures()
        shown = next(stream, None)
        if begin is not None and shown is not None and shown[1] > begin:
            rewind()
            stream = self.pictures()
            shown = next(stream, None)
        for following in stream:
            if shown is not None and (begin is None or following[1] > begin):
                if end is not None and shown[1] >= end:
                    return
                yield shown
            shown = following
        if shown is not None and (end is None or shown[1] < end):
            yield shown

    def _seek(self, time: Fraction) -> bool:
        if self._stream.time_base is None:
            return False
        try:
            self._container.seek(int(time / self._stream.time_base), stream=self._stream)
        except READ_ERRORS:
            return False
        return True

    def _note(self, error: Exception, last: Fraction | None) -> None:
        self._steps += 1
        if self._steps > self._limits.max_frames:
            message = f"has more than {self._limits.max_frames:,} broken packets; get a new copy"
            raise LimitExceededError(message, source=self._name, time_s=last) from error
        if self.trouble is None and not isinstance(error, av.error.EOFError):
            self._remember(f"is broken or cut off here ({reason_of(error)}); get a new copy", last)

    def _check_end(self, end: Fraction, last: Fraction | None) -> None:
        """Notice a file cut off between two packets, by the length its index states."""
        stream = self._stream
        if not stream.duration or stream.time_base is None or last is None:
            return
        promised = (stream.duration + (stream.start_time or 0)) * stream.time_base
        if promised - end > max(_END_SLACK_S, promised / 10) and self.trouble is None:
            self._remember(f"ends here instead of at {float(promised):.1f} s; get a new copy", last)

    def _remember(self, message: str, time_s: Fraction | None) -> None:
        self.trouble = CorruptMediaError(message, source=self._name, time_s=time_s)

    def _count(self, time: Fraction) -> None:
        self._steps += 1
        first = self._first = time if self._first is None else min(self._first, time)
        if self._steps > self._limits.max_frames:
            message = (
                f"needs more than {self._limits.max_frames:,} frames decoded, the most that one "
                "file may; split it (in Python: Limits(max_frames=...))"
            )
        elif time - first > self._limits.max_duration_s:
            allowed = self._limits.max_duration_s
            message = f"goes on after the {allowed:.1f} s allowed; raise max_duration_s"
        else:
            return
        raise LimitExceededError(message, source=self._name, time_s=time)

    def _time_of(self, picture: VideoFrame, last: Fraction | None) -> Fraction:
        pts = picture.pts if picture.pts is not None else picture.dts
        base = picture.time_base or self._stream.time_base
        if pts is not None and base is not None:
            return pts * base
        rate = Fraction(self._stream.average_rate or 25)
        return Fraction(0) if last is None else last + 1 / rate


def _end_of(packet: Packet[VideoStream]) -> Fraction:
    if packet.pts is None or packet.time_base is None:
        return Fraction(0)
    return (packet.pts + (packet.duration or 0)) * packet.time_base
