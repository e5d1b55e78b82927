"""One plain form for many disguises: what a head reads of a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from framesift.heads.text.characters import (
    DRAWN,
    DRAWN_LETTER,
    FLAG_LETTERS,
    FOLD,
    INVISIBLE,
    flag_letters,
    flags_spell,
)
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
    r"(?<![\w@!+|])(?:[$€£¥₹]|usd|eur|gbp)\s?\d[\d,.]{0,15}"
    r"(?:\s?(?:k|m|million|thousand|billion)\b|(?!\w))"
    r"|\b\d[\d,.]{0,15}\s?(?:[$€£¥₹](?![\w@!+|])|dollars?\b|euros?\b|pounds?\b|usd\b|eur\b|gbp\b)"
)
_EMOJI = re.compile(r"[\u2600-\u27bf\u2b50\u2764\U0001f000-\U0001f0ff\U0001f200-\U0001faff]")
_PARTED = re.compile(rf"(?<!\w)\w(?:(?: {{0,3}}{_EMOJI.pattern}){{1,3}} {{0,3}}\w){{3,39}}(?!\w)")
"""Letters with emoji between them."""

_HASH = re.compile(r"#([a-z]{5,40})\b")
_SPACED = re.compile(
    r"(?<!\S)[^\w\s]{0,2}\w(?:(?P<sep>[ \n._*\-~|/]{1,3})\w)(?:(?P=sep)\w){1,60}(?!\w)"
)
_ALONE = re.compile(
    r"(?<!\S)(?:[1!|](?= (?:am|will|want|have|was|would|can|could|do|love|hate|swear|hope|know|need"
    r"|wish|deserve|cut|made|got|earned)\b|'(?:ll|m|d|ve)\b)|@(?= [a-z]))"
)
_SIGNED = re.compile(r"(?<!\S)[a-z]*[a-z][0134578@$!|+]+[a-z][a-z0134578@$!|+]*(?!\S)")
"""A chunk with a digit or a sign between letters, as ``w1ll``."""

_SIGNS = re.compile(r"(?<!\S)(?:[1!|](?!\S)|[!|][57]|[1!|][+$]|\+0|@[7+])(?=[\s,.?;:]|$)")
_SIGN_WORDS = (
    dict.fromkeys("1!|", "i")
    | {"+0": "to", "@7": "at", "@+": "at"}
    | {
        one + two: word
        for one in "1!|"
        for two, word in zip("57+$", ("is", "it", "it", "is"), strict=True)
    }
)
"""Words that have no letter left, where others are in leetspeak; digits alone are numbers."""

_CAMEL = re.compile(r"(?<![^\W\d])(?:[A-Z]?[a-z]++|[A-Z](?=[A-Z]))(?:[A-Z][a-z]*+)++(?![^\W\d])")
_HUMP = re.compile(r"[A-Z][a-z]*|[a-z]+")
_CONTRACTIONS = re.compile(
    r"\b(?:ca|wo|sha|ai)n't+\b|(?<=\w)(?:n't+|'(?:ll+|m+|re+|ve+|d|s+))\b|(?<=\w)'[$5](?!\w)"
)
_STOPS = frozenset(".!?;:\u3002\uff01\uff1f\u061f")
_COMMAS = frozenset(",()[]\u3001\uff0c\u060c")
_LONG_FORM = {"'l": " will", "'m": " am", "'r": " are", "'v": " have"}
_IRREGULAR = {"can't": "can not", "won't": "will not", "shan't": "shall not", "ain't": "is not"}
_REPORTS = frozenset((
    "said", "says", "wrote", "writes", "whispers", "whispered", "shouts", "shouted", "yells",
    "yelled", "texted", "texts", "told", "screamed", "screams", "sprayed", "read", "reads",
    "posted", "tweeted", "replied", "answered", "commented", "sings", "sang", "messaged",
))  # fmt: skip
_OWN = frozenset(("i", "we"))
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
        breaks: Where sentences and lines end in ``text``, ascending. A colon after *he wrote* ends
            none, so that what is reported is read with its report.
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
        if tracked.text[end - 1] == ":" and _reports(words[max(0, at - 4) : at + 1]):
            continue
        if tracked.text[end - 1] in _STOPS or "\n" in tracked.text[end:following]:
            breaks.append(position - 1)
        elif tracked.text[end - 1] in _COMMAS:
            clauses.append(position - 1)
    read = " ".join(word for word, _, _ in words)
    marks = (tuple(places) for places in (breaks, clauses, familiar))
    return Normalized(text, read, known, letters, *marks)


def _reports(last: list[tuple[str, int, int]]) -> bool:
    """Whether the words before a colon say that somebody else said what follows."""
    words = [word for word, _, _ in last]
    return any(
        word in _REPORTS and not (at and words[at - 1] in _OWN) for at, word in enumerate(words)
    )


def _rewrite(tracked: Tracked, known: Vocabulary) -> list[tuple[str, int, int]]:
    """Rewrite down to words, each with its first and last place in ``tracked.text``."""
    strip_html(tracked)
    if not (tracked.text.isascii() and tracked.text.isprintable()):
        tracked.translate(INVISIBLE)
        if flags_spell(tracked.text):
            tracked.sub(FLAG_LETTERS, flag_letters)
        tracked.sub(_PARTED, _unparted)
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
    if not DRAWN_LETTER.search(text):
        return
    foreign = any(
        letter.isalpha() and ord(letter) not in DRAWN and not FOLD[ord(letter)].isascii()
        for letter in text
    )

    def change(match: re.Match[str]) -> str:
        word = match[0]
        mixed = any(character.isalpha() and FOLD[ord(character)].isascii() for character in word)
        return word.translate(DRAWN) if mixed or not foreign else word

    tracked.sub(_CHUNK, change)


def _tokens(tracked: Tracked) -> None:
    tracked.sub(_SPACED, _join)
    text = tracked.text
    if _is_leet(text):
        tracked.sub(_SIGNS, lambda match: _SIGN_WORDS[match[0]])
        text = tracked.text
    for pattern, token in _TOKENS:
        tracked.sub(pattern, _mention if pattern is _USER else _constant(token))
    if not text.isascii():
        tracked.sub(_EMOJI, lambda match: f" {match[0]} ")
    if "#" in text:
        tracked.sub(_HASH, lambda match: " " + " ".join(vocabulary().split(match[1])))
    tracked.sub(_ALONE, lambda match: "a" if match[0] == "@" else "i")
    if "'" in text:
        tracked.sub(_CONTRACTIONS, _long_form)


def _humps(match: re.Match[str]) -> str:
    """Split ``IWillKillYou`` where its humps, or enough of them, are known and the whole is not."""
    whole = match[0]
    words = [word.lower() for word in _HUMP.findall(whole)]
    known = vocabulary()
    long = sum(len(word) > 2 and word in known for word in words)
    mostly = long > 1 and 5 * long >= 2 * len(words)
    if len(words) < 2 or whole.lower() in known or not (mostly or all(map(known.is_word, words))):
        return whole
    text, start, end = match.string, match.start(), match.end()
    before = " " if text[max(0, start - 1) : start].isdigit() else ""
    after = " " if text[end : end + 1].isdigit() else ""
    return before + " ".join(_HUMP.findall(whole)) + after


def _is_leet(text: str) -> bool:
    """Whether some word has a digit or a sign between its letters and is known without."""
    known = vocabulary()
    read = ((match[0], known.repair(match[0])) for match in _SIGNED.finditer(text))
    return any(words != (chunk,) and words[0] in known for chunk, words in read if len(words) == 1)


def _mention(match: re.Match[str]) -> str:
    """Tell ``@lways`` from a mention: a known word with its first letter, and none without."""
    written, known = match[0], vocabulary()
    if written[0] == "@" and written[-1] != ":" and written[1:] not in known:
        words = known.repair(written)
        if len(words) == 1 and len(words[0]) > 3 and words[0][0] == "a" and words[0] in known:
            return written
    return " xxuser "


def _long_form(match: re.Match[str]) -> str:
    """Write out ``can't`` or ``I'll``; the last letter may be stretched, and ``'s`` goes."""
    stem, mark, end = match[0].partition("'")
    if stem:
        return _IRREGULAR.get(f"{stem}'t", " not")
    return _LONG_FORM.get(mark + end[:1], "")


def _unparted(match: re.Match[str]) -> str:
    """Take the emoji out from between letters; blanks stay where they tell words apart."""
    words = _EMOJI.sub("", match[0]).split()
    if len(words) == 1 and words[0].isalpha():
        return " ".join(vocabulary().split(words[0].lower()))
    return " ".join(words)


def _constant(token: str) -> Callable[[re.Match[str]], str]:
    return lambda _: token


def _join(match: re.Match[str]) -> str:
    """Join letters that stand alone, as in ``f r e e`` or ``f.r.e.e``; numbers stay."""
    letters = "".join(character for character in match[0] if character.isalnum())
    if letters.isdigit():
        return letters
    if sum(character.isalpha() for character in letters) * 2 < len(letters):
        return match[0]
    return " ".join(vocabulary().split(letters)) if letters.isalpha() else letters
