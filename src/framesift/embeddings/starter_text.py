"""The text tower of `starter`: static word vectors, added up.

A text is lower-cased, split into words, and each word looked up; a learned vector is added and the
sum is brought to length 1. The order of words plays no part, and neither does negation: "a dog
without snow" is close to "a dog with snow". Its strength is that it costs microseconds.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from framesift.types import Float32Array

__all__ = ["WordTower", "known_words", "split_words"]

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_LONGEST_TEXT = 20_000
_SHORTEST_PART = 3

# Endings tried in this order on a word that is not in the vocabulary: what to take off, what to
# put in its place.
_ENDINGS = (
    ("'s", ""),
    ("s'", ""),
    ("n't", ""),
    ("ies", "y"),
    ("es", ""),
    ("es", "e"),
    ("s", ""),
    ("ing", ""),
    ("ing", "e"),
    ("ed", ""),
    ("ed", "e"),
    ("er", ""),
    ("er", "e"),
    ("est", ""),
    ("ly", ""),
)


def split_words(text: str) -> list[str]:
    """Split a text into lower-case words; accents and punctuation are dropped.

    Only the first 20,000 characters are read.
    """
    text = text[:_LONGEST_TEXT].replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    text = unicodedata.normalize("NFKD", text)
    text = "".join(c for c in text if not unicodedata.combining(c))
    return _WORD.findall(text.lower())


def known_words(text: str, rows: Mapping[str, int]) -> Iterator[int]:
    """Give the vocabulary row of each word of a text, in order.

    An unknown word is replaced by its stem ("skateboarders" by "skateboarder"), else by the two
    known words that it is made of ("snowdog" by "snow" and "dog"), else skipped.

    Args:
        text: Any text.
        rows: Row by word.
    """
    for word in split_words(text):
        if word in rows:
            yield rows[word]
        else:
            yield from _unknown(word, rows)


def _unknown(word: str, rows: Mapping[str, int]) -> Iterator[int]:
    for ending, instead in _ENDINGS:
        stem = word.removesuffix(ending) + instead
        if word.endswith(ending) and stem in rows and len(stem) >= _SHORTEST_PART:
            yield rows[stem]
            return
    if not word.isalpha() or len(word) > 40:
        return
    # The longest first part wins: "fire" + "fighter" rather than "fir" + "efighter".
    for cut in range(len(word) - _SHORTEST_PART, _SHORTEST_PART - 1, -1):
        first, second = word[:cut], word[cut:]
        if first in rows and second in rows:
            yield rows[first]
            yield rows[second]
            return


class WordTower:
    """Embeds texts as the sum of their words' vectors.

    Args:
        words: The vocabulary, V words, lower case.
        vectors: float32 (V, D); a word's weight is the length of its vector.
        offset: float32 (D,), added to every sum; alone it is the embedding of an empty text.
    """

    def __init__(self, words: Sequence[str], vectors: Float32Array, offset: Float32Array) -> None:
        """Index the vocabulary."""
        self._rows = {word: row for row, word in enumerate(words)}
        self._vectors = vectors
        self._offset = offset

    @property
    def words(self) -> tuple[str, ...]:
        """The vocabulary."""
        return tuple(self._rows)

    def embed(self, texts: Sequence[str]) -> Float32Array:
        """Embed N texts as unit vectors, float32 (N, D).

        A text without a known word gets one fixed vector, that of an empty text.
        """
        out = np.empty((len(texts), len(self._offset)), np.float32)
        for n, text in enumerate(texts):
            found = list(known_words(text, self._rows))
            total = self._vectors[found].sum(axis=0, dtype=np.float64) + self._offset
            out[n] = total / np.linalg.norm(total)
        return out
