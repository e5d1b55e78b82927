"""From what is known of one item to a verdict: picture, caption, words in the picture, lists.

Each part is scored alone; then picture and text are looked at together
(`framesift.policies.joint_signals`), and `framesift.policies.decide` says what follows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from framesift.pipeline.signals import (
    clip_curves,
    context_scores,
    curve_signals,
    image_signals,
    look,
)
from framesift.policies import ALLOWED, decide, joint_signals
from framesift.types import SEVERITY, Problem, Signal, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from framesift.heads import Head
    from framesift.heads.clip import ClipHead
    from framesift.pipeline.signals import Sight, View
    from framesift.policies import Policy
    from framesift.types import Action, Curve, Float32Array, Part

__all__ = [
    "Content",
    "Findings",
    "at_least",
    "conclude",
    "examine",
    "moderate",
    "moderate_text",
]


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """All that a verdict rests on.

    Attributes:
        views: The frames in whole, then tiles of them; empty where there is no picture.
        sha256: Of the file.
        caption: The text that goes with the picture; ``None`` for none.
        words: Words read in the picture, by the time of the frame (``None`` for a still).
        times: Of the frames of what moves, in seconds; empty for what does not.
        cuts: Where its shots begin.
        subtitles: Lines of the subtitles inside a video, by the time at which they start.
        hashes: Rows of the expert ``pdq``, float32 (N, 257), or ``None``.
        problems: What could not be read; the verdict is then no milder than the policy says.
        words_read: Whether anything read the words in the picture.
    """

    views: Sequence[View] = ()
    sha256: str | None = None
    caption: str | None = None
    words: Sequence[tuple[Fraction | None, str]] = ()
    times: Sequence[Fraction] = ()
    cuts: Sequence[Fraction] = ()
    subtitles: Sequence[tuple[Fraction | None, str]] = ()
    hashes: Float32Array | None = None
    problems: Sequence[Problem] = ()
    words_read: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What the parts of an item say, before the policy speaks.

    Attributes:
        signals: Of all parts.
        parts: Which parts were looked at.
        context: Context tag to score.
        sights: What each moderation head says of the pictures.
        curves: What heads that need several frames say along the time.
    """

    signals: Sequence[Signal] = ()
    parts: Sequence[Part] = ()
    context: Mapping[str, float] = field(default_factory=dict)
    sights: Sequence[Sight] = ()
    curves: Sequence[Curve] = ()


def moderate(content: Content, heads: Sequence[Head], policy: Policy) -> Verdict:
    """Judge one item by every part it has.

    A picture on a block list is blocked. One on an allow list is not looked at any further, but its
    caption is: a harmless picture can carry a harmful text.

    Args:
        content: The parts.
        heads: For moderation and context; others are passed over.
        policy: Thresholds and actions.

    Raises:
        HeadError: A head cannot read the rows of the frames.
    """
    return conclude(examine(content, heads, policy), content, policy)


def examine(
    content: Content,
    heads: Sequence[Head],
    policy: Policy,
    *,
    clip_heads: Sequence[ClipHead] = (),
) -> Findings:
    """Score every part of an item.

    Args:
        content: The parts.
        heads: For moderation and context; others are passed over.
        policy: Says which categories are wanted, and what stands on lists.
        clip_heads: For what moves.

    Raises:
        HeadError: A head cannot read the rows of the frames.
    """
    listed = _look_up(content, policy)
    signals: list[Signal] = [] if listed is None else [listed]
    parts: list[Part] = []
    context: dict[str, float] = {}
    sights: list[Sight] = []
    curves: list[Curve] = []
    if content.views and listed is not ALLOWED:
        parts.append("image")
        sights = look(heads, content.views)
        signals += image_signals(sights)
        context = context_scores(heads, content.views[0].embeddings)
        if content.times:
            whole = content.views[0].embeddings
            curves = clip_curves(clip_heads, whole, content.times, content.cuts)
            signals += curve_signals(curves, content.times)
        for part, texts in _texts_within(content):
            if texts:
                parts.append(part)
                signals += _timed_signals(texts, policy, part)
    if content.caption is not None:
        parts.append("caption")
        signals += _text_signals(content.caption, policy, "caption")
    if "image" in parts and len(parts) > 1:
        signals += _together(signals, policy)
    return Findings(signals, parts, context, sights, curves)


