"""Named people and questions of identity."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from framesift.heads.lint.finding import Hit
from framesift.heads.lint.lexicon import any_of, lexicon, phrases, words
from framesift.heads.lint.phrasing import core_of, hide, replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_names"]

_CAP = r"[A-ZÀ-ÖØ-ÞŠŽĆČŁ][\w'.-]*"
_ART = re.compile(
    r"\b(?:statue|bust|sculpture|monument|memorial|tomb|grave|house|museum|street)s?\s+"
    rf"(?:of|to|for)\s+(?:the\s+)?{_CAP}(?:\s+(?:(?:de|da|van|von|der|di|la|al|bin)\s+)*{_CAP})*"
    rf"|\b(?:by|in\s+the\s+style\s+of|after)\s+{_CAP}(?:\s+(?:(?:de|da|van|von|der)\s+)*{_CAP})*"
)
_POSSESSIVE = re.compile(r"\b(?:my|our|your|his|her|their|this\s+person's)\s+", re.IGNORECASE)
_SHOWN = re.compile(
    r"\b(?:portrait|face|photo|picture|image|photograph|selfie|mugshot|headshot|video)s?\s+of\s+"
    rf"({_CAP}\s+(?:(?:de|da|van|von|der|di|la|al|bin|el)\s+)?{_CAP})(?=$|[.,]|\s+[a-z])"
)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    names = lexicon("names")
    first = {name.capitalize() for name in words("names", "first")}
    doubtful = {name.capitalize() for name in words("names", "ambiguous_first")}
    last = words("names", "last")
    capital_last = any_of(name.capitalize() for name in last)
    plain_first = any_of({*words("names", "first")} - set(_WORDS))
    titles = any_of(phrases("names", "titles"))
    generic = any_of(words("names", "generic"))
    return _roles() | {
        "not": re.compile(
            rf"\b(?:{any_of(phrases('names', 'not_people'))}|{any_of(phrases('names', 'places'))})"
            r"(?:'s)?\b",
            re.IGNORECASE,
        ),
        "known": re.compile(
            rf"\b(?:(?i:{any_of(phrases('names', 'known'))})|"
            rf"{any_of(names['known_single'].split())})"
            r"(?:'s)?\b"
        ),
        "titled": re.compile(
            rf"\b(?i:the\s+)?(?i:{titles})\s+(?!(?i:{generic})\b){_CAP}(?:\s+{_CAP})*"
        ),
        "full": re.compile(
            rf"\b(?:{any_of(first)})\s+(?:(?:de|da|van|von|der|di|la|al|bin|el)\s+)*"
            rf"(?!(?i:{generic})\b){_CAP}(?:\s+(?!(?i:{generic})\b){_CAP})*"
            rf"|\b(?:{any_of(doubtful)})\s+{capital_last}\b"
            rf"|\b(?i:{plain_first})\s+(?i:{any_of(set(last) - set(_WORDS))})\b"
        ),
        "first": re.compile(rf"^(?:{any_of(first)})(?:'s\s+\w+)?$"),
        "someone": re.compile(
            rf"\b(?:{any_of(first)})\b(?=\s+(?:is|and|at|in|on|with|wearing|smiling|holding|"
            rf"playing|"
            r"from|eating|sitting|standing|walking|dancing|singing|running)\b|'s\b)"
            rf"|\b(?:of|with|and|named|called|friend)\s+(?:{any_of(first)})(?=$|[.,])"
        ),
    }


def _roles() -> dict[str, re.Pattern[str]]:
    """Patterns of people without a name: an office, a relation, a question."""
    relation = any_of((*words("people", "family"), *words("people", "acquaintance")))
    return {
        "office": re.compile(
            r"\b(?:the|our)\s+(?:(?:current|former|us|american|french|german|russian|"
            r"british)\s+)?(?:(?:president|"
            r"prime\s+minister|pope|chancellor|dalai\s+lama)(?!\s+of\s+(?:the\s+)?(?:meeting|"
            r"club))|(?:king|queen|mayor|"
            r"governor|ceo|director|principal|headmaster|owner|chairman|minister|founder|"
            r"leader)\s+of)\b",
            re.IGNORECASE,
        ),
        # "A boy with his friend" describes; "my friend" is somebody.
        "relation": re.compile(
            rf"\b(?i:my|our|your)\s+(?i:(?:\w+\s+)?{relation})\b(?:\s+{_CAP})*"
            rf"|\b(?i:his|her|their)\s+(?i:(?:\w+\s+)?{relation})(?:\s+{_CAP})+"
        ),
        "family": re.compile(
            rf"^(?:my|our|your|his|her|their)\s+(?:\w+\s+)?{any_of(words('people', 'family'))}$",
            re.IGNORECASE,
        ),
        "fame": re.compile(
            r"\b(?:an?\s+)?(?:celebrit(?:y|ies)|(?:famous|well-known)\s+(?:person|people|actors?|actress|singers?|"
            r"politicians?|musicians?|footballers?|athletes?|writers?|scientists?)|public\s+figures?)\b",
            re.IGNORECASE,
        ),
        "identity": re.compile(rf"\b{any_of(phrases('people', 'identity'))}\b", re.IGNORECASE),
    }


_WORDS = (
    *("will", "mark", "may", "rob", "bill", "art", "ray", "pat", "sue", "jean", "don", "max", "al"),
    *("long", "young", "brown", "green", "white", "gray", "black", "king", "hill", "wood", "park"),
    *(
        "parker",
        "baker",
        "cook",
        "fisher",
        "walker",
        "carter",
        "cooper",
        "butler",
        "turner",
        "ward",
    ),
    *("foster", "reed", "bush", "gates", "cross", "day", "price", "bell", "rivera", "morales"),
    *(
        "mini",
        "costa",
        "cruz",
        "li",
        "lim",
        "tan",
        "ross",
        "musk",
        "swift",
        "reed",
        "flores",
        "moore",
    ),
    *("ana", "rita", "lee", "mike", "ken", "kim", "dan", "logan", "mario", "tina", "rosa", "vera"),
    *("mina", "stella", "jack", "jimmy", "harry", "randy", "grant", "miles", "chase", "dean"),
    *("anil", "jan", "rick", "wei", "mei", "ravi", "maya", "nina", "eva", "sally", "leo", "leon"),
)


def find_names(text: str) -> Iterator[Hit]:
    """Find people who are named, or whom one would have to recognise.

    ``about`` is ``name`` for a named person, ``acquaintance`` for somebody the user knows,
    ``family`` for "my grandmother", ``identity`` for a question who somebody is, ``fame`` for a
    celebrity without a name, and ``maybe``
    for two capitalised words that nothing else explains.
    """
    found = _patterns()
    if _titled_case(text):
        text = text.lower()
    art = _ART.sub(lambda match: "_" * len(match[0]), text)
    shown = hide(art, found["not"])
    taken: list[tuple[int, int]] = []
    for about, start, end in _places(shown, found):
        if any(start < stop and begin < end for begin, stop in taken):
            continue
        taken.append((start, end))
        yield Hit("person", start, end, _better(text, start, end, about), about)


def _titled_case(text: str) -> bool:
    """Whether capitals mean nothing, because every word has one."""
    small = re.search(r"\s(?:Of|In|A|An|The|With|On|At|And|From|By)\s", text)
    return bool(small) or (text.isupper() and " " in text)


def _places(shown: str, found: dict[str, re.Pattern[str]]) -> Iterator[tuple[str, int, int]]:
    for match in found["relation"].finditer(shown):
        about = "family" if found["family"].match(match[0]) else "acquaintance"
        named = re.search(rf"\s{_CAP}$", match[0])
        yield "name" if named else about, *match.span()
    for name in ("known", "titled", "full", "office"):
        for match in found[name].finditer(shown):
            yield "name", *match.span()
    for match in found["identity"].finditer(shown):
        yield "identity", *match.span()
    for match in found["fame"].finditer(shown):
        yield "fame", *match.span()
    core = core_of(shown)
    alone = found["first"].match(core)
    if alone:
        start = shown.rindex(core)
        yield "name", start, start + len(core)
    for match in found["someone"].finditer(shown):
        yield "name", *match.span()
    for match in _SHOWN.finditer(shown):
        words_ = match[1].lower().split()
        if words_[-1] not in words("names", "generic") and words_[0] not in _PLACES:
            yield "maybe", *match.span(1)


_PLACES = (
    *(
        "new",
        "north",
        "south",
        "east",
        "west",
        "san",
        "santa",
        "saint",
        "st",
        "mount",
        "lake",
        "port",
    ),
    *(
        "los",
        "las",
        "el",
        "la",
        "le",
        "the",
        "fort",
        "cape",
        "great",
        "old",
        "red",
        "black",
        "white",
    ),
    *("golden", "big", "little", "royal", "grand", "upper", "lower", "central", "national"),
)


def _better(text: str, start: int, end: int, about: str) -> str:
    if about == "identity":
        return '"a person in a red coat" or "a group of people": what can be seen, whoever it is'
    whole = _POSSESSIVE.sub("", text[start:end])
    kin = {"grandmother": "an elderly woman", "grandma": "an elderly woman",
           "grandfather": "an elderly man", "grandpa": "an elderly man", "mother": "a woman",
           "mum": "a woman", "mom": "a woman", "sister": "a woman", "wife": "a woman",
           "father": "a man", "dad": "a man", "brother": "a man", "husband": "a man",
           "son": "a boy", "daughter": "a girl", "baby": "a baby", "child": "a child",
           "kids": "children", "children": "children", "family": "a family"}  # fmt: skip
    person = next((kin[word] for word in whole.lower().split() if word in kin), "a person")
    return replaced(text, start, end, person)
