"""How many comparisons make a sound rating: simulated people, the page's own way of pairing.

Usage: python training/rating/simulate_pairs.py [--pictures N] [--repeats N] [--seed N]

Pictures have strengths drawn from a normal distribution. A simulated person compares the pairs that
`framesift rate --pairs` shows, and answers by the model of the page (Bradley and Terry with ties,
Davidson 1970): between two pictures one standard deviation apart the better one is preferred
``e ** SPREAD`` times as often as the other. After 4, 7, 10 and 20 comparisons for each picture the
answers become ratings as they do in the page, and these are compared with the true strengths:
Spearman's rank correlation, means and standard deviations over the repeats. Prints Markdown and
writes results.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.stats import spearmanr

from framesift.web.gallery import Gallery
from framesift.web.pair_desk import PairDesk, ratings_from_pairs
from framesift.web.pairs import PairsFile
from framesift.web.ratings import RatingsFile

GOALS = (4, 7, 10, 20)
SPREAD = 1.5
TIES = 0.4


def answer(gap: float, rng: np.random.Generator) -> str:
    """Prefer one of two pictures whose strengths differ by ``gap`` (left minus right)."""
    odds = np.array([np.exp(gap / 2), np.exp(-gap / 2), TIES])
    return str(rng.choice(["left", "right", "tie"], p=odds / odds.sum()))


def one_person(folder: Path, names: list[str], seed: int) -> dict[int, float]:
    """Compare until every picture has the most comparisons; rank correlation at each goal."""
    rng = np.random.default_rng(seed)
    strengths = SPREAD * rng.normal(size=len(names))
    made = folder / f"{seed}.pairs.csv"
    pairs, ratings = PairsFile(made), RatingsFile(folder / f"{seed}.csv")
    desk = PairDesk(Gallery(folder, names), pairs, ratings, "", seed=seed)
    found = {}
    for goal in GOALS:
        while desk.given < goal * len(names) // 2:
            shown = desk.state()["pairs"][0]
            left, right = shown["left"], shown["right"]
            desk.judge(left, right, answer(strengths[left] - strengths[right], rng))
        rated = {each.path: each.rating for each in ratings_from_pairs(pairs.by(""), "x")}
        rows = [i for i, name in enumerate(names) if name in rated]
        values = [rated[names[i]] for i in rows]
        found[goal] = float(spearmanr(strengths[rows], values).statistic)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("results.json"))
    given = parser.parse_args()
    names = [f"{i:03d}.png" for i in range(given.pictures)]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name in names:
            Image.new("RGB", (8, 8)).save(folder / name)
        people = [one_person(folder, names, given.seed + i) for i in range(given.repeats)]
    print("| comparisons for each picture | rank correlation | standard deviation |\n|---|---|---|")
    report: dict[str, object] = {
        "pictures": given.pictures,
        "repeats": given.repeats,
        "seed": given.seed,
        "spread": SPREAD,
        "ties": TIES,
    }
    for goal in GOALS:
        values = [each[goal] for each in people]
        report[str(goal)] = {"srcc": float(np.mean(values)), "sd": float(np.std(values))}
        print(f"| {goal} | {np.mean(values):.2f} | {np.std(values):.2f} |")
    given.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
