"""Faults that only moving pictures have, found on small pictures while a video is decoded."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, TypeAlias

from framesift.frames.fault_bitrate import BitrateMeter
from framesift.frames.fault_empty import EmptyMeter
from framesift.frames.fault_flicker import FlickerMeter
from framesift.frames.fault_freeze import FreezeMeter
from framesift.frames.fault_looks import Look, Pair
from framesift.frames.fault_shake import ShakeMeter

if TYPE_CHECKING:
    from fractions import Fraction

    from framesift.media.index import FrameIndex
    from framesift.types import Segment, UInt8Array

    Summary: TypeAlias = tuple[tuple[Segment, ...], tuple[tuple[str, float], ...]]

__all__ = ["FaultMeter"]


class FaultMeter:
    """Looks for black, blank, frozen, flickering, shaky and starved stretches of one video.

    It keeps two small pictures and a second of numbers, whatever the length, beside what it found.
    What was not seen is not judged: pictures that do not follow each other (key frames alone) say
    nothing of motion, and only of what is empty at both ends.
    """

    def __init__(self) -> None:
        """Start before the first picture."""
        self._empty = EmptyMeter()
        self._freeze = FreezeMeter()
        self._flicker = FlickerMeter()
        self._shake = ShakeMeter()
        self._bitrate = BitrateMeter()
        self._last: Look | None = None
        self._origin: Fraction | None = None

    def see(
        self, time: Fraction, duration: Fraction | None, small: UInt8Array, *, joined: bool
    ) -> None:
        """Take the next picture.

        Args:
            time: When it starts, in seconds, after the one before.
            duration: How long it is shown; ``None`` where unknown.
            small: uint8 (72, 128, 3), RGB; it is kept until the next one comes.
            joined: Whether it follows directly on the one before, no frame passed over.
        """
        if self._origin is None:
            self._origin = time
        old, new = self._last, Look.of(time, small, self._origin)
        pair = Pair.of(old, new) if joined and old is not None else None
        self._empty.see(new, duration, joined=pair is not None)
        self._freeze.see(old, new, pair)
        self._flicker.see(pair)
        self._shake.see(pair)
        self._bitrate.see(pair)
        self._last = new

    def finish(self, end: Fraction, index: FrameIndex | None) -> Summary:
        """Sum up what was seen so far; more pictures may come afterwards.

        Args:
            end: When the last picture stops being shown, in seconds.
            index: Every frame's size, where it is known.

        Returns:
            Segments of the kind ``fault`` in the order of their starts, disjoint per label; and
            names and scores, 0 to 10 and up is better, without those that could not be measured:
            ``signal`` (black and blank), ``flow`` (freezes and stutter), ``light`` (flicker),
            ``steadiness`` (shake), ``bitrate``.
        """
        empty, freeze, flicker, shake, bitrate = deepcopy(
            (self._empty, self._freeze, self._flicker, self._shake, self._bitrate)
        )
        results = {
            "signal": empty.finish(end, index),
            "flow": freeze.finish(end),
            "light": flicker.finish(),
            "steadiness": shake.finish(),
            "bitrate": bitrate.finish(index),
        }
        faults = [segment for found, _ in results.values() for segment in found]
        measures = tuple((name, score) for name, (_, score) in results.items() if score is not None)
        return tuple(sorted(faults, key=lambda each: (each.start, each.label))), measures
