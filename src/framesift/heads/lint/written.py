"""Digits, words and other text that would have to be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from framesift.heads.lint.finding import Hit
from framesift.heads.lint.phrasing import hide, replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_written"]


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_IDIOMS = _compile(
    r"\b(?:the\s+|early\s+|late\s+)?(?:1[5-9]|20)\d0'?s\b|\b[2-8][dk]\b|\b(?:480|720|1080|"
    r"2160)[pi]\b"
    r"|\b4x4\b|\b\d+(?:\.\d+)?\s?mm\s+(?:\w+\s+)?(?:film|lens|photo\w*|camera|slide)s?\b"
    r"|\b360(?:[- ]degree)?\b|\ba[0-6]\s+(?:paper|sheet|page|poster)\b|\bmp[34]\b|\bf1\b|"
    r"\bformula\s+1\b"
    r"|\bcovid[- ]?19\b|\b24/7\b|\b24[- ]hour\b|\broute\s+66\b|\b7[- ]eleven\b|\bps[1-5]\b|"
    r"\bco2\b|\bh2o\b"
    r"|\b[345]g\b|\b4wd\b|\bn95\b|\bffp[23]\b|\b\d{1,2}(?:st|nd|rd|th)(?:[- ]century)?\b|\bw3c\b|"
    r"\bb&w\b"
    r"|\bworld\s+war\s+[12]\b|\bww[12]\b|\bm&m'?s?\b|\b16:9\b|\b4:3\b"
    r"|\bnumber\s*plates?\b(?!\s+(?:starting|ending|with|number|reading|[A-Z0-9]{2,}))"
    r"|\ba\s+(?:large\s+|small\s+|great\s+)?number\s+of\b|\bthe\s+number\s+of\b"
    r"|\bon\s+a\s+date\b|\bdate\s+palms?\b|\bdates\b|\bword\s+of\b|\bbirthday\b|\bdate\s+night\b"
    r"|\b[2346]\s+wheelers?\b|\btext\s+messages?\b|\bteddy\b|\bletter[- ]?(?:box|opener"
    r"|writer)\w*\b|\breads?\s+(?:an?|"
    r"the|his|her|to|in|books?|news\w*)\b"
)
_DIGITS = _compile(
    r"(?:(?:[$€£¥]\s?)?(?:[a-z]{1,4}-?)?\d[\d.,:/-]*\d(?:[a-z]{1,3}\b)?|[$€£¥]?\d+[a-z]?)"
    r"(?:\s*(?:euros?|dollars?|pounds?|cents?|usd|eur|[ap]m|o'clock|%|€|£|\$))?"
)
_NUMBERED = _compile(
    r"\b(?:(?:with|showing|has|reading|of|the|a|an|its)\s+)*(?:number|digit|numeral|no\.)s?\b"
    r"(?:\s+(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|zero))?(?:\s+on\s+(?:it|"
    r"the\s+back))?"
    r"|\b(?:digits|numerals|roman\s+numerals?)\b"
)
_SAYING = _compile(
    r"\b(?:(?:that|which|who)\s+)?(?:says|saying|reads|reading|read|spells|spelling|states|stating|"
    r"labell?ed(?:\s+as)?|marked(?:\s+as)?|captioned|titled|entitled|named|called|inscribed|"
    r"engraved|"
    r"printed\s+with|tagged)\b\s+(?!(?:an?|the|his|her|their|some|to|in|at|on|by|glasses|lamp|room|"
    r"books?|news\w*|hello|goodbye|grace|child|person|man|woman|people|with|and|under|while|"
    r"together|"
    r"aloud|out|map|trail|path)\b)\S.*$"
    r"|\b(?:with\s+)?(?:the\s+)?(?:words?|text|phrase|sentence|slogan|caption|title|headline|"
    r"message|"
    r"lettering|inscription|letters?|name|initials|label|logo\s+text|writing|spelling)\s+"
    r"(?:['\"][^'\"]*['\"]?|[A-Z]{1,}(?:[\s,]+[A-Z]{2,})*\b(?!\s+of\b)|"
    r"(?:that|which)\s+(?:says|reads|contains)|"
    r"saying|reading|says|reads)\S*.*$"
    r"|\b(?:with\s+)?the\s+words?\s+\S+|\bwith\s+the\s+(?:name|text|letters?|initials)\s+\S+"
    r"|\b(?P<paper>written|a\s+sign|signs?|text|letters?|book|menu|newspaper|lettering|poster)"
    r"(?:\s+written)?\s+in\s+"
    r"(?:\w+\s+)?(?:english|french|german|spanish|italian|russian|chinese|japanese|arabic|hindi|"
    r"korean|hebrew|greek|latin|portuguese|turkish|capital|capitals|cyrillic|upper\s?case|kanji|"
    r"another\s+language)\b(?:\s+letters)?"
    r"|['\"]\w[^'\"]*['\"]"
)
_DETAILS = _compile(
    r"\b(?:(?:with|showing|has|containing|past|and)\s+)?(?:(?:a|an|the|its|his|her|their|"
    r"someone's)\s+)*"
    r"(?:(?:tele)?phone|mobile|fax|credit\s+card|debit\s+card|card|account|bank\s+account|"
    r"passport|serial|"
    r"model|part|order|invoice|tracking|id|identity|social\s+security|registration|chassis|"
    r"flight|room|"
    r"house|street|batch|lot|page|pin|tax|iban|jersey|bib|race|plate|licen[cs]e(?:\s+plate)?|"
    r"ticket|"
    r"container|vehicle\s+identification)\s+(?:number|code|digit)s?\b(?:\s+[\d-]+)?"
    r"|\b(?:(?:with|showing|has|containing|past)\s+)?(?:(?:a|an|the|its|his|her|"
    r"their)\s+)*(?:e-?mail|ip|"
    r"web|postal|street|home|mailing)\s+address(?:es)?\b|\b(?:zip|post(?:al)?)\s*codes?\b|\burls?\b"
    r"|\b(?:(?:past|with|showing|before|after)\s+)?(?:(?:a|an|the|its)\s+)*(?:expiry|expiration|"
    r"best[- ]before|sell[- ]by|use[- ]by|birth|due|issue|publication|release|manufacturing|"
    r"production|"
    r"delivery)\s+dates?\b|\bdate\s+of\s+\w+|\btoday'?s\s+date\b|\bdated\b.*$|\bdate\s+stamp\b"
    r"|\b(?:the\s+)?prices?\s+(?:of|is|in|below|above|under)\b|\bpriced\b|\bcost(?:s|"
    r"ing)\s+(?!me)\S+|\bworth\s+"
    r"(?:over|more|[$€£]?\d)\S*|\bpasswords?\b|\buser\s?names?\b|\bmisspell\w*|\b(?:equation"
    r"|formula|math\s+problem)s?\b(?!\s+(?:one|1)\b)|\bqr\s+codes?\s+(?:that|which|leading|linking|pointing)\b.*$|\b(?:article|book|essay|post|tweet|e-?mail|letter|message|report|headline|story|poem)s?\s+(?:about|regarding|concerning)\b.*$|\b(?:street|brand|company|last|first|product|a|the|his|her|their)\s+names?\b(?!\s+(?:tag|badge|plate))|\baddressed\s+to\b.*$|\btypos?\b|"
    r"\bspelling\s+mistakes?\b|\bgrammar\s+mistakes?\b"
    r"|\b(?P<clock>clock|watch|timer|display|calendar)\s+(?:showing|shows|at|reading|set\s+to|"
    r"open\s+at)\b.*$"
    r"|\bhalf\s+past\s+\w+|\bquarter\s+(?:past|to)\s+\w+|\b\w+\s+o'clock\b"
    r"|\bhandwritten\s+(?:digits?|numbers?|letters|words?|names?|texts?|[a-z]$)"
    r"|\b(?P<plate>(?:licen[cs]e|number|registration|car)\s*plates?)\s+(?:starting|ending|"
    r"beginning|reading|with|"
    r"from|[A-Z0-9]{2,}).*$"
    r"|\b(?P<meter>(?:the\s+)?(?:meter|gauge|scale|thermometer|speedometer|scoreboard|display|"
    r"counter))\s+"
    r"(?:reading|shows|showing|at|says)\b.*$|\bscore\s+of\b|\ba\s+total\s+of\b"
    r"|\bletters?\s+[A-Z]\b|\bcapital\s+[A-Z]\b|\bfull\s+name\b|\b(?:is|are)\s+written\b"
)
_CAPITALS = re.compile(
    r"\b(?:sign|label|sticker|button|banner|stamp|text|logo|"
    r"shirt)s?\s+[A-Z]{4,}\b"
)


def find_written(text: str, taken: list[tuple[int, int]]) -> Iterator[Hit]:
    """Find what would have to be read.

    Args:
        text: The prompt.
        taken: Places whose digits have been spoken of already: counts, sizes, model numbers.
    """
    shown = hide(text, _IDIOMS)
    for start, end in taken:
        shown = shown[:start] + "_" * (end - start) + shown[end:]
    for pattern in (_DETAILS, _SAYING, _NUMBERED, _CAPITALS, _DIGITS):
        for match in pattern.finditer(shown):
            if set(match[0]) == {"_"}:
                continue
            yield Hit("text", *match.span(), _better(text, match))
            shown = shown[: match.start()] + "_" * len(match[0]) + shown[match.end() :]


def _better(text: str, match: re.Match[str]) -> str:
    """Leave the thing that is written on; what stands there is for a reader of text."""
    kept = next((one for one in match.groupdict().values() if one), "")
    left = replaced(text, *match.span(), kept)
    if left.lower() in ("", "a", "an", "the"):
        return "what it is written on: a page of text, a sign, a label, a screen"
    return left
