"""Prompts in other languages than English."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from framesift.heads.lint.finding import Hit
from framesift.heads.lint.lexicon import words

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_language"]

_SCRIPT = re.compile(r"[^\W\d_a-zA-Z\u00c0-\u024f]")
_GLUE = ("a", "an", "the", "of", "with", "in", "on", "and", "at")


def find_language(text: str) -> Iterator[Hit]:
    """Find a prompt in another script, or in a language that is known by its small words."""
    letters = [c for c in text if c.isalpha()]
    other = _SCRIPT.findall(text)
    advice = "say it in English"
    if letters and len(other) * 4 >= len(letters):
        yield Hit("language", 0, len(text), advice)
        return
    foreign, shared = words("words", "foreign"), words("words", "not_foreign")
    odd = words("words", "foreign_letters")
    found = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text.lower())
    known = [word for word in found if word in foreign]
    sure = [word for word in known if word not in shared]
    strange = [word for word in found if any(letter in word for letter in odd)]
    english = [word for word in found if word in _GLUE and word not in sure]
    if english and not sure[2:]:
        return
    if (sure and len(known) + len(strange) >= 2) or (len(sure) == 1 and len(found) <= 2):
        yield Hit("language", 0, len(text), advice)
