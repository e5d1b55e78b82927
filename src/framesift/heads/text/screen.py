"""From a text to signals for the policy, each with the words that speak for it."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from framesift.errors import HeadError
from framesift.heads.store import load_head
from framesift.heads.text.head import TextHead
from framesift.heads.text.links import LinkFinding, find_links, link_score
from framesift.heads.text.markup import concealed, open_mail
from framesift.heads.text.normalize import TOKENS, normalize
from framesift.heads.text.pieces import Piece, pieces
from framesift.heads.text.words import DATA
from framesift.types import Evidence, Signal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from framesift.types import Part

__all__ = ["TEXT_CATEGORIES", "UNMEASURED", "load_text_heads", "screen_text", "usable_phrase"]

TEXT_CATEGORIES = (
    "spam_scam",
    "hate_speech",
    "harassment",
    "violence",
    "sexual_explicit",
    "self_harm",
)
"""The categories of the taxonomy that texts are scored in."""

UNMEASURED = "not English: unmeasured"
"""What evidence says of a text whose words the heads mostly do not know."""

_FILES = ("text-spam-1.head", "text-harm-1.head")
_FLOOR = 0.1
"""Below this score nobody looks for the words behind it."""


@cache
def load_text_heads() -> tuple[TextHead, ...]:
    """Load the shipped heads, once; no network, no model.

    Returns:
        The head for spam and the one for harm. ``names`` of the latter has a seventh column,
        ``offensive_language``, for policies that name that category.

    Raises:
        HeadError: A file of the installation is missing or broken.
    """
    heads = [load_head(DATA / name) for name in _FILES]
    return tuple(head for head in heads if isinstance(head, TextHead))


def screen_text(
    text: str,
    heads: Sequence[TextHead],
    *,
    part: Part = "caption",
    phrases: Mapping[str, Sequence[str]] | None = None,
    categories: Collection[str] = TEXT_CATEGORIES,
) -> list[Signal]:
    """Score one text under every category that the heads know.

    Args:
        text: Any string: empty, of any script and direction, of any length.
        heads: As `load_text_heads` gives them.
        part: Which part of an item the text is.
        phrases: By category, phrases that raise it with score 1; found in the normalised text
            whatever disguise they are in, between word boundaries (but anywhere within writing
            that has no blanks between words).
        categories: Which columns of the heads become signals.

    Returns:
        One signal per category and head (source ``text``), in the heads' order; a signal
        ``link`` for `spam_scam` where links or contacts speak for it, and a signal ``phrase``
        for each category with phrases: 1 where one is found, else 0. A text without words has
        scores of 0. Where most words are unknown, the evidence says so (`UNMEASURED`): a low
        score then means nothing.

    Raises:
        HeadError: A phrase that can never be found, as `usable_phrase` tells.
    """
    found = pieces(text)
    signals: list[Signal] = []
    for head in heads:
        signals += _head_signals(head, found, part, categories)
    if "spam_scam" in categories:
        signals += _link_signals(find_links(f"{open_mail(text)}\n{concealed(text)}"), part)
    for category, wanted in (phrases or {}).items():
        signals += _phrase_signals(category, wanted, found, part)
    return signals


def _head_signals(
    head: TextHead, found: Sequence[Piece], part: Part, categories: Collection[str]
) -> list[Signal]:
    scores, behind = head.explained(found, _FLOOR)
    unusual = scores.distance is not None and bool(scores.distance[0] > 1)
    signals = []
    values = scores.values[0].tolist()
    for name, value, words in zip(head.names, values, behind, strict=True):
        if name in categories:
            evidence = Evidence(prompt=UNMEASURED if unusual else "", words=words)
            signals.append(Signal(name, value, head.card.source, part, evidence))
    return signals


def _link_signals(findings: tuple[LinkFinding, ...], part: Part) -> list[Signal]:
    if not findings:
        return []
    strongest = max(findings, key=lambda finding: finding.strength)
    names = "; ".join(finding.name for finding in findings)
    evidence = Evidence(prompt=names, words=strongest.words)
    return [Signal("spam_scam", link_score(findings), "link", part, evidence)]


def _phrase_signals(
    category: str, wanted: Sequence[str], found: Sequence[Piece], part: Part
) -> list[Signal]:
    for phrase in wanted:
        pattern = _phrase(phrase)
        for piece in found:
            match = pattern.search(piece.normal.text)
            if match:
                words = piece.written(*match.span("words"))
                return [Signal(category, 1.0, "phrase", part, Evidence(phrase, words=words))]
    # Searched and not found is an answer: without one the item would count as not judged.
    return [Signal(category, 0.0, "phrase", part)] if wanted else []


def usable_phrase(text: str) -> bool:
    """Whether a phrase has a word that can be found in texts.

    Signs alone are not read, and a link, an address or a number alone stands for every other.
    """
    return any(word not in TOKENS for word in normalize(text).text.split())


@cache
def _phrase(phrase: str) -> re.Pattern[str]:
    """Compile a phrase in its normal form."""
    if not usable_phrase(phrase):
        message = (
            f"phrase {phrase!r} has no word that texts could be searched for; signs, numbers and "
            "links alone are not; add a word or take it out"
        )
        raise HeadError(message)
    words = normalize(phrase).text
    body = f"(?P<words>{re.escape(words)})"
    # Chinese, Japanese or Thai have no blanks: there a phrase may stand within a longer chunk.
    bounded = words.isascii() or not words[0].isalpha() or _spaced_script(words[0])
    return re.compile(rf"(?<!\S){body}(?!\S)" if bounded else body)


def _spaced_script(character: str) -> bool:
    return ord(character) < 0x0E00 or 0x1000 > ord(character) > 0x0F00
