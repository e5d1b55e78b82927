"""What scaled JPEG decoding saves, and what it does to embeddings and scores.

Decoders may scale a JPEG down while they decode it, as long as twice the model's input is left.
This compares that with full decoding on real photographs from ``../shared``, made larger, given a
sensor's noise and saved as JPEG again: to twelve megapixels; to twice the least shorter side that
is allowed, which is halved down to exactly that; and to eight times that, which is scaled by four
(libjpeg's eighth keeps only the means of blocks and is not used).

    python -m benchmarks.decode                     # 200 photographs, some minutes
    python -m benchmarks.decode --photographs 20 --models vit-b32-fp32

It must hold that an embedding moves by at most 0.002 in cosine and a score by at most 0.05; the
command fails where it does not.
"""

from __future__ import annotations

import argparse
import io
import math
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from benchmarks import common
from benchmarks.end_to_end import MODELS, build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framesift import Analyzer
    from framesift.types import Analysis

SHARED = Path(__file__).resolve().parents[2] / "shared"
SETS = {
    "data/mos_avt_image_quality": 31,
    "data/moderation_benign_mossbench": 59,
    "golden/clip_vit_b32_flickr8k/images": 60,
    "data/zeroshot_imagenet1000": 50,
}
MAX_COSINE_MOVE, MAX_SCORE_MOVE = 0.002, 0.05
_NOISE = 3.0


@dataclass
class Moves:
    """How far embeddings and scores moved, one entry per photograph."""

    cosine: list[float] = field(default_factory=list)
    quality: list[float] = field(default_factory=list)
    label: list[float] = field(default_factory=list)
    label_names: list[str] = field(default_factory=list)
    cpu_s: dict[str, float] = field(default_factory=lambda: {"full": 0.0, "scaled": 0.0})

    def summary(self) -> dict[str, object]:
        """Return the figures of one model on one size."""
        count = len(self.cosine)

        def worst(values: list[float]) -> dict[str, float]:
            ordered = np.sort(values)
            return {
                "median": round(float(np.median(ordered)), 6),
                "p95": round(float(np.percentile(ordered, 95)), 6),
                "max": round(float(ordered[-1]), 6),
            }

        return {
            "photographs": count,
            "cosine_move": worst(self.cosine),
            "quality_move": worst(self.quality),
            "label_move": worst(self.label),
            "label_that_moved_most": self.label_names[int(np.argmax(self.label))],
            "decode_and_prepare_cpu_ms": {
                name: round(1000 * spent / count, 1) for name, spent in self.cpu_s.items()
            },
        }

    def holds(self) -> bool:
        """Whether nothing moved further than it may."""
        moved = max(*self.quality, *self.label)
        return max(self.cosine) <= MAX_COSINE_MOVE and moved <= MAX_SCORE_MOVE


def photographs(count: int) -> Iterator[Path]:
    """Yield photographs spread evenly over the sets, the same ones every time."""
    for name, share in SETS.items():
        found = sorted(
            p for p in (SHARED / name).rglob("*") if p.suffix.lower() in (".jpg", ".png")
        )
        wanted = round(count * share / sum(SETS.values()))
        places = np.linspace(0, len(found) - 1, min(wanted, len(found))).astype(int)
        yield from (found[place] for place in places)


def enlarged(path: Path, size: str, least_px: int, seed: int) -> bytes:
    """Make a photograph larger, add a sensor's noise and save it as JPEG."""
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    factors = {
        "12mp": math.sqrt(12e6 / (picture.width * picture.height)),
        "halved": 2 * least_px / min(picture.size),
        "eighth": 8 * least_px / min(picture.size),
    }
    sides = [math.ceil(side * factors[size]) for side in picture.size]
    pixels = np.asarray(picture.resize(sides, Image.Resampling.BICUBIC), dtype=np.int16)
    rng = np.random.default_rng(seed)
    tile = rng.normal(0, _NOISE, (512, 512, 3)).astype(np.int16)
    repeats = (-(-pixels.shape[0] // 512), -(-pixels.shape[1] // 512), 1)
    noisy = pixels + np.tile(tile, repeats)[: pixels.shape[0], : pixels.shape[1]]
    stream = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def analyse(analyzer: Analyzer, data: bytes) -> tuple[np.ndarray, Analysis, float]:
    """Return the embedding, the analysis, and the processor time of decoding and preparing."""
    import framesift

    item = analyzer.start(framesift.Source.from_bytes(data, name="photograph"))
    start = time.process_time()
    frames = list(analyzer.frames(item))
    spent = time.process_time() - start
    rows = analyzer.encode(frames)
    for row in rows:
        analyzer.add(item, row)
    embedding = analyzer.embedder.to_embeddings(rows[0][0][None]).vectors[0]
    return embedding, analyzer.finish(item), spent


def compare(scaled: Analyzer, full: Analyzer, data: bytes, moves: Moves) -> None:
    """Add one photograph's moves."""
    a, quick, quick_s = analyse(scaled, data)
    b, exact, exact_s = analyse(full, data)
    moves.cosine.append(max(0.0, 1 - float(a @ b)))
    moves.quality.append(abs(quick.quality.score - exact.quality.score))
    pairs = zip(quick.moderation.labels, exact.moderation.labels, strict=True)
    move, name = max((abs(one.score - other.score), one.name) for one, other in pairs)
    moves.label.append(move)
    moves.label_names.append(name)
    moves.cpu_s["scaled"] += quick_s
    moves.cpu_s["full"] += exact_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    # `starter` always decodes in full, so that there is nothing to compare.
    models = [name for name in MODELS if name != "starter"]
    parser.add_argument("--models", nargs="+", choices=models, default=["vit-b32-fp32"])
    parser.add_argument("--photographs", type=int, default=sum(SETS.values()))
    parser.add_argument("--sizes", nargs="+", default=["12mp", "halved", "eighth"])
    chosen = parser.parse_args()
    if not SHARED.is_dir():
        sys.exit("the photographs (../shared) are not beside this checkout")
    started = common.machine()
    figures: dict[str, object] = {}
    good = True
    for model in chosen.models:
        scaled, full = build(model, None), build(model, None, exact=True)
        least_px = max(encoder.min_side_px for encoder in scaled.encoders)
        for size in chosen.sizes:
            moves = Moves()
            for seed, path in enumerate(photographs(chosen.photographs)):
                compare(scaled, full, enlarged(path, size, least_px, seed), moves)
            good = good and moves.holds()
            figures[f"{model} {size}"] = {**moves.summary(), "holds": moves.holds()}
            print(model, size, figures[f"{model} {size}"], flush=True)
    print(common.write("decode", figures, started=started))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
