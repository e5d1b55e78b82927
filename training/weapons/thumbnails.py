"""The pictures the weapons head learns from, and what is made of them.

Thumbnails show one thing on white, real pictures do not. So every thumbnail is also cut out and
laid on a photograph, at several sizes; harmless things are laid on photographs in the same way, so
that the cutting itself says nothing. Crops, mirroring and JPEG stand for what pictures go through.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "WEAPON_CLASSES",
    "Item",
    "backgrounds",
    "cut_out",
    "duplicates",
    "items",
    "lay_on",
    "read",
    "versions",
]

WEAPON_CLASSES = frozenset(
    {"assault_rifle", "bow", "cannon", "holster", "missile", "revolver", "rifle", "projectile"}
)
"""ImageNet classes that show weapons, or what belongs to them: kept out of training."""

DOUBTFUL_CLASSES = frozenset(
    {
        "breastplate",
        "cleaver",
        "cuirass",
        "guillotine",
        "half_track",
        "hatchet",
        "letter_opener",
        "military_uniform",
        "shield",
        "tank",
        "warplane",
        "aircraft_carrier",
        "scabbard",
    }
)
"""Classes that may show a weapon beside what they are named for: neither trained on nor counted."""

VERSIONS = 4
_WHITE = 232
_MOST_DIFFERENT = 0.06


@dataclass(frozen=True)
class Item:
    """One file with its label.

    Attributes:
        path: The file.
        group: ``weapon``, ``toy_lookalike``, ``tool_sharp_ambiguous``, ``benign``, ``imagenet``,
            ``imagenet-weapon`` or ``imagenet-doubtful``.
        folder: Its class; pictures of one class are never on both sides of a fold.
    """

    path: Path
    group: str
    folder: str


def items(shared: Path) -> list[Item]:
    """Every thumbnail and every ImageNet sample, in a fixed order."""
    found = []
    data = shared / "data"
    for row in _rows(data / "moderation_weapon_lookalikes" / "labels.csv"):
        path = data / "moderation_weapon_lookalikes" / row["path"]
        found.append(Item(path, row["group"], row["class_name"]))
    for row in _rows(data / "zeroshot_imagenet1000" / "labels.csv"):
        path = data / "zeroshot_imagenet1000" / row["path"]
        name = path.stem.split("_", 1)[1]
        kind = "-weapon" if name in WEAPON_CLASSES else ""
        kind = "-doubtful" if name in DOUBTFUL_CLASSES else kind
        found.append(Item(path, f"imagenet{kind}", name))
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@cache
def read(path: Path) -> Image.Image:
    """Read a picture as RGB; a transparent one is laid on white."""
    image = Image.open(path)
    if image.mode in ("RGBA", "LA", "P"):
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def duplicates(paths: list[Path]) -> np.ndarray:
    """Number every picture such that near-duplicates share a number, int (N,).

    Two pictures are near-duplicates if 16 x 16 greys, with the mean and contrast taken out, differ
    by little. Chains of them share one number.
    """
    small = [
        np.asarray(read(path).convert("L").resize((16, 16), Image.Resampling.BOX), np.float32)
        for path in paths
    ]
    rows = np.stack(small).reshape(len(paths), -1)
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True) + 1e-6
    near = 1 - rows @ rows.T < _MOST_DIFFERENT
    numbers = np.full(len(paths), -1)
    for first in range(len(paths)):
        if numbers[first] >= 0:
            continue
        waiting = deque([first])
        while waiting:
            here = waiting.popleft()
            if numbers[here] < 0:
                numbers[here] = first
                waiting.extend(np.flatnonzero(near[here] & (numbers < 0)))
    return numbers


def cut_out(image: Image.Image) -> Image.Image | None:
    """Cut the thing on a white thumbnail out, as RGBA; ``None`` where it is not on white."""
    from scipy.ndimage import binary_fill_holes, gaussian_filter, label

    pixels = np.asarray(image)
    white = (pixels >= _WHITE).all(axis=2)
    edge = np.concatenate([white[0], white[-1], white[:, 0], white[:, -1]])
    if edge.mean() < 0.6:
        return None
    numbers, _ = label(white)
    outer = np.unique(np.concatenate([numbers[0], numbers[-1], numbers[:, 0], numbers[:, -1]]))
    thing = binary_fill_holes(~np.isin(numbers, outer[outer > 0]))
    if not 0.02 < thing.mean() < 0.9:
        return None
    alpha = np.clip(gaussian_filter(thing.astype(np.float32), 0.7) * 1.6 - 0.4, 0, 1)
    rgba = np.dstack([pixels, (255 * alpha).astype(np.uint8)])
    down, across = np.flatnonzero(thing.any(axis=1)), np.flatnonzero(thing.any(axis=0))
    return Image.fromarray(rgba).crop((across[0], down[0], across[-1] + 1, down[-1] + 1))


def lay_on(
    thing: Image.Image, scene: Image.Image, share: float, rng: np.random.Generator
) -> Image.Image:
    """Lay a thing on a scene: its longer side is `share` of the scene's shorter one.

    It is turned by up to 25 degrees, perhaps mirrored, and takes on a little of the scene's light.
    """
    side = share * min(scene.size)
    scale = side / max(thing.size)
    size = tuple(max(1, round(edge * scale)) for edge in thing.size)
    thing = thing.resize(size, Image.Resampling.BICUBIC)
    if rng.random() < 0.5:
        thing = thing.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    thing = thing.rotate(float(rng.uniform(-25, 25)), Image.Resampling.BICUBIC, expand=True)
    room = [max(edge - own, 0) for edge, own in zip(scene.size, thing.size, strict=True)]
    corner = (round(rng.uniform(0, 1) * room[0]), round(rng.uniform(0, 1) * room[1]))
    light = float(np.asarray(scene.convert("L")).mean()) / 128
    tone = np.clip(0.75 + 0.25 * light, 0.5, 1.25) * rng.uniform(0.85, 1.1)
    pixels = np.asarray(thing).astype(np.float32)
    pixels[..., :3] *= tone
    thing = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8), "RGBA")
    out = scene.copy()
    out.paste(thing, corner, thing)
    return out


def backgrounds(found: list[Item]) -> list[Path]:
    """ImageNet samples that may stand behind a thing."""
    return [item.path for item in found if item.group == "imagenet"]


def versions(item: Item, scenes: list[Path], seed: int) -> list[Image.Image]:
    """The picture itself and three that are made of it.

    A thumbnail on white is laid on photographs in two sizes; every picture is cropped, mirrored and
    compressed once or more.
    """
    rng = np.random.default_rng([seed, 7])
    image = read(item.path)
    made = [image]
    thing = None if item.group.startswith("imagenet") else cut_out(image)
    for low, high in ((0.3, 0.6), (0.6, 1.0)):
        if thing is None:
            made.append(_handled(image, rng))
        else:
            scene = read(scenes[rng.integers(len(scenes))])
            scene = scene.resize(tuple(2 * edge for edge in scene.size), Image.Resampling.BICUBIC)
            made.append(_handled(lay_on(thing, scene, rng.uniform(low, high), rng), rng, crop=1.0))
    made.append(_handled(image, rng))
    return made


def _handled(image: Image.Image, rng: np.random.Generator, *, crop: float = 0.6) -> Image.Image:
    """Crop to at least the share `crop` of each side, perhaps mirror, and compress."""
    width, height = image.size
    keep = rng.uniform(crop, 1.0)
    own = (max(1, round(width * keep)), max(1, round(height * keep)))
    left, top = (round(rng.uniform(0, 1) * (a - b)) for a, b in zip(image.size, own, strict=True))
    image = image.crop((left, top, left + own[0], top + own[1]))
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=int(rng.integers(35, 95)))
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")
