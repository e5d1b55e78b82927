"""Measure what the image heads of `starter` see, category by category, and what a scan decides.

Usage: python training/screening/evaluate.py SHARED [WORK [WEAPONS_WORK [EMOJI_FONT]]]

WORK keeps embedded pictures between runs (default: build/screening). WEAPONS_WORK is where
training/weapons/train.py left its out-of-fold log-odds (default: build/weapons): the pictures the
weapons head was trained on are judged by heads that did not see them. EMOJI_FONT draws pictures of
categories of which there are no photographs. results.json holds the figures; where nothing could be
measured it says so.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from drawings import PAIRS, pairs

from framesift.embeddings import load_embedder, load_expert
from framesift.heads.moderation import context_heads, moderation_heads, weapons_head
from framesift.policies import CONTEXT_TAGS, TAXONOMY, Policy, decide
from framesift.types import Signal
from pictures import Sets

if TYPE_CHECKING:
    from framesift.embeddings.starter import StarterEmbedder
    from framesift.heads import Head

SHOWN = {
    "weapons": ("weapon", "imagenet-weapons"),
    "alcohol": ("imagenet-alcohol",),
    "suggestive": ("imagenet-suggestive",),
    "gambling": ("imagenet-gambling",),
    "violence": ("fights",),
    "screenshot": ("websites", "imagenet-screenshot"),
    "animated": ("imagenet-animated",),
    "toy": ("toy_lookalike",),
}
ORDINARY = ("imagenet", "flickr", "faces", "benign", "tool_sharp_ambiguous")
GROUPS = (*ORDINARY, "toy_lookalike", "mossbench", "websites", "no-fights", "fights", "weapon")
TRAINED = {"weapons": "weapons", "toy": "toy"}
UNMEASURED = "unmeasured: no pictures of it were at hand"


def area(positive: np.ndarray, negative: np.ndarray) -> float:
    """Chance that a positive scores above a negative (ties count half)."""
    above = (positive[:, None] > negative).mean() + 0.5 * (positive[:, None] == negative).mean()
    return round(float(above), 3)


class Judge:
    """Scores of the groups under every category and tag.

    Args:
        sets: The pictures.
        out_of_fold: Log-odds of the pictures that the weapons head was trained on, by path.
    """

    def __init__(self, sets: Sets, out_of_fold: dict[str, dict[Path, float]]) -> None:
        """Load the heads that a scan has."""
        embedder = sets.embedder
        self.sets = sets
        tags = [tag.prompts for tag in CONTEXT_TAGS]
        self.heads: list[Head] = [
            *moderation_heads(embedder, [category.prompts for category in TAXONOMY]),
            *context_heads(embedder, tags),
        ]
        head = weapons_head()
        groups = {**head.groups, **head.asides}
        self._known = {
            name: {path: float(groups[name].calibration(z)) for path, z in odds.items()}
            for name, odds in out_of_fold.items()
        }

    def source(self, name: str) -> str:
        """Of the head that scores a category."""
        return next(head.card.source for head in self.heads if name in head.names)

    def group(self, group: str, *, fitting: bool | None = False) -> dict[str, np.ndarray]:
        """Category or tag to scores (N,) of the half of a group that nothing was fitted on.

        ``fitting=None`` gives all of it: pictures of a category, on which no prompts were fitted.
        """
        pictures = self.sets.group(group, fitting=fitting)
        paths = self.sets.paths(group, fitting=fitting)
        found: dict[str, np.ndarray] = {}
        for head in self.heads:
            scores = head.score(pictures)
            found.update(zip(scores.names, scores.values.T.astype(np.float64), strict=True))
        for name, chances in self._known.items():
            own = [chances.get(path, score) for path, score in zip(paths, found[name], strict=True)]
            found[name] = np.array(own)
        return found


def categories(judge: Judge, policy: Policy, font: Path | None) -> dict[str, dict]:
    """The table: every category and tag, measured or not."""
    ordinary = {
        name: np.concatenate([judge.group(g)[name] for g in ORDINARY])
        for name in [name for head in judge.heads for name in head.names]
    }
    rows: dict[str, dict] = {}
    for name, negative in ordinary.items():
        source = judge.source(name)
        rule = policy.rules.get(name)
        at = rule.thresholds_for(source).lowest if rule else 0.5
        row: dict = {"source": source, "threshold": at, "ordinary_pictures": len(negative)}
        row["ordinary_flagged"] = round(float((negative >= at).mean()), 4)
        groups = SHOWN.get(name, ())
        if groups:
            shown = np.concatenate([judge.group(group, fitting=None)[name] for group in groups])
            row |= {
                "pictures": len(shown),
                "area": area(shown, negative),
                "flagged": round(float((shown >= at).mean()), 3),
            }
        else:
            row["pictures"] = 0
            row["measured"] = UNMEASURED
        if font is not None and name in PAIRS:
            row["drawings"] = drawn(judge, name, font, at)
        rows[name] = row
    return rows


def drawn(judge: Judge, name: str, font: Path, at: float) -> dict:
    """What the head of a category says of drawings of it, and of look-alikes."""
    embedder = judge.sets.embedder
    head = next(head for head in judge.heads if name in head.names)
    column = head.names.index(name)
    scores = []
    for pictures in pairs(font, name):
        rows = embedder.encode(np.stack([embedder.prepare(one) for one in pictures]))
        scores.append(head.score(embedder.to_embeddings(rows)).values[:, column])
    shown, alike = scores
    return {
        "shown": len(shown),
        "alike": len(alike),
        "area": area(shown, alike),
        "shown_flagged": round(float((shown >= at).mean()), 3),
        "alike_flagged": round(float((alike >= at).mean()), 3),
    }


def actions(judge: Judge, policy: Policy) -> dict[str, dict]:
    """Share of each group that a policy allows, sends to review or blocks, by pictures alone."""
    found = {}
    for group in GROUPS:
        scores = judge.group(group)
        names = [name for name in scores if name in policy.rules]
        count = {"allow": 0, "review": 0, "block": 0}
        total = len(scores[names[0]])
        for row in range(total):
            signals = [Signal(name, float(scores[name][row]), judge.source(name)) for name in names]
            count[decide(signals, policy).action] += 1
        shares = {action: round(number / total, 4) for action, number in count.items()}
        found[group] = {"pictures": total, **shares}
    return found


def out_of_fold(shared: Path, work: Path) -> dict[str, dict[Path, float]]:
    """Read what training/weapons/train.py left: label to path to log-odds."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "weapons"))
    from thumbnails import items

    kept = np.load(work / "out_of_fold.npz")
    found = items(shared)
    return {
        label: {item.path: float(z) for item, z in zip(found, kept[label][:, 0], strict=True)}
        for label in TRAINED.values()
    }


def main(shared: Path, work: Path, weapons: Path, font: Path | None) -> None:
    embedder: StarterEmbedder = load_embedder("starter")
    sets = Sets(shared, work, embedder, load_expert("open_nsfw"))
    judge = Judge(sets, out_of_fold(shared, weapons))
    default = Policy.default()
    results = {
        "made_by": "training/screening/evaluate.py",
        "model": embedder.fingerprint,
        "categories": categories(judge, default, font),
        "actions": {default.name: actions(judge, default)},
    }
    place = Path(__file__).with_name("results.json")
    place.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {place}")


if __name__ == "__main__":
    given = [Path(name) for name in sys.argv[1:]]
    defaults = [Path("build/screening"), Path("build/weapons")]
    work, weapons = [*given[1:3], *defaults[len(given) - 1 :]][:2]
    main(given[0], work, weapons, given[3] if len(given) > 3 else None)
