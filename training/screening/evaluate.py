"""Measure screening on pictures that were not fitted on; docs/policies.md quotes what it prints.

Usage: python training/screening/evaluate.py SHARED [WORK]

Printed, as Markdown:

1. per category with labelled pictures, the area under the ROC curve against ordinary pictures;
2. per group of pictures, how many the default policy allows, sends to review and blocks;
3. per category, how many ordinary pictures it flags, and the open_nsfw expert's rates;
4. what part of the weapon thumbnails is found.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from framesift.embeddings import load_embedder, load_expert
from framesift.heads import ExpertHead
from framesift.policies import Policy, decide
from framesift.types import Signal
from pictures import Sets, category_head, context_head

if TYPE_CHECKING:
    from framesift.types import Embeddings, Verdict

SHOWN = {
    "weapons": ("weapon", "imagenet-weapons"),
    "alcohol": ("imagenet-alcohol",),
    "suggestive": ("imagenet-suggestive",),
    "gambling": ("imagenet-gambling",),
    "violence": ("fights",),
    "screenshot": ("websites", "imagenet-screenshot"),
    "animated": ("imagenet-animated",),
}
ORDINARY = ("imagenet", "flickr", "faces", "benign", "tool_sharp_ambiguous", "toy_lookalike")
GROUPS = (*ORDINARY, "mossbench", "websites", "no-fights", "fights", "weapon")


def area(positive: np.ndarray, negative: np.ndarray) -> float:
    """Chance that a positive scores above a negative (ties count half)."""
    above = (positive[:, None] > negative).mean() + 0.5 * (positive[:, None] == negative).mean()
    return float(above)


def print_areas(sets: Sets) -> None:
    print("\n| category | labelled pictures | AUC against ordinary pictures |\n|---|---|---|")
    for head in (category_head(sets.embedder), context_head(sets.embedder)):
        negative = head.log_odds(sets.ordinary(fitting=False))
        for column, name in enumerate(head.names):
            if name in SHOWN:
                parts = [head.log_odds(sets.group(group)) for group in SHOWN[name]]
                shown = np.concatenate(parts)[:, column]
                print(f"| {name} | {len(shown)} | {area(shown, negative[:, column]):.2f} |")


def verdicts(sets: Sets, pictures: Embeddings, policy: Policy) -> list[Verdict]:
    """What a scan decides: the expert alone for its categories, prompts for the others."""
    expert = ExpertHead(sets.embedder.space)
    scored: dict[str, tuple[np.ndarray, str]] = {}
    for head in (category_head(sets.embedder), expert):
        scores = head.score(pictures)
        for column, name in enumerate(scores.names):
            scored[name] = (scores.values[:, column], head.card.source)
    return [
        decide([Signal(k, float(v[row]), source) for k, (v, source) in scored.items()], policy)
        for row in range(len(pictures))
    ]


def print_actions(sets: Sets, policy: Policy) -> None:
    print("\n| pictures | number | allow | review | block |\n|---|---|---|---|---|")
    flagged: Counter[str] = Counter()
    total = 0
    for group in GROUPS:
        judged = verdicts(sets, sets.group(group, fitting=False), policy)
        count = Counter(verdict.action for verdict in judged)
        shares = " | ".join(f"{count[x] / len(judged):.1%}" for x in ("allow", "review", "block"))
        print(f"| {group} | {len(judged)} | {shares} |")
        if group in ORDINARY:
            total += len(judged)
            for verdict in judged:
                flagged.update(label.name for label in verdict.labels if label.flagged)
    print(f"\n| category | of {total} ordinary pictures flagged |\n|---|---|")
    for name in policy.rules:
        print(f"| {name} | {flagged[name] / total:.2%} |")


def print_weapons(sets: Sets, policy: Policy) -> None:
    threshold = policy.rules["weapons"].thresholds_for("zero-shot").lowest
    print(f"\n| thumbnails (classes not fitted on) | weapons >= {threshold} |\n|---|---|")
    head = category_head(sets.embedder)
    column = head.names.index("weapons")
    for group in ("weapon", "toy_lookalike", "tool_sharp_ambiguous", "benign"):
        values = head.score(sets.group(group, fitting=False)).values[:, column]
        print(f"| {group} | {(values >= threshold).mean():.1%} of {len(values)} |")


def main(shared: Path, work: Path) -> None:
    sets = Sets(shared, work, load_embedder("starter"), load_expert("open_nsfw"))
    policy = Policy.default()
    print(f"policy {policy.label}, model {sets.embedder.fingerprint}")
    print_areas(sets)
    print_actions(sets, policy)
    print_weapons(sets, policy)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "build/screening"))
