"""Which frames are read for words, and what is kept of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from framesift.errors import FramesiftError
from framesift.types import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framesift.embeddings.ocr import WordReader
    from framesift.pipeline.items import Item
    from framesift.types import Frame

__all__ = ["MIN_SIDE_PX", "WORDS_VERSION", "read_words"]

MIN_SIDE_PX: Final = 1200
"""Decoders keep this many pixels of the shorter side where words are to be read."""

WORDS_VERSION: Final = 2
"""Grows with every change of which frames are read."""

_CELLS: Final = 64
_SAME: Final = 12


def read_words(reader: WordReader, item: Item, frame: Frame) -> None:
    """Read the words of a frame, unless it shows what the frame read last shows.

    Two frames show the same where none of 64 x 64 cells differs by more than 12 of 255 levels:
    words that come or go change more than that, the noise of a video less. A frame whose words
    could not be read leaves ``item.words_problem``; it is never taken for a frame without words.
    """
    cells = _cells(frame)
    if item.words_seen is not None and int(np.abs(cells - item.words_seen).max()) <= _SAME:
        return
    item.words_seen = cells
    try:
        found = reader.read(frame.pixels)
    except FramesiftError as error:
        item.words_problem = Problem(type(error).__name__, str(error))
        return
    item.words.append((frame.time, found))


def _cells(frame: Frame) -> NDArray[np.int16]:
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(frame.pixels))
    small = image.resize((_CELLS, _CELLS), Image.Resampling.BOX, reducing_gap=2.0)
    return np.asarray(small, dtype=np.int16)
