"""Measure what the joint rules add to pictures and captions judged alone, and set their offset.

Usage: python training/screening/joint.py SHARED [WORK [WEAPONS_WORK]]

Every caption of joint_pairs.toml is put under every picture of its set's groups, and under ordinary
pictures. Pictures are chosen by rule (`GROUPS`). WORK and WEAPONS_WORK are those of evaluate.py:
pictures that taught the weapons head are judged by heads that had not seen them. Pictures are
looked at as a whole, without tiles and without words in them.

``together`` of data/joint.toml is the highest of `OFFSETS` at which at most `MOST_FALSE` of pairs
of a harmless post and an ordinary picture are flagged by a rule alone, under either policy. Half of
the posts and pictures say which, the captions have no part in it, and the other half is measured.
The posts are those rated neither hateful nor offensive of the fifth that the heads for texts have
not seen. joint.json holds the figures.
"""

from __future__ import annotations

import csv
import json
import re
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from evaluate import Judge, area, out_of_fold

from framesift.embeddings import load_embedder, load_expert
from framesift.heads.text import load_text_heads, screen_text
from framesift.policies import JOINT_RULES, Policy, decide, joint_score, joint_signals
from framesift.types import Signal
from pictures import Sets

sys.path.insert(0, str(Path(__file__).parents[1] / "text"))
from corpora import davidson, hold_back

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from framesift.types import Part

GROUPS: dict[str, dict[str, str]] = {
    "blades": {
        "tool_sharp_ambiguous": r"Kitchen_Knives|Knives|Fishing_Knives|Box_Cutters|Hatchets",
        "imagenet": r"cleaver|hatchet|letter_opener|chain_saw",
        "mossbench": r"\bkni(fe|ves)\b|\bscissors\b|\bsaws?\b|\baxe\b",
    },
    "weapons": {
        "weapon": r"/(Pistols|Revolvers|Shotguns|Daggers|Machetes)/",
        "imagenet-weapons": r"assault_rifle|revolver|rifle",
        "mossbench": r"\bgun\b|gunshaped|\bgrenade\b|\bsword\b|\brifle\b",
    },
    "alcohol": {
        "imagenet-alcohol": r".",
        "mossbench": r"\bwine\b|\bbeer\b|\balcohol|\bdrunk\b|\bbar\b",
    },
    "tobacco": {"mossbench": r"cigarette|\bsmoking\b|ashtray", "imagenet": r"lighter"},
    "drugs": {
        "mossbench": r"\bdrugs?\b|illegal substance|\bpills?\b|syringe|medic",
        "imagenet": r"pill_bottle|syringe",
    },
    "victims": {
        "mossbench": r"bully|harass|discriminat|domestic violence|body shaming|child abuse"
        r"|stalking|traffick",
        "fights": r".",
    },
    "people": {"faces": r"."},
    "gambling": {"imagenet-gambling": r".", "mossbench": r"casino|gambl"},
    "suggestive": {"imagenet-suggestive": r".", "mossbench": r"\bbeach scene\b|\bbikini"},
    "ordinary": {"imagenet": r".", "benign": r"."},
}
"""Group to sets of pictures and what a file's path, or in MOSSBench its description, must hold."""

EACH = 60
"""Pictures of a group, at most, spread evenly; of ordinary ones as many."""

KINDS = ("veiled", "open", "benign")
UNMEASURED = ("hateful_symbol", "insulting_gesture")
"""Rules of which there are no pictures. Those of violence have pictures that no head sees."""

OFFSETS = (0.8, 0.9, 0.95, 0.97, 0.98, 0.99)
MOST_FALSE = 0.01


@dataclass(frozen=True)
class Shown:
    """A picture with its signals and tags."""

    signals: tuple[Signal, ...]
    context: dict[str, float]


def descriptions(shared: Path) -> dict[Path, str]:
    """What MOSSBench says of its pictures."""
    folder = shared / "data" / "moderation_benign_mossbench"
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as stream:
        return {folder / row["path"]: row["description"] for row in csv.DictReader(stream)}


