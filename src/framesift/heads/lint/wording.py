"""Words that say too little or more than a picture can show, other languages, length."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from framesift.heads.lint.finding import Hit
from framesift.heads.lint.languages import find_language
from framesift.heads.lint.lexicon import any_of, lexicon, words
from framesift.heads.lint.phrasing import core_of, hide, replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_length", "find_wording", "tokens_of"]

CONTEXT_TOKENS = 77
"""Context length of OpenAI's CLIP models, start and end marks included."""


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_TIME = _compile(
    r"\babout\s+to\b|\b(?:is|are)?\s*going\s+to\s+(?!(?:the|a|an)\b)\w+"
    r"|\bbecause(?:\s+of)?\b|\bdue\s+to\b|\bin\s+order\s+to\b|\bso\s+that\b|\bas\s+a\s+result\b|"
    r"\bcaused\s+by\b"
    r"|\b(?:right|just|shortly|moments|minutes|hours)\s+(?:before|after)\b|\b(?:before|"
    r"after)\s+(?:an?|the|surgery|work|"
    r"school|renovation|lunch|dinner|use|treatment)\b(?!\s+(?:rain|storm|snow|sunset))"
    r"|\b(?:after|before)\s+(?:being\s+)?(?!(?:sunset|sunrise|dark|dawn|dusk|rain)\b)\w+(?:ing|"
    r"ed)\b"
    r"|\b(?:recently|previously|formerly|yesterday|tomorrow|soon|later|someday|eventually)\b"
    r"|\b(?:has|have|had|was|were)\s+(?:just|already|been|recently)\b|\bjust\s+(?:been|finished|"
    r"arrived|"
    r"left|won|lost|started|after|before|married|bought|woke|moved)\b|\b(?:last|next)\s+(?:week|"
    r"year|month|"
    r"summer|winter|night|time|spring|day|season)\b|\b(?:\w+\s+)?(?:years|days|hours|minutes|weeks|"
    r"months)\s+(?:ago|later|from\s+now|old\s+photo)\b|\b(?:will|would|might|could|should)\s+"
    r"(?:be|have|soon|get|go|win|lose|fall|become|never|not|\w+)\b|\bused\s+to\s+be\b"
    r"|\b(?:always|usually|often|sometimes|every\s+day|daily|frequently)\b(?!\s+(?:newspaper|soap))"
    r"|\bfor\s+the\s+(?:first|last|second)\s+time\b|\bbelong(?:s|ing)\s+to\b|\bowned\s+by\b"
    r"|\bmade\s+in\s+[A-Z]?\w+|\bready\s+to\b|\bon\s+(?:his|her|their)\s+way\s+(?:to|home)\b"
    r"|\b(?:that|which|who)\s+(?:was|were|had\s+been|has\s+been|have\s+been|got)\s+\w+(?:ed|en|lt|ft|ht|nk|nt|ld)\b"
    r"|\bwaiting\s+for\s+(?!(?:an?|the)\s+(?:bus|train|tram|taxi|metro|flight|light)\b)\w+"
    r"|\b(?:marriage|relationship|childhood|career|memor(?:y|ies)|personality|opinion|thoughts?|emotions?)$"
    r"|\bin\s+case\b|\btaken\s+(?:yesterday|today|before|after|last|by\s+(?:me|him|her|"
    r"a\s+pro\w*))\b"
)


@cache
def _minds() -> re.Pattern[str]:
    beings = any_of(
        (
            *words("people", "person"),
            "dog",
            "dogs",
            "cat",
            "cats",
            "puppy",
            "kitten",
            "horse",
            "animal",
        )
    )
    state = any_of((*words("words", "state_of_mind"),))
    feeling = any_of(words("words", "feeling"))
    verbs = any_of(words("words", "inference_verb"))
    return _compile(
        rf"\b(?:who|that|which|he|she|they|is|are|{beings})\s+(?:(?:is|are)\s+)?{verbs}\b"
        r"|\b(?:thinking|dreaming|wanting|hoping|pretending|trying|intending|wishing|planning)\s+"
        r"(?:about|of|to|that|for)\b|\b(?:feeling|feels|seems|seeming)\s+\w+"
        rf"|\b{state}[-\s]+(?:looking\s+)?(?=(?:\w+\s+)?{beings}\b)"
        rf"|\b{beings}\s+(?:(?:who|that)\s+)?(?:is|are|looks?|looking|being)\s+(?:{state}|"
        rf"{feeling})\b"
        rf"|\b{beings}\s+(?:{state}|{feeling})\s+(?:about|of|by|because|that|at\s+the)\b"
        rf"|\bin\s+(?:love|a\s+(?:good|bad)\s+mood|doubt|despair)\b|\bsense\s+of\s+\w+"
        r"|\b(?:tastes?|smells?|sounds?)\s+(?:like|good|bad|\w+y|delicious|sweet|bitter|loud)\b"
        r"|\b(?:delicious|tasty|smelly|fragrant|noisy)\s+(?:food|dish|meal|soup|room|street)\b"
    )


