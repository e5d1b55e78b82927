"""Pictures that are drawn and not read: scenes whose content is known, and what no camera sees.

They measure what a model can do (`framesift.pipeline.limits`) and show a detector of unknown
pictures what it must find (`training/known`). Everything is made from a seed; no file is needed.
"""

from framesift.media.drawn.canvas import COLOURS, SHAPES, Canvas, seeded
from framesift.media.drawn.glyphs import handwritten_digit
from framesift.media.drawn.objects import OBJECTS
from framesift.media.drawn.unusual import EXPOSED, UNUSUAL, draw_unusual

__all__ = [
    "COLOURS",
    "EXPOSED",
    "OBJECTS",
    "SHAPES",
    "UNUSUAL",
    "Canvas",
    "draw_unusual",
    "handwritten_digit",
    "seeded",
]
