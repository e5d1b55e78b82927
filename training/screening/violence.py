"""Ask whether twenty clips of fights are enough to teach `starter` what violence is.

Usage: python training/screening/violence.py SHARED [WORK]

Eight frames of each clip, and a logistic regression on the trunk's features; the clips of one
source are never on both sides of a fold. A clip is judged by the mean and by the highest of its
frames. Then a head of all clips is held against pictures that show no violence: a head that flags
surveillance footage, or any crowd, is no detector of fights. Nothing is shipped from here.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from framesift.embeddings import load_embedder
from framesift.media import Source, open_media
from pictures import Sets

FRAMES = 8
STRENGTHS = (1e-4, 1e-3, 1e-2)
OTHERS = ("imagenet", "flickr", "faces", "mossbench", "websites", "benign")


def frames_of(path: Path) -> list[np.ndarray]:
    """Frames spread over a clip, uint8 (H, W, 3)."""
    with open_media(Source.from_path(path)) as media:
        duration = media.info.duration
        times = tuple(duration * (2 * k + 1) / (2 * FRAMES) for k in range(FRAMES))
        return [frame.pixels for frame in media.read(times)]


def fitted(rows: np.ndarray, truth: np.ndarray, strength: float) -> tuple:
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-3
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=500)
    return model.fit((rows - mean) / scale, truth), mean, scale


def scored(made: tuple, rows: np.ndarray) -> np.ndarray:
    model, mean, scale = made
    return model.decision_function((rows - mean) / scale)


def main(shared: Path, work: Path) -> None:
    folder = shared / "data" / "video_fights"
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as stream:
        clips = list(csv.DictReader(stream))
    embedder = load_embedder("starter")
    file = work / "fight_frames.npz"
    if not file.is_file():
        rows, clip = [], []
        for number, row in enumerate(clips):
            pictures = [embedder.prepare(one) for one in frames_of(folder / row["path"])]
            rows.append(embedder.encode(np.stack(pictures)))
            clip += [number] * len(pictures)
        np.savez(file, rows=np.concatenate(rows), clip=clip)
    kept = np.load(file)
    rows, clip = embedder.to_embeddings(kept["rows"]).extras["features"], kept["clip"]
    fight = np.array([row["fight"] == "1" for row in clips])
    source = np.array([row["source"] for row in clips])
    sets = Sets(shared, work, embedder)
    figures: dict = {
        "clips": len(clips),
        "fights": int(fight.sum()),
        "sources": len(set(source)),
        "sources_with_both": len(set(source[fight]) & set(source[~fight])),
        "by_strength": {},
    }
    for strength in STRENGTHS:
        means, tops = np.zeros(len(clips)), np.zeros(len(clips))
        frame_scores = np.zeros(len(rows))
        for held in sorted(set(source)):
            out = source[clip] == held
            made = fitted(rows[~out], fight[clip][~out], strength)
            frame_scores[out] = scored(made, rows[out])
        for number in range(len(clips)):
            means[number] = frame_scores[clip == number].mean()
            tops[number] = frame_scores[clip == number].max()
        whole = fitted(rows, fight[clip], strength)
        others = {
            name: round(float((scored(whole, sets.group(name).extras["features"]) >= 0).mean()), 3)
            for name in OTHERS
        }
        figures["by_strength"][str(strength)] = {
            "area_frames": round(float(roc_auc_score(fight[clip], frame_scores)), 3),
            "area_clips_mean": round(float(roc_auc_score(fight, means)), 3),
            "area_clips_highest": round(float(roc_auc_score(fight, tops)), 3),
            "others_called_fights": others,
        }
    Path(__file__).with_name("violence.json").write_text(
        json.dumps(figures, indent=1) + "\n", encoding="utf-8"
    )
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "build/screening"))
