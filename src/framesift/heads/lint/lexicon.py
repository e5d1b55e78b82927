"""The word lists of the rules, and patterns made of them."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["any_of", "lexicon", "phrases", "split_phrases", "words"]


@cache
def lexicon(name: str) -> dict[str, Any]:
    """Read a list of this package: ``people``, ``names``, ``kinds`` or ``words``."""
    file = resources.files("framesift.heads.lint").joinpath("data").joinpath(f"{name}.toml")
    return tomllib.loads(file.read_text("utf-8"))


@cache
def words(name: str, key: str) -> tuple[str, ...]:
    """Return the words of an entry, lower case, each once."""
    return tuple(dict.fromkeys(lexicon(name)[key].lower().split()))


@cache
def phrases(name: str, key: str) -> tuple[str, ...]:
    """Return the phrases of an entry that separates them by commas, lower case, each once."""
    return split_phrases(lexicon(name)[key])


def split_phrases(text: str) -> tuple[str, ...]:
    """Split a list at its commas; lower case, blanks in a row made one, each once."""
    parts = (" ".join(part.split()).lower() for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def any_of(names: Iterable[str]) -> str:
    """Return a pattern for any of the names, the longest first; a hyphen may be a blank."""
    ordered = sorted(set(names), key=lambda name: (-len(name), name))
    parts = (
        re.escape(name).replace(r"\-", "[- ]").replace(r"\ ", r"[-\s]+").replace("'", "'?")
        for name in ordered
    )
    return f"(?:{'|'.join(parts)})"
