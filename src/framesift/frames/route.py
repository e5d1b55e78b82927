"""Which stretches of a video to decode, and walking them."""

from __future__ import annotations

from contextlib import closing
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framesift.errors import CorruptMediaError
from framesift.frames.looks import SMALL_HEIGHT, SMALL_WIDTH, Look, change, share_changed

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from numpy.typing import NDArray

    from framesift.frames.watching import Watcher
    from framesift.media import Media
    from framesift.media.base import Shown
    from framesift.media.index import FrameIndex
    from framesift.types import Frame, UInt8Array

__all__ = ["Route", "Stop", "follows", "picked"]

_WATCH_EVERY_S = Fraction(10)
"""At least one stretch in so many seconds is walked, so that faults are measured all along."""

_ALIKE = 8.0
_ALIKE_SHARE = 0.06
"""Key frames that differ less than this in `change` and in `share_changed` look alike."""

_SPIKE = 3.0
_SPIKE_SHARE = 0.05
_USUAL = 85
"""A frame shows news that takes so many times this percentile of the bytes between two key frames,
and at least such a share of a key frame's."""

_BIG = 6.0
_BIG_SHARE = 0.28
"""Or it takes so many times their median and such a share, where news has filled the stretch."""

_SEEK_FRAMES = 6
"""Starting anew at a key frame costs about as much as decoding so many frames."""


class Stop(NamedTuple):
    """A decoded picture on the way.

    Attributes:
        shown: The picture.
        small: uint8 (72, 128, 3), the same in small.
        joined: Whether it directly follows the stop before.
        until: When the next stop comes at the latest, where that is known; in seconds.
    """

    shown: Shown
    small: UInt8Array
    joined: bool
    until: Fraction | None


def follows(index: FrameIndex | None, before: Fraction | None, time: Fraction) -> bool:
    """Whether a frame is the one right after another; without an index that is not known."""
    if before is None or index is None:
        return False
    return index.shown_at(time) == index.shown_at(before) + 1


class Route:
    """One reading of a video: walks where something may happen and skips from key to key elsewhere.

    A stretch from one key frame to the next is skipped where it is at most ``longest`` seconds
    long, both key frames look alike, no frame between took unusually many bytes, and a stretch was
    walked in the last ten seconds. Where something is broken, the rest is still decoded; the first
    error comes at the end.
    """

    def __init__(self, media: Media, longest: Fraction, apart: Fraction) -> None:
        """Plan by the medium's index.

        Args:
            media: Opened.
            longest: Longest stretch that may be skipped, in seconds.
            apart: Key frames that are closer than this are no stretch of their own, in seconds.
        """
        self._media = media
        self._longest = longest
        self._index = media.index
        self._keys, self._thinned = _places(self._index, apart)
        self._walked: Fraction | None = None
        self._last: Fraction | None = None
        self._trouble: CorruptMediaError | None = None

    def stops(self) -> Iterator[Stop]:
        """Yield what is decoded, in the order of the times.

        Raises:
            CorruptMediaError: After all that could be decoded.
            LimitExceededError: More pixels, frames or seconds come out than the limits allow.
        """
        place, forced = 0, True
        while place < max(1, len(self._keys)):
            if forced or self._must_walk(place):
                place = yield from self._walk(place)
                forced = False
            else:
                place, forced = yield from self._skip(place)
        if self._trouble is not None:
            raise self._trouble

    def _time(self, place: int) -> Fraction | None:
        """Return when a stretch begins; ``None`` after the last one."""
        if self._index is None or place >= len(self._keys):
            return None
        return self._index.time(self._keys[place])

    def _must_walk(self, place: int) -> bool:
        begin, end = self._time(place), self._time(place + 1)
        if begin is None or end is None or self._index is None or end - begin > self._longest:
            return True
        if self._walked is None or end - self._walked >= _WATCH_EVERY_S:
            return True
        one, other = self._keys[place], self._keys[place + 1]
        sizes = self._index.sizes
        between = sizes[one + 1 : other][~self._index.keys[one + 1 : other]]
        return _spikes(between, float(min(sizes[one], sizes[other])))

    def _walk(self, place: int) -> Generator[Stop, None, int]:
        """Decode every frame of a stretch, and of those after it that must be walked anyway."""
        begin = self._time(place) if place else None
        while True:
            place += 1
            self._walked = end = self._time(place)
            if end is None or not self._must_walk(place):
                break
        try:
            for shown in self._media.pictures(begin, end):
                if self._last is None or shown.time > self._last:
                    yield self._stop(shown, shown.small(SMALL_WIDTH, SMALL_HEIGHT), None)
        except CorruptMediaError as error:
            self._trouble = self._trouble or error
        return place

    def _skip(self, place: int) -> Generator[Stop, None, tuple[int, bool]]:
        """Go from key to key while they look alike.

        Returns:
            Where to go on, and whether that stretch must be walked.
        """
        before: Look | None = None
        with closing(self._key_pictures(place)) as pictures:
            for shown in pictures:
                small = shown.small(SMALL_WIDTH, SMALL_HEIGHT)
                look = Look(small)
                if before is not None:
                    if shown.time != self._time(place + 1) or not _alike(before, look):
                        return place, True
                    place += 1
                    if self._must_walk(place):
                        return place, True
                elif shown.time != self._time(place):
                    return place, True
                before = look
                yield self._stop(shown, small, self._time(place + 1))
        return place, True

    def _key_pictures(self, place: int) -> Generator[Shown]:
        if not self._thinned:
            yield from self._media.pictures(self._time(place), keys_only=True)
            return
        while (time := self._time(place)) is not None:
            with closing(_generator(self._media.pictures(time, keys_only=True))) as pictures:
                shown = next(pictures, None)
                if shown is None:
                    return
                yield shown
            place += 1

    def _stop(self, shown: Shown, small: UInt8Array, until: Fraction | None) -> Stop:
        joined = self._last is not None
        if self._index is not None:  # without one everything is walked
            joined = follows(self._index, self._last, shown.time)
        self._last = shown.time
        return Stop(shown, small, joined, until)