def conclude(findings: Findings, content: Content, policy: Policy) -> Verdict:
    """Let the policy speak on what was found.

    Args:
        findings: What `examine` returned.
        content: What it was found in.
        policy: Thresholds and actions.
    """
    verdict = decide(findings.signals, policy, parts=findings.parts, context=findings.context)
    if content.views and policy.words != "off" and not content.words_read:
        verdict = replace(verdict, unread=("words",))
    return at_least(verdict, policy.on_failure) if content.problems else verdict


def moderate_text(text: str, policy: Policy) -> Verdict:
    """Judge a text that stands alone; no model of pictures is loaded.

    Categories that only pictures can show are not judged and not listed.

    Args:
        text: Any string, of any length and script; an empty one holds nothing harmful.
        policy: Thresholds and actions.
    """
    return moderate(Content(caption=text), (), policy)


def at_least(verdict: Verdict, action: Action) -> Verdict:
    """Return the verdict, made no milder than an action."""
    worst = max(verdict.action, action, key=SEVERITY.index)
    return verdict if worst == verdict.action else replace(verdict, action=worst)


def _together(signals: Sequence[Signal], policy: Policy) -> list[Signal]:
    """Return what picture and text mean together, unless the text says as much by itself.

    Then the text is the reason that people are shown. Joint scores that lead further stay, and so
    do all where the words come and go: then how long they are shown counts too.
    """
    texts = [
        signal
        for signal in signals
        if signal.part in ("caption", "words") and signal.evidence.time is None
    ]
    return [
        signal
        for signal in joint_signals(signals)
        if not 0
        < _severity(signal.category, [signal], policy)
        <= _severity(signal.category, texts, policy)
    ]


def _severity(category: str, signals: Sequence[Signal], policy: Policy) -> int:
    """Return what the signals of one category lead to; 0 where that is nothing."""
    alone = [signal for signal in signals if signal.category == category]
    labels = decide(alone, policy, parts=()).labels
    found = [SEVERITY.index(label.action) for label in labels if label.name == category]
    return max(found, default=0)


def _text_signals(text: str, policy: Policy, part: Part) -> list[Signal]:
    from framesift.heads.text import load_text_heads, screen_text

    return screen_text(
        text, load_text_heads(), part=part, phrases=policy.phrases, categories=set(policy.rules)
    )


def _texts_within(content: Content) -> list[tuple[Part, Sequence[tuple[Fraction | None, str]]]]:
    """Return the texts that the pictures carry with them, by part."""
    return [("words", content.words), ("subtitles", content.subtitles)]


def _timed_signals(
    texts: Sequence[tuple[Fraction | None, str]], policy: Policy, part: Part
) -> list[Signal]:
    return [
        replace(signal, evidence=replace(signal.evidence, time=time))
        for time, text in texts
        for signal in _text_signals(text, policy, part)
    ]


def _look_up(content: Content, policy: Policy) -> Signal | None:
    """Find the item on the policy's lists: the file itself, else what its frames look like.

    Of several frames one blocks, and all must allow.
    """
    if not policy.lists:
        return None
    answer = policy.lists.match(content.sha256)
    if answer is not None:
        return answer if isinstance(answer, Signal) else ALLOWED
    frames = [_frame_answer(row, policy) for row in _rows(content.hashes)]
    blocked = [answer for answer in frames if isinstance(answer, Signal)]
    if blocked:
        return blocked[0]
    return ALLOWED if frames and all(answer == "allow" for answer in frames) else None


def _rows(hashes: Float32Array | None) -> Float32Array:
    return np.empty((0, 0), np.float32) if hashes is None else hashes


def _frame_answer(row: Float32Array, policy: Policy) -> Signal | str | None:
    """Look a frame up, also for a blocked picture that is mirrored or turned in it."""
    from framesift.embeddings.perceptual import MIN_QUALITY, posed_bits, row_bits

    if row[-1] < MIN_QUALITY:
        return None
    bits = row_bits(row)
    answer = policy.lists.match(None, bits)
    if isinstance(answer, Signal):
        return answer
    posed = (policy.lists.match(None, pose) for pose in posed_bits(bits))
    return next((found for found in posed if isinstance(found, Signal)), answer)
