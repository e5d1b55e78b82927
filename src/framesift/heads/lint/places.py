"""Where things are: distance, order, sides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from framesift.heads.lint.finding import Hit
from framesift.heads.lint.phrasing import hide, tidy

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_relations"]


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_SIDE = r"(?:left|right|upper|lower|top|bottom|far\s+left|far\s+right)"
_PART = (
    r"(?:side|half|corner|edge|hand|arm|leg|foot|eye|ear|lung|kidney|breast|lobe|lane|third|wing|"
    r"turn|part|row|shelf|quarter|wrist|ankle|knee|hip|shoulder|cheek|border|margin|wall|"
    r"hemisphere|"
    r"ventricle|atrium|signal|indicator|mirror|headlight|wheel|door)s?"
)
_IDIOMS = _compile(
    r"\bclose[- ]ups?\b|\bnear[- ](?:infrared|miss|field|death)\b"
    r"|\b(?:from|seen\s+from|viewed\s+from|shot\s+from)\s+(?:above|below|behind)\b"
    r"|\babove\s+(?:the\s+)?clouds\b|\bbehind\s+(?:bars|the\s+wheel|the\s+scenes)\b"
    r"|\bunder\s+(?:the\s+|an?\s+)?(?:[\w-]+\s+){0,2}?(?:construction|water|sea|sky|skies|stars?|"
    r"sun|"
    r"moon|moonlight|sunlight|rain|snow|ice|trees?|lights?|lamps?|umbrellas?|parasols?|microscope|"
    r"repair|renovation|an(?:a)?esthesia|arrest|fire|attack|control|canopy|tent|age|clouds?|"
    r"blankets?|covers?|duvet)\b"
    r"|\b(?:long|short|middle|social)[- ]distanc(?:e|ing)\b|\bdistance\s+(?:runners?|running|"
    r"learning|education|race|sensor)\b|\bdistancing\b"
    r"|\btop\s+of\s+(?:an?\s+|the\s+)?(?:[\w-]+\s+)?(?:mountain|hill|peak|summit|tower|volcano)\b"
    r"|\bopposite\s+sex\b|\bbelow\s+deck\b|\bbetween\s+(?:the\s+)?(?:friends|seasons|meals)\b"
    r"|\bright\s+(?:angle|whale|wing|back)\b|\bleft\s+(?:wing|back)\b|\babove[- ]ground\b"
    r"|\bunder[- ]?(?:ground|water|wear|dog|pass|graduate)\w*|\bbehind\s+closed\s+doors\b"
    r"|\bfar\s+(?:east|eastern)\b|\btop\s+(?:hat|model|view|down)\b|\bbeyond\s+meat\b"
    r"|\b(?:at|in)\s+the\s+(?:front|back)\s+(?:door|yard|seat|garden|porch|desk|pocket)\b"
    r"|\b(?:on|at)\s+the\s+edge\s+of\s+(?:a\s+|the\s+)?(?:cliff|forest|wood|desert|town|city|sea)\b"
    r"|\bat\s+the\s+(?:foot|bottom)\s+of\s+the\s+(?:sea|ocean)\b|\bnear\s+east\b|\bend\s+zone\b"
    r"|\bat\s+the\s+(?:back|front|end|side)\s+of\s+(?:a|the)\s+(?:bus|house|building|road|street)\b"
    r"|\btop\s+shelf\s+(?:whisky|liquor)\b|\bunder\s+the\s+(?:sun|weather|hammer)\b"
    r"|\bin\s+the\s+middle\s+of\s+(?:the\s+)?(?:night|summer|winter|nowhere)\b"
)
_RELATIONS = _compile(
    r"(?:,?\s+(?:that\s+is\s+|which\s+is\s+|is\s+|are\s+)?(?:standing\s+|sitting\s+|lying\s+|"
    r"parked\s+|"
    r"hanging\s+|placed\s+|located\s+|positioned\s+|hidden\s+|hiding\s+)?)?(?:"
    r"\b(?:immediately\s+|directly\s+|just\s+|right\s+|far\s+|too\s+|very\s+|so\s+)?"
    r"(?:behind|next\s+to|beside|in\s+between|between|beneath|underneath|under|above|below|"
    r"in\s+front(?:\s+of)?(?!\s+(?:yard|garden|seat))|on\s+top\s+of|opposite(?:\s+to)?"
    r"|across\s+from|ahead\s+of|atop|"
    r"on\s+(?:either|both|each|the\s+other|the\s+far)\s+sides?\s+of|overlapping|parallel\s+to|"
    r"perpendicular\s+to|(?:north|south|east|west)\s+of|adjacent\s+to|adjacent|"
    r"alongside|close(?:r)?\s+to|closest\s+to|nearest(?:\s+to)?|nearer(?:\s+to)?|near(?:\s+to)?|"
    r"nearby|beyond|halfway\s+(?:between|up|down)|close\s+together|in\s+the\s+vicinity\s+of"
    r"|in\s+(?:close\s+)?proximity\s+to|on\s+opposite\s+(?:sides|ends)\s+of|distant|away\s+from"
    r"|side\s+by\s+side|back\s+to\s+back|face\s+to\s+face)\b"
    r"|\b(?:\w+\s+)?(?:met(?:re|er)s?|feet|foot|yards|miles|km|inches|cm)\s+(?:away|apart|from)\b"
    r"|\bat\s+arm'?s\s+length\b"
    rf"|\b(?:to|on|at|in|from|towards?|along)\s+(?:the|its|his|her|their)\s+(?:very\s+)?{_SIDE}"
    rf"(?:[-\s]+(?:hand\s+side|{_SIDE}))?(?:[-\s]+{_PART})?(?:\s+of)?\b"
    rf"|\b{_SIDE}[-\s]+(?:{_SIDE}[-\s]+)?{_PART}(?:\s+of)?\b|\b(?:left|right)\s+of\b"
    r"|\b(?:at|in|on|near|towards?)\s+the\s+(?:exact\s+)?(?:middle|centre|center|corner|edge|front|"
    r"back|rear|end|top|bottom|side|foot|far\s+end|foreground|background|distance|periphery|"
    r"border)(?:\s+of)?\b(?!-)"
    r"|\b(?:far|further|farther)\s+(?:away|off|from|apart|behind|back)\b|\bat\s+a\s+distance\b"
    r"|\b(?:safe\s+)?distance\s+(?:of|between|from|to)\b|\bwithin\s+(?:reach|sight|\d+|a\s+few|"
    r"one|two|three|an?\s+met(?:re|er)|arm)\b(?:\s+(?:met(?:re|er)s?|feet|inches|miles|"
    r"km)(?:\s+(?:of|from))?)?"
    r"|\b(?:turn|turns|turning|turned|facing|faces|looking|pointing|moving|leaning|tilted|"
    r"heading)\s+"
    r"(?:to\s+the\s+)?(?:left|right|away|upwards?|downwards?|backwards?|each\s+other)\b"
    r"|\bin\s+(?:a|one)\s+corner\b|\bupside[- ]down\b|\bthe\s+wrong\s+way\s+(?:up|round)\b"
    r"|\boff[- ]cent(?:re|er)d?\b"
    r"|\bfrom\s+left\s+to\s+right\b|\b(?:second|third|last|first)\s+from\s+the\s+(?:left|right)\b"
    r")"
)
_FRAME = _compile(
    r"^\s*(?:of\s+)?(?:(?:the|this|an?)\s+)?(?:picture|photo(?:graph)?|image|frame|shot|scene|"
    r"screen|it|"
    r"them|him|her|each\s+other|camera|viewer)s?\b"
)
_BETWEEN = _compile(r"\bbetween$")
_NOTHING = _compile(r"^\s*(?:$|[.,;]|(?:and|with|who|that|in|on|at|wearing|holding|from|is|are)\b)")
_ONE = _compile(r"^\s*(?:the|its|his|her|their)\s+(?=(?:\w+\s+)?\w+[^s\W](?:\s|$|[.,]))")


def find_relations(text: str) -> Iterator[Hit]:
    """Find words on where one thing is from another, how far, and on which side."""
    shown = hide(text, _IDIOMS)
    for match in _RELATIONS.finditer(shown):
        rest = _FRAME.sub("", text[match.end() :], count=1)
        rest = _ONE.sub(" a ", rest, count=1)
        joined = "" if _NOTHING.match(rest) else ", " if _BETWEEN.search(match[0]) else " and "
        better = tidy(f"{text[: match.start()].rstrip()}{joined}{rest}")
        yield Hit("spatial", *_trimmed(text, match.span()), better)


def _trimmed(text: str, span: tuple[int, int]) -> tuple[int, int]:
    words = text[span[0] : span[1]]
    return span[0] + len(words) - len(words.lstrip(" ,")), span[1]