_TIME_IDIOMS = _compile(
    r"\b(?:runs?|running|chas\w+|bound\w+|looking|goes|going|jump\w*|walk\w*)\s+after\b|\bbefore\s+and\s+after\b|\b(?:alarm|wake\s+up)\b|\bfloor\s+plans?\b|"
    r"\bjust\s+married\s+(?:car|sign)\b"
    r"|\bwill\s+smith\b|\bin\s+love\s+actually\b|\blove\s+(?:letter|heart|lock)s?\b"
)

_DEGREE_IDIOMS = _compile(
    r"\brather\s+than\b|\ban?\s+kind\s+of\b|\bthe\s+(?:forest|west|east|harvest|rest|guest|nest|"
    r"chest|vest|"
    r"contest|crest|test|quest|priest|request|midwest|best\s+man|everest|youngest\s+child|conquest|"
    r"interest|protest|breast|feast|beast|coast|toast|roast|past|cast|mast)\b|\bespecially\b$"
    r"|\bmost\s+wanted\b|\bworld's\s+(?:most|largest|biggest|best)\b"
)


@cache
def _degrees() -> re.Pattern[str]:
    return _compile(
        rf"\b(?:{any_of(words('words', 'degree'))})\s+(?!(?:than|and|or|the|a|an|to)\b)(?=[a-z-]+)"
        r"|\ba\s+(?:little\s+bit|bit|little)\s+(?=(?:too|bit|more|less|blurry|dark|dirty|damaged|"
        r"old|tired|"
        r"wet|burnt|overexposed|underexposed|tilted|rotten|rusty)\b)"
        r"|\b(?:kind|sort)\s+of\s+(?=\w+\b)|\b(?:more|less)\s+\w+\s+than\b.*$|\b(?!other|rather|"
        r"fewer)\w+er\s+(?:\w+\s+)?than\b.*$"
        r"|\bthe\s+(?:most|least)\s+(?=\w+)|\b(?:the|its|his|her)\s+\w{2,}(?:[^aeioulrwy]|i)est\b"
        r"|\bso\s+\w+\s+that\b.*$|\btoo\s+(?:much|little)\b|\b(?:as|so)\s+\w+\s+as\b.*$"
        r"|\b(?:better|worse|best|worst)\b|\bto\s+some\s+(?:degree|extent)\b"
    )


_VAGUE_BEFORE = _compile(
    r"\b(?:good|bad|nice|interesting|boring|suitable|unsuitable|appropriate|inappropriate|relevant|"
    r"irrelevant|important|special|normal|abnormal|acceptable|unacceptable|typical|atypical|usual|"
    r"unusual|proper|improper|certain|decent|mediocre|lovely|awesome|amazing|terrible|awful|"
    r"correct|incorrect|suspicious-looking|strange|weird|cool-looking|great-looking|"
    r"some\s+kind\s+of|"
    r"some\s+sort\s+of|some\s+type\s+of|any\s+kind\s+of|all\s+kinds\s+of|"
    r"all\s+sorts\s+of)\s+(?=[a-z])"
)
_VAGUE_IDIOMS = _compile(
    r"\bspecial\s+(?:needs|effects?|forces|olympics)\b|\bgood\s+(?:night|friday|luck)\b|"
    r"^safe$|\bnormal\s+(?:map|lens)\b|\bone\s+things?\b|\bproper\s+noun\b|\bbad\s+(?:gateway|"
    r"hair)\b"
)
_SLASH = _compile(
    r"(?<=[a-z])\s*/\s*(?=[a-z]{2,})|\b(?:and/or|either|or|versus|vs\.?|compared\s+(?:to|with)|as\s+opposed\s+to)(?!\w)"
)
_SLASH_IDIOMS = _compile(
    r"\btrick\s+or\s+treat\w*|\bmore\s+or\s+less\b|\bkm/h\b|\bb/w\b|\bac/dc\b|\bone\s+or\s+\w+\b|"
    r"\b(?:two|three|four|five|six|\d+)\s+or\s+\w+\b|\bor\s+so\b|\bheads\s+or\s+tails\b|\bi/o\b|"
    r"\bdo\s+or\s+die\b|\bor\s+(?:more|fewer|less|older|younger)\b"
)


