"""The trainer where the technical row says nothing: simulated ratings on real embeddings.

Usage: python training/rated_sets/simulate.py SHARED [--repeats N] [--model NAME]

Ratings are a random linear function of the model's vectors (standard deviation 1.6) with noise
(0.8) around 5, clipped to 0-10; another function each time. On grouped folds the whole of
`fit_head`, and on the very same folds RidgeCV on the vectors, which is all there is to know, and on
vectors and technical rows. Prints Markdown and writes simulated.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from run import SETS, figures, load, ridge

from framesift.embeddings import load_embedder, load_expert
from framesift.embeddings.cache import Cache, default_path
from framesift.heads.training import Examples, FitOptions, fit_head
from framesift.pipeline import Gatherer

NAMES = ("AI images, appeal", "websites", "faces")
SIGNAL, NOISE = 1.6, 0.8


def simulated(vectors: np.ndarray, seed: int) -> np.ndarray:
    """Ratings that follow the vectors and nothing else."""
    rng = np.random.default_rng(seed)
    values = (vectors - vectors.mean(axis=0)) @ rng.normal(size=vectors.shape[1])
    noise = rng.normal(0, NOISE, len(vectors))
    return np.clip(5 + SIGNAL * values / values.std() + noise, 0, 10)


def one_set(examples: Examples, groups: list[str], seeds: range) -> dict[str, float]:
    """Mean R2 of the three over the seeds."""
    found: dict[str, list[float]] = {}
    for seed in seeds:
        y = simulated(examples.embeddings.vectors.astype(np.float64), seed)
        options = FitOptions(seed=seed, curve=False, near_duplicate=0.97 if any(groups) else None)
        result = fit_head(examples, y, options=options, groups=groups)
        folds = np.array([each.fold for each in result.predictions])
        made = {
            "framesift": np.array([each.predicted for each in result.predictions]),
            "RidgeCV vectors": ridge(examples, y, folds, ["vectors"]),
            "RidgeCV vectors+technical": ridge(examples, y, folds, ["vectors", "technical"]),
        }
        for name, predicted in made.items():
            found.setdefault(name, []).append(figures(y, predicted)["r2"])
    return {name: float(np.mean(values)) for name, values in found.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("shared", type=Path)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("simulated.json"))
    given = parser.parse_args()
    report = {}
    with Cache(default_path()) as cache:
        gatherer = Gatherer(load_embedder(given.model), (load_expert("technical"),), cache=cache)
        print("| pictures of | framesift | RidgeCV on vectors | on vectors and technical |")
        print("|---|---|---|---|")
        for rated in SETS:
            if rated.name not in NAMES:
                continue
            examples, _, groups = load(rated, given.shared / "data", gatherer)
            means = one_set(examples, groups, range(given.repeats))
            print(
                f"| {rated.name} | " + " | ".join(f"{each:.3f}" for each in means.values()) + " |"
            )
            report[rated.name] = means
    given.out.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
