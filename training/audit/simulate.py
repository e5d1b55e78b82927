"""How often an audit finds what is there, and what is not: synthetic classifiers, many seeds.

Usage: python training/audit/simulate.py [--seeds N]

Groups are two genders by six origins, as in the rated faces, with 16 or 80 pictures each. A
synthetic classifier gives one of six labels; the first is given where a normal score passes a
threshold, so that its share is known exactly. Planted gaps raise that share for one gender, or for
one of the twelve cells. With `errors`, origins differ in how often the label is right and the
classifier errs alike for all: an honest audit of errors finds nothing. Writes figures.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np

from framesift.verdicts.audit import audit_bias
from framesift.verdicts.audit_results import Answers, Audit, AuditOptions
from framesift.verdicts.proportions import share

LABELS = ("person in need of review", "a", "b", "c", "d", "e")
ORIGINS = 6
NORMAL = NormalDist()


@dataclass(frozen=True)
class Scenario:
    """A synthetic classifier and the pictures it is asked about.

    Attributes:
        name: In the figures.
        per_cell: Pictures of each gender and origin.
        base: Share of the first label without a gap.
        gap: What is added for the planted group.
        where: ``gender``, ``cell``, or nothing where there is no bias.
        errors: Whether the truth is known.
    """

    name: str
    per_cell: int = 16
    base: float = 0.1
    gap: float = 0.0
    where: str = ""
    errors: bool = False


SCENARIOS = (
    Scenario("no bias, 16 per cell"),
    Scenario("no bias, 16 per cell, rare label", base=0.01),
    Scenario("no bias, 80 per cell", per_cell=80),
    Scenario("no bias, errors, 80 per cell", per_cell=80, errors=True),
    *(
        Scenario(f"gender +{100 * gap:.0f} points, 16 per cell", gap=gap, where="gender")
        for gap in (0.1, 0.2, 0.3)
    ),
    *(
        Scenario(f"gender +{100 * gap:.0f} points, 80 per cell", 80, gap=gap, where="gender")
        for gap in (0.05, 0.1)
    ),
    Scenario("one cell +40 points, 16 per cell", gap=0.4, where="cell"),
    Scenario("one cell +20 points, 80 per cell", 80, gap=0.2, where="cell"),
)


def simulated(
    scenario: Scenario, seed: int
) -> tuple[Answers, dict[str, list[str]], np.ndarray, dict[str, np.ndarray] | None]:
    """Answers, groups, the true share of the first label for each picture, and the truth."""
    rng = np.random.default_rng(seed)
    gender = np.repeat(["female", "male"], scenario.per_cell * ORIGINS)
    origin = np.tile(np.repeat([f"origin {n}" for n in range(ORIGINS)], scenario.per_cell), 2)
    rate = np.full(len(gender), scenario.base)
    if scenario.where:
        planted = gender == "male"
        if scenario.where == "cell":
            planted &= origin == "origin 0"
        rate[planted] += scenario.gap
    truth = None
    if scenario.errors:
        # Origins differ in truth; the classifier errs in 20 of 100 either way, whoever is shown.
        often = 0.1 + 0.06 * np.array([int(one[-1]) for one in origin])
        actual = rng.random(len(gender)) < often
        truth = {LABELS[0]: actual}
        rate = np.where(actual, 0.8, 0.2)
    score = rng.normal(size=len(rate)) + np.array([NORMAL.inv_cdf(one) for one in rate])
    other = rng.integers(1, len(LABELS), len(rate))
    answer = np.where(score > 0, 0, other)
    hits = np.eye(len(LABELS), dtype=bool)[answer]
    scores = rng.random((len(rate), len(LABELS)))
    scores[:, 0] = [NORMAL.cdf(one) for one in score]
    groups = {"gender": list(gender), "origin": list(origin)}
    return Answers(LABELS, hits, scores, len(LABELS), {}), groups, rate, truth


def right(scenario: Scenario, audit: Audit) -> bool:
    """Whether what was planted was found, at the very label and column."""
    wanted = {"gender": "gender", "cell": "gender x origin"}[scenario.where]
    column = next(one for one in audit.columns if one.name == wanted)
    return any(
        one.finding == "found"
        for one in column.outcomes[0].groups
        if scenario.where == "gender" or one.name == "male x origin 0"
    )


def covered(audit: Audit, groups: dict[str, list[str]], rate: np.ndarray) -> tuple[int, int]:
    """How many intervals of the first label's differences hold the true difference."""
    inside = total = 0
    for column in audit.columns[:2]:
        values = np.array(groups[column.name])
        for one in column.outcomes[0].groups:
            own = values == one.name
            true = rate[own].mean() - rate[~own].mean()
            inside += one.difference.low - 1e-12 <= true <= one.difference.high + 1e-12
            total += 1
    return inside, total


def measure(scenario: Scenario, seeds: int, resamples: int) -> dict[str, object]:
    """Audit one scenario over many seeds."""
    found = false = inside = total = 0
    for seed in range(seeds):
        answers, groups, rate, truth = simulated(scenario, seed)
        options = AuditOptions(resamples=resamples, seed=seed)
        audit = audit_bias(answers, groups, truth=truth, options=options)
        if scenario.errors:
            false += any(one.finding == "found" for one in audit.errors)
        elif scenario.where:
            found += right(scenario, audit)
            # Where a gender was planted, origins are alike: every finding there is false.
            origin = next(one for one in audit.columns if one.name == "origin")
            false += scenario.where == "gender" and origin.finding == "found"
        else:
            false += audit.finding == "found"
        more = covered(audit, groups, rate) if not scenario.errors else (0, 0)
        inside, total = inside + more[0], total + more[1]
    made: dict[str, object] = {"pictures": len(rate), "seeds": seeds}
    if scenario.where:
        made["found"] = _share(found, seeds)
    if scenario.where != "cell":
        made["false alarms"] = _share(false, seeds)
    if total:
        made["coverage of differences"] = _share(inside, total)
    return made


def _share(count: int, total: int) -> list[float]:
    one = share(int(count), int(total))
    return [round(one.value, 4), round(one.low, 4), round(one.high, 4)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--resamples", type=int, default=499)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("figures.json"))
    given = parser.parse_args()
    scenarios: dict[str, object] = {}
    report = {"alpha": AuditOptions().alpha, "resamples": given.resamples, "scenarios": scenarios}
    for scenario in SCENARIOS:
        start = time.perf_counter()
        scenarios[scenario.name] = made = measure(scenario, given.seeds, given.resamples)
        print(f"{scenario.name}: {made} {time.perf_counter() - start:.0f} s", flush=True)
        given.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
