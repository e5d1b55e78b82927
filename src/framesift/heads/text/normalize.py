"""One plain form for many disguises: what a head reads of a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from framesift.heads.text.characters import FOLD, INVISIBLE, LOOKALIKE, LOOKALIKES
from framesift.heads.text.markup import strip_html
from framesift.heads.text.tracked import Tracked
from framesift.heads.text.words import Vocabulary, vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TOKENS", "Normalized", "normalize"]

_CHUNK = re.compile(r"\S+")
_URL = re.compile(
    r"(?:h(?:tt|xx)ps?://|ftp://|www\.)[^\s<>\"']{1,2000}"
    r"|\b(?:[a-z0-9-]{1,63}\.){1,4}(?:com|net|org|info|biz|ru|cn|xyz|top|club|site|online|shop|live"
    r"|click|link|icu|io|co|me|ly|gl|tk|ml|ga|cf|gq|cc|to|uk|de|fr)\b(?:/[^\s<>\"']{0,2000})?"
)
_MAIL = re.compile(r"\b[a-z0-9._%+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24}\b")
_USER = re.compile(r"(?:\brt\s+)?(?<![\w.])@[a-z_]\w{2,30}(?!\w):?")
_PHONE = re.compile(r"(?<![\w.])\+?\(?\d{2,4}\)?(?:[ .-]?\(?\d{2,4}\)?){2,4}(?!\w)")
_MONEY = re.compile(
    r"(?<!\w)(?:[$€£¥₹]|usd|eur|gbp)\s?\d[\d,.]{0,15}"
    r"(?:\s?(?:k|m|million|thousand|billion)\b|(?!\w))"
    r"|\b\d[\d,.]{0,15}\s?(?:[$€£¥₹]|dollars?\b|euros?\b|pounds?\b|usd\b|eur\b|gbp\b)"
)
_EMOJI = re.compile(r"[\u2600-\u27bf\u2b50\u2764\U0001f000-\U0001f0ff\U0001f200-\U0001faff]")
_HASH = re.compile(r"#([a-z]{5,40})\b")
_SPACED = re.compile(
    r"(?<!\S)[^\w\s]{0,2}\w(?:(?P<sep>[ \n._*\-~|/]{1,3})\w)(?:(?P=sep)\w){1,60}(?!\w)"
)
_ALONE = re.compile(
    r"(?<!\S)(?:[1!|](?= (?:am|will|want|have|was|would|can|could|do|love|hate|swear|hope|know|need"
    r"|wish|deserve|cut|made|got|earned)\b)|@(?= [a-z]))"
)
_CAMEL = re.compile(r"(?<!\w)(?:[A-Z]?[a-z]++|[A-Z](?=[A-Z]))(?:[A-Z][a-z]*+)++(?!\w)")
_HUMP = re.compile(r"[A-Z][a-z]*|[a-z]+")
_CONTRACTIONS = re.compile(r"(?<=\w)(?:n't|'(?:ll|m|re|ve|d|s))\b")
_STOPS = frozenset(".!?;:\u3002\uff01\uff1f\u061f")
_COMMAS = frozenset(",()[]\u3001\uff0c\u060c")
_LONG_FORM = {"n't": " not", "'ll": " will", "'m": " am", "'re": " are", "'ve": " have"}
TOKENS = frozenset(("xxmail", "xxurl", "xxuser", "xxmoney", "xxphone", "xxnum"))
"""What stands for links, addresses, mentions, sums and numbers."""
_TOKENS = (
    (_MAIL, " xxmail "),
    (_URL, " xxurl "),
    (_USER, " xxuser "),
    (_MONEY, " xxmoney "),
    (_PHONE, " xxphone "),
)


@dataclass(frozen=True, slots=True)
class Normalized:
    """A text as the heads read it.

    Attributes:
        original: What was normalised.
        text: Lower-case words with one space between them; links, addresses, mentions, sums and
            numbers stand as ``xxurl``, ``xxmail``, ``xxuser``, ``xxmoney``, ``xxphone``, ``xxnum``.
        known: How many letters stand in words the heads were trained on.
        letters: How many letters there are.
        breaks: Where sentences and lines end in ``text``, ascending.
        clauses: Where there is a comma or a bracket, likewise.
        familiar: Where known words of three letters or more end, likewise.
    """

    original: str
    text: str
    known: int
    letters: int
    breaks: tuple[int, ...] = ()
    clauses: tuple[int, ...] = ()
    familiar: tuple[int, ...] = ()

    @property
    def unknown(self) -> float:
        """Share of letters in words that no head was trained on, 0 to 1; 0 without letters."""
        return 1.0 - self.known / self.letters if self.letters else 0.0

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of ``text`` comes from.

        Args:
            start: In ``text``.
            end: Likewise, exclusive.

        Returns:
            Start and end in ``original``; empty where the stretch is.
        """
        tracked = Tracked(self.original, keep=True)
        words = _rewrite(tracked, vocabulary())
        origins = tracked.origins or []
        position, places = 0, []
        for word, first, last in words:
            if position < end and position + len(word) > start:
                places += [origins[first], origins[last - 1] + 1]
            position += len(word) + 1
        return (min(places), max(places)) if places else (0, 0)


