"""Readings of words that were written to be misread: leetspeak, stars, dots, repeated letters."""

from __future__ import annotations

import itertools
import re
from functools import cache, lru_cache
from pathlib import Path
from zlib import crc32

import numpy as np

__all__ = ["SLANG", "Vocabulary", "vocabulary"]

DATA = Path(__file__).with_name("data")
WORDS = DATA / "words.npy"
"""Checksums of the words the heads were trained on."""


_LEET = {
    "0": "o", "1": "il", "2": "z", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b",
    "9": "g", "@": "a", "$": "s", "!": "il", "|": "li", "+": "t", "(": "c", "€": "e", "£": "l",
    "¢": "c", "¥": "y", "§": "s", "\u00d7": "x", "¡": "i", "^": "a",
}  # fmt: skip
_OUTER = "\"'.,;:!?()[]{}<>*_~-/\\|=+#%^@$&`€£"
_SOFT = "\"'.,;:?)]}>_~-/\\=&`"
_MASKABLE = (
    "fuck", "fucking", "fucked", "fucker", "shit", "bitch", "bitches", "ass", "asshole", "cunt",
    "dick", "cock", "pussy", "whore", "slut", "nigga", "nigger", "niggers", "faggot", "fag",
    "sex", "porn", "nude", "nudes", "kill", "die", "suicide", "rape", "murder", "shoot", "stab",
)  # fmt: skip
_MASKS = re.compile(r"[*#@$!%\-.]")
SLANG = {
    "u": "you", "ur": "your", "r": "are", "ya": "you", "yo": "your", "yall": "you all",
    "dont": "do not", "doesnt": "does not", "didnt": "did not", "isnt": "is not",
    "arent": "are not", "wasnt": "was not", "wont": "will not", "cant": "can not",
    "cannot": "can not", "couldnt": "could not", "wouldnt": "would not", "shouldnt": "should not",
    "aint": "is not", "havent": "have not", "im": "i am", "ima": "i am going to",
    "imma": "i am going to", "ive": "i have", "youre": "you are", "youve": "you have",
    "theyre": "they are", "gonna": "going to", "gunna": "going to", "gon": "going to",
    "wanna": "want to", "gotta": "got to", "kys": "kill yourself", "kms": "kill myself",
    "b4": "before", "gr8": "great", "l8r": "later", "2nite": "tonight", "2day": "today",
    "2morrow": "tomorrow", "4ever": "forever", "m8": "mate", "w8": "wait", "ppl": "people",
    "pls": "please", "plz": "please", "luv": "love", "bcuz": "because", "cuz": "because",
    "thru": "through", "dm": "message", "msg": "message", "acct": "account", "yoself": "yourself",
    "urself": "yourself", "wit": "with", "da": "the", "tha": "the", "dat": "that",
    "dis": "this", "dem": "them", "sumone": "someone", "tonite": "tonight",
}  # fmt: skip
"""Spellings of chats and their ordinary form."""

_MOST_READINGS = 64
_LONGEST = 40
"""Longer chunks are no words: they are cut, so that no chunk costs more than its length."""


