"""Measure the linter on tables of written prompts, and its bound for labels that are too alike.

Usage: python training/lint/measure.py [--check]

Writes figures.json beside this file; docs/linter.md quotes it. ``--check`` compares instead and
exits with 1 where a figure differs. README.md says how the tables were written and how far
the figures can be trusted.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from framesift.embeddings import load_embedder
from framesift.heads.lint import lint_prompt
from framesift.heads.lint.similar import (
    NEIGHBOURS,
    SYNONYMS,
    best_bound,
    pair_cosines,
    similarity_bound,
)

HERE = Path(__file__).resolve().parent
TABLES = HERE.parents[1] / "tests" / "unit" / "heads" / "lint"
FIGURES = HERE / "figures.json"

AT_FIRST_SIGHT = {
    "held": {"bad": 47, "flagged": 47, "right_code": 47, "good": 50, "false_alarms": 0},
    "2": {"bad": 172, "flagged": 156, "right_code": 156, "good": 194, "false_alarms": 4},
    "3": {"bad": 131, "flagged": 122, "right_code": 119, "good": 150, "false_alarms": 0},
    "4": {"bad": 116, "flagged": 107, "right_code": 103, "good": 123, "false_alarms": 1},
}
"""What the rules of the day gave the first time they met each part; they were changed after that,
so it cannot be measured again."""


def rows(name: str) -> list[dict[str, str]]:
    with (TABLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rates(bad: list[dict[str, str]], good: list[dict[str, str]]) -> dict[str, float]:
    """Any finding on a good prompt is a false alarm; on a bad one a note is not enough."""
    flagged = right = 0
    for row in bad:
        codes = {one.code for one in lint_prompt(row["prompt"]) if one.severity != "note"}
        flagged += bool(codes)
        right += row["code"] in codes
    alarms = sum(bool(lint_prompt(row["prompt"])) for row in good)
    return {
        "bad": len(bad),
        "flagged": flagged,
        "right_code": right,
        "good": len(good),
        "false_alarms": alarms,
    }


def by_code(bad: list[dict[str, str]]) -> dict[str, list[int]]:
    """Code to how many prompts have it, and how many were flagged with it."""
    total: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for row in bad:
        total[row["code"]] += 1
        found[row["code"]] += row["code"] in {one.code for one in lint_prompt(row["prompt"])}
    return {code: [total[code], found[code]] for code in sorted(total)}


def similarity(seed: int = 0, rounds: int = 200) -> dict[str, float]:
    """Set the bound on random halves of the pairs, and try it on the other halves."""
    embedder = load_embedder("starter")
    cosines = pair_cosines(embedder, (*SYNONYMS, *NEIGHBOURS))
    same, different = cosines[: len(SYNONYMS)], cosines[len(SYNONYMS) :]
    rng = np.random.default_rng(seed)
    found, alarms = [], []
    for _ in range(rounds):
        one, two = rng.permutation(len(same)), rng.permutation(len(different))
        half, other = len(same) // 2, len(different) // 2
        bound = best_bound(same[one[:half]], different[two[:other]])
        found.append((same[one[half:]] > bound).mean())
        alarms.append((different[two[other:]] > bound).mean())
    return {
        "bound": round(similarity_bound(embedder), 3),
        "synonyms_found": round(float(np.mean(found)), 3),
        "neighbours_flagged": round(float(np.mean(alarms)), 3),
    }


def measure() -> dict[str, object]:
    bad, good = rows("bad_prompts.csv"), rows("good_prompts.csv")
    more_bad, more_good = rows("later_bad_prompts.csv"), rows("later_good_prompts.csv")
    parts = {"first": rates(bad, good)}
    for part in ("dev", "held"):
        parts[part] = rates(
            [row for row in bad if row["set"] == part], [row for row in good if row["set"] == part]
        )
    for part in sorted({row["round"] for row in more_bad}):
        parts[part] = rates(
            [row for row in more_bad if row["round"] == part],
            [row for row in more_good if row["round"] == part],
        )
    return {
        "now": parts,
        "at_first_sight": AT_FIRST_SIGHT,
        "by_code": by_code([*bad, *more_bad]),
        "similarity_starter": similarity(),
    }


def main() -> int:
    figures = json.dumps(measure(), indent=2) + "\n"
    if "--check" in sys.argv[1:]:
        return int(figures != FIGURES.read_text("utf-8"))
    FIGURES.write_text(figures, encoding="utf-8")
    print(figures, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