def normalize(text: str) -> Normalized:
    """Normalise a text; linear in its length, total: every string has a normal form.

    In this order: tags and entities of HTML; characters that are not seen (zero-width, bidi and
    other controls, accents used as noise, lone surrogates) are dropped; letters of other scripts
    that are drawn like Latin ones, within words that mix scripts; widths, fonts, frames and
    accents; links, addresses, mentions, sums, telephone numbers and emoji become words of their
    own; spaced letters are joined; then each word is read by the vocabulary: leetspeak, stars,
    dots inside, repeated letters, spellings of chats.

    Words of other scripts are kept as they are. Text that runs from right to left stays in the
    order of its characters; controls that would show it in another order are dropped.
    """
    tracked = Tracked(text)
    words = _rewrite(tracked, vocabulary())
    known_words = vocabulary()
    letters = known = position = 0
    breaks, clauses, familiar = [], [], []
    for at, (word, start, end) in enumerate(words):
        if word not in TOKENS:
            # Marks of Indic scripts are no letters, the words they stand in are words.
            count = len(word) if word.isalpha() else sum(map(str.isalpha, word))
            letters += count
            if word in known_words:
                known += count
                if len(word) > 2:
                    familiar.append(position + len(word))
        position += len(word) + 1
        following = words[at + 1][1] if at + 1 < len(words) else len(tracked.text)
        if following == start:
            continue  # the next word was written in the same stretch
        if tracked.text[end - 1] in _STOPS or "\n" in tracked.text[end:following]:
            breaks.append(position - 1)
        elif tracked.text[end - 1] in _COMMAS:
            clauses.append(position - 1)
    read = " ".join(word for word, _, _ in words)
    marks = (tuple(places) for places in (breaks, clauses, familiar))
    return Normalized(text, read, known, letters, *marks)


def _rewrite(tracked: Tracked, known: Vocabulary) -> list[tuple[str, int, int]]:
    """Rewrite down to words, each with its first and last place in ``tracked.text``."""
    strip_html(tracked)
    if not (tracked.text.isascii() and tracked.text.isprintable()):
        tracked.translate(INVISIBLE)
        _swap_lookalikes(tracked)
    tracked.sub(_CAMEL, _humps)
    tracked.translate(FOLD)
    _tokens(tracked)
    repair = known.repair
    return [
        (word, match.start(), match.end())
        for match in _CHUNK.finditer(tracked.text)
        for word in (
            (match[0],) if match[0] in TOKENS or _EMOJI.match(match[0]) else repair(match[0])
        )
    ]


def _swap_lookalikes(tracked: Tracked) -> None:
    """Read look-alikes as Latin in words that mix scripts, and in texts made of nothing else."""
    text = tracked.text
    if not LOOKALIKE.search(text):
        return
    foreign = any(
        letter.isalpha() and ord(letter) not in LOOKALIKES and not FOLD[ord(letter)].isascii()
        for letter in text
    )

    def change(match: re.Match[str]) -> str:
        word = match[0]
        mixed = any(character.isalpha() and FOLD[ord(character)].isascii() for character in word)
        return word.translate(LOOKALIKES) if mixed or not foreign else word

    tracked.sub(_CHUNK, change)


def _tokens(tracked: Tracked) -> None:
    tracked.sub(_SPACED, _join)
    text = tracked.text
    for pattern, token in _TOKENS:
        tracked.sub(pattern, _constant(token))
    if not text.isascii():
        tracked.sub(_EMOJI, lambda match: f" {match[0]} ")
    if "#" in text:
        tracked.sub(_HASH, lambda match: " " + " ".join(vocabulary().split(match[1])))
    tracked.sub(_ALONE, lambda match: "a" if match[0] == "@" else "i")
    if "'" in text:
        tracked.sub(_CONTRACTIONS, lambda match: _LONG_FORM.get(match[0], ""))


def _humps(match: re.Match[str]) -> str:
    """Split ``IWillKillYou`` where its humps are known words and the whole is none."""
    whole = match[0]
    words = [word.lower() for word in _HUMP.findall(whole)]
    known = vocabulary()
    if len(words) < 2 or whole.lower() in known or not all(map(known.is_word, words)):
        return whole
    return " ".join(_HUMP.findall(whole))


def _constant(token: str) -> Callable[[re.Match[str]], str]:
    return lambda _: token


def _join(match: re.Match[str]) -> str:
    """Join letters that stand alone, as in ``f r e e`` or ``f.r.e.e``; numbers stay."""
    letters = "".join(character for character in match[0] if character.isalnum())
    if sum(character.isalpha() for character in letters) * 2 < len(letters):
        return match[0]
    return " ".join(vocabulary().split(letters)) if letters.isalpha() else letters