def _generator(pictures: Iterator[Shown]) -> Generator[Shown]:
    yield from pictures


def _places(index: FrameIndex | None, apart: Fraction) -> tuple[list[int], bool]:
    """Return the key frames between which stretches lie, and whether others were left out."""
    if index is None:
        return [], False
    found: list[int] = np.flatnonzero(index.keys).tolist()
    ticks = index.pts[index.keys].tolist()
    least = int(apart / index.base)
    kept: list[int] = []
    last = None
    for key, tick in zip(found, ticks, strict=True):
        if last is None or tick - last >= least:
            kept.append(key)
            last = tick
    return (kept, True) if 2 * len(kept) <= len(found) else (found, False)


def _spikes(between: NDArray[np.uint32], key: float) -> bool:
    """Tell from the bytes of the frames between two key frames whether something came.

    Args:
        between: Of each frame that is no key frame.
        key: Of the smaller key frame.
    """
    if not len(between):
        return False
    middle, usual = (max(float(size), 1.0) for size in np.percentile(between, (50, _USUAL)))
    most = float(between.max())
    spike = most > _SPIKE * usual and most > _SPIKE_SHARE * key
    return spike or (most > _BIG * middle and most > _BIG_SHARE * key)


def _alike(one: Look, other: Look) -> bool:
    return change(one, other) < _ALIKE and share_changed(one, other) < _ALIKE_SHARE


def picked(
    media: Media, index: FrameIndex, times: Sequence[Fraction], watcher: Watcher
) -> Iterator[Frame]:
    """Read the frames shown at some moments, decoding as few others as possible.

    Args:
        media: Opened.
        index: Its index.
        times: Ascending seconds on the stream's own clock.
        watcher: Told of every frame that is decoded.

    Yields:
        Frames in the order of their times, each once; for a broken one the next that decodes,
        or the last one before the rest broke off.

    Raises:
        CorruptMediaError: After the frames that could be decoded.
        LimitExceededError: More pixels, frames or seconds come out than the limits allow.
    """
    last: Fraction | None = None
    given: Fraction | None = None
    trouble: CorruptMediaError | None = None
    for stretch in _stretches(index, sorted({index.shown_at(time) for time in times})):
        wanted = [index.time(place) for place in stretch.wanted]
        try:
            for shown in media.pictures(index.time(stretch.begin), wanted[-1] + index.base):
                if last is not None and shown.time <= last:
                    continue
                joined = follows(index, last, shown.time)
                watcher.see(shown, shown.small(SMALL_WIDTH, SMALL_HEIGHT), joined=joined)
                last = shown.time
                if wanted and shown.time >= wanted[0]:
                    while wanted and shown.time >= wanted[0]:
                        wanted.pop(0)
                    given = shown.time
                    yield shown.frame()
        except CorruptMediaError as error:
            trouble = trouble or error
            if wanted:  # what stood on the screen when the rest broke off
                for frame in _still_shown(media, wanted[0], given):
                    given = frame.time
                    yield frame
    if trouble is not None:
        raise trouble


def _still_shown(media: Media, time: Fraction, given: Fraction | None) -> Iterator[Frame]:
    try:
        for frame in media.read((time,)):
            if given is None or frame.time > given:
                yield frame
    except CorruptMediaError:
        return  # it was told of already


class _Stretch(NamedTuple):
    """Frames to decode one after the other, by their places in an index."""

    begin: int
    wanted: list[int]


def _stretches(index: FrameIndex, wanted: Sequence[int]) -> list[_Stretch]:
    """Group wanted frames: a group is decoded in one go, from a key frame to its last one."""
    keys = np.flatnonzero(index.keys)
    stretches: list[_Stretch] = []
    for place in wanted:
        found = int(np.searchsorted(keys, place, side="right")) - 1
        key = int(keys[found]) if found >= 0 else 0
        goes_on = stretches and (
            place - stretches[-1].wanted[-1] <= place - key + _SEEK_FRAMES
            or key <= stretches[-1].wanted[-1]
        )
        if goes_on:
            stretches[-1].wanted.append(place)
        else:
            stretches.append(_Stretch(key, [place]))
    return stretches