def tokens_of(text: str) -> int:
    """Estimate how many tokens a CLIP tokenizer makes of a text, start and end marks included.

    Words of everyday English are one token; longer or rarer ones two or more. Good to about a
    tenth, which is enough to warn.
    """
    count = 2
    for word in re.findall(r"\w+|[^\w\s]", text):
        rare = not word.isascii()
        count += (
            1
            + (len(word) > 11)
            + (len(word) // 3 if rare else 0)
            + word.isdigit() * (len(word) - 1)
        )
    return count


def find_length(text: str, context: int = CONTEXT_TOKENS) -> Iterator[Hit]:
    """Find a prompt that is longer than a model reads."""
    if tokens_of(text) > context:
        advice = "a sentence of up to a dozen words on what matters most; or several prompts"
        yield Hit("too-long", 0, len(text), advice)


def find_wording(text: str) -> Iterator[Hit]:
    """Find vague, doubtful, graded, foreign and unseeable words."""
    if not text.strip(" .,;:!?-_"):
        yield Hit("empty", 0, len(text), "say what is to be seen")
        return
    yield from find_language(text)
    yield from _vague(text)
    shown = hide(text, _DEGREE_IDIOMS)
    for match in _degrees().finditer(shown):
        yield Hit("degree", *match.span(), replaced(text, *match.span()))
    shown = hide(text, _TIME_IDIOMS)
    for pattern in (_TIME, _minds()):
        for match in pattern.finditer(shown):
            advice = "what can be seen: how people stand, their faces, what lies around"
            yield Hit("inference", *match.span(), advice)
    for match in _SLASH.finditer(hide(text, _SLASH_IDIOMS)):
        parts = (text[: match.start()].strip(), text[match.end() :].strip())
        both = " and ".join(f'"{part}"' for part in parts if part)
        yield Hit("alternatives", *match.span(), f"two prompts: {both}")
    yield from _ambiguous(text)


def _ambiguous(text: str) -> Iterator[Hit]:
    word = core_of(text)
    meant = lexicon("words")["ambiguous"].get(word.lower())
    if meant and not (word[:1].isupper() and word.lower() == "china"):
        start = text.rindex(word)
        wordings = " or ".join(f'"{one.strip()}"' for one in meant.split("|"))
        yield Hit("ambiguous", start, start + len(word), wordings)


def _vague(text: str) -> Iterator[Hit]:
    core = core_of(text)
    parts = re.findall(r"[\w'-]+", core.lower())
    empty = {
        *words("words", "vague_noun"),
        *words("words", "vague_adjective"),
        *words("words", "vague_head"),
        *("a", "an", "the", "of", "in", "and", "very", "that", "is", "are", "this", "it"),
    }
    idiom = _VAGUE_IDIOMS.search(core)
    hollow = bool(parts) and all(part in empty for part in parts) and not idiom
    only = set(parts) <= {
        "photo",
        "picture",
        "image",
        "photograph",
        "document",
        "product",
        "footage",
    }
    abstract = parts and parts[-1] in words("words", "abstract") and len(parts) <= 2
    if abstract and len(parts) == 2:
        abstract = parts[0] in empty or parts[0] in ("pure", "human", "true", "real", "modern")
    advice = "name what is to be seen: things, places, people at something"
    if (hollow and not only) or abstract:
        start = text.rindex(core)
        quality = re.search(
            r"good|bad|quality|nice|best|worst|great|beautiful|poor|"
            r"aesthetic",
            core,
            re.I,
        )
        score = "; how good a picture is, the quality score says (`framesift scan`)"
        yield Hit("vague", start, start + len(core), advice + (score if quality else ""))
        return
    for match in _VAGUE_BEFORE.finditer(hide(text, _VAGUE_IDIOMS)):
        yield Hit("vague", *match.span(), replaced(text, *match.span()))
    for match in re.finditer(
        r"\bI\s+(?:like|love|want|would|need)\b|\b(?:something|anything|"
        r"stuff|things|et\s?c\.?|and\s+so\s+on)\b",
        text,
    ):
        if not idiom:
            yield Hit("vague", *match.span(), advice)