class Vocabulary:
    """The words the heads were trained on, by checksum.

    Args:
        codes: CRC-32 of each word in UTF-8, as whole numbers.
    """

    def __init__(self, codes: frozenset[int]) -> None:
        """Keep the set."""
        self._codes = codes
        # Most words of most texts are the same few thousand.
        self.repair = lru_cache(maxsize=1 << 16)(self._repair)

    def __contains__(self, word: str) -> bool:
        """Whether a word of lower-case letters is known."""
        return crc32(word.encode("utf-8", "replace")) in self._codes

    def is_word(self, word: str) -> bool:
        """Whether a word is known and, if it is very short, common."""
        return word in SLANG or (word in self and (len(word) > 2 or word in _SHORT))

    def _repair(self, chunk: str) -> tuple[str, ...]:
        """Read one chunk without blanks, folded to lower case: its words, none, or several."""
        if chunk in SLANG:
            return tuple(SLANG[chunk].split())
        core = chunk.strip(_OUTER)
        if core.isalpha() and len(core) > 1 and core in self and len(core) == len(chunk):
            return (core,)
        if not core.isascii() and not any("a" <= character <= "z" for character in core):
            return (core,)  # another script: marks belong to its words
        if len(chunk) > _LONGEST:
            return self._parts(core)
        masked = self._unmask(chunk)
        if masked:
            return (masked,)
        whole = chunk.strip(_SOFT).rstrip("!")
        edged = bool(_EDGES.search(whole))
        found = self._readings(whole) if edged else None
        if found:
            return (found,)
        if core in SLANG:
            return tuple(SLANG[core].split())
        if core.isalpha() and not edged:
            return (self._unrepeat(core),)
        if core.isdigit():
            return ("xxnum",)
        return self._leet(chunk, core) or self._parts(core)

    def _unmask(self, chunk: str) -> str | None:
        """Read ``f**k``: stars and the like for some letters of a word that is often masked."""
        body = chunk.strip("\"'.,;:?()[]{}")
        if not 3 <= len(body) <= 10 or not ("*" in body or "#" in body or "-" in body):
            return None
        letters = sum(character.isalpha() for character in body)
        if letters < 1 or not body[0].isalpha() or body.isalpha():
            return None
        shape = re.compile(_MASKS.sub("[a-z]", body)) if _plain(body) else None
        if shape is None or letters + 3 < len(body):
            return None
        return next((word for word in _MASKABLE if shape.fullmatch(word)), None)

    def _leet(self, chunk: str, core: str) -> tuple[str, ...] | None:
        """Read digits and signs as the letters they stand for.

        A known word first; else what has signs between its letters, read by the likeliest sign.
        """
        whole = chunk.strip(_SOFT).rstrip("!")
        bodies = (whole, core) if chunk.endswith("!!") else (whole, core, chunk)
        for body in dict.fromkeys(bodies):
            joined = "".join(c for c in body if c.isalnum() or c in _LEET)
            for form in dict.fromkeys((body, joined)):
                found = self._readings(form)
                if found:
                    return (found,)
        if core.isalpha() or not _MIXED.fullmatch(core):
            return None
        return (self._unrepeat("".join(_LEET.get(character, character)[0] for character in core)),)

    def _readings(self, form: str) -> str | None:
        signs = sum(character in _LEET for character in form)
        letters = sum(character.isalpha() for character in form)
        if not signs or not letters or len(form) < 2 or letters + signs < len(form):
            return None
        options = [_LEET.get(character, character) for character in form]
        for reading in itertools.islice(itertools.product(*options), _MOST_READINGS):
            word = "".join(reading)
            if word in self and (len(word) > 2 or word in _SHORT):
                return word
            short = self._unrepeat(word)
            if short in self and (len(short) > 2 or short in _SHORT):
                return short
        return None

    def _parts(self, core: str) -> tuple[str, ...]:
        """Split at what is no letter; join again where only the whole is a known word."""
        parts = re.findall(r"[^\W\d_]+", core)
        if not parts:
            return ("xxnum",) if core[:1].isdigit() else ()
        joined = "".join(parts)
        if len(parts) == 1 or len(joined) > _LONGEST:
            return tuple(self._unrepeat(part) for part in parts)
        shortest = min(map(len, parts))
        compound = "-" in core and shortest > 3 and all(part in self for part in parts)
        if not compound and len(joined) > 2:
            whole = self._unrepeat(joined)
            if whole in self:
                return (whole,)
            if shortest == 1:
                return self.split(joined)
        words = (SLANG.get(part, part) for part in parts)
        return tuple(self._unrepeat(word) for text in words for word in text.split())

    def _unrepeat(self, word: str) -> str:
        """Shorten runs of one letter until the word is known; else runs of three to one."""
        if word in self or not _RUN.search(word):
            return word
        runs = [(match[0][0], len(match[0])) for match in _RUNS.finditer(word)]
        # Of the shortest words the one without doubles is the likelier: you, not youu.
        short = len(runs) <= 3
        options = [
            (letter,) if length == 1 else (letter, letter * 2) if short else (letter * 2, letter)
            for letter, length in runs
        ]
        found = [
            candidate
            for reading in itertools.islice(itertools.product(*options), _MOST_READINGS)
            if (candidate := "".join(reading)) in self
            and (len(candidate) > 2 or candidate in _SHORT)
        ]
        # Stretched words are rarely *as*, *god* or *ned*.
        likely = (word for word in found if word in _MASKABLE or _DOUBLE.search(word))
        if found:
            return next(likely, found[0])
        return "".join(letter * (length if length < 3 else 1) for letter, length in runs)

    def split(self, letters: str) -> tuple[str, ...]:
        """Split letters without blanks into known words, few and long; else leave them whole."""
        if len(letters) > _LONGEST:
            return (letters,)
        best: list[tuple[float, int]] = [(0.0, 0)]
        for end in range(1, len(letters) + 1):
            costs = []
            for start in range(max(0, end - 16), end):
                piece = letters[start:end]
                known = piece in self and (len(piece) > 2 or piece in _SHORT)
                costs.append((best[start][0] + (1.0 if known else 3.0 * len(piece)), start))
            best.append(min(costs))
        if best[-1][0] >= 3.0 * max(1, len(letters) // 3):
            return (self._unrepeat(letters),)
        words, end = [], len(letters)
        while end:
            start = best[end][1]
            words.append(letters[start:end])
            end = start
        return tuple(reversed(words))


_EDGES = re.compile(r"^[@$!|+]|[@$+]$")
_MIXED = re.compile(r"(?!\d+[a-z]+$)(?![a-z]+\d+$)[a-z0-9@$!|+]*[a-z][a-z0-9@$!|+]*", re.A)
_DOUBLE = re.compile(r"\w(?:ee|oo)\w")
_RUN = re.compile(r"(.)\1")
_RUNS = re.compile(r"(.)\1*", re.DOTALL)
_SHORT = frozenset(
    [
        "a",
        "i",
        "am",
        "an",
        "as",
        "at",
        "be",
        "by",
        "do",
        "go",
        "he",
        "hi",
        "if",
        "in",
        "is",
        "it",
        "me",
        "my",
        "no",
        "of",
        "on",
        "or",
        "so",
        "to",
        "up",
        "us",
        "we",
    ]
)


def _plain(body: str) -> bool:
    """Whether a body is safe to use as a pattern once its masks are replaced."""
    return all(c.isascii() and (c.isalpha() or _MASKS.match(c)) for c in body)


@cache
def vocabulary() -> Vocabulary:
    """The shipped words, made by training/text/train.py."""
    return Vocabulary(frozenset(np.load(WORDS, allow_pickle=False).tolist()))
