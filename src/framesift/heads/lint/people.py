"""Labels that sort or judge people: protected traits, guilt, looks, minds."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import TYPE_CHECKING

from framesift.heads.lint.finding import Hit
from framesift.heads.lint.lexicon import any_of, phrases, words
from framesift.heads.lint.phrasing import hide, replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TRAITS", "find_judgements", "find_people_words"]

TRAITS = {
    "ethnicity": ("ethnicity", "ethnic_noun"),
    "religion": ("religion", "religious_noun"),
    "sexual orientation": ("orientation", "orientation_noun"),
    "gender identity": ("gender_identity", "gender_noun"),
    "political opinion": ("politics", "politics_noun"),
    "disability": ("disability", "disability_noun"),
    "health": ("health", "health_noun"),
    "migration": ("migration", "migration_noun"),
}
"""What is protected: the adjectives and the nouns of people_toml that name it."""

_END = r"(?=$|[.,;:!?]|\s+(?:in|on|at|with|who|wearing|holding|and|or|from|near|by|sitting|"
r"standing|"
_END += r"walking|praying|smiling|working|looking|protesting|crossing|outside|inside|arriving)\b)"
_ASKED = re.compile(
    r"\b(?:someone|somebody|person|man|woman|people|men|women|child|boy|girl)\s+(?:who|that)?\s*"
    r"(?:is|are|looks?|seems?|appears?)\s+(?:to\s+be\s+)?(?:an?\s+)?",
    re.IGNORECASE,
)
_SEE = {
    "religion": 'what can be seen, such as "a person wearing a headscarf" or "a person praying"',
    "sexual orientation": 'what can be seen, such as "two people holding hands"',
    "disability": 'what can be seen, such as "a person in a wheelchair" or "a guide dog"',
    "health": 'what can be seen, such as "a person in a hospital bed"',
    "political opinion": 'what can be seen, such as "a person holding a placard" or "a flag"',
    "migration": 'what can be seen, such as "people in a boat" or "a tent camp"',
}


@cache
def _idioms() -> re.Pattern[str]:
    things = any_of(words("people", "thing"))
    return re.compile(
        r"\bblack[- ]and[- ]white\b|\b(?:native\s+american|indian|african|american|chinese|"
        r"japanese)\s+"
        r"(?:headdress|elephants?|football|flags?|art)\b"
        rf"|\b[\w-]+\s+{things}\b"
        rf"|\b[\w-]+\s+{any_of(words('people', 'clergy'))}\b"
        r"|\b(?:refugee|migrant|prison|criminal|inmate)\s+(?:camps?|boats?|courts?|cells?|"
        r"uniforms?|"
        r"law|code|record)\b|\bkiller\s+whales?\b|\bkiller\s+heels\b|\bcrime\s+scenes?\b"
        r"|\b(?:wanted|suspect)\s+posters?\b|\bsuspicious\s+(?:packages?|bags?|parcels?|objects?|"
        r"links?|emails?)\b|\b(?:window|venetian|roller)\s+blinds?\b|\bblind\s+(?:spot|date|"
        r"corner)s?\b"
        r"|\b(?:hot|fat|rich|poor)\s+(?:dogs?|chocolate|water|tub|quark|soil)\b|"
        r"\bsmart\s+(?:phone|home|"
        r"watch|tv|board|card)s?\b|\b(?:good|bad)\s+(?:luck|weather|hair|quality|light\w*)\b"
        r"|\bpretty\s+(?:flowers?|landscapes?)\b|\bfit\s+for\b|\bbatsmen\b|\bfrench\s+(?:fries|"
        r"horn|"
        r"press|door|toast|window|bread|bulldogs?)\b|\bpolish(?:ing|ed)?\s+(?:a|the|shoes|nails)\b"
        r"|\bnail\s+polish\b|\bshoe\s+polish\b|\bsuspect\s+package\b|\bpredator\s+(?:and|animal|"
        r"drone)\b"
        r"|\b(?:dressed|disguised|costumed)\s+(?:up\s+)?as\s+(?:an?\s+)?\w+"
        r"|\b(?:thief|robber|burglar|prisoner|convict|gangster|criminal|terrorist|killer|"
        r"witch)\s+(?:costume|mask|"
        r"movie|film|poster|bees?)s?\b|\bgypsy\s+(?:moth|skirt|jazz)\b|\b(?:alcoholic|diabetic|"
        r"epileptic)\s+"
        r"(?:drinks?|beverages?|cocktails?|food|diet|shoes|foot|ulcer|retinopathy)\b|"
        r"\bliberal\s+arts\b|\bconservative\s+(?:dress|suit|clothing)\b"
        r"|\bgay\s+(?:bar|club)\b|\bcancer\s+(?:cells?|ribbon|research|ward)\b"
        r"|\b(?:alien|monster|vandal)\s+(?:costume|movie)\b|\bpole\s+(?:vault|dance)\w*",
        re.IGNORECASE,
    )


def _persons() -> str:
    return any_of(words("people", "person"))


def _between() -> str:
    return rf"(?:(?:{any_of(words('people', 'between'))}|,|and)\s+){{0,3}}"


@cache
def _traits() -> tuple[tuple[str, re.Pattern[str]], ...]:
    made: list[tuple[str, re.Pattern[str]]] = []
    for about, (adjectives, nouns) in TRAITS.items():
        adjective = any_of(words("people", adjectives))
        noun = any_of(words("people", nouns))
        pattern = (
            rf"\b{adjective}\s+(?=(?:{any_of(_all_adjectives())}\s+)?{_between()}{_persons()}\b)"
            rf"|\b(?<![-']){noun}\b(?!['-])"
            rf"|(?:{_ASKED.pattern})(?:{adjective})\b"
            rf"|\b{adjective}[- ](?:appearance|features|descent|origins?|heritage|looks|ancestry)\b"
            rf"|\b(?:an?|the|two|three|some|young|old|other|many)\s+(?:[a-z]+\s+)?{adjective}{_END}"
        )
        made.append((about, re.compile(pattern, re.IGNORECASE)))
    made.append(("ethnicity", _skin()))
    made.append(("health", _conditions()))
    made.append(("trait", re.compile(
        rf"\b{any_of(phrases('people', 'sensitive_question'))}\b", re.IGNORECASE)))  # fmt: skip
    return tuple(made)


def _all_adjectives() -> tuple[str, ...]:
    return tuple(word for keys in TRAITS.values() for word in words("people", keys[0]))


def _skin() -> re.Pattern[str]:
    persons = set(words("people", "person")) - set(words("people", "not_skin"))
    skin = any_of(words("people", "skin"))
    return re.compile(
        rf"\b(?<!in\s)(?:{skin})\s+(?=(?:{_between()}){any_of(persons)}\b)"
        r"(?!\w+\s+(?:in\s+black|hat))"
        r"|\b(?:people|person|man|woman|men|women|child|children)\s+(?:of\s+colou?r|of\s+[\w-]+\s+"
        r"(?:descent|origin|heritage|background|ethnicity)|with\s+(?:dark|black|brown|light|fair|"
        r"white|"
        r"pale)\s+skin)\b|\bfrom\s+(?:an?\s+)?(?:ethnic|racial)\s+minority\b|\bminorit(?:y|ies)\b",
        re.IGNORECASE,
    )


def _conditions() -> re.Pattern[str]:
    condition = any_of(phrases("people", "condition"))
    return re.compile(
        rf"\b{_persons()}\s+(?:\w+\s+)?(?:with|suffering\s+from|who\s+has|who\s+have|having|who\s+"
        rf"suffers\s+from|affected\s+by|dying\s+of)\s+(?:\w+\s+)?{condition}(?!\w)"
        r"|\bmentally\s+(?:ill|disabled|unstable)\b|\b(?:hiv|cancer|dementia|aids)\s+(?:patient|"
        r"positive|victim|sufferer)s?\b",
        re.IGNORECASE,
    )


@cache
def _judging() -> tuple[tuple[str, re.Pattern[str]], ...]:
    flags = re.IGNORECASE
    crime = any_of((*phrases("people", "crime_phrase"), *words("people", "crime")))
    guilty = any_of(words("people", "crime_adjective"))
    looks = any_of(
        (*words("people", "looks"), *words("people", "mind"), *words("people", "character"))
    )
    nouns = any_of((*phrases("people", "judged_phrase"), *words("people", "judged_noun")))
    animal = any_of(words("people", "animal_like"))
    seen = _persons()
    face = r"(?:faces?|smiles?|looks?|expressions?|behaviou?rs?|strangers?)"
    return (
        ("criminality", re.compile(
            rf"\b{crime}\b|\b{guilty}\s+(?={_between()}(?:{seen}|{face})\b)"
            rf"|(?:{_ASKED.pattern}){guilty}\b|\b(?:suspicious|criminal|illegal)\s+"
            r"(?:behaviou?r|activity|activities|intent)\b|\b(?:potential|possible|likely)\s+"
            r"(?:threat|danger|offender|attacker)s?\b|\b(?:someone|person|man|woman|"
            r"people)\s+who\s+"
            r"(?:stole|committed|robbed|killed|is\s+wanted)\b", flags)),
        ("looks or character", re.compile(
            rf"\b{looks}[-\s]+(?:looking\s+)?(?={_between()}(?:{seen}|faces?)\b)|\b{nouns}\b|\b(?:attractiveness|trustworthiness|honesty|intelligence|iq|criminality|morality|"
                r"competence)\b"
            rf"|(?:{_ASKED.pattern})(?:{looks})\b(?!\s+(?:at|in|for))", flags)),
        ("likeness to an animal", re.compile(
            rf"\b{seen}\s+(?:who|that)?\s*(?:looks?|looking|acts?|"
            rf"behaves?)\s+like\s+(?:an?\s+)?{animal}"
            r"\b|\b(?:sub|non)[- ]?humans?\b|\b(?:human|man)\s+animals?\b", flags)),
    )  # fmt: skip


def find_people_words(text: str) -> Iterator[Hit]:
    """Find words that sort people by what is protected; ``about`` says by what."""
    shown = hide(text, _idioms())
    for about, pattern in _traits():
        for match in pattern.finditer(shown):
            yield Hit("protected", *match.span(), _better(text, match, about), about)


def find_judgements(text: str) -> Iterator[Hit]:
    """Find words that judge people; ``about`` is ``criminality`` or says by what."""
    for match in re.finditer(r"[^\W\d_]+", text):
        digest = hashlib.sha256(match[0].lower().encode()).hexdigest()[:16]
        if digest in words("people", "slur_sha256"):
            yield Hit("demeaning", *match.span(), replaced(text, *match.span(), "person"), "slur")
    shown = hide(text, _idioms())
    for about, pattern in _judging():
        for match in pattern.finditer(shown):
            left = replaced(text, *match.span())
            seen = re.search(rf"\b{_persons()}\b", left, re.IGNORECASE)
            advice = 'what can be seen, such as "a person running" or "a broken shop window"'
            yield Hit("demeaning", *match.span(), left if seen else advice, about)


def _better(text: str, match: re.Match[str], about: str) -> str:
    left = replaced(text, *match.span())
    has_person = re.search(rf"\b{_persons()}\b", left, re.IGNORECASE)
    plain = f'"{left}"' if has_person and about != "trait" else '"a person"'
    seen = _SEE.get(about)
    return f"{plain}, or {seen}" if seen else plain
