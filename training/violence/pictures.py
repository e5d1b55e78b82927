"""Measure what the head for fights makes of harmless pictures that move.

Usage: python training/violence/pictures.py SHARED [WORK]

A still has nothing for the head to read. So every picture is panned and zoomed over for two
seconds, as films of photographs are, smoothly or with a hand that trembles, and photographs follow
each other four times a second with no cuts told. None of it was trained on. Writes pictures.json.
"""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
from clips import embedded, rows_of
from PIL import Image

from framesift.embeddings import load_embedder
from framesift.heads.clip import fights_head

FRAMES = 9
MOST = 60
THRESHOLDS = (0.5, 0.8)
FOLDERS = (
    "moderation_benign_mossbench",
    "mos_avt_ai_images",
    "mos_avt_image_quality",
    "moderation_weapon_lookalikes",
)
TIMES = tuple(Fraction(number, 4) for number in range(FRAMES))


def moved(image: Image.Image, tremble: float) -> list[np.ndarray]:
    """Frames of a camera that passes over a picture; it trembles by a share of the width."""
    rng = np.random.default_rng(0)
    width, height = image.size
    found = []
    for number in range(FRAMES):
        share = number / (FRAMES - 1)
        keep = 0.75 - 0.1 * share
        left = (1 - keep) * share + tremble * rng.uniform(-1, 1)
        top = (1 - keep) / 2 + tremble * rng.uniform(-1, 1)
        left, top = (min(max(edge, 0.0), 1 - keep) for edge in (left, top))
        box = (left * width, top * height, (left + keep) * width, (top + keep) * height)
        size = (320, max(1, round(320 * height / width)))
        found.append(np.asarray(image.resize(size, Image.Resampling.BILINEAR, box=box)))
    return found


def highest(films: np.ndarray) -> np.ndarray:
    """The highest score of each film, from features (films, frames, 1280)."""
    head = fights_head()
    return np.array([head.score(embedded(film), TIMES).values.max() for film in films])


def summed(best: np.ndarray) -> dict:
    rates = {f"from_{at:g}": round(float((best >= at).mean()), 4) for at in THRESHOLDS}
    return {"films": len(best), **rates, "median": round(float(np.median(best)), 3)}


def main(shared: Path, work: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    embedder = load_embedder("starter")
    figures = {}
    for name in FOLDERS:
        paths = sorted(
            path
            for path in (shared / "data" / name).rglob("*")
            if path.suffix.lower() in (".jpg", ".jpeg", ".png")
        )
        paths = paths[:: max(1, len(paths) // MOST)]
        for way, tremble in (("smooth", 0.0), ("trembling", 0.03)):
            place = work / f"moved-{name}-{way}.npy"
            if not place.is_file():
                frames = []
                for path in paths:
                    with Image.open(path) as image:
                        frames += moved(image.convert("RGB"), tremble)
                np.save(place, rows_of(frames, embedder).reshape(-1, FRAMES, 1280))
            figures[f"{name}, {way}"] = summed(highest(np.load(place)))
            print(name, way, figures[f"{name}, {way}"], flush=True)
    photos = np.load(shared / "starter" / "flickr8k_features.npz")["features"][1::2]
    photos = photos[: len(photos) // FRAMES * FRAMES].astype(np.float32)
    figures["flickr8k, one after the other"] = summed(highest(photos.reshape(-1, FRAMES, 1280)))
    Path(__file__).with_name("pictures.json").write_text(
        json.dumps(figures, indent=1) + "\n", encoding="utf-8"
    )
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "build/violence"))
