"""Fit the maps from LAION's raw aesthetic ratings to 0-10 and write the head's data file.

Usage: python training/laion/fit_mapping.py SHARED

SHARED holds ``heads/laion_aesthetic`` (the published heads and LAION's ten prototype embeddings,
``rating0`` ... ``rating9``) and ``golden/clip_vit_b32_flickr8k`` (1,000 ordinary photographs
embedded by OpenAI's ViT-B/32). The method:

- ViT-B/32: the quantiles of the raw rating over the 1,000 photographs are laid on a normal curve
  of mean 5 and standard deviation 1.7, so that ordinary photographs use the scale instead of
  crowding between 4 and 7; the prototypes rating0 and rating9 anchor 0 and 10.
- ViT-L/14: the prototypes of both models carry the same ten ratings; straight lines between them
  turn each knot of ViT-B/32 into its place on the raw scale of ViT-L/14.
- ViT-B/16: LAION published no prototypes; the knots of ViT-B/32 are taken over (the two heads were
  trained on the same ratings), which is an assumption and said so in the card.
- The MLP on ViT-L/14 (Christoph Schuhmann's "improved aesthetic predictor"): LAION counted how
  many of the 2.3 billion pictures of LAION-2B-en it rates at least 4.5, 4.75, 5, 6, 6.25 and 6.5
  (1.2 billion, 939, 600, 12, 3 and 0.625 million; https://laion.ai/blog/laion-aesthetics/). Those
  shares are laid on a normal curve of mean 5 and standard deviation 1.3; the prototype rating0
  anchors 0 and a raw rating of 7.5 anchors 10. Its 5 is the middle of the web's pictures, not of
  photographs.

For ViT-B/32 the file also says where each score stands among the 1,000 photographs, and
``laion_b32_novelty.safetensors`` how far from them an embedding lies.

The half-width of the interval follows from the correlation r between head and people:
1.645 * 1.7 * sqrt(1 - r^2). r = 0.72 is published for a LAION head on ViT-L/14 (AVA); for the
smaller models 0.60 is assumed. It is an estimate, not a measurement.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from framesift.heads.laion import collapse
from framesift.heads.novelty import Novelty
from framesift.heads.resources import DATA
from framesift.heads.torch_zip import read_torch_zip

QUANTILES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
CENTRE, SPREAD = 5.0, 1.7
MODELS = {
    "b_32": ("openai/clip-vit-b-32", 512, 0.60),
    "b_16": ("openai/clip-vit-b-16", 512, 0.60),
    "l_14": ("openai/clip-vit-l-14", 768, 0.72),
}
PROVENANCE = (
    "LAION-Aesthetics predictor V1, a linear head on unit CLIP embeddings; mapped to 0-10: "
)
MAPPINGS = {
    "b_32": "quantiles of 1,000 Flickr8k photographs laid on a normal curve (mean 5, sd 1.7)",
    "b_16": "knots of ViT-B/32 taken over, not checked on this model",
    "l_14": "knots of ViT-B/32 carried over by LAION's prototype embeddings",
}


IMPROVED = "sac+logos+ava1-l14-linearMSE.pth"
WEB_PICTURES = 2.3e9
RATED_AT_LEAST = {4.5: 1.2e9, 4.75: 939e6, 5.0: 600e6, 6.0: 12e6, 6.25: 3e6, 6.5: 625e3}
WEB_SPREAD = 1.3
BEST_RAW = 7.5


def unit(vectors: np.ndarray) -> np.ndarray:
    """Scale rows (N, D) to length 1, float32."""
    rows = vectors.astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def raw_ratings(folder: Path, model: str, vectors: np.ndarray) -> np.ndarray:
    """Raw ratings (N,) of unit vectors (N, D)."""
    state = read_torch_zip(folder / f"sa_0_4_vit_{model}_linear.pth")
    return unit(vectors).astype(np.float64) @ state["weight"][0] + state["bias"][0]


def prototypes(folder: Path, model: str) -> np.ndarray:
    """Raw ratings (10,) of LAION's prototype embeddings, worst to best."""
    files = [folder / f"vit_{model}_embeddings" / f"rating{rating}.npy" for rating in range(10)]
    rows = np.concatenate([np.load(file).astype(np.float32) for file in files])
    return raw_ratings(folder, model, rows)


def knots_of_b32(folder: Path, photos: np.ndarray) -> list[tuple[float, float]]:
    """The (raw, score) knots of ViT-B/32."""
    raw = np.quantile(raw_ratings(folder, "b_32", photos), QUANTILES)
    scores = [CENTRE + SPREAD * NormalDist().inv_cdf(quantile) for quantile in QUANTILES]
    anchors = prototypes(folder, "b_32")
    inner = zip(raw.tolist(), scores, strict=True)
    return [(float(anchors[0]), 0.0), *inner, (float(anchors[-1]), 10.0)]


