"""From scores to a verdict: pure, total, and never kinder to a higher score."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING

from framesift.heads.text import UNMEASURED
from framesift.policies.lists import ALLOW_LIST, BLOCK_LIST
from framesift.policies.rules import UNKNOWN_LANGUAGE
from framesift.policies.taxonomy import CONTEXT_NAMES
from framesift.types import SEVERITY, Action, Evidence, LabelScore, Part, Signal, Tag, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from framesift.policies.policy import Policy
    from framesift.policies.rules import ContextRule, Rule, Thresholds
    from framesift.policies.taxonomy import Category

__all__ = ["BRIEF", "MISSING", "cap_on", "decide", "decimals", "level"]

MISSING = "missing"
"""Source of a label that no head scored."""

BRIEF = "brief"
"""What softened a signal that comes from too short a part of a video to block."""

SCORE_DECIMALS = 4
"""Scores repeat within 1e-4 and records show four decimals: what decides is what shows."""

LOWEST = 10.0**-SCORE_DECIMALS
"""A threshold is above zero, also where it would be shown as zero."""

IMAGE: tuple[Part, ...] = ("image",)
NO_CONTEXT: Mapping[str, float] = MappingProxyType({})


def decide(
    signals: Iterable[Signal],
    policy: Policy,
    *,
    parts: Collection[Part] = IMAGE,
    context: Mapping[str, float] = NO_CONTEXT,
) -> Verdict:
    """Judge the scores of one picture, one text, or the two together.

    Every signal is looked at on its own: ``block`` from the block threshold of its category and
    source on, else ``review`` from the review threshold on, else ``allow``. The most severe answer
    wins, whatever the order. Categories that the policy does not name are ignored.

    What is not known is not safe: a score that is NaN or outside [0, 1] goes to ``review`` at least
    (a number above 1 also counts as 1), and so does a category that a given part should have
    scored and did not. So does an item of which nothing at all was judged.

    A text whose words are mostly unknown (evidence ``UNMEASURED``), and of which no signal is
    flagged, gets a label ``unknown_language`` with the policy's action for that.

    Context softens: where a tag reaches the score of its rule, what was seen in the picture (never
    a caption, and nothing unknown) leads to no more than the rule says. No signal leads to more
    than its own ``at_most``.

    Args:
        signals: In any order; several of one category, from several heads, parts or frames.
        policy: Thresholds and context rules.
        parts: What the item has. ``image`` and ``caption`` demand a signal of every category that
            applies to pictures or texts; ``words`` and ``subtitles`` may hold nothing and demand
            none.
        context: Context tag to score.

    Returns:
        The action, and a label for each category that was judged, in the policy's order: that of
        the signal with the most severe action, then the highest score. A label without a usable
        score has NaN, and the source ``missing`` where there was no score at all. What lists said
        (part ``list``) and ``unknown_language`` come last.
    """
    found: dict[str, list[Signal]] = {}
    for signal in signals:
        found.setdefault(signal.category, []).append(signal)
    shown = {tag: decimals(float(score)) for tag, score in context.items()}
    labels, judged = [], []
    for name, rule in policy.rules.items():
        known = found.get(name, [])
        known = [*known, *_missing(policy.categories[name], known, parts)]
        cap = cap_on(name, policy, shown)
        if known:
            own = [_judge(signal, rule, cap) for signal in known]
            labels.append(max(own, key=_rank) if len(own) > 1 else own[0])
            judged += own
    labels += [*_listed(found), *_unknown_language(judged, policy.unknown_language)]
    worst = max((SEVERITY.index(label.action) for label in labels), default=1)
    return Verdict(SEVERITY[worst], tuple(labels), policy.label, _tags(shown))


def decimals(score: float) -> float:
    """Return a score as it decides and as records show it, with four decimals."""
    return round(score, SCORE_DECIMALS) if math.isfinite(score) else score


def _tags(context: Mapping[str, float]) -> tuple[Tag, ...]:
    """Return the usable scores of the known tags, in the order of the taxonomy."""
    scores = ((tag, context.get(tag, math.nan)) for tag in CONTEXT_NAMES)
    return tuple(Tag(tag, min(max(p, 0.0), 1.0)) for tag, p in scores if not math.isnan(p))


def _missing(category: Category, known: Sequence[Signal], parts: Collection[Part]) -> list[Signal]:
    """Return a signal without a score for each part that should have given one."""
    demands: list[Part] = []
    if "image" in parts and "image" in category.applies_to:
        demands.append("image")
    # Phrases speak only where they are found; the native categories have heads for texts.
    if "caption" in parts and "text" in category.applies_to and not category.phrases:
        demands.append("caption")
    given = {signal.part for signal in known}
    return [Signal(category.name, math.nan, MISSING, part) for part in demands if part not in given]


def level(score: float, thresholds: Thresholds) -> Action:
    """Return what a score alone leads to, before any context; NaN and below 0 go to review."""
    shown = decimals(float(score))
    if _reaches(shown, thresholds.block):
        return "block"
    known = 0 <= shown <= 1
    return "review" if not known or _reaches(shown, thresholds.review) else "allow"


def cap_on(category: str, policy: Policy, context: Mapping[str, float]) -> ContextRule | None:
    """Return the rule that softens a category most; the policy's order settles a tie.

    Args:
        category: Its name.
        policy: With its context rules.
        context: Context tag to score.
    """
    holding = [
        rule
        for rule in policy.context.values()
        if category in rule.softens
        and _reaches(decimals(float(context.get(rule.tag, math.nan))), rule.start)
    ]
    return min(holding, key=lambda rule: SEVERITY.index(rule.at_most), default=None)


def _reaches(shown: float, threshold: float | None) -> bool:
    """Whether a score reaches a threshold; both with the decimals that records show."""
    return threshold is not None and shown >= max(decimals(threshold), LOWEST)


def _judge(signal: Signal, rule: Rule, cap: ContextRule | None) -> LabelScore:
    thresholds = rule.thresholds_for(signal.source)
    score = float(signal.score)
    known = 0 <= decimals(score) <= 1
    action = level(score, thresholds)
    flagged, softened = action != "allow", ""
    caps: list[tuple[Action, str]] = [(signal.at_most, BRIEF)]
    if cap is not None and known and signal.part == "image":
        caps.append((cap.at_most, cap.tag))
    for at_most, reason in caps:
        if SEVERITY.index(at_most) < SEVERITY.index(action):
            action, softened = at_most, reason
    return LabelScore(
        signal.category,
        min(max(score, 0.0), 1.0) if known else math.nan,
        thresholds.lowest,
        flagged,
        signal.source,
        part=signal.part,
        action=action,
        evidence=signal.evidence,
        softened=softened,
    )


def _rank(label: LabelScore) -> tuple[int, bool, bool, float, str]:
    """Order the labels of one category; the last entry makes ties the same in every order."""
    known = not math.isnan(label.score)
    rest = f"{label.source} {label.part} {label.evidence!r}"
    score = label.score if known else 0.0
    return SEVERITY.index(label.action), label.flagged, known, score, rest


def _listed(found: Mapping[str, Sequence[Signal]]) -> list[LabelScore]:
    """Return the labels of what stands on a list: no threshold and no context changes them."""
    actions: dict[str, Action] = {BLOCK_LIST: "block", ALLOW_LIST: "allow"}
    labels = []
    for name, action in actions.items():
        entries = [signal for signal in found.get(name, ()) if signal.part == "list"]
        if entries:
            first = min(entries, key=lambda signal: (signal.source, repr(signal.evidence)))
            labels.append(
                LabelScore(
                    name,
                    1.0,
                    1.0,
                    action == "block",
                    first.source,
                    part="list",
                    action=action,
                    evidence=first.evidence,
                )
            )
    return labels


def _unknown_language(judged: Sequence[LabelScore], action: Action) -> list[LabelScore]:
    """Return a label for a text of which nothing is known, so that no low score looks sure."""
    texts: tuple[Part, ...] = ("caption", "subtitles", "words")
    for part in texts:
        own = [label for label in judged if label.part == part]
        unmeasured = any(label.evidence.prompt == UNMEASURED for label in own)
        if unmeasured and not any(label.flagged for label in own):
            evidence = Evidence(prompt=UNMEASURED)
            # Words read in a picture are brand names and fragments as often as a language.
            led: Action = "allow" if part == "words" else action
            flagged = led != "allow"
            return [
                LabelScore(
                    UNKNOWN_LANGUAGE,
                    1.0,
                    1.0,
                    flagged,
                    "text",
                    part=part,
                    action=led,
                    evidence=evidence,
                )
            ]
    return []