def pictures(judge: Judge, shared: Path) -> dict[str, list[Shown]]:
    """Group to its pictures, chosen by `GROUPS`."""
    told = descriptions(shared)
    tags = {name for head in judge.heads if head.card.task == "context" for name in head.names}
    found: dict[str, list[Shown]] = {}
    taken: set[Path] = set()
    for group, sources in GROUPS.items():
        kept: list[Shown] = []
        for source, pattern in sources.items():
            scores = judge.group(source, fitting=None)
            for row, path in enumerate(judge.sets.paths(source)):
                wanted = re.search(pattern, told.get(path, path.as_posix()), re.IGNORECASE)
                if wanted and not (group == "ordinary" and path in taken):
                    taken.add(path)
                    kept.append(shown(judge, scores, row, tags))
        found[group] = [
            kept[n * len(kept) // min(EACH, len(kept))] for n in range(min(EACH, len(kept)))
        ]
    return found


def shown(judge: Judge, scores: dict[str, np.ndarray], row: int, tags: set[str]) -> Shown:
    """One picture out of the scores of its set."""
    values = {name: float(column[row]) for name, column in scores.items()}
    signals = [Signal(n, v, judge.source(n)) for n, v in values.items() if n not in tags]
    return Shown(tuple(signals), {name: value for name, value in values.items() if name in tags})


def texts(captions: Iterable[str]) -> list[tuple[Signal, ...]]:
    """The signals of captions."""
    return [tuple(screen_text(caption, load_text_heads())) for caption in captions]


def posts(shared: Path) -> list[str]:
    """Harmless posts that no head for texts has learnt from."""
    samples = davidson(shared / "data" / "text")
    hold_back(samples)
    return [sample.text for sample in samples if sample.held and sample.kind == "2"]


@dataclass(frozen=True)
class Pairs:
    """Every text under every picture, under one policy."""

    shown: Sequence[Shown]
    said: Sequence[tuple[Signal, ...]]
    policy: Policy

    def figures(self, raises: Sequence[str]) -> dict:
        """Shares of the pairs; `raises` are the categories that were to be raised.

        ``added``: of the pairs of which no part alone was flagged, those that a rule flagged.
        ``named_by_joint``: of the pairs of which no part raised one of the categories, those of
        which a rule did.
        """
        seen = [self._alone(one.signals, "image", one.context) for one in self.shown]
        heard = [self._alone(text, "caption", {}) for text in self.said]
        quiet = unnamed = added = named = flagged = 0
        fired: Counter[str] = Counter()
        for picture, by_picture in zip(self.shown, seen, strict=True):
            for text, by_text in zip(self.said, heard, strict=True):
                alone = by_picture | by_text
                rules = self._fired(picture, text)
                fired.update(list(rules))
                flagged += bool(alone)
                quiet += not alone
                added += bool(not alone and rules)
                if alone.isdisjoint(raises):
                    unnamed += 1
                    named += not set(rules.values()).isdisjoint(raises)
        total = len(seen) * len(heard)
        return {
            "pairs": total,
            "flagged_alone": share(flagged, total),
            "quiet_pairs": quiet,
            "added": share(added, quiet),
            "unnamed_pairs": unnamed,
            "named_by_joint": share(named, unnamed),
            "rules": dict(fired.most_common()),
        }

    def false_alarms(self, together: float) -> float:
        """Share of the quiet pairs that the rules would flag with another offset."""
        quiet = np.ones((len(self.shown), len(self.said)), dtype=bool)
        for row, one in enumerate(self.shown):
            quiet[row] &= not self._alone(one.signals, "image", one.context)
        for column, text in enumerate(self.said):
            quiet[:, column] &= not self._alone(text, "caption", {})
        hits = np.zeros_like(quiet)
        for rule in JOINT_RULES:
            changed = replace(rule, together=together)
            images = [_side(one.signals, rule.image) for one in self.shown]
            said = [_side(text, rule.text) for text in self.said]
            lowest = self._lowest(rule.result)
            hits |= [[joint_score(x, y, changed) >= lowest for y in said] for x in images]
        return round(float(hits[quiet].mean()), 4)

    def _alone(self, signals: Sequence[Signal], part: Part, context: dict[str, float]) -> set[str]:
        verdict = decide(signals, self.policy, parts=(part,), context=context)
        return {label.name for label in verdict.labels if label.action != "allow"}

    def _fired(self, picture: Shown, text: tuple[Signal, ...]) -> dict[str, str]:
        """Rule to category, of the rules that reach a review."""
        return {
            signal.evidence.prompt.split(":")[0]: signal.category
            for signal in joint_signals([*picture.signals, *text])
            if signal.score >= self._lowest(signal.category)
        }

    def _lowest(self, category: str) -> float:
        return self.policy.rules[category].thresholds_for("joint").lowest


def _side(signals: Sequence[Signal], names: Sequence[str]) -> float:
    return max((signal.score for signal in signals if signal.category in names), default=0.0)


def share(count: int, among: int) -> float | None:
    """A share, ``None`` of nothing."""
    return round(count / among, 4) if among else None


def areas(entry: dict, own: Sequence[Shown], ordinary: Sequence[Shown]) -> dict[str, float]:
    """How well the joint score tells the pairs of a set from others, whatever the offset."""

    def scores(pictures: Sequence[Shown], kind: str) -> np.ndarray:
        found = [
            max(
                (
                    s.score
                    for s in joint_signals([*one.signals, *text])
                    if s.category in entry["raises"]
                ),
                default=0,
            )
            for one in pictures
            for text in texts(entry[kind])
        ]
        return np.array(found)

    veiled = scores(own, "veiled")
    return {
        "area_against_benign_captions": area(veiled, scores(own, "benign")),
        "area_against_ordinary_pictures": area(veiled, scores(ordinary, "veiled")),
    }


def measure(entry: dict, shown: dict[str, list[Shown]], policy: Policy) -> dict:
    """Of one set: every kind of caption under its pictures, and under ordinary ones."""
    own = [picture for group in entry["pictures"] for picture in shown[group]]
    row: dict = {"pictures": len(own), "captions": {kind: len(entry[kind]) for kind in KINDS}}
    for kind in KINDS:
        for place, group in (("own", own), ("ordinary", shown["ordinary"])):
            pairs = Pairs(group, texts(entry[kind]), policy)
            row[f"{kind} captions, {place} pictures"] = pairs.figures(entry["raises"])
    return row | areas(entry, own, shown["ordinary"])


def percent(row: dict) -> str:
    """What a rule added, and to how many pairs."""
    added = "-" if row["added"] is None else f"{100 * row['added']:.1f} %"
    return f"{added} of {row['quiet_pairs']:,}"


def table(results: dict) -> str:
    """The rows of docs/policies.md, both policies side by side."""
    both = list(results["policies"].values())
    rows = []
    for name in both[0]["sets"]:
        found = [one["sets"][name] for one in both]
        cells = [percent(one[f"{kind} captions, own pictures"]) for kind in KINDS for one in found]
        rows.append([name, str(found[0]["pictures"]), *cells])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main(shared: Path, work: Path, weapons: Path) -> None:
    sets = Sets(shared, work, load_embedder("starter"), load_expert("open_nsfw"))
    judge = Judge(sets, out_of_fold(shared, weapons))
    found = pictures(judge, shared)
    entries = tomllib.loads(Path(__file__).with_name("joint_pairs.toml").read_text("utf-8"))["set"]
    harmless = texts(posts(shared))
    ordinary = found["ordinary"]
    armed = [*found["blades"], *found["weapons"]]
    results: dict = {
        "made_by": "training/screening/joint.py",
        "pictures": {group: len(kept) for group, kept in found.items()},
        "unmeasured_rules": list(UNMEASURED),
        "harmless_posts": len(harmless),
        "together": JOINT_RULES[0].together,
        "policies": {},
    }
    for policy in (Policy.default(), Policy.moderation()):
        choosing = Pairs(ordinary[::2], harmless[::2], policy)
        results["policies"][policy.label] = {
            "false_alarms_by_offset": {str(one): choosing.false_alarms(one) for one in OFFSETS},
            "posts, ordinary pictures": Pairs(ordinary[1::2], harmless[1::2], policy).figures(()),
            "posts, blades and weapons": Pairs(armed, harmless[1::2], policy).figures(()),
            "sets": {entry["name"]: measure(entry, found, policy) for entry in entries},
        }
    kept = [one["false_alarms_by_offset"] for one in results["policies"].values()]
    fits = [t for t in OFFSETS if all(one[str(t)] <= MOST_FALSE for one in kept)]
    results["chosen"] = max(fits, default=None)
    out = Path(__file__).with_name("joint.json")
    out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(f"{table(results)}\nwrote {out}; together should be {results['chosen']}")


if __name__ == "__main__":
    given = [Path(name) for name in sys.argv[1:]]
    defaults = [Path("build/screening"), Path("build/weapons")]
    main(given[0], *[*given[1:3], *defaults[len(given) - 1 :]][:2])
