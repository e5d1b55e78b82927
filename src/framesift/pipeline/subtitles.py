"""From the lines of subtitles to passages that can be judged."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.types import Cue

__all__ = ["passages"]

_PAUSE_S: Final = Fraction(3)
_MOST_CHARACTERS: Final = 240
_ENDS: Final = (".", "!", "?", "\N{HORIZONTAL ELLIPSIS}", "\N{IDEOGRAPHIC FULL STOP}")


def passages(cues: Sequence[Cue]) -> list[tuple[Fraction | None, str]]:
    """Join lines of subtitles to sentences, so that one broken over several lines is read whole.

    A passage ends with a line that ends a sentence, before a pause of three seconds, and before it
    would grow beyond 240 characters.

    Args:
        cues: In the order of their starts.

    Returns:
        When each passage starts, in seconds, and its text.
    """
    found: list[tuple[Fraction | None, str]] = []
    text, start, end = "", Fraction(0), Fraction(0)
    for cue in cues:
        line = " ".join(cue.text.split())
        if not line:
            continue
        too_long = len(text) + len(line) >= _MOST_CHARACTERS
        if text and (text.endswith(_ENDS) or cue.start - end > _PAUSE_S or too_long):
            found.append((start, text))
            text = ""
        if not text:
            start = cue.start
        text = f"{text} {line}".lstrip()
        end = max(cue.end, cue.start)
    if text:
        found.append((start, text))
    return found
