"""A text cut for the heads: what is shown of it, what is hidden in it, windows of several sizes."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from framesift.heads.text.characters import INVISIBLE, as_seen
from framesift.heads.text.links import find_links, link_tokens, words_within
from framesift.heads.text.markup import (
    concealed,
    hidden_html,
    is_mail,
    legible,
    open_mail,
    structure,
)
from framesift.heads.text.normalize import Normalized, normalize

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LONGEST", "Piece", "Place", "Window", "Windows", "cut", "pieces"]

SEGMENT = 20_000
"""Longer texts are normalised in pieces of about this many characters."""

LONGEST = 120
"""Characters of evidence at most."""

_SHORTEST = 3
"""Sentences of fewer characters say nothing."""

_SHORTEST_CLAUSE = 10

_FEW, _MANY = 300, 3000
"""Characters of a text from which on the worst of its short windows is doubted, and fully."""

_EMPHASIS = 5
"""How an e-mail is built is said this often beside its words, lest they drown it."""

Place: TypeAlias = Literal["shown", "concealed", "aside"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text, normalised.

    Attributes:
        normal: The stretch.
        words: ``normal.text`` with a word for each kind of link found.
        place: ``shown`` for what any reader sees; ``concealed`` for bodies of an e-mail that its
            reader might not see but a person who sees the text does; ``aside`` for what an e-mail
            or a page says about itself: headers, attributes, scripts, comments.
        doubt: How much of a head's caution for long texts holds for short windows, 0 to 1. The
            worst of many windows is worse by chance, so it grows with the logarithm of the
            characters of all pieces of the text.
    """

    normal: Normalized
    words: str
    place: Place = "shown"
    doubt: float = 0.0

    def written(self, start: int, end: int) -> str:
        """What stands in the text, as written, for a stretch of ``words``; on one line."""
        end = min(end, len(self.normal.text))
        if start >= end:
            return ""
        first, last = self.normal.origin(start, end)
        line = " ".join(self.normal.original[first:last].translate(INVISIBLE).split())
        return line if len(line) <= LONGEST else line[: LONGEST - 3] + "..."


