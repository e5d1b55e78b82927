"""From scores to a verdict: pure, total, and never kinder to a higher score."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from framesift.types import Action, LabelScore, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framesift.policies.policy import Policy
    from framesift.policies.rules import Rule

__all__ = ["MISSING", "decide"]

MISSING = "missing"
"""Source of a label that no head scored."""

SCORE_DECIMALS = 4
"""Scores repeat within 1e-4 and records show four decimals: what decides is what shows."""

SEVERITY: tuple[Action, ...] = ("allow", "review", "block")


def decide(scores: Mapping[str, tuple[float, str]], policy: Policy) -> Verdict:
    """Judge the scores of one picture.

    Every category of the policy is looked at on its own, and the most severe answer wins: ``block``
    from its block threshold on, else ``review`` from its review threshold on, else ``allow``.
    What is not known is not safe: a category that is missing, NaN or outside [0, 1] goes to
    ``review`` at least (a number above 1 also counts as 1). Categories that the policy does not
    name are ignored.

    Args:
        scores: Category to (score, source), such as ``{"weapons": (0.1, "zero-shot")}``.
        policy: Thresholds.

    Returns:
        The action, and a label for each category of the policy in its order. A label without a
        usable score has NaN, and the source ``missing`` where there was no score at all.
    """
    judged = [_judge(name, scores.get(name), rule) for name, rule in policy.rules.items()]
    worst = max(SEVERITY.index(action) for action, _ in judged)
    return Verdict(SEVERITY[worst], tuple(label for _, label in judged), policy.label)


def _judge(name: str, entry: tuple[float, str] | None, rule: Rule) -> tuple[Action, LabelScore]:
    score, source = (math.nan, MISSING) if entry is None else (float(entry[0]), entry[1])
    thresholds = rule.thresholds_for(source)
    shown = round(score, SCORE_DECIMALS) if math.isfinite(score) else score
    action: Action = "allow"
    if thresholds.block is not None and shown >= thresholds.block:
        action = "block"
    elif not 0 <= shown <= 1 or (thresholds.review is not None and shown >= thresholds.review):
        action = "review"
    kept = min(max(score, 0.0), 1.0) if 0 <= shown <= 1 else math.nan
    return action, LabelScore(name, kept, thresholds.lowest, action != "allow", source)
