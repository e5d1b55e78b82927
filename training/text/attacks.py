# ruff: noqa: RUF001 - look-alikes are what this file is about
"""Disguises that people use to pass filters, seeded; none of them changes what a reader reads."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7+"}
_CYRILLIC = dict(
    zip("aeopcyxsij", "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458", strict=True)
)
_GREEK = dict(
    zip("aeiovptux", "\u03b1\u03b5\u03b9\u03bf\u03bd\u03c1\u03c4\u03c5\u03c7", strict=True)
)
_ACCENTS = "\u0301\u0308\u0323\u0336"
_LISU = dict(zip("abcdefghijklmnoprstuvwxyz", "ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ", strict=True))
_FANCY = dict(
    zip("abcdefghijklmnoprstuvwxyz", "卂乃匚ᗪ乇千Ꮆ卄丨ﾌҜㄥ爪几ㄖ卩尺丂ㄒㄩᐯ山乂ㄚ乙", strict=True)
)
_TURNED = dict(zip("abcdefghijkmnpqrtuvwy", "ɐqɔpǝɟƃɥᴉɾʞɯudbɹʇnʌʍʎ", strict=True))
_HIDDEN = "\u200b\u200c\u200d\u2060\u00ad\ufeff"


def _letters(text: str, share: float, rng: random.Random, change: Callable[[str], str]) -> str:
    return "".join(change(c) if c.isalpha() and rng.random() < share else c for c in text)


def leet(text: str, rng: random.Random) -> str:
    """Digits and signs for about half of the letters that have one."""
    return _letters(text, 0.5, rng, lambda c: rng.choice(_LEET.get(c.lower(), c)))


def cyrillic(text: str, rng: random.Random) -> str:
    """Cyrillic letters drawn like Latin ones, for half of those that have one."""
    return _letters(text, 0.5, rng, lambda c: _CYRILLIC.get(c, c))


def greek(text: str, rng: random.Random) -> str:
    """Greek letters drawn like Latin ones, for half of those that have one."""
    return _letters(text, 0.5, rng, lambda c: _GREEK.get(c, c))


def fullwidth(text: str, rng: random.Random) -> str:
    """Fullwidth forms of every letter."""
    return _letters(text, 1.0, rng, lambda c: chr(ord(c) + 0xFEE0) if c.isascii() else c)


def mathematical(text: str, rng: random.Random) -> str:
    """Mathematical bold script instead of letters."""

    def change(c: str) -> str:
        if not c.isascii():
            return c
        return chr(0x1D4EA + ord(c) - 97) if c.islower() else chr(0x1D4D0 + ord(c) - 65)

    return _letters(text, 1.0, rng, change)


def accents(text: str, rng: random.Random) -> str:
    """Combining marks on half of the letters."""
    return _letters(text, 0.5, rng, lambda c: c + rng.choice(_ACCENTS))


def hidden(text: str, rng: random.Random) -> str:
    """Zero-width characters and soft hyphens within words."""
    return _letters(text, 0.4, rng, lambda c: c + rng.choice(_HIDDEN))


def bidi(text: str, rng: random.Random) -> str:
    """Direction controls around the words."""
    return " ".join(
        f"\u202d{word}\u202c" if rng.random() < 0.5 else f"\u2066{word}\u2069"
        for word in text.split(" ")
    )


def backwards(text: str, rng: random.Random) -> str:
    """Written backwards behind a control that shows it forwards."""
    del rng
    return f"\u202e{text[::-1]}\u202c"


def upside_down(text: str, rng: random.Random) -> str:
    """Letters upside down, from right to left."""
    del rng
    return "".join(_TURNED.get(c, c) for c in text.lower())[::-1]


def lisu(text: str, rng: random.Random) -> str:
    """Lisu letters drawn like Latin ones, for half of the letters."""
    return _letters(text, 0.5, rng, lambda c: _LISU.get(c.lower(), c))


def fancy(text: str, rng: random.Random) -> str:
    """Chinese and other letters drawn like Latin ones, for all that have one."""
    return _letters(text, 1.0, rng, lambda c: _FANCY.get(c.lower(), c))


def flags(text: str, rng: random.Random) -> str:
    """The letters of which flags are made."""
    return _letters(
        text, 1.0, rng, lambda c: chr(0x1F1E6 + ord(c.lower()) - 97) if c.isascii() else c
    )


def emoji(text: str, rng: random.Random) -> str:
    """An emoji between the letters of every second word."""
    sign = rng.choice("\U0001f600\U0001f525\u2764")
    return " ".join(
        sign.join(word) if word.isalpha() and len(word) > 3 and rng.random() < 0.5 else word
        for word in text.split(" ")
    )


def link(text: str, rng: random.Random) -> str:
    """The words of a link, with hyphens between them."""
    del rng
    words = "".join(c if c.isalnum() else " " for c in text.replace("'", "")).split()
    return f"https://example.com/{'-'.join(words)}"


def case(text: str, rng: random.Random) -> str:
    """Capitals at random."""
    return _letters(text, 0.5, rng, str.upper)


def spaced(text: str, rng: random.Random) -> str:
    """One blank between the letters, two between the words, of every second word."""
    return "  ".join(
        " ".join(word) if len(word) > 2 and rng.random() < 0.5 else word for word in text.split(" ")
    )


def dotted(text: str, rng: random.Random) -> str:
    """Dots between the letters of every second word."""
    return " ".join(
        ".".join(word) if word.isalpha() and len(word) > 2 and rng.random() < 0.5 else word
        for word in text.split(" ")
    )


def repeated(text: str, rng: random.Random) -> str:
    """Some letters three to five times."""
    return _letters(text, 0.2, rng, lambda c: c * rng.randint(3, 5))


def punctuation(text: str, rng: random.Random) -> str:
    """Signs after words, and within a fifth of them."""

    def change(word: str) -> str:
        if word.isalpha() and len(word) > 3 and rng.random() < 0.2:
            at = rng.randrange(1, len(word))
            word = word[:at] + rng.choice(".-_*") + word[at:]
        return word + rng.choice(["", "", "!", "!!", ",", "..."])

    return " ".join(change(word) for word in text.split(" "))


def markup(text: str, rng: random.Random) -> str:
    """Tags within words, and entities for some letters."""
    return _letters(
        text, 0.15, rng, lambda c: rng.choice([f"<b>{c}</b>", f"&#{ord(c)};", f"{c}<span></span>"])
    )


BENIGN = (
    "the weather was lovely and we walked along the river with the dog before lunch",
    "my sister brought bread, cheese and a bottle of water for the picnic",
    "we took the early train and sat by the window reading the paper",
    "the garden needs a little work but the tomatoes are coming along well",
)


def before(text: str, rng: random.Random) -> str:
    """Two benign sentences before it."""
    return f"{_benign(rng, '. ')}. {text}"


def after(text: str, rng: random.Random) -> str:
    """Two benign sentences after it."""
    return f"{text}. {_benign(rng, '. ')}."


def around(text: str, rng: random.Random) -> str:
    """Benign sentences on both sides."""
    return f"{_benign(rng, '. ')}. {text}. {_benign(rng, '. ')}."


def unstopped(text: str, rng: random.Random) -> str:
    """Benign words on both sides, no full stop anywhere."""
    return f"{_benign(rng, ' ')} {text} {_benign(rng, ' ')}".replace(".", "")


def commas(text: str, rng: random.Random) -> str:
    """Benign words on both sides, commas between."""
    return f"{_benign(rng, ', ')}, {text}, {_benign(rng, ', ')}"


def lines(text: str, rng: random.Random) -> str:
    """A line among benign lines."""
    return f"{_benign(rng, chr(10))}\n{text}\n{_benign(rng, chr(10))}"


def _benign(rng: random.Random, glue: str) -> str:
    return glue.join(rng.sample(BENIGN, 2))


def together(text: str, rng: random.Random) -> str:
    """No blanks between two or more words: each begins with a capital letter."""
    words = [word[:1].upper() + word[1:] for word in text.split(" ")]
    first = rng.randrange(max(1, len(words) - 3))
    return " ".join([*words[:first], "".join(words[first : first + 5]), *words[first + 5 :]])


ATTACKS = {
    "capitals at random": case,
    "leetspeak": leet,
    "Cyrillic look-alikes": cyrillic,
    "Greek look-alikes": greek,
    "fullwidth letters": fullwidth,
    "mathematical letters": mathematical,
    "accents as noise": accents,
    "zero-width characters": hidden,
    "bidi controls": bidi,
    "backwards, shown forwards": backwards,
    "upside down": upside_down,
    "Lisu look-alikes": lisu,
    "fancy letters": fancy,
    "letters of flags": flags,
    "spaced letters": spaced,
    "dotted letters": dotted,
    "emoji between letters": emoji,
    "repeated letters": repeated,
    "punctuation": punctuation,
    "HTML within words": markup,
    "words run together": together,
    "words of a link": link,
    "benign sentences before": before,
    "benign sentences after": after,
    "benign sentences around": around,
    "benign words around, no stops": unstopped,
    "benign words around, commas": commas,
    "a line among benign lines": lines,
}


def attacked(name: str, text: str, seed: int) -> str:
    """Disguise one text; the same seed gives the same disguise."""
    return ATTACKS[name](text, random.Random(f"{seed}:{name}:{text}"))
