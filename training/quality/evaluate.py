"""Measure the technical head on pictures that people rated, and what a picture costs.

Usage: python training/quality/evaluate.py --shared ../shared [--sets avt ...] [--speed]

The rated pictures are for evaluation alone. Look at them seldom: who looks often tunes to them.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.stats import pearsonr, spearmanr

from framesift import open_media
from framesift.embeddings import load_expert
from framesift.heads.technical import technical_head
from framesift.types import Embeddings

SETS = {
    "avt": ("mos_avt_image_quality", "mos_0_10"),
    "ai_quality": ("mos_avt_ai_images", "quality_0_10"),
    "ai_appeal": ("mos_avt_ai_images", "appeal_0_10"),
    "websites": ("mos_website_aesthetics", "score_0_10"),
}
PHOTOGRAPH = "moderation_benign_mossbench/102.jpg"


def score_files(paths: list[Path]) -> np.ndarray:
    """Score files as a scan does: (N,)."""
    expert, head, rows = load_expert("technical"), technical_head("any"), []
    for path in paths:
        with open_media(path, min_side_px=expert.min_side_px) as media:
            prepared = expert.prepare(next(iter(media.read())).pixels)
        rows.append(expert.encode(prepared[None])[0])
    vectors = np.ones((len(rows), 1), np.float32)
    embeddings = Embeddings(vectors, "any", "", {"technical": np.stack(rows)})
    return head.score(embeddings).values[:, 0]


def rated_pictures(shared: Path, name: str) -> dict[str, object]:
    """Compare with the mean opinion of people; intervals by bootstrap over pictures."""
    folder, column = shared / "data" / SETS[name][0], SETS[name][1]
    with (folder / "labels.csv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row[column]]
    wanted = np.array([float(row[column]) for row in rows])
    scored = score_files([folder / row["path"] for row in rows])
    found: dict[str, object] = {
        "srcc": round(float(spearmanr(wanted, scored)[0]), 3),
        "srcc_95": bootstrap(wanted, scored),
        "plcc": round(float(pearsonr(wanted, scored)[0]), 3),
        "mae": round(float(np.mean(np.abs(wanted - scored))), 2),
        "n": len(rows),
    }
    sources = np.array([row.get("src", "") for row in rows])
    if len(set(sources)) > 1:
        found["srcc_within_sources"] = {
            source: round(float(spearmanr(wanted[same], scored[same])[0]), 2)
            for source in sorted(set(sources))
            for same in [sources == source]
        }
    return found


def bootstrap(wanted: np.ndarray, scored: np.ndarray) -> list[float]:
    """Give a 95 % interval of the rank correlation."""
    rng = np.random.default_rng(0)
    drawn = [rng.integers(0, len(wanted), len(wanted)) for _ in range(1000)]
    found = [spearmanr(wanted[some], scored[some])[0] for some in drawn]
    return [round(float(value), 3) for value in np.nanpercentile(found, (2.5, 97.5))]


def speed(shared: Path) -> dict[str, dict[str, float]]:
    """Measure processor time per picture, in milliseconds, after a first one."""
    expert = load_expert("technical")
    photograph = Image.open(shared / "data" / PHOTOGRAPH).convert("RGB")
    found = {}
    for name, size in {"500px": (500, 375), "896px": (1195, 896), "12mp": (4000, 3000)}.items():
        pixels = np.asarray(photograph.resize(size, Image.Resampling.BICUBIC))
        expert.encode(expert.prepare(pixels)[None])
        spent = []
        for _ in range(7):
            start = time.process_time()
            prepared = expert.prepare(pixels)
            middle = time.process_time()
            expert.encode(prepared[None])
            spent.append((middle - start, time.process_time() - middle))
        prepare, encode = (1000 * np.median(spent, axis=0)).round(1)
        found[name] = {"prepare_cpu_ms": float(prepare), "encode_cpu_ms": float(encode)}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--sets", nargs="*", choices=list(SETS), default=list(SETS))
    parser.add_argument("--speed", action="store_true")
    options = parser.parse_args()
    found: dict[str, object] = {name: rated_pictures(options.shared, name) for name in options.sets}
    if options.speed:
        found["speed"] = speed(options.shared)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
