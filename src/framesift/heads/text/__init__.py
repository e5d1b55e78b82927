"""Harm in captions, comments, e-mails and words read in pictures: normalise, score, explain."""

from framesift.heads.text.head import SPACE, TextHead
from framesift.heads.text.normalize import Normalized, normalize
from framesift.heads.text.screen import (
    TEXT_CATEGORIES,
    UNMEASURED,
    load_text_heads,
    screen_text,
    usable_phrase,
)

__all__ = [
    "SPACE",
    "TEXT_CATEGORIES",
    "UNMEASURED",
    "Normalized",
    "TextHead",
    "load_text_heads",
    "normalize",
    "screen_text",
    "usable_phrase",
]
