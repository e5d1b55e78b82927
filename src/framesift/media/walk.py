"""One pass over a video stream: decoding, seeking, and what goes wrong on the way."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import chain
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import av.error

from framesift.errors import CorruptMediaError, DecodeTimeoutError, LimitExceededError
from framesift.media.clock import Clock
from framesift.media.libav import READ_ERRORS, reason_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from framesift.media.deck import Deck
    from framesift.media.index import FrameIndex
    from framesift.media.limits import Limits

__all__ = ["Picture", "Walk", "cut_off_error"]

_NEAR_S = Fraction(1, 2)
_TRIES = 3
_END_SLACK_S = Fraction(1)
_PLAIN_RATE = 240
"""Frames a second that no limit holds against a video whose pictures are only passed by."""


class Picture(NamedTuple):
    """A decoded frame, when it starts in seconds, and whether the decoder can start there."""

    frame: VideoFrame
    time: Fraction
    key: bool


class Walk:
    """One reading; make a new one for the next.

    Broken packets are skipped, as players do, and the first one is remembered in ``trouble``.
    """

    def __init__(
        self,
        deck: Deck,
        limits: Limits,
        name: str,
        index: FrameIndex | None = None,
        *,
        passing: bool = False,
    ) -> None:
        """Start where the deck stands.

        Args:
            deck: The open container.
            limits: How much may be decoded.
            name: The source, for messages.
            index: Without it, or where it is not ``true``, nothing is sought: the start is decoded
                too.
            passing: Whether most pictures are only passed by: the limit on the number of frames
                then grows with the running time.
        """
        self._deck = deck
        self._limits = limits
        self._name = name
        self._known = index
        self._index = index if index is not None and index.true else None
        self._keys_met = 0
        self._keys_from = -(2**63)
        self._key_stamps: set[int | None] = set()
        self._passing = passing
        self._steps = 0
        self._spent_s = 0.0
        self._first: Fraction | None = None
        self.trouble: CorruptMediaError | None = None

    def pictures(self, *, keys_only: bool = False) -> Generator[Picture]:
        """Decode from here on; yields pictures with their ascending times.

        Args:
            keys_only: Pass over the packets of all other pictures.

        Raises:
            LimitExceededError: More frames or seconds come than the limits allow.
            DecodeTimeoutError: It takes longer than the limits allow.
            RuntimeError: Another reading of the same medium began meanwhile.
        """
        deck, turn = self._deck, self._deck.turn
        base = deck.base
        clock = Clock(deck.step, deck.jump)
        packets = deck.packets()
        end: int | None = None
        last: Fraction | None = None
        while True:
            began = perf_counter()
            packet = next(packets, None)
            if isinstance(packet, Exception):
                self._note(packet, last)
                found: list[tuple[VideoFrame, bool]] = []
            else:
                found = self._decode(packet, last, keys_only=keys_only)
            self._spend(perf_counter() - began, last)
            for frame, key in found:
                last = clock.tick(frame.dts if frame.pts is None else frame.pts) * base
                self._count(last)
                if frame.is_corrupt and self.trouble is None:
                    self._remember("has damaged pictures from here on; get a new copy", last)
                yield Picture(frame, last, key)
                if deck.turn != turn:
                    message = f"{self._name}: another reading of the same medium began meanwhile"
                    raise RuntimeError(message)
            if packet is None:
                self._check_end(end, last)
                return
            if not isinstance(packet, Exception) and packet.pts is not None:
                end = max(end or packet.pts, packet.pts + (packet.duration or 0))

    def at(self, times: Sequence[Fraction]) -> Generator[Picture]:
        """Yield the picture shown at each of the ascending times, each picture once."""
        self._deck.rewind()
        stream: Iterator[Picture] = self.pictures()
        shown: Picture | None = None
        pending = next(stream, None)
        emitted = None
        for time in times:
            if pending is not None and self._is_nearer(pending.time, time):
                stream = self._land(time)
                shown, pending = None, next(stream, None)
            while pending is not None and (shown is None or pending.time <= time):
                shown, pending = pending, next(stream, None)
            if shown is not None and shown.time != emitted:
                emitted = shown.time
                yield shown

    def stretch(self, begin: Fraction | None, end: Fraction | None) -> Generator[Picture]:
        """Yield the picture shown at ``begin`` and all that follow, up to ``end``.

        Args:
            begin: Seconds; ``None`` for the first picture.
            end: Pictures that start here or later are left out; ``None`` for none.
        """
        shown: Picture | None = None
        for picture in self._land(begin):
            if begin is not None and picture.time <= begin:
                shown = picture
                continue
            if shown is not None:
                yield shown
                shown = None
            if end is not None and picture.time >= end:
                return
            yield picture
        if shown is not None:
            yield shown

    def keys(self, begin: Fraction | None, end: Fraction | None) -> Generator[Picture]:
        """Yield the key frames that start in a stretch, decoding nothing else."""
        deck = self._deck
        if self._known is None:
            # Where packets do not tell when their frames are shown, only decoding all of them does.
            for picture in self.stretch(begin, end):
                if picture.key and (begin is None or picture.time >= begin):
                    yield picture
            return
        index = self._index
        before = index.keys_before(begin, 1) if index is not None and begin is not None else []
        if not before or not deck.seek(before[0]):
            deck.rewind()
        if index is not None and begin is not None:
            self._keys_from = math.ceil(begin / deck.base)
        for picture in self.pictures(keys_only=True):
            if end is not None and picture.time >= end:
                return
            if begin is None or picture.time >= begin:
                yield picture

    def _is_nearer(self, here: Fraction, time: Fraction) -> bool:
        """Tell whether a key frame lies between here and there, so that jumping saves work."""
        if self._index is None or time - here < _NEAR_S:
            return False
        before = self._index.keys_before(time, 1)
        return bool(before) and before[0] * self._deck.base - here > _NEAR_S

    def _land(self, begin: Fraction | None) -> Iterator[Picture]:
        """Go to a key frame at ``begin`` or before it, and decode from there on.

        What comes before the key frame is left out: it refers to pictures that were not decoded
        (an open group of pictures). An index may be wrong: then an earlier key frame is tried, and
        at last the start.
        """
        if begin is not None and self._index is not None:
            for ticks in self._index.keys_before(begin, _TRIES):
                if ticks <= self._index.pts[0] or not self._deck.seek(ticks):
                    break
                stream = self.pictures()
                for picture in stream:
                    if picture.time > begin:
                        break
                    if picture.key:
                        return chain((picture,), stream)
        self._deck.rewind()
        return self.pictures()

    def _decode(
        self, packet: Packet[VideoStream] | None, last: Fraction | None, *, keys_only: bool
    ) -> list[tuple[VideoFrame, bool]]:
        """Return the frames that a packet, or the end, brings out, and whether they are keys."""
        deck, decoder = self._deck, self._deck.decoder
        at_key = packet is not None and packet.is_keyframe
        try:
            if not keys_only:
                deck.note_depth()
                # The last packet is an empty one that flushes; after a reading error none comes.
                if packet is not None and at_key and not deck.marks_keys:
                    self._key_stamps.add(packet.pts)
                return [(frame, self._is_key(frame)) for frame in decoder.decode(packet)]
            if packet is None or not at_key or packet.is_discard or not packet.size:
                return []
            number, self._keys_met = self._keys_met, self._keys_met + 1
            if packet.pts is not None and packet.pts < self._keys_from:
                return []
            # Each key frame is decoded for itself: to a decoder that expects the pictures between
            # them their absence is damage, which some conceal. `skip_frame` would leave out the
            # key frames of open groups of pictures, and several decoders ignore it.
            frames = [*decoder.decode(packet), *decoder.decode(None)]
            decoder.flush_buffers()
        except READ_ERRORS as error:
            if keys_only:
                decoder.flush_buffers()
            self._note(error, last)
            return []
        keys = [frame for frame in frames if frame.key_frame or not deck.marks_keys][:1]
        for frame in keys:
            frame.pts = self._key_stamp(packet, number)
        return [(frame, True) for frame in keys]

    def _is_key(self, frame: VideoFrame) -> bool:
        if self._deck.marks_keys:
            return bool(frame.key_frame)
        is_key = frame.pts in self._key_stamps
        self._key_stamps.discard(frame.pts)
        return is_key

    def _key_stamp(self, packet: Packet[VideoStream], number: int) -> int | None:
        known = self._known
        if known is None or known.true:
            return packet.pts if packet.pts is not None else packet.dts
        times = known.pts[known.keys]
        return int(times[number]) if number < len(times) else None

    def _note(self, error: Exception, last: Fraction | None) -> None:
        if isinstance(error, av.error.EOFError):
            return
        self._steps += 1
        if self._steps > self._limits.max_frames:
            message = f"has more than {self._limits.max_frames:,} broken packets; get a new copy"
            raise LimitExceededError(message, source=self._name, time_s=last) from error
        if self.trouble is None:
            self._remember(f"is broken or cut off here ({reason_of(error)}); get a new copy", last)

    def _check_end(self, end: int | None, last: Fraction | None) -> None:
        """Notice a file cut off between two packets, by the size or length that it states."""
        stream = self._deck.stream
        if self._deck.missing and self.trouble is None:
            self.trouble = cut_off_error(self._name, self._deck.missing, last)
        if not stream.duration or stream.time_base is None or last is None or self.trouble:
            return
        promised = (stream.duration + (stream.start_time or 0)) * stream.time_base
        reached = last if end is None else max(last, end * stream.time_base)
        if promised - reached > max(_END_SLACK_S, promised / 10):
            self._remember(f"ends here instead of at {float(promised):.1f} s; get a new copy", last)

    def _remember(self, message: str, time_s: Fraction | None) -> None:
        self.trouble = CorruptMediaError(message, source=self._name, time_s=time_s)

    def _spend(self, seconds: float, last: Fraction | None) -> None:
        self._spent_s += seconds
        allowed = self._limits.max_decode_s
        if self._spent_s > allowed:
            message = (
                f"took more than {allowed:g} s to decode up to here; "
                "make it smaller or raise max_decode_s"
            )
            raise DecodeTimeoutError(message, source=self._name, time_s=last)

    def _count(self, time: Fraction) -> None:
        self._steps += 1
        first = self._first = time if self._first is None else min(self._first, time)
        most = self._limits.max_frames
        if self._passing:
            most += int(_PLAIN_RATE * (time - first))
        if self._steps > most:
            message = (
                f"needs more than {most:,} frames decoded, the most that one "
                "file may; split it (in Python: Limits(max_frames=...))"
            )
        elif time - first > self._limits.max_duration_s:
            allowed = self._limits.max_duration_s
            message = f"goes on after the {allowed:.1f} s allowed; raise max_duration_s"
        else:
            return
        raise LimitExceededError(message, source=self._name, time_s=time)


def cut_off_error(name: str, missing: int, time_s: Fraction | None) -> CorruptMediaError:
    """Return the error about a file that ends too early.

    Args:
        name: The source.
        missing: Bytes that its container states and that are not there.
        time_s: When its last frame starts.
    """
    message = f"is cut off here: {missing:,} bytes are missing; get a new copy"
    return CorruptMediaError(message, source=name, time_s=time_s)
