# ruff: noqa: RUF001 - look-alikes are what this file is about
"""Characters that look like Latin letters, and characters that are not seen at all.

The folding follows Unicode's compatibility decomposition (UAX #15) and the idea of the confusable
skeleton of UTS #39, with a table of our own: only letters that people really swap for Latin ones.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["FOLD", "INVISIBLE", "LOOKALIKE", "LOOKALIKES", "Fold", "foreign_share"]

_PAIRS = (
    # Cyrillic, lower and upper case: what is drawn like the Latin letter beside it
    "аa еe оo рp сc уy хx ѕs іi јj ԁd ԛq ԝw һh ӏl кk мm тt пn нh гr ьb ёe їi ґr ғf қk ңh ү y"
    " АA ВB ЕE КK МM НH ОO РP СC ТT УY ХX ЅS ІI ЈJ ԌG ԚQ ԜW ҮY ЬB ЗZ ЁE ЇI"
    # Greek
    " αa εe ηn ιi κk νv οo ρp τt υu χx ωw γy ϲc ϳj βb σo ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX"
    # Armenian, Cherokee
    " ցg հh ոn սu օo զq Ꭺa Ꭼe Ꭰd Ꮋh Ꭻj Ꮶk Ꮮl Ꮇm Ꮲp Ꮪs Ꭲt Ꮩv Ꮃw"
)
LOOKALIKES = {
    ord(pair[0]): pair[1].lower() for pair in _PAIRS.replace("ү y", "үy").split() if len(pair) == 2
}
"""Letters of other scripts, by code point, and the Latin letter they are drawn like."""

LOOKALIKE = re.compile("[" + "".join(map(chr, LOOKALIKES)) + "]")
"""One of them."""

_LATIN = {
    "ı": "i", "ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "ð": "d", "þ": "th", "ß": "ss",
    "æ": "ae", "œ": "oe", "ɑ": "a", "ɡ": "g", "ɩ": "i", "ɪ": "i", "ʟ": "l", "ɴ": "n", "ʀ": "r",
    "ʏ": "y", "ʜ": "h", "ʙ": "b", "ɢ": "g", "ᴀ": "a", "ᴄ": "c", "ᴅ": "d", "ᴇ": "e", "ᴊ": "j",
    "ᴋ": "k", "ᴍ": "m", "ᴏ": "o", "ᴘ": "p", "ᴛ": "t", "ᴜ": "u", "ᴠ": "v", "ᴡ": "w", "ᴢ": "z",
    "ꜰ": "f", "ꜱ": "s", "ƒ": "f", "ɛ": "e", "ə": "e", "ǝ": "e", "ɐ": "a", "ʌ": "v", "ɯ": "m",
    "ɾ": "r", "ʇ": "t", "ʎ": "y", "ƙ": "k", "ɓ": "b", "ɗ": "d", "ʂ": "s", "ȼ": "c", "ƶ": "z",
    "ɨ": "i", "ŀ": "l", "ǀ": "l", "‘": "'", "’": "'", "‛": "'", "ʼ": "'", "′": "'", "`": "'",
    "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‐": "-", "‑": "-", "‒": "-",
    "–": "-", "—": "-", "−": "-", "…": "...", "€": "€", "·": ".", "•": ".", "∙": ".", "․": ".",
}  # fmt: skip
_HIDDEN = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0xFFFC, 0xFFFD}
_NOISE = ((0x0300, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F))
_LINES = frozenset("\n\r\v\f\x85\u2028\u2029")
_LETTER_SIGNS = ((0x1F150, 26), (0x1F170, 26))
"""Negative circled and negative squared letters, which have no decomposition."""


def _invisible(code: int) -> bool:
    if code in _HIDDEN or 0xFE00 <= code <= 0xFE0F or 0xE0000 <= code <= 0xE0FFF:
        return True
    if any(low <= code <= high for low, high in _NOISE):
        return True
    return unicodedata.category(chr(code)) in ("Cf", "Cc", "Cs", "Co", "Cn")


class _Invisible(dict[int, "str | None"]):
    """A table for `str.translate`: drops what is not seen; blanks become spaces or line feeds."""

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        result: str | None = character
        if character in _LINES:
            result = "\n"
        elif character.isspace():
            result = " "
        elif _invisible(code):
            result = None
        self[code] = result
        return result


class Fold(dict[int, str]):
    """A table for `str.translate`: small letters without accents, widths, fonts and frames."""

    def __missing__(self, code: int) -> str:
        """Fold and remember."""
        result = self[code] = _fold(code)
        return result


def _fold(code: int) -> str:
    if code == 0x0A:
        return "\n"
    for first, count in _LETTER_SIGNS:
        if first <= code < first + count:
            return chr(ord("a") + code - first)
    plain = "".join(
        part for part in unicodedata.normalize("NFKD", chr(code)) if not _invisible(ord(part))
    )
    lowered = "".join(_LATIN.get(part, part) for part in plain.lower())
    if lowered.isascii():
        return lowered
    # Not Latin: put together again, so that Hangul syllables and marks of Indic scripts stay.
    return unicodedata.normalize("NFKC", chr(code)).lower()


INVISIBLE = _Invisible()
"""Drops zero-width, bidi and other control characters, combining accents and lone surrogates."""

FOLD = Fold()
"""Folds one visible character, by code point."""


def foreign_share(text: str) -> float:
    """Share of the letters of ``text`` that are not of the Latin script, 0 to 1."""
    if text.isascii():
        return 0.0
    letters = [character for character in text if character.isalpha()]
    foreign = sum(not FOLD[ord(character)].isascii() for character in letters)
    return foreign / len(letters) if letters else 0.0
