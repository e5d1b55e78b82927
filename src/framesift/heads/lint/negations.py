"""What must not be there: CLIP finds it all the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from framesift.heads.lint.finding import Hit
from framesift.heads.lint.phrasing import hide, tidy

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_negations"]


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_IDIOMS = _compile(
    r"\bno[- ](?:entry|smoking|parking|fly|trespassing|stopping|swimming|diving|photography|"
    r"standing|turn|through|overtaking|passing|littering|dogs)[- ](?:\w+[- ])?(?:signs?|zones?|"
    r"symbols?|"
    r"areas?|roads?|boards?|lanes?)\b|\bno[- ]entry\b|\bdo\s+not\s+(?:disturb|enter|cross)\b"
    r"|\bnot\s+for\s+sale\b|\bforget[- ]me[- ]nots?\b|\bnothing\s+in\s+particular\b"
    r"|\bnon[- ]?(?:stick|alcoholic|fiction|profit|slip|woven|stop|ferrous|league)\b"
    r"|\bhands[- ]free\b|\bduty[- ]free\b|\bfree[- ](?:range|standing|style|fall|climbing|kick|"
    r"throw)\w*"
    r"|\bfreestyle\b|\bmissing\s+(?:person|child|cat|dog|pet)\s+(?:poster|sign|notice|flyer)s?\b"
    r"|\bcan'?t\s+miss\b|\bnever\s*land\b|\bno\.\s*\d+|\bmotor\s*never\b|\bno\s+man's\s+land\b"
    r"|\brather\s+than\s+never\b|\b(?:tic|noughts)\b|\bwithout\s+borders\b"
)
_NEGATIONS = _compile(
    r"\b(?:who|that|which)\s+(?:(?:is|are|was|were|has|have|had|do|does|did|can|could|will|should)"
    r"(?:\s+not|n'?t)|has\s+never|have\s+never|never|lacks?|cannot)\b(?:\s+(?:have|show|contain|"
    r"wear|include|any|be|been|got))*"
    r"|\b(?:is|are|was|were|has|have|had|do|does|did|ca|could|wo|would|should)n't\b"
    r"(?:\s+(?:have|show|contain|wear|include|any))*"
    r"|\b(?:doesnt|dont|isnt|arent|wasnt|hasnt|cant|wont|didnt|havent)\b|\bcan't\b|\bcannot\b"
    r"|\bwith(?:out|\s+no|\s+zero|\s+none\s+of)\b(?:\s+any)?|\b(?:has|have|having|there\s+(?:is|"
    r"are))"
    r"\s+no\b|\b(?:but|and)?\s*\bnot\b(?:\s+(?:have|having|showing|containing|wearing|including|"
    r"any|"
    r"a|an|the|in|on))*"
    r"|\bno[- ]?one\b|\bnobody\b|\bnone(?:\s+of)?\b|\bnothing\b(?:\s+(?:in|on|at)\s+(?:it|them))?"
    r"|\bnowhere\b|\bnever\b|\bneither\b|\bnor\b|\bzero\b|\bno\s+longer\b|\bno\b(?=\s+[a-z])|^no$"
    r"|\bnon[- ][a-z]+\b|\bnon(?:food|human|smoker|member|dog|cat|person|vehicle|animal)s?\b"
    r"|\b(?:lacking|lacks?|lack\s+of|devoid\s+of|absen(?:t|ce\s+of)|missing|minus|sans|"
    r"deprived\s+of|void\s+of|bereft\s+of|stripped\s+of|empty\s+of|clear\s+of|free\s+(?:of|from)|"
    r"except(?:\s+for)?|excluding|apart\s+from|aside\s+from|with\s+the\s+exception\s+of|save\s+for|barring|hardly\s+any|other\s+than|rather\s+than|"
    r"instead\s+of|"
    r"unless|anything\s+but|everything\s+but|all\s+but|(?:anything|everything|something|someone)\s+"
    r"else|but\s+no|fails?\s+to|failing\s+to|failed\s+to|refus(?:es|ing)\s+to|avoid(?:s|ing)?|"
    r"forgot(?:\s+to)?|omitt(?:ed|ing)|exclude[sd]?)\b"
    r"|\b[a-z]+[- ]free\b(?!\s+(?:of|from|range))"
    r"|\b(?:undamaged|unused|unworn|unbroken|uninjured|unharmed|unauthori[sz]ed|unattended|"
    r"unoccupied|unmasked|unlicensed|unprotected|unopened|unrelated|unedited|unhelmeted|unlabel"
    r"(?:l)?ed|unmarked|unsafe|untreated|uncovered|unfurnished|unripe)\b"
    r"|\b[a-z]+-less\b|\bain't\b|\bunlike\b|\bopposite\s+of\b|\bnot-[a-z]+\b"
)
_SEEN = {
    "empty of": "an empty {0}",
    "undamaged": "intact",
    "unused": "new",
    "unopened": "sealed",
    "unoccupied": "empty",
}
_FREE = _compile(r"([a-z]+)[- ]free$")
_NOBODY = _compile(
    r"(?:with\s+)?(?:no|without)\s*(?:any\s+)?(?:people|persons?|humans?)\b|"
    r"nobody|no[- ]?one"
)
_VERB = _compile(r"(?:not|n'?t)$")


def find_negations(text: str) -> Iterator[Hit]:
    """Find words that say that something is not there."""
    for match in _NEGATIONS.finditer(hide(text, _IDIOMS)):
        yield Hit("negation", *match.span(), _better(text, match))


def _better(text: str, match: re.Match[str]) -> str:
    """Say what is left, and that what must be absent goes among the look-alikes."""
    words = match[0].lower().strip()
    if words in _SEEN and "{" not in _SEEN[words]:
        return tidy(text[: match.start()] + f" {_SEEN[words]} " + text[match.end() :])
    free = _FREE.search(words)
    before = tidy(text[: match.start()])
    absent = free[1] if free else tidy(re.sub(r"^\s*(?:any|a|an|the)\s+", "", text[match.end() :]))
    if free:
        before = tidy(text[: match.start()] + text[match.end() :])
    if before.lower() in _NO_SUBJECT:
        before = ""
    noun = re.sub(r"^(?:a|an|the)\s+", "", before)
    if before and _NOBODY.match(f"{words} {absent}"):
        return tidy(f"an empty {noun}")
    if not absent or words.startswith(_WHOLE) or absent.startswith(("on ", "in ", "it")):
        return "leave it out: the background stands for everything else (`background` in the file)"
    if noun and _VERB.search(words) and " " not in absent:
        absent = f"a {absent} {noun}"
    keep = f'say what is to be seen instead, such as "{before}"' if before else "drop it"
    return f'{keep}, and put "{absent}" among the look-alikes (`contrast = ["{absent}"]`)'


_WHOLE = ("none", "neither", "anything", "everything", "something")
_NO_SUBJECT = (
    *("a", "an", "the", "there", "a photo", "a picture", "an image", "picture", "photo", "image"),
)
