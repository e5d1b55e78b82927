"""Measure the shipped head for fights on clips of one's own.

Usage: python training/violence/evaluate.py FOLDER [WORK]

FOLDER has labels.csv with the columns `path` and `fight` (1 or 0), and perhaps `source`. A clip
counts with the highest score of its moments, looked at ten and four times a second and as a scan
does. On the clips that the head was trained on the areas are flattered: train.py has the honest
ones.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from clips import Clip, labelled
from train import THRESHOLDS, area, as_scan, interval, rates

from framesift.embeddings import load_embedder
from framesift.heads.clip import fights_head


def highest(clips: list[Clip]) -> np.ndarray:
    head = fights_head()
    scores = [head.score(clip.embeddings(), clip.times).values for clip in clips]
    return np.array([one.max() if len(one) else 0.0 for one in scores])


def main(folder: Path, work: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    embedder = load_embedder("starter")
    clips = labelled(folder, work, embedder)
    fight = np.array([clip.fight for clip in clips])
    ways = {
        "10 a second": clips,
        "4 a second": [clip.sampled(0.25, 0.0) for clip in clips],
        "as a scan": as_scan(clips, folder, work, embedder),
    }
    figures: dict = {"clips": len(clips), "fights": int(fight.sum())}
    for way, some in ways.items():
        best = highest(some)
        figures[way] = {
            "area": area(fight, best),
            "interval_95": interval(fight, best),
            **{f"from_{at:g}": rates(fight, best >= at) for at in THRESHOLDS},
        }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "build/violence"))
