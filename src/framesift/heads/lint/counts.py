"""Counting and measuring: numbers of things, amounts, ages, sizes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from framesift.heads.lint.finding import Hit
from framesift.heads.lint.lexicon import any_of, words
from framesift.heads.lint.phrasing import hide, replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_counts", "find_measures"]

_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_ONES = "two|three|four|five|six|seven|eight|nine"
_NUMBER = (
    rf"(?:(?:{_TENS})(?:[- ](?:one|{_ONES}))?|{_ONES}|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    r"sixteen|seventeen|eighteen|nineteen|(?:a\s+|half\s+a\s+)?(?:dozen|hundred|thousand|million)|"
    r"dozens|scores\s+of|hundreds|thousands|millions)"
)
_HOW_MANY = (
    r"(?:exactly|precisely|only|just|at\s+least|at\s+most|no\s+more\s+than|no\s+less\s+than|"
    r"more\s+than|less\s+than|fewer\s+than|up\s+to|about|around|approximately|roughly|nearly|"
    r"almost|over|under|not\s+more\s+than)"
)
_UNIT = (
    r"(?:mm|cm|km|m|dm|inch(?:es)?|in|ft|feet|foot|yards?|miles?|met(?:re|er)s?|"
    r"(?:kilo|centi|milli)met(?:re|er)s?|kg|g|mg|grams?|kilos?|kilograms?|tons?|tonnes?|pounds?|"
    r"lbs?|oz|ounces?|ml|cl|l|lit(?:re|er)s?|gallons?|degrees?|°\s?[cf]?|percent|per\s+cent|%|"
    r"km/h|kmh|mph|kph|knots?|hours?|minutes?|seconds?|days?|weeks?|months?|years?|kwh|kw|watts?|"
    r"volts?|amps?|px|pixels?|megapixels?|hp|horsepower|calories|kcal|square\s+\w+|acres?|"
    r"hectares?)\b"
)
_IRREGULAR = (
    "people|men|women|children|kids|mice|geese|teeth|fish|sheep|deer|dice|persons|cattle|aircraft|"
    "police|lives|knives|leaves|oxen|swine|moose|bison|salmon|feet"
)


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_PAIRS = any_of(words("words", "counted_pairs"))
_IDIOMS = _compile(
    rf"\b(?:(?:a|one|new|old)\s+)?pairs?\s+of\s+(?:[\w'-]+\s+){{0,3}}?{_PAIRS}\b"
    rf"|\b(?:one|{_NUMBER})-(?!thirds|quarters\s|(?:person|people|man|dog|cat|car)\s(?!tent|"
    rf"job|bike|"
    rf"kayak))[a-z]+(?:-[a-z]+)*"
    r"|\b(?:two|three|four|six|eighteen)\s+(?:wheelers?|seaters?|poster|piece|tone|way|ply)\b"
    r"|\bfour\s+(?:by\s+four|seasons)\b|\bfour\s+leaf\s+clovers?\b|\bsix\s+pack\b"
    r"|\b(?:high|hi)\s+fives?\b|\bseven\s+(?:segment|up|wonders)\b|\bthree\s+(?:dimensional|gorges)"
    r"|\bnine\s+to\s+five\b|\bzero\s+waste\b|\bone\s+(?:thing|another|direction|piece|way)\b"
    r"|\bthree\s+quarters?\b|\bmillion\s+dollar\b|\btwo\s+dimensional\b|\bformula\s+one\b"
    r"|\btwenty\s+one\s+pilots\b|\bthree\s+kings\b|\bfive\s+o'?clock\b|\bhalf\s+past\s+\w+"
    r"|\b[a-z]+\s+o'clock\b|\bthe\s+(?:beach\s+)?boys\s+two\b|\bfew\s+and\s+far\b"
    r"|\bbuilt[- ]for[- ]two\b|\bboth\s+sides\b|\bhundreds?\s+and\s+thousands?\b|\bfour\s+poster\b"
)
_EXACT_ONE = _compile(
    r"\b(?:exactly|precisely|only|just|at\s+least|at\s+most|no\s+more\s+than|more\s+than|"
    r"less\s+than|not\s+more\s+than)\s+(?:one|1|a\s+single)\b"
    r"|\b(?:the\s+only|(?:one|a\s+single)(?=\s+[\w-]+\s+(?:only|alone|left)\b))"
    r"|\bone\s+or\s+(?:more|two|several)\b|\bmore\s+than\s+once\b"
)
_COUNTS = _compile(
    rf"\b(?:{_HOW_MANY}\s+)?(?:(?:one|\d+)\s+(?:or|to|and)\s+)?{_NUMBER}\b(?!-(?!person|people|"
    rf"man|dog|cat|car))"
    r"(?:\s+or\s+(?:more|fewer|less|so)|\s+to\s+\w+(?=\s+\w+s\b))?(?:\s+of\b)?"
)
_DIGITS = _compile(
    rf"\b(?:{_HOW_MANY}\s+)?(?:\d+\s*(?:-|to|or)\s*)?\d{{1,3}}(?:,\d{{3}})*\+?(?:\s*x)?\s+"
    rf"(?=(?!{_UNIT}|(?:euro|dollar|pound|cent|franc|yen|rupee"
    rf"|buck)s?\b)(?:[a-z-]+\s+){{0,2}}?(?:[a-z-]+[^\Ws]s|{_IRREGULAR})\b)"
)
_AMOUNTS = _compile(
    r"\b(?:a\s+)?(?:couple|pair|trio|triplet|handful|quartet|quintet|duo|multitude|good\s+deal|"
    r"bunch\s+of\s+"
    r"(?:people|kids|cars|dogs))\s+of\b|\bpairs\s+of\b"
    r"|\b(?:several|multiple|numerous|countless|plenty\s+of|lots\s+of|a\s+lot\s+of|tons\s+of|"
    r"many|a\s+few|very\s+few|few|fewer(?!\s+than)|a\s+number\s+of|an?\s+(?:large|small|great|"
    r"odd|even|"
    r"equal|high|low)\s+(?:number|amount|quantity)\s+of|too\s+many|as\s+many|how\s+many|"
    r"both(?:\s+of)?|most\s+of\s+the|all\s+of\s+the|all\s+the|each\s+of|every\s+one\s+of|"
    r"half\s+of\s+the|the\s+majority\s+of|a\s+majority\s+of|more\s+(?=\w+s\s+than)|"
    r"twice\s+as\s+many|double\s+the|various)\b"
    r"|(?<=\bteam |\bcrew )of\s+\d+|(?<=\bgroup |\bclass |\bcrowd |\bparty )of\s+\d+"
    r"|(?<=\bfamily )of\s+\d+|(?<=\bset |\brow )of\s+\d+"
    r"|\b(?:the\s+)?(?:total\s+)?(?<!phone )(?<!card )(?<!serial )(?<!account )(?:number|count"
    r"|amount|quantity)\s+of\b|\bin\s+groups\s+of\b|\bmost\s+(?:people|men|women|children"
    r"|[a-z]{3,}[^s\W]s)\b|\bevery\s+(?!day\b)(?=\w+)|\b(?:triplets|quadruplets)\b"
    r"|\ball\s+(?=(?:people|men|women|children|workers|players|chairs|windows|doors|cars|dogs"
    r"|cats|lights|employees)\b)"
    r"|\bcount(?:ing)?\s+(?:the\s+)?(?=\w+s\b)"
)
_AGE = _compile(
    rf"\b(?:\d+|{_NUMBER}|one)[-\s]+(?:year|month|week|day)s?[-\s]+olds?\b"
    rf"|\b(?:aged?|ages)\s+(?:of\s+)?(?:\d+|{_NUMBER})(?:\s*(?:-|to)\s*\d+)?"
    r"(?:\s+(?:or\s+)?(?:older|younger|above|below|over|under))?\b"
    r"|\b(?:under|over|below|above|older\s+than|younger\s+than)\s+(?:the\s+age\s+of\s+)?"
    r"(?:\d{1,2}|eighteen|twenty[- ]one)\b(?!\s*[a-z]*s\b)|\bhow\s+old\b|\b(?:\d{2}|twenty|thirty|"
    r"forty|fifty|sixty|seventy|eighty)[-\s]?something\b|\bin\s+(?:his|her|their)\s+(?:twenties|"
    r"thirties|forties|fifties|sixties|seventies|eighties|\d0s)\b"
)
_FILM = _compile(r"\b\d+(?:\.\d+)?\s?mm\s+(?:\w+\s+)?(?:film|lens|photo\w*|camera|slide)s?\b")
_SIZE = _compile(
    rf"\b(?:{_HOW_MANY}\s+)?\d+(?:[.,/]\d+)*[-\s]?{_UNIT}(?:[-\s]+(?:tall|long|wide|high|deep|"
    rf"thick|"
    r"old|away|heavy|apart))?"
    rf"|\b{_NUMBER}\s+(?:mm|cm|km|inch(?:es)?|feet|yards|miles|met(?:re|er)s|kilos?|kilograms|"
    r"tons|tonnes|pounds|lit(?:re|er)s|degrees|percent|hours|minutes|seconds|days|weeks|months|"
    r"years)\b(?:\s+(?:tall|long|wide|high|deep|thick|old|away|heavy|apart))?"
    r"|\b(?:half|two[- ]thirds|three[- ]quarters|one[- ]third|a\s+third|"
    r"a\s+quarter)"
    r"[- ](?:full|empty)\b|\b(?:how\s+(?:big|tall|long|far|heavy|fast|large|much|hot|deep|"
    r"high)|the\s+(?:height|weight|"
    r"length|width|depth|temperature|speed|area|size|volume)\s+of|weighing|measuring(?!\s+(?:cup|"
    r"tape|spoon|device|jug|wheel)))\b"
)


def find_counts(text: str) -> Iterator[Hit]:
    """Find numbers and amounts of things."""
    shown = hide(hide(text, _IDIOMS), _AGE)
    for match in _EXACT_ONE.finditer(shown):
        yield Hit("counting", *match.span(), replaced(text, *match.span(), "a"))
    for pattern in (_COUNTS, _DIGITS, _AMOUNTS):
        for match in pattern.finditer(shown):
            if pattern is _COUNTS and _SIZE.match(shown, match.start()):
                continue
            yield Hit("counting", *match.span(), replaced(text, *match.span()))


def find_measures(text: str) -> Iterator[Hit]:
    """Find sizes, ages, weights, speeds and shares in numbers."""
    shown = hide(hide(text, _IDIOMS), _FILM)
    for pattern in (_AGE, _SIZE):
        for match in pattern.finditer(shown):
            yield Hit("measurement", *match.span(), replaced(text, *match.span()))
