"""Harm scores on their way to the policy, and what it decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from fractions import Fraction

    from framesift.types.scores import Tag

__all__ = [
    "SEVERITY",
    "Action",
    "Evidence",
    "LabelScore",
    "Part",
    "Signal",
    "Verdict",
]

Action: TypeAlias = Literal["allow", "review", "block"]
SEVERITY: tuple[Action, ...] = ("allow", "review", "block")
"""Every action, from the mildest to the most severe."""

Part: TypeAlias = Literal["image", "caption", "words", "subtitles", "joint", "list"]
"""What a score was made from: the pixels, the caption, the words read in the picture, the subtitles
inside a video, picture and text together, or a list of known hashes."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a harm score comes from, for the person who reviews it.

    Attributes:
        prompt: The closest prompt, the pattern that matched, or the entry of a list.
        time: Of the frame, in seconds; ``None`` for a still or a text.
        tile: Left, top, right and bottom as shares of width and height; ``None`` for all of it.
        words: The words that raised the score, at most 120 characters.
    """

    prompt: str = ""
    time: Fraction | None = None
    tile: tuple[float, float, float, float] | None = None
    words: str = ""


_NO_EVIDENCE = Evidence()


@dataclass(frozen=True, slots=True)
class Signal:
    """What one head says of one harm category of one item, on the way to the policy.

    Attributes:
        category: From the taxonomy, or the policy's own.
        score: In [0, 1]; what is not is never taken for safe.
        source: What gave it: ``zero-shot``, ``open_nsfw``, ``text``, ...
        part: What it was made from.
        evidence: For people.
        at_most: What it leads to at most: a moment of a video that is too short to block has
            ``review``.
    """

    category: str
    score: float
    source: str
    part: Part = "image"
    evidence: Evidence = _NO_EVIDENCE
    at_most: Literal["review", "block"] = "block"


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One harm category: an independent score in [0, 1] and what the policy made of it.

    Attributes:
        name: The category, from the taxonomy or the policy's own.
        score: Of the signal that decided: the one with the most severe action, then the highest.
        threshold: The policy's lowest threshold for this category and source.
        flagged: Whether the score reached it.
        source: What gave the score: ``zero-shot``, ``open_nsfw``, ...
        part: Which part of the item raised it.
        action: What this category alone leads to.
        evidence: Where the score comes from.
        softened: The context tag that made the action milder, if one did; ``brief`` where the
            moment in a video is too short for it.
    """

    name: str
    score: float
    threshold: float
    flagged: bool
    source: str
    part: Part = "image"
    action: Action = "allow"
    evidence: Evidence = _NO_EVIDENCE
    softened: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policy decided.

    Attributes:
        action: The most severe of all labels.
        labels: Every category that was judged, in the policy's order.
        policy: Name and first digits of the hash.
        context: Context tags and their scores in [0, 1], in the order of the taxonomy.
        unread: Parts that the policy wants judged and nothing here could read: ``words`` in the
            picture without the extra ``framesift[ocr]``.
    """

    action: Action
    labels: tuple[LabelScore, ...]
    policy: str
    context: tuple[Tag, ...] = ()
    unread: tuple[Part, ...] = ()
