"""Which frames are read for words, and what is kept of them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from framesift.errors import FramesiftError
from framesift.types import Problem

if TYPE_CHECKING:
    from framesift.embeddings.ocr import WordReader
    from framesift.pipeline.items import Item
    from framesift.types import Frame

__all__ = ["MIN_SIDE_PX", "read_words"]

MIN_SIDE_PX = 1200
"""Decoders keep this many pixels of the shorter side where words are to be read."""

_GAP_S = Fraction(2)
_MOST = 32


def read_words(reader: WordReader, item: Item, frame: Frame) -> None:
    """Read the words of a frame, unless its neighbour was read just before.

    Of a video a frame every two seconds is read, at most 32 in all: words stand longer than that to
    be read by people. A frame whose words could not be read leaves ``item.words_problem``; it is
    never taken for a frame without words.
    """
    if item.words and (frame.time - item.words[-1][0] < _GAP_S or len(item.words) >= _MOST):
        return
    try:
        found = reader.read(frame.pixels)
    except FramesiftError as error:
        item.words_problem = Problem(type(error).__name__, str(error))
        return
    item.words.append((frame.time, found))
