"""Cutting and mending prompts: idioms hidden, words taken out, the rest made a phrase again."""

from __future__ import annotations

import re

__all__ = ["core_of", "hide", "plain", "replaced", "tidy"]

_READ = 2000
"""Characters of a prompt that are looked at; no text tower reads more."""

_MEDIUM = (
    r"(?:photo(?:graph)?s?|pictures?|images?|snapshots?|shots?|pics?|close[- ]ups?|screenshots?|"
    r"renderings?|views?|scenes?|footage|frames?)"
)
_TEMPLATE = re.compile(
    rf"^(?:(?:this|it|here)\s+is\s+)?(?:(?:a|an|the|some|one)\s+)?{_MEDIUM}\s+(?:of|showing|with|"
    rf"depicting|representing|illustrating|about)"
    r"(?:\s+the\s+concept\s+of)?\s+",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:a|an|the|some|any)\s+", re.IGNORECASE)


_QUOTES = str.maketrans(
    dict.fromkeys("\u2018\u2019", "'") | dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"')
)


def plain(text: str) -> str:
    """Return a prompt on one line, with plain apostrophes, as the rules read it."""
    text = text[:_READ].translate(_QUOTES)
    return " ".join(text.split())


def core_of(prompt: str) -> str:
    """Return what a prompt is about: without "a photo of", its article and the full stop."""
    text = prompt.strip().rstrip(".!").strip()
    text = _TEMPLATE.sub("", text)
    return _ARTICLE.sub("", text).strip()


def hide(text: str, idioms: re.Pattern[str]) -> str:
    """Blank out what only looks like a mistake, so that every other place keeps its position."""
    return idioms.sub(lambda match: "_" * len(match[0]), text)


def replaced(text: str, start: int, end: int, by: str = "") -> str:
    """Put other words in the place of some, and mend what is left."""
    return tidy(f"{text[:start]} {by} {text[end:]}")


def tidy(text: str) -> str:
    """Mend blanks, articles before vowels, and words that cannot stand at an end."""
    text = re.sub(r"\s+", " ", text).strip(" ,;:")
    text = re.sub(r"\s+([,.;:!?])", r"\1", text)
    text = re.sub(
        r"\s+(?:and|or|with|of|in|on|at|to|the|a|an|that|who|which|is|are|by|from|showing|for)$",
        "",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(r"^(?:and|or|with|of|in|on|at|to|that|who|which|is|are)\s+", "", text)
    text = re.sub(r"\b(a|an|the) (?:a|an|the) ", r"\1 ", text)
    text = re.sub(r"\ba (?=[aeiou](?!ne?\b|ni|se))", "an ", text)
    return re.sub(r"\ban (?=[^aeiouhAEIOUHXMFSLNR\W])", "a ", text)
