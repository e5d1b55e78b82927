"""How well `framesift dedupe` tells copies from strangers, and which thresholds follow.

    python -m training.duplicates.measure              # some ten minutes, writes figures.json

Photographs of ``../shared`` (none of them changed elsewhere for this) are copied in every way of
`training.duplicates.changes` and compared with the originals: **recall** is the share of copies
that are linked to their original. **Strangers** are all pairs of different originals, and
look-alikes all pairs within a set of pictures of one kind: portraits, screenshots of sites, pages
of text, frames of different surveillance clips. **Groups** come from one run over everything.
Bursts are windows that move over a photograph, and frames of one clip half a second apart.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from training.duplicates.changes import CHANGES, jpeg, shifted

from framesift import Source, load_embedder, run_many
from framesift.embeddings import load_expert
from framesift.embeddings.cache import Cache, default_path
from framesift.embeddings.perceptual import BITS, PdqEncoder, row_bits
from framesift.frames.sampling import UniformSampler
from framesift.pipeline import Gatherer
from framesift.types import Failure, MediaInfo
from framesift.verdicts.duplicates import Candidate, Looks, find_duplicates
from framesift.verdicts.linking import BurstLinker, Limits, NearLinker, packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SHARED = Path(__file__).resolve().parents[3] / "shared"
OUT = Path(__file__).parent / "figures.json"
PHOTOGRAPHS = ("data/zeroshot_imagenet1000", "data/moderation_benign_mossbench")
ALIKE = {
    "portraits": "data/mos_mebeauty_faces",
    "screenshots of sites": "data/mos_website_aesthetics",
}
ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}
WORDS = ("quick", "brown", "fox", "jumps", "over", "lazy", "dog", "seven", "wizards", "boil")


def files(folder: str) -> list[Path]:
    return sorted(path for path in (SHARED / folder).rglob("*") if path.suffix.lower() in ENDINGS)


def pages(count: int, *, most: int = 34) -> Iterator[bytes]:
    """White pages with lines of different text, as a scanner gives them."""
    font = ImageFont.load_default(16)
    for seed in range(count):
        rng = random.Random(seed)
        page = Image.new("RGB", (595, 842), (255, 255, 255))
        draw = ImageDraw.Draw(page)
        for line in range(rng.randint(1 if most < 6 else 6, most)):
            draw.text((60, 60 + 22 * line), " ".join(rng.choices(WORDS, k=9)), 0, font=font)
        yield jpeg(page)


def looks_of(gatherer: Gatherer, sources: Iterable[Source]) -> Looks:
    """Embed pictures; every row of what has several."""
    vectors, rows = [], []
    for result in run_many(gatherer, sources):
        if isinstance(result, Failure):
            raise SystemExit(result.error.message)
        vectors.append(result.embeddings.vectors)
        rows.append(result.embeddings.extras["pdq"])
    pdq = np.concatenate(rows)
    return Looks(packed(row_bits(pdq)), pdq[:, BITS].astype(np.uint8), np.concatenate(vectors))


def joined(*parts: Looks) -> Looks:
    return Looks(*(np.concatenate([getattr(p, n) for p in parts]) for n in Looks.__slots__))


def linker(looks: Looks, limits: Limits) -> NearLinker:
    turned = looks.hashes ^ np.uint64(0x5555555555555555) if limits.mirrored else None
    times = np.full(len(looks.detail), np.nan)
    return NearLinker(
        looks.hashes, looks.detail, looks.vectors, limits, times=times, mirrored=turned
    )


def linked(looks: Looks, limits: Limits) -> int:
    return sum(len(a) for a, _ in linker(looks, limits).pairs())


WAYS = {
    "default": Limits(),
    "cut-outs": Limits(cut_outs=True),
    "mirrored": Limits(mirrored=True),
}


def recall(originals: Looks, copies: dict[str, Looks]) -> dict[str, dict[str, float]]:
    found = {}
    for name, changed in copies.items():
        count = len(changed.detail)
        both = joined(originals, changed)
        base = linker(both, Limits())
        bits = [base.bits(i, count + i)[0] for i in range(count)]
        cosines = np.einsum("nd,nd->n", originals.vectors, changed.vectors)
        found[name] = {
            "median_bits": float(np.median(bits)),
            "bits_95": float(np.percentile(bits, 95)),
            "median_cosine": round(float(np.median(cosines)), 3),
            "cosine_5": round(float(np.percentile(cosines, 5)), 3),
        }
        for way, limits in WAYS.items():
            links = linker(both, limits)
            hits = sum(links.links(i, count + i) for i in range(count))
            found[name][way] = round(hits / count, 3)
        print(f"{name:26}", found[name], flush=True)
    return found


def strangers(looks: Looks) -> dict[str, object]:
    """All pairs of different pictures: how many are linked, and how near the nearest come."""
    count = len(looks.detail)
    cosines = looks.vectors @ looks.vectors.T
    upper = np.triu_indices(count, 1)
    bits = np.concatenate(
        [
            np.bitwise_count(looks.hashes[i] ^ looks.hashes[i + 1 :]).sum(axis=1)
            for i in range(count)
        ]
    )
    shown = (looks.detail >= 50)[:, None] & (looks.detail >= 50)
    both = {
        f"within 96 bits and a cosine of {cosine}": int(
            ((bits <= 96) & (cosines[upper] >= cosine)).sum()
        )
        for cosine in (0.8, 0.85, 0.9, 0.95)
    }
    found = {
        "pictures": count,
        "pairs": len(bits),
        "under_50_detail": int((looks.detail < 50).sum()),
        "under_70_detail": int((looks.detail < 70).sum()),
        **{way: linked(looks, limits) for way, limits in WAYS.items()},
        "within_31_bits_whatever_the_detail": int((bits <= 31).sum()),
        "within_31_bits_from_50_detail": int(((bits <= 31) & shown[upper]).sum()),
        "least_bits": int(bits.min()),
        "greatest_cosine": round(float(cosines[upper].max()), 3),
        **both,
    }
    print(found, flush=True)
    return found


def grouped(looks: Looks, sources: list[int], limits: Limits) -> dict[str, float]:
    """Group everything at once; a pair in one group is right if both come from one photograph."""
    candidates = [
        Candidate(MediaInfo(f"{i:06}", f"{i:064x}", "image", "jpeg", 1, 1))
        for i in range(len(sources))
    ]
    groups = find_duplicates(candidates, looks, limits=limits, keep="first")
    pairs = right = 0
    for group in groups:
        for a, b in itertools.combinations((group.keep, *group.others), 2):
            pairs += 1
            right += sources[a] == sources[b]
    counts = np.bincount(sources)
    possible = int((counts * (counts - 1) // 2).sum())
    found = {
        "groups": len(groups),
        "pairs_in_groups": pairs,
        "precision": round(right / pairs, 5),
        "recall": round(right / possible, 3),
    }
    print(found, flush=True)
    return found


def bursts(looks: Looks, series: np.ndarray, times: np.ndarray) -> dict[str, float]:
    """Pairs of one series within two seconds; and the same with all series thrown together."""
    size = len(series)
    close = [(i, j) for i in range(size) for j in range(i + 1, size) if series[i] == series[j]]
    close = [(i, j) for i, j in close if abs(times[i] - times[j]) <= Limits().burst_s]
    found: dict[str, float] = {"pairs": len(close)}
    for cosine in (0.8, 0.85, 0.9):
        limits = Limits(burst_cosine=cosine)
        thrown = BurstLinker(np.zeros_like(series), times, looks.vectors, limits)
        pairs = {
            (min(a, b), max(a, b))
            for x, y in thrown.pairs()
            for a, b in zip(x.tolist(), y.tolist(), strict=True)
        }
        right = pairs & set(close)
        found[f"recall_{cosine}"] = round(len(right) / len(close), 3)
        found[f"strangers_linked_{cosine}"] = len(pairs - right)
    strange = sum(
        series[i] != series[j] and abs(times[i] - times[j]) <= Limits().burst_s
        for i in range(size)
        for j in range(i + 1, size)
    )
    found["stranger_pairs"] = int(strange)
    print(found, flush=True)
    return found


def clips(gatherer: Gatherer) -> tuple[Looks, np.ndarray, np.ndarray]:
    looks, series, times = [], [], []
    for number, path in enumerate(sorted((SHARED / "data/video_fights").rglob("*.*"))):
        if path.suffix.lower() not in (".mp4", ".avi", ".mov", ".mpeg", ".mpg"):
            continue
        one = looks_of(gatherer, [Source.from_path(path)])
        count = len(one.detail)
        looks.append(one)
        series += [number] * count
        times += [0.5 * place for place in range(count)]
    return joined(*looks), np.array(series), np.array(times)


def clip_strangers() -> dict[str, object]:
    """Different photographs of Flickr8k by the golden vectors of CLIP ViT-B/32."""
    folder = SHARED / "golden/clip_vit_b32_flickr8k"
    vectors = np.load(folder / "clip_embeddings.npy").astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with (folder / "golden.csv").open(encoding="utf-8", newline="") as table:
        rows = {row["image"]: int(row["row"]) for row in csv.DictReader(table)}
    encoder, bits, places = PdqEncoder(), [], []
    for path in sorted((folder / "images").iterdir()):
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
        bits.append(row_bits(encoder.encode(encoder.prepare(pixels)[None])[0]))
        places.append(rows[path.name])
    hashes = packed(np.array(bits))
    pairs = list(itertools.combinations(range(len(places)), 2))
    apart = np.array([np.bitwise_count(hashes[a] ^ hashes[b]).sum() for a, b in pairs])
    cosines = np.array([vectors[places[a]] @ vectors[places[b]] for a, b in pairs])
    everything = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
    return {
        "vectors": len(vectors),
        "greatest_cosine": round(float(everything.max()), 3),
        "pairs_from_0.9": int((everything >= 0.9).sum()),
        "photographs": len(places),
        "photographs_from_0.9": int((cosines >= 0.9).sum()),
        "photographs_from_0.9_within_96_bits": int(((cosines >= 0.9) & (apart <= 96)).sum()),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=int, default=150)
    arguments = parser.parse_args()
    embedder = load_embedder("starter")
    figures: dict[str, object] = {"model": embedder.name, "fingerprint": embedder.fingerprint}
    with Cache(default_path()) as cache:
        gatherer = Gatherer(
            embedder, (load_expert("pdq"),), sampler=UniformSampler(fps=2), cache=cache
        )
        paths = [path for folder in PHOTOGRAPHS for path in files(folder)]
        chosen = random.Random(7).sample(paths, min(len(paths), arguments.photographs))
        images = [Image.open(path).convert("RGB") for path in chosen]
        figures["photographs"] = len(images)
        originals = looks_of(gatherer, [Source.from_path(path) for path in chosen])
        copies = {
            name: looks_of(gatherer, (Source.from_bytes(jpeg(change(i))) for i in images))
            for name, change in CHANGES.items()
        }
        figures["copies"] = recall(originals, copies)
        everything = joined(originals, *copies.values())
        sources = list(range(len(images))) * (1 + len(copies))
        figures["groups"] = {
            way: grouped(everything, sources, limits) for way, limits in WAYS.items()
        }
        all_looks = looks_of(gatherer, (Source.from_path(path) for path in paths))
        alike = {"photographs": strangers(all_looks)}
        for name, folder in ALIKE.items():
            alike[name] = strangers(
                looks_of(gatherer, (Source.from_path(path) for path in files(folder)))
            )
        alike["pages of text"] = strangers(
            looks_of(gatherer, (Source.from_bytes(page) for page in pages(150)))
        )
        alike["pages of one to three lines"] = strangers(
            looks_of(gatherer, (Source.from_bytes(page) for page in pages(150, most=3)))
        )
        figures["strangers"] = alike
        steps = 6
        windows = looks_of(
            gatherer,
            (
                Source.from_bytes(jpeg(shifted(image, step)))
                for image in images[:60]
                for step in range(steps)
            ),
        )
        series = np.repeat(np.arange(60), steps)
        times = np.tile(np.arange(steps) * 0.3, 60)
        figures["bursts"] = {
            "moving windows": bursts(windows, series, times),
            "frames of clips": bursts(*clips(gatherer)),
        }
    figures["clip-vit-b32"] = clip_strangers()
    OUT.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(OUT)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