@dataclass(frozen=True, slots=True)
class Windows:
    """How a head reads long texts: every window on its own, the worst one counts.

    Attributes:
        size: Characters of normalised text in one window.
        step: From the start of one to the start of the next; less than ``size``.
        narrow: Characters of short windows, which overlap by half; with them each sentence is a
            window too, so that a short threat is not drowned by what stands around it. Where
            there is no stop for more than two of them, they begin every few words. 0 for none.
        asides: Whether headers, attributes, scripts and comments are read too.
    """

    size: int
    step: int
    narrow: int = 0
    asides: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a piece's words that is scored on its own.

    Attributes:
        piece: Where it is.
        start: In the piece's words.
        end: Likewise, exclusive.
        narrow: Whether it is short or out of the way, so that its score is taken with caution.
    """

    piece: Piece
    start: int
    end: int
    narrow: bool = False

    @property
    def words(self) -> str:
        """What stands in it."""
        return self.piece.words[self.start : self.end]


def pieces(text: str) -> list[Piece]:
    """Open e-mails, cut long texts at blanks, and normalise each stretch.

    What an e-mail or a page would hide comes after what it shows: a text that only begins like an
    e-mail is shown to people as it is.
    """
    built = structure(text) * _EMPHASIS
    shown = open_mail(text)
    found = _stretches(shown, "shown", built)
    if is_mail(text):
        found += _stretches(concealed(text), "concealed")
        found += _stretches(legible(text), "aside")
    found += _stretches(hidden_html(shown), "aside")
    doubt = _doubt(sum(len(piece.normal.text) for piece in found))
    found += _other_readings(shown)
    return [replace(piece, doubt=doubt) for piece in found] if doubt else found


def _other_readings(shown: str) -> list[Piece]:
    """Read what is shown in another order than it is written, and what stands in names."""
    seen = as_seen(shown)
    found = [] if seen == shown else _stretches(seen, "concealed")
    named = _stretches(words_within(shown), "aside")
    return found + [piece for piece in named if len(piece.normal.familiar) > 1]


def _doubt(length: int) -> float:
    if length <= _FEW:
        return 0.0
    return min(1.0, math.log(length / _FEW) / math.log(_MANY / _FEW))


def _stretches(text: str, place: Place, built: tuple[str, ...] = ()) -> list[Piece]:
    found = []
    for part in _segments(text):
        normal = normalize(part)
        words = (normal.text, *link_tokens(find_links(part)), *built)
        found.append(Piece(normal, " ".join(word for word in words if word), place))
    return found


def _segments(text: str) -> Iterator[str]:
    start = 0
    while len(text) - start > SEGMENT:
        blank = text.rfind(" ", start + SEGMENT // 2, start + SEGMENT)
        end = blank if blank > 0 else start + SEGMENT
        yield text[start:end]
        start = end
    if text[start:]:
        yield text[start:]


def cut(found: Piece, shape: Windows) -> Iterator[Window]:
    """Cut the words of a piece into windows; none where there are no words.

    First the windows of the given size, which overlap and cover everything; then, if the head
    asks for them, the sentences and lines, and short windows that overlap: closely where no stop
    says where a sentence might begin.
    """
    if found.place == "aside" and not shape.asides:
        return
    aside = found.place != "shown"
    for start, end in _overlapping(found.words, shape.size, shape.step):
        yield Window(found, start, end, aside)
    if shape.narrow:
        text = found.normal.text
        spans = [*_sentences(found, shape.size)]
        if len(text) > shape.narrow:
            spans += _short(found, shape.narrow)
        familiar = found.normal.familiar
        for start, end in dict.fromkeys(spans):
            # Noise and other languages have no known word: wide windows are enough for them.
            if bisect_right(familiar, end) > bisect_right(familiar, start):
                yield Window(found, start, end, narrow=True)


def _overlapping(words: str, size: int, step: int) -> Iterator[tuple[int, int]]:
    start, end = 0, 0
    while end < len(words):
        end = len(words)
        if end - start > size:
            blank = words.rfind(" ", start + step, start + size)
            end = blank if blank > 0 else start + size
        yield start, end
        blank = words.rfind(" ", start + step // 2, start + step)
        start = blank + 1 if blank > 0 else start + step


def _short(found: Piece, size: int) -> Iterator[tuple[int, int]]:
    """Windows that overlap by half, and close ones where there is no stop for more than two."""
    text, start = found.normal.text, 0
    long: list[tuple[int, int]] = []
    for stop in (*found.normal.breaks, len(text)):
        if stop - start > 2 * size:
            long.append((start, min(stop, len(text))))
        start = stop + 1
    for start, end in _overlapping(text, size, size // 2):
        at = bisect_right(long, (start, len(text))) - 1
        if at < 0 or long[at][1] < end:
            yield start, end
    for start, last in long:
        yield from _close(text, start, last, size)


def _close(text: str, start: int, last: int, size: int) -> Iterator[tuple[int, int]]:
    """Windows from every word that is a quarter of ``size`` further on."""
    while last - start > size:
        blank = text.rfind(" ", start + size // 2, start + size)
        yield start, blank if blank > 0 else start + size
        blank = text.find(" ", start + size // 4, start + size)
        start = blank + 1 if blank > 0 else start + size
    yield start, last


def _sentences(found: Piece, size: int) -> Iterator[tuple[int, int]]:
    """Sentences, then clauses of two words or more; none that is the whole text."""
    normal = found.normal
    length = len(normal.text)
    every = sorted((*normal.breaks, *normal.clauses)) if normal.clauses else ()
    for stops, shortest in ((normal.breaks, _SHORTEST), (every, _SHORTEST_CLAUSE)):
        start = 0
        for stop in (*stops, length):
            end = min(stop, length)
            if shortest <= end - start <= size and (start, end) != (0, length):
                yield start, end
            start = end + 1
