"""Measure what tiles find and what they raise for nothing, and write how far they are lowered.

Usage: python training/weapons/tiles.py SHARED WORK [COUNT]

Without COUNT four tiles are measured; another count is measured for the weapons head alone.

Of four scores the highest is higher than one, and data/tile_shifts.json holds by how much log-odds
of tiles are lowered for it:

- prompts: until the highest tile of ordinary pictures (every other ImageNet sample of no category,
  thumbnails of harmless things, Flickr8k photographs) exceeds the 99th percentile of the whole
  pictures as often as these do;
- the weapons head: a head that saw half of the pictures scores the other half; a calibration of the
  highest tile is fitted to these like that of whole pictures, and the two meet at 0.5.

What is measured, on pictures that neither the head nor the shift has seen: ImageNet samples and
MOSSBench for what is raised for nothing; weapons laid small on large scenes (a fifth to two fifths
of the shorter side), and whole thumbnails with and without letterbox and pillarbox bars.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from thumbnails import Item, backgrounds, cut_out, items, lay_on, read
from train import LEARNT, Data, Fit, fit, folds_by_picture

from framesift.embeddings import load_embedder
from framesift.embeddings.tiles import TileEncoder
from framesift.heads import resources
from framesift.heads.calibrating import fit_platt
from framesift.heads.kinds import Group, KindsHead
from framesift.heads.linear import Standardiser
from framesift.heads.moderation import moderation_heads, tile_scores, weapons_head
from framesift.heads.resources import DATA
from framesift.policies import TAXONOMY

COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 4
CHUNK = 8
AT = 0.99
THRESHOLDS = (0.3, 0.5, 0.8, 0.95)


class Rows:
    """Rows of whole pictures and of their tiles, kept in a folder between runs."""

    def __init__(self, work: Path) -> None:
        """Load the models."""
        self.embedder = load_embedder("starter")
        self._tiles = TileEncoder(self.embedder, COUNT)
        self._work = work

    def __call__(self, name: str, pictures: list) -> tuple:
        """Embeddings of N pictures, and of their N * 4 tiles."""
        file = self._work / f"tiles-{COUNT}-{name}.npz"
        if not file.is_file():
            whole, tiles = [], []
            for start in range(0, len(pictures), CHUNK):
                part = [np.asarray(image) for image in pictures[start : start + CHUNK]]
                for encoder, rows in ((self.embedder, whole), (self._tiles, tiles)):
                    rows.append(encoder.encode(np.stack([encoder.prepare(one) for one in part])))
            np.savez(file, whole=np.concatenate(whole), tiles=np.concatenate(tiles))
            print("embedded", name, len(pictures), flush=True)
        kept = np.load(file)
        parts = self._tiles.split(kept["tiles"])[0]
        return self.embedder.to_embeddings(kept["whole"]), self.embedder.to_embeddings(parts)


def large(image: Image.Image) -> Image.Image:
    """A sample at four times its size: a scene of about a thousand pixels."""
    return image.resize(tuple(4 * edge for edge in image.size), Image.Resampling.BICUBIC)


def barred(image: Image.Image, number: int) -> Image.Image:
    """Put a picture between black or white bars, as broad as itself."""
    width, height = image.size
    across = number % 2 == 0
    size = (2 * width, height) if across else (width, 2 * height)
    colour = ("black", "white")[number // 2 % 2]
    out = Image.new("RGB", size, colour)
    out.paste(image, (width // 2, 0) if across else (0, height // 2))
    return out


def half_trained(shared: Path, work: Path, found: list[Item]) -> tuple[KindsHead, np.ndarray]:
    """A head that saw half of the thumbnails, and which it did not see."""
    rows = np.sqrt(np.load(work / "features.npy").astype(np.float32))
    flickr = np.load(shared / "starter" / "flickr8k_features.npz")["features"][::8]
    data = Data(found, rows, np.sqrt(flickr.astype(np.float32)))
    fold = folds_by_picture(data)
    made: Fit = fit(data, fold >= 5)
    shipped = weapons_head()
    group = shipped.groups["weapons"]
    kinds = [kind for kind in group.kinds if kind in made.kinds]
    scale = Standardiser(made.mean.astype(np.float32), made.scale.astype(np.float32))
    platt = group.calibration
    head = KindsHead(
        shipped.card,
        made.kinds,
        (made.coef, made.intercept, scale),
        groups={"weapons": Group(kinds, platt)},
    )
    return head, fold < 5


def odds_of(values: np.ndarray) -> np.ndarray:
    chance = np.clip(values.astype(np.float64), 1e-9, 1 - 1e-9)
    return np.log(chance / (1 - chance))


def shifts(heads: list, whole, tiles) -> dict[str, dict[str, float]]:
    """Per source and category, what brings the highest tile down to whole pictures."""
    found: dict[str, dict[str, float]] = {}
    for head in heads:
        if "open_nsfw" in head.card.inputs:
            continue  # an expert that does not look at tiles
        if head.card.source == "trained":
            continue  # it has seen these pictures
        plain = np.quantile(odds_of(head.score(whole).values), AT, axis=0)
        scores = head.score(tiles)
        highest = odds_of(scores.values).reshape(-1, COUNT, len(scores.names)).max(axis=1)
        for column, name in enumerate(scores.names):
            by = float(np.quantile(highest[:, column], AT) - plain[column])
            found.setdefault(head.card.source, {})[name] = round(max(by, 0.0), 3)
    return found


def trained_shift(head: KindsHead, pictures: list[Item], whole, tiles) -> float:
    """How much higher the highest tile is than the whole, where each is as likely a weapon."""
    truth = np.array([item.group == "weapon" for item in pictures])
    plain = odds_of(head.score(whole).values)[:, 0]
    highest = odds_of(head.score(tiles).values).reshape(-1, COUNT).max(axis=1)
    meet = [-platt.shift / platt.scale for platt in (fit_platt(z, truth) for z in (highest, plain))]
    return round(max(meet[0] - meet[1], 0.0), 3)


def rates(head, whole, tiles) -> dict[str, dict[str, float]]:
    """Share of pictures from each threshold on: whole, with raw tiles, with lowered tiles."""
    scores = head.score(tiles)
    lowered = tile_scores(head.card, scores, COUNT).values
    plain = head.score(whole).values
    highest = {
        "whole": plain,
        "tiles, raw": np.maximum(plain, scores.values.reshape(len(plain), COUNT, -1).max(axis=1)),
        "tiles": np.maximum(plain, lowered.reshape(len(plain), COUNT, -1).max(axis=1)),
    }
    return {
        name: {str(at): round(float((values >= at).mean(axis=0).max()), 4) for at in THRESHOLDS}
        for name, values in highest.items()
    }


def any_harm(heads: list, whole, tiles) -> dict[str, float]:
    """Share of pictures of which any prompted category reaches 0.8."""
    head = next(head for head in heads if head.card.source == "zero-shot")
    scores = head.score(tiles)
    plain = head.score(whole).values
    lowered = tile_scores(head.card, scores, COUNT).values
    pooled = {
        "whole": plain,
        "tiles, raw": np.maximum(plain, scores.values.reshape(len(plain), COUNT, -1).max(axis=1)),
        "tiles": np.maximum(plain, lowered.reshape(len(plain), COUNT, -1).max(axis=1)),
    }
    return {name: round(float((v >= 0.8).any(axis=1).mean()), 4) for name, v in pooled.items()}


def main(shared: Path, work: Path) -> None:
    rows, found = Rows(work), items(shared)
    half, unseen = half_trained(shared, work, found)
    new = [item for item, kept in zip(found, unseen, strict=True) if kept and item.group in LEARNT]
    fitting, held = new[::2], new[1::2]
    pair = rows("unseen-fitting", [read(item.path) for item in fitting])
    lowered = {"trained": {"weapons": trained_shift(half, fitting, *pair)}}
    heads = list(moderation_heads(rows.embedder, [category.prompts for category in TAXONOMY]))
    if COUNT == 4:
        lowered |= shifts(heads, *rows("fitting", ordinary_of(found, shared)))
    write(rows.embedder.space, lowered)
    figures = measured(rows, half, held, shared)
    moss = figures.pop("moss")
    results = {"shifts": lowered, "weapons": figures}
    if COUNT == 4:
        others = [read(item.path) for item in held if item.group == "imagenet"]
        results["any prompted category from 0.8"] = {
            "ordinary (ImageNet)": any_harm(heads, *rows("held-imagenet", others)),
            "MOSSBench": any_harm(heads, *moss),
        }
    text = json.dumps(results, indent=1) + "\n"
    Path(__file__).with_name(f"tiles-{COUNT}.json").write_text(text, encoding="utf-8")
    print(text)


def ordinary_of(found: list[Item], shared: Path) -> list[Image.Image]:
    """Pictures of no category that the shifts of prompts are fitted on."""
    paths = [item.path for item in found if item.group == "imagenet"][::2]
    paths += [item.path for item in found if item.group == "benign"]
    paths += sorted((shared / "golden" / "clip_vit_b32_flickr8k" / "images").iterdir())
    return [read(path) for path in paths]


def write(space: str, lowered: dict) -> None:
    """Put the shifts of this count into the heads' data file."""
    place = DATA / "tile_shifts.json"
    out = json.loads(place.read_text(encoding="utf-8"))
    out["counts"].setdefault(str(COUNT), {})[space] = lowered
    place.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")
    resources._read.cache_clear()  # the next look sees the new file