def percentiles(knots: list[tuple[float, float]]) -> list[list[float]]:
    """Where the scores of the inner knots stand among the 1,000 photographs, in percent."""
    inner = [
        [round(score, 3), 100 * share]
        for (_, score), share in zip(knots[1:-1], QUANTILES, strict=True)
    ]
    return [[0.0, 0.0], *inner, [10.0, 100.0]]


def improved(shared: Path) -> dict[str, Any]:
    """The entry of the MLP on ViT-L/14."""
    folder = shared / "heads"
    state = read_torch_zip(folder / "improved_aesthetic" / IMPROVED)
    coef, intercept = collapse(state)
    worst = np.load(folder / "laion_aesthetic" / "vit_l_14_embeddings" / "rating0.npy")[0]
    raw_worst = float(worst.astype(np.float64) / np.linalg.norm(worst) @ coef + intercept)
    shares = {raw: 1 - count / WEB_PICTURES for raw, count in RATED_AT_LEAST.items()}
    scores = {raw: CENTRE + WEB_SPREAD * NormalDist().inv_cdf(q) for raw, q in shares.items()}
    knots = [[raw_worst, 0.0], *([raw, scores[raw]] for raw in scores), [BEST_RAW, 10.0]]
    places = [[0.0, 0.0], *([round(scores[raw], 3), round(100 * shares[raw], 3)] for raw in scores)]
    return {
        "name": "laion-aesthetic-l14-mlp",
        "space": "openai/clip-vit-l-14",
        "url": "https://raw.githubusercontent.com/christophschuhmann/improved-aesthetic-predictor",
        "commit": (folder / "improved_aesthetic" / "COMMIT").read_text().strip(),
        "file": IMPROVED,
        "sha256": hashes_of(shared)[f"heads/improved_aesthetic/{IMPROVED}"],
        "width": 768,
        "knots": [[round(raw, 4), round(score, 3)] for raw, score in knots],
        "percentiles": [*places, [10.0, 100.0]],
        "residual_90": round(1.645 * SPREAD * math.sqrt(1 - 0.72**2), 2),
        "licence": "Apache-2.0",
        "provenance": (
            "Improved aesthetic predictor (SAC, Logos and AVA ratings) on unit CLIP ViT-L/14 "
            "embeddings; mapped to 0-10: shares of LAION-2B-en laid on a normal curve (mean 5, "
            "sd 1.3)"
        ),
    }


def hashes_of(shared: Path) -> dict[str, str]:
    """The sha256 of every file under ``shared``, by its path."""
    lines = (shared / "SHA256SUMS").read_text().splitlines()
    pairs = (line.split(maxsplit=1) for line in lines)
    return {name: digest for digest, name in pairs}


def main(shared: Path) -> None:
    folder = shared / "heads" / "laion_aesthetic"
    photos = np.load(shared / "golden" / "clip_vit_b32_flickr8k" / "clip_embeddings.npy")
    hashes = hashes_of(shared)
    base = knots_of_b32(folder, photos.astype(np.float32))
    from_b32, to_l14 = prototypes(folder, "b_32"), prototypes(folder, "l_14")
    spaces: dict[str, Any] = {}
    for model, (space, width, correlation) in MODELS.items():
        file = f"sa_0_4_vit_{model}_linear.pth"
        knots = base
        if model == "l_14":
            knots = [(float(np.interp(raw, from_b32, to_l14)), score) for raw, score in base]
        spaces[space] = {
            "name": f"laion-aesthetic-{model.replace('_', '')}",
            "file": file,
            "sha256": hashes[f"heads/laion_aesthetic/{file}"],
            "width": width,
            "knots": [[round(raw, 4), round(score, 3)] for raw, score in knots],
            # Only where the photographs themselves were rated; elsewhere the knots are a guess.
            "percentiles": percentiles(knots) if model == "b_32" else None,
            "residual_90": round(1.645 * SPREAD * math.sqrt(1 - correlation**2), 2),
            "mapping": MAPPINGS[model],
        }
    document = {
        "made_by": "training/laion/fit_mapping.py",
        "url": "https://raw.githubusercontent.com/LAION-AI/aesthetic-predictor",
        "commit": (folder / "COMMIT").read_text().strip(),
        "licence": "MIT",
        "provenance": PROVENANCE,
        "spaces": spaces,
        "improved": improved(shared),
    }
    novelty = Novelty.fit(unit(photos)).to_tensors()
    save_file(
        {
            name: array.astype(np.float16 if array.ndim == 2 else np.float32)
            for name, array in novelty.items()
        },
        DATA / "laion_b32_novelty.safetensors",
    )
    out = DATA / "laion_aesthetic.json"
    out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {out}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
