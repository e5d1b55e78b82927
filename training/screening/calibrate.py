"""Fit the constants of zero-shot screening for `starter` and write the heads' data file.

Usage: python training/screening/calibrate.py SHARED [WORK]

WORK keeps embedded pictures between runs (default: build/screening).

A screening head gives log-odds z per category (see `framesift.heads.screening`). This script finds
(scale, shift) such that ``sigmoid(scale * z + shift)`` means the same for every category:

- 0.5 is reached by 1 ordinary picture in 100 (`COMMON`) where labelled pictures show that the
  model can see the category, and by 1 in 1,000 (`RARE`) where they show that it cannot, or where
  there are none;
- the slope is that of a logistic regression of labelled pictures against ordinary ones, both sides
  of equal weight, where there are labelled pictures enough (weapons); elsewhere 0.9 is reached one
  standard deviation of the ordinary pictures further out.

Ordinary pictures for fitting: Flickr8k (the even rows of its features), the ImageNet samples whose
class belongs to no category (even ones), and the benign thumbnails of every other class. The other
halves are left for evaluate.py.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from framesift.embeddings import load_embedder
from framesift.embeddings.starter_model import load_model
from framesift.heads.numeric import sigmoid
from framesift.heads.resources import DATA
from pictures import Sets, category_head, context_head

SEEN = ("weapons", "alcohol", "suggestive", "screenshot")
"""Categories and tags whose labelled pictures evaluate.py finds well apart from ordinary ones."""

COMMON, RARE = 0.99, 0.999
PROVENANCE = (
    "constants by training/screening/calibrate.py: 0.5 is reached by 1 ordinary picture in 100 for "
    "{seen}, by 1 in 1,000 for every other category, which this model was not shown to see"
)


def logistic_slope(positive: np.ndarray, negative: np.ndarray) -> float:
    """Slope of a logistic regression in one variable, both sides of equal weight (Newton)."""
    z = np.concatenate([positive, negative])
    target = np.repeat([1.0, 0.0], [len(positive), len(negative)])
    weight = np.repeat([0.5 / len(positive), 0.5 / len(negative)], [len(positive), len(negative)])
    centre, spread = float(np.mean(z)), float(np.std(z))
    rows = np.stack([(z - centre) / spread, np.ones_like(z)], axis=1)
    beta = np.zeros(2)
    for _ in range(50):
        chance = sigmoid(rows @ beta)
        gradient = rows.T @ (weight * (target - chance)) - 1e-3 * beta
        curvature = (rows * (weight * chance * (1 - chance))[:, None]).T @ rows + 1e-3 * np.eye(2)
        beta += np.linalg.solve(curvature, gradient)
    return float(beta[0]) / spread


def main(shared: Path, work: Path) -> None:
    embedder = load_embedder("starter")
    sets = Sets(shared, work, embedder)
    constants: dict[str, list[float]] = {}
    for head in (category_head(embedder), context_head(embedder)):
        ordinary = head.log_odds(sets.ordinary(fitting=True))
        for column, name in enumerate(head.names):
            z = ordinary[:, column].astype(np.float64)
            slope = float(np.log(9)) / float(z.std())
            if name == "weapons":
                shown = head.log_odds(sets.group("weapon", fitting=True))[:, column]
                slope = logistic_slope(shown.astype(np.float64), z)
            at = float(np.quantile(z, COMMON if name in SEEN else RARE))
            constants[name] = [round(slope, 4), round(-slope * at, 4)]
            print(f"{name:18} slope {slope:.3f}  0.5 at z = {at:.2f}")
    entry = {
        "scale": float(np.median([slope for slope, _ in constants.values()])),
        "shift": float(np.median([shift for _, shift in constants.values()])),
        "categories": constants,
        "provenance": PROVENANCE.format(seen=", ".join(SEEN)),
        "ordinary_pictures": len(ordinary),
        "model_sha256": load_model().digest,
    }
    out = DATA / "screening_calibration.json"
    document = {"made_by": "training/screening/calibrate.py", "spaces": {embedder.space: entry}}
    out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {out}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "build/screening"))
