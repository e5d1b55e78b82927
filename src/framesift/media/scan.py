"""Reading the index of a video from its packets, without decoding."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np

from framesift.media.clock import Clock
from framesift.media.index import FrameIndex

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

    from framesift.media.deck import Deck

__all__ = ["scan_index"]

_NONE = -(2**63)


def scan_index(deck: Deck, depth: int) -> FrameIndex | None:
    """Read all packets from the first one on.

    Args:
        deck: Stands anywhere; it stands at the end afterwards.
        depth: How many frames the decoder holds back.

    Returns:
        ``None`` where the packets do not tell when their frames are shown: without time stamps at
        all, or without the presentation times of frames that are not stored in the order in which
        they are shown (H.264 in AVI).
    """
    packets = _Packets()
    deck.rewind()
    for packet in deck.packets():
        if not isinstance(packet, Exception) and packet.size and not _is_hidden(packet):
            packets.add(packet)
    if not packets.sizes:
        return None
    if _NONE not in packets.pts:
        return packets.by_pts(deck)
    return packets.by_dts(deck, depth)


class _Packets:
    """What the packets say, in the order in which they are stored."""

    def __init__(self) -> None:
        self.pts = array("q")
        self.dts = array("q")
        self.ends = array("q")
        self.keys = bytearray()
        self.sizes = array("L")

    def add(self, packet: Packet[VideoStream]) -> None:
        pts = _NONE if packet.pts is None else packet.pts
        self.pts.append(pts)
        self.dts.append(_NONE if packet.dts is None else packet.dts)
        self.ends.append(_NONE if packet.pts is None else pts + (packet.duration or 0))
        self.keys.append(packet.is_keyframe)
        self.sizes.append(packet.size)

    def by_pts(self, deck: Deck) -> FrameIndex:
        pts = np.asarray(self.pts, np.int64)
        order = self._shown_order(pts, deck.jump)
        ticks, true = pts[order], True
        if (np.diff(ticks) <= 0).any():
            clock = Clock(deck.step, deck.jump)
            ticks = np.asarray([clock.tick(int(one)) for one in ticks], np.int64)
            true = False
        last = int(ticks[-1])
        end = max(self.ends) if true else last + deck.step
        end = end if end > last else last + deck.step
        # MP4 gives each packet the time until the next one is decoded, not shown: where rates vary
        # and frames are reordered, that may reach beyond the length that the stream states.
        stated = _stated_end(deck.stream)
        if len(ticks) > 1 and last + int(np.diff(ticks).min()) <= stated < end:
            end = stated
        return self._index(deck, order, ticks, end, true=true)

    def _shown_order(self, pts: NDArray[np.int64], jump: int) -> NDArray[np.int64]:
        """Sort by time, each recording of several in one file for itself."""
        dts = np.asarray(self.dts, np.int64)
        known = np.flatnonzero(dts != _NONE)
        falls = known[1:][np.diff(dts[known]) < -jump]
        parts = np.split(np.arange(len(pts)), falls)
        return np.concatenate([part[np.argsort(pts[part], kind="stable")] for part in parts])

    def by_dts(self, deck: Deck, held: int) -> FrameIndex | None:
        """Fill in the presentation times that are missing, where decoding times tell them.

        A decoder that holds nothing back shows a frame when it decodes it. One that holds a single
        frame back shows it when it decodes the next of the kind that is held back; frames of the
        other kind have presentation times, and these are their decoding times.
        """
        dts = np.asarray(self.dts, np.int64)
        if dts.min() == _NONE or (np.diff(dts) <= 0).any() or held > 1:
            return None
        pts = np.asarray(self.pts, np.int64)
        following = int(dts[-1]) + deck.step
        for place in range(len(pts) - 1, -1, -1):
            passes = pts[place] == dts[place]
            if pts[place] == _NONE:
                pts[place] = following if held else dts[place]
            if not passes:
                following = int(dts[place])
        order = np.argsort(pts, kind="stable")
        ticks = pts[order]
        if (np.diff(ticks) <= 0).any():
            return None
        return self._index(deck, order, ticks, int(ticks[-1]) + deck.step, true=not held)

    def _index(
        self,
        deck: Deck,
        order: NDArray[np.int64],
        ticks: NDArray[np.int64],
        end: int,
        *,
        true: bool,
    ) -> FrameIndex:
        keys = np.frombuffer(bytes(self.keys), np.bool_)[order]
        sizes = np.asarray(self.sizes, np.uint32)[order]
        return FrameIndex(deck.base, ticks, keys, sizes, end * deck.base, true)


def _stated_end(stream: VideoStream) -> int:
    """Return when the stream ends as its header says, in ticks; 0 where it does not."""
    return (stream.start_time or 0) + stream.duration if stream.duration else 0


def _is_hidden(packet: Packet[VideoStream]) -> bool:
    """Tell whether a packet gives no picture: cut off by an edit list, or a VP8 reference."""
    if packet.is_discard:
        return True
    # Bit 4 of the frame tag, show_frame (RFC 6386, section 9.1).
    return packet.stream.codec_context.name == "vp8" and not memoryview(packet)[0] & 0x10
