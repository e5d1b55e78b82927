"""Bytes somebody wrote as text, in whatever encoding, turned into text or into a named problem."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final

from framesift.errors import ConfigError

__all__ = ["DecodedText", "check_encoding", "clean_text", "decode_text"]

# Longer marks first: UTF-32's begins as UTF-16's does.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_WESTERN: Final = re.compile(r"[\x80-\xff\u0152-\u2122]")
# Bytes that Windows-1252 leaves open, where Latin-1 has control characters.
_OPEN_IN_1252: Final = re.compile(rb"([\x81\x8d\x8f\x90\x9d]+)")
# What no Western text has within words: other control characters, spacing accents and the like,
# and the two signs that begin most kana of Shift-JIS, where no quotation or number stands.
_UNLIKELY: Final = re.compile(
    "[\x80-\x9f\xa4\xa6\xa8\xac\xaf\xb8\u02c6\u02dc]"
    "|\u0192(?=[@-~\x80-\uffff])|(?<=\\w)\u201a(?=\\S)"
)
_RUN: Final = re.compile("[\x80-\uffff]+")
# Quotation marks, dashes and no-break spaces part words; signs beside a word are no part of it.
_BETWEEN_WORDS: Final = re.compile("[\xa0\xab\xbb\u2013\u2014\u2018\u2019\u201c\u201d\u2026]")
_BESIDE_WORDS: Final = (
    "\xa1\xa3\xa7\xa9\xaa\xad\xae\xb0\xb2\xb3\xb4\xb7\xb9\xba\xbc\xbd\xbe\xbf"
    "\u201a\u201e\u2022\u2039\u203a\u20ac\u2122"
)
_MOST_UNLIKELY: Final = 0.25
_LETTERS_IN_A_ROW: Final = 3
_MOST_CONTROL: Final = 0.05
_MOST_WESTERN: Final = 0.4
_ZEROS_OF_UTF16: Final = 0.3


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A text and what is doubtful about it.

    Attributes:
        text: Lines end in a line feed; nothing is left of byte order marks and NUL.
        problem: Why the text cannot be trusted to be what was written; empty where it can.
    """

    text: str
    problem: str = ""


def decode_text(data: bytes, encoding: str | None = None) -> DecodedText:
    """Decode bytes; never fails.

    With no encoding given the order is: a byte order mark (UTF-8, UTF-16, UTF-32); UTF-16 without
    one, told by its zero bytes; UTF-8; Windows-1252, with Latin-1 for the bytes it lacks. The last
    one fits any bytes, so a text that looks wrong in it, as one in Cyrillic or Japanese does even
    among English words, comes with a problem: where too many letters are accented, where three
    different ones stand in a row, or where signs are frequent that no Western text has.

    Args:
        data: The bytes, all of them.
        encoding: Instead of guessing; a byte order mark still wins.
    """
    mark = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), None)
    if mark is not None:
        return _in_encoding(data[len(mark[0]) :], mark[1])
    if encoding is not None:
        return _in_encoding(data, encoding)
    guess = _utf16_without_mark(data)
    if guess is not None:
        return _in_encoding(data, guess)
    try:
        return _checked(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _western(data)


def check_encoding(encoding: str) -> str:
    """Return the name of an encoding as Python knows it.

    Raises:
        ConfigError: There is no such encoding of text.
    """
    try:
        info = codecs.lookup(encoding)
        "a".encode(encoding)
    except (LookupError, ValueError) as error:
        message = f"no encoding is called {encoding!r}; examples are utf-8, cp1251 and shift_jis"
        raise ConfigError(message) from error
    return info.name


def clean_text(text: str) -> str:
    """Bring a text to one form: line feeds, no NUL or byte order mark, no half characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").replace("\ufeff", "")
    # JSON can spell half of a character, which no file or terminal can hold.
    return _SURROGATE.sub("\ufffd", _whole_pairs(text)).strip()


def _whole_pairs(text: str) -> str:
    if _SURROGATE.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _in_encoding(data: bytes, encoding: str) -> DecodedText:
    try:
        return _checked(data.decode(encoding))
    except ValueError:
        problem = f"is not valid {encoding}; save it as UTF-8"
    try:
        return DecodedText(clean_text(data.decode(encoding, "replace")), problem)
    except ValueError:  # some encodings know no replacement
        return DecodedText("", problem)


def _utf16_without_mark(data: bytes) -> str | None:
    if len(data) < 2 or len(data) % 2:
        return None
    half = len(data) // 2
    first, second = data[::2].count(0) / half, data[1::2].count(0) / half
    if second > _ZEROS_OF_UTF16 and first < second / 4:
        return "utf-16-le"
    if first > _ZEROS_OF_UTF16 and second < first / 4:
        return "utf-16-be"
    return None


def _western(data: bytes) -> DecodedText:
    text = "".join(
        part.decode("latin-1" if number % 2 else "cp1252")
        for number, part in enumerate(_OPEN_IN_1252.split(data))
    )
    decoded = _checked(text)
    letters = sum(map(str.isalpha, text))
    accented = sum(map(str.isalpha, _WESTERN.findall(text)))
    wrong = accented > _MOST_WESTERN * letters or _is_misread(text)
    if not decoded.problem and wrong:
        problem = "is neither UTF-8 nor a Western text; save it as UTF-8 or name its encoding"
        return DecodedText(decoded.text, problem)
    return decoded


def _is_misread(text: str) -> bool:
    """Tell whether a part of a text looks like another encoding that was read as Windows-1252.

    In Western languages accented letters stand alone or in pairs (``ações``, ``päätös``); a word of
    another script is made of nothing else.
    """
    runs = _RUN.findall(text)
    unlikely = len(_UNLIKELY.findall(text))
    if unlikely > _MOST_UNLIKELY * sum(map(len, runs)):
        return True
    words = (word.strip(_BESIDE_WORDS) for run in runs for word in _BETWEEN_WORDS.split(run))
    return any(len(set(word.lower())) >= _LETTERS_IN_A_ROW for word in words)


def _checked(text: str) -> DecodedText:
    if len(_CONTROL.findall(text)) > _MOST_CONTROL * len(text):
        return DecodedText("", "is no text but something binary; remove it or write a text")
    return DecodedText(clean_text(text))
