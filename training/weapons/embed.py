"""Embed every version of every picture once: python training/weapons/embed.py SHARED WORK."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from thumbnails import VERSIONS, backgrounds, items, versions

from framesift.embeddings import load_embedder
from framesift.embeddings.starter_model import DIM

CHUNK = 16


def features_of(pictures: list[np.ndarray], embedder: object) -> np.ndarray:
    """Trunk features of pictures, float32 (N, 1280)."""
    rows = []
    for start in range(0, len(pictures), CHUNK):
        batch = np.stack([embedder.prepare(picture) for picture in pictures[start : start + CHUNK]])
        rows.append(embedder.encode(batch)[:, DIM:])
    return np.concatenate(rows)


def main(shared: Path, work: Path) -> None:
    """Write features.npy, float16 (N, 4, 1280), in the order of `thumbnails.items`."""
    embedder = load_embedder("starter")
    found = items(shared)
    scenes = backgrounds(found)
    work.mkdir(parents=True, exist_ok=True)
    rows = np.zeros((len(found), VERSIONS, 1280), np.float16)
    for start in range(0, len(found), CHUNK):
        part = [versions(found[n], scenes, n) for n in range(start, min(start + CHUNK, len(found)))]
        flat = [np.asarray(image) for made in part for image in made]
        rows[start : start + CHUNK] = features_of(flat, embedder).reshape(-1, VERSIONS, 1280)
        print(start, flush=True)
    np.save(work / "features.npy", rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
