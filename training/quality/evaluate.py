"""Measure a quality head on pictures that people rated, and on the demo's pictures.

Usage: python training/quality/evaluate.py --shared ../shared
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import pearsonr, spearmanr

from framesift import load_embedder, open_media
from framesift.heads import quality_head_for

if TYPE_CHECKING:
    from framesift import Embedder, Head

SETS = {
    "avt": ("mos_avt_image_quality", "mos_0_10"),
    "ai_quality": ("mos_avt_ai_images", "quality_0_10"),
    "ai_appeal": ("mos_avt_ai_images", "appeal_0_10"),
    "websites": ("mos_website_aesthetics", "score_0_10"),
}


def score_files(head: Head, embedder: Embedder, paths: list[Path]) -> np.ndarray:
    """Score files as a scan does."""
    rows = []
    for path in paths:
        with open_media(path, min_side_px=embedder.min_side_px) as media:
            prepared = embedder.prepare(next(iter(media.read())).pixels)
        rows.append(embedder.encode(prepared[None])[0])
    return head.score(embedder.to_embeddings(np.stack(rows))).values[:, 0]


def rated_pictures(
    head: Head, embedder: Embedder, shared: Path, name: str = "avt"
) -> dict[str, float]:
    """Compare with the mean opinion of people."""
    folder, column = shared / "data" / SETS[name][0], SETS[name][1]
    with (folder / "labels.csv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row[column]]
    wanted = np.array([float(row[column]) for row in rows])
    scored = score_files(head, embedder, [folder / row["path"] for row in rows])
    return {
        "srcc": float(spearmanr(wanted, scored)[0]),
        "plcc": float(pearsonr(wanted, scored)[0]),
        "mae": float(np.mean(np.abs(wanted - scored))),
        "n": float(len(rows)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    options = parser.parse_args()
    embedder = load_embedder("starter")
    head = quality_head_for(embedder, offline=True)
    found = {name: rated_pictures(head, embedder, options.shared, name) for name in SETS}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
