# ruff: noqa: RUF001 - look-alikes are what this file is about
"""Characters that look like Latin letters, and characters that are not seen at all.

The folding follows Unicode's compatibility decomposition (UAX #15) and the idea of the confusable
skeleton of UTS #39, with a table of our own: only letters that people really swap for Latin ones.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = [
    "DRAWN",
    "DRAWN_LETTER",
    "FOLD",
    "INVISIBLE",
    "LOOKALIKES",
    "Fold",
    "as_seen",
    "flag_letters",
    "flags_spell",
    "foreign_share",
]

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

_FANCY = (
    # Cherokee and Lisu
    "Ꭵi Ꮎo Ꮜu Ᏼb Ꮐg Ꮢr Ꮓz Ꮆg Ꮖi Ꮗw Ꮃw Ꮍy Ꮯc Ꮷd Ꭱe Ꮤw Ꭹy Ꭿh Ꮰj Ꮑn Ꮈm"
    " ꓐb ꓑp ꓓd ꓔt ꓖg ꓗk ꓙj ꓚc ꓜz ꓝf ꓟm ꓠn ꓡl ꓢs ꓣr ꓦv ꓧh ꓪw ꓫx ꓬy ꓮa ꓰe ꓲi ꓳo ꓴu"
    # Canadian syllabics
    " ᗩa ᗷb ᗞd ᑕc ᗪd ᗴe ᖴf ᘜg ᕼh ᓰi ᒍj ᒪl ᗰm ᑎn ᑭp ᑫq ᖇr ᔕs ᑌu ᐯv ᗯw ᙭x ᘔz"
    # Chinese, Japanese, Thai, Hebrew and Arabic
    " 卂a 乃b 匚c 乇e 千f 卄h 丨i ﾌj Ҝk ҝk ㄥl 爪m 几n ㄖo 卩p 尺r 丂s ㄒt ㄩu 山w 乂x ㄚy 乙z"
    " คa ๒b ςc ๔d єe ﻮg ђh เi ןj ɭl ๓m ภn ๏o קp ợq Շt ยu ฬw שw ץy չz"
)
DRAWN = {ord(pair[0]): pair[1] for pair in _FANCY.split()} | LOOKALIKES
"""The same, and what generators of fancy letters draw Latin ones with besides."""

DRAWN_LETTER = re.compile("[" + "".join(map(chr, DRAWN)) + "]")
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


FLAG_LETTERS = re.compile("[\U0001f1e6-\U0001f1ff]+")
"""A run of the letters that flags are made of."""

_COUNTRIES = (
    "acdefgilmoqrstuwxz", "babdefghijlmnoqrstvwyz", "cacdfghiklmnopruvwxyz", "ddegjkmoz",
    "eaceghrstu", "fijkmor", "gabdefghilmnpqrstuwy", "hkmnrtu", "icdelmnoqrst", "jemop",
    "keghimnprwyz", "labcikrstuvy", "macdefghklmnopqrstuvwxyz", "nacefgilopruz", "om",
    "paefghklmnrstwy", "qa", "reosuw", "sabcdeghijklmnorstvxyz", "tacdfghjklmnortvwz", "uagmnsyz",
    "vaceginu", "wfs", "xk", "yet", "zamw",
)  # fmt: skip
_FLAGS = frozenset(part[0] + second for part in _COUNTRIES for second in part[1:])
"""Pairs of letters that are shown as the flag of a country."""


def flags_spell(text: str) -> bool:
    """Whether letters that flags are made of spell words: no country has the flag ``LL``."""
    return any(
        len(run) % 2 or any(_plain(run[at : at + 2]) not in _FLAGS for at in range(0, len(run), 2))
        for run in FLAG_LETTERS.findall(text)
    )


def flag_letters(match: re.Match[str]) -> str:
    """Read a run of letters that flags are made of."""
    return _plain(match[0])


def _plain(run: str) -> str:
    return "".join(chr(ord("a") + ord(letter) - ord("\U0001f1e6")) for letter in run)


_OVERRIDDEN = re.compile("\u202e([^\u202c\n\r\u2029]*)")
_TURNED = dict(zip("ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ", "acefghijkmrtvwy", strict=True))
_TURNS = str.maketrans(_TURNED | dict(zip("bqdpnu", "qbpdun", strict=True)))


def as_seen(text: str) -> str:
    """Put into the order of reading what is shown the other way round.

    RIGHT-TO-LEFT OVERRIDE makes Latin letters run from right to left (UAX #9): what is written
    backwards behind it is read forwards by people. Letters that run that way anyway are left
    alone. Words of a line with three or more letters drawn upside down are turned round together.
    """
    if text.isascii():
        return text
    shown = _OVERRIDDEN.sub(
        lambda match: match[0] if foreign_share(match[1]) > 0.5 else match[1][::-1], text
    )
    return "\n".join(_upright(line) for line in shown.split("\n"))


def _upright(line: str) -> str:
    """Turn a stretch round of which a quarter or more of the letters are upside down."""
    words = line.split(" ")
    turned = [at for at, word in enumerate(words) if not _TURNED.keys().isdisjoint(word)]
    if not turned:
        return line
    stretch = " ".join(words[turned[0] : turned[-1] + 1])
    count = sum(letter in _TURNED for letter in stretch)
    if count < 3 or 4 * count < sum(letter.isalpha() for letter in stretch):
        return line
    upright = stretch.lower()[::-1].translate(_TURNS)
    return " ".join([*words[: turned[0]], upright, *words[turned[-1] + 1 :]])


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