def measured(rows: Rows, half: KindsHead, held: list[Item], shared: Path) -> dict:
    """Rates of every kind of picture, with the head that has not seen it."""
    rng = np.random.default_rng(5)
    weapons = [item for item in held if item.group == "weapon"]
    behind = backgrounds(held)
    scenes = []
    for item in weapons:
        thing = cut_out(read(item.path))
        if thing is not None:
            scene = large(read(behind[rng.integers(len(behind))]))
            scenes.append(lay_on(thing, scene, rng.uniform(0.2, 0.4), rng))
    bars = [barred(read(item.path), number) for number, item in enumerate(weapons)]
    moss = sorted((shared / "data" / "moderation_benign_mossbench").glob("*.jpg"))
    kept = {"MOSSBench": rows("moss", [read(path) for path in moss])}
    for group in ("imagenet", "benign", "toy_lookalike", "weapon"):
        pictures = [read(item.path) for item in held if item.group == group]
        kept[group] = rows(f"held-{group}", pictures)
    kept["weapons between bars"] = rows("held-bars", bars)
    kept["small weapons on scenes"] = rows("held-scenes", scenes)
    figures = {
        name: {"pictures": len(pair[0]), **rates(half, *pair)} for name, pair in kept.items()
    }
    return figures | {"moss": kept["MOSSBench"]}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
