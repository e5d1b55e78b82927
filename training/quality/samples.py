"""The pictures the technical head learns from: clean originals, and what is made of them.

Three kinds: the ImageNet samples, which are many and small; frames cut out of `PHOTOGRAPHS`, which
are few and clean and of a screen's size; and dead leaves, drawings of that size with the statistics
of photographs.

`PHOTOGRAPHS` lie anywhere under one folder. They are in the public domain, CC0 or MIT and come
inside scikit-image 0.16.2, SciPy 1.7.3 (the wheels), and the Debian packages python-kivy-examples
and palapeli-data; docs/models/technical.md says which is which and how to fetch them.
"""

from __future__ import annotations

import bz2
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from degrade import KINDS, Picture, at_smaller_size
from leaves import dead_leaves
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

PHOTOGRAPHS = (
    "astronaut.png",
    "coffee.png",
    "chelsea.png",
    "face.dat",
    "cityCC0.png",
    "faust_github.jpg",
    "Wall.jpg",
    "cincinnati-bridge.jpg",
    "citrus-fruits.jpg",
    "european-honey-bee.jpg",
)
FRAMES = 14
LEAVES = 64
COMBINED = 2
"""Versions of each original that are degraded in one to three random ways."""
STEPS = 3
"""Versions of each original on a ladder: one way, from hardly visible to ruined."""
SHRUNK_FIRST = 0.55
"""Share of the compressed pictures that are compressed at a smaller size and enlarged."""


@dataclass(frozen=True)
class Sample:
    """One picture with what is known of it.

    Attributes:
        pixels: uint8 (H, W, 3).
        group: The original; all pictures of one original share it.
        what: What was done, such as ``noise:0.31+jpeg:0.80@0.20`` (kind, severity, and the severity
            of the shrinking if it was done at a smaller size); empty for an original.
    """

    pixels: Picture
    group: str
    what: str


def originals(
    shared: Path, large: Path, rng: np.random.Generator
) -> Iterator[tuple[str, Picture | Leaves]]:
    """Yield clean pictures with the name of their group."""
    for path in sorted((shared / "data" / "zeroshot_imagenet1000").glob("*.jpg")):
        picture = Image.open(path).convert("RGB")
        if rng.random() < 0.25:
            # Shrinking hides what was wrong with the sample before.
            factor = rng.uniform(0.55, 0.85)
            size = [round(side * factor) for side in picture.size]
            picture = picture.resize(size, Image.Resampling.BICUBIC)
        yield path.stem, np.asarray(picture)
    for name in PHOTOGRAPHS:
        photograph = photographed(next(iter(sorted(large.rglob(name)))))
        for _ in range(FRAMES):
            yield f"large-{name}", frame(photograph, rng)
    palettes = sorted((shared / "data" / "zeroshot_imagenet1000").glob("*.jpg"))
    for number in rng.choice(len(palettes), LEAVES, replace=False):
        yield f"leaves-{number}", Leaves(palettes[number], int(rng.integers(2**31)))


@dataclass(frozen=True)
class Leaves:
    """Dead leaves that are drawn when they are asked for, because it takes a second.

    Attributes:
        palette: A picture that has their colours.
        seed: Of everything random.
    """

    palette: Path
    seed: int

    def drawn(self) -> Picture:
        """Draw them."""
        colours = np.asarray(Image.open(self.palette).convert("RGB"))
        return dead_leaves(colours, np.random.default_rng(self.seed))


def photographed(path: Path) -> Image.Image:
    """Open one of `PHOTOGRAPHS`; SciPy keeps its own as packed pixels."""
    if path.suffix != ".dat":
        return Image.open(path).convert("RGB")
    pixels = np.frombuffer(bz2.decompress(path.read_bytes()), np.uint8)
    return Image.fromarray(pixels.reshape(768, 1024, 3))


def frame(photograph: Image.Image, rng: np.random.Generator) -> Picture:
    """Shrink a photograph and cut a part out that shows something sharp."""
    shorter = min(photograph.size)
    for _ in range(8):
        scale = float(np.exp(rng.uniform(np.log(min(420 / shorter, 0.7)), np.log(0.8))))
        size = tuple(round(side * scale) for side in photograph.size)
        short = rng.uniform(350, 2000 if rng.random() < 0.15 else 1100)
        aspect = rng.choice([1.0, 1.0, 4 / 3, 1.5, 16 / 9])
        box = (short * aspect, short) if rng.random() < 0.7 else (short, short * aspect)
        width, height = (round(min(*pair)) for pair in zip(box, size, strict=True))
        left, top = rng.integers(size[0] - width + 1), rng.integers(size[1] - height + 1)
        corners = (left / scale, top / scale, (left + width) / scale, (top + height) / scale)
        part = tuple(min(c, photograph.size[i % 2]) for i, c in enumerate(corners))
        how = Image.Resampling.LANCZOS
        cut = np.asarray(photograph.resize((width, height), how, box=part, reducing_gap=3.0))
        grey = cut @ np.array([0.3, 0.6, 0.1])
        steps = np.abs(grey[:, 2:] - 2 * grey[:, 1:-1] + grey[:, :-2])
        if np.percentile(steps, 99) > 14:
            break
    return cut


def samples(
    shared: Path,
    large: Path,
    seed: int,
    part: tuple[int, int],
    numbers: tuple[int, int],
    ladders: Sequence[str] = (),
) -> Iterator[Sample]:
    """Yield originals and degraded versions of them.

    Args:
        shared: The folder of labelled data.
        large: The folder with the large photographs.
        seed: Of every random choice.
        part: (i, n): only every n-th original, from the i-th on, so that n processes can share.
        numbers: Only originals from the first number on and before the second; the ImageNet samples
            are 0 to 999.
        ladders: Only ladders of these kinds, instead of what is drawn.
    """
    sources = originals(shared, large, np.random.default_rng(seed))
    for number, (group, source) in enumerate(sources):
        if number % part[1] != part[0] or not numbers[0] <= number < numbers[1]:
            continue
        picture = source.drawn() if isinstance(source, Leaves) else source
        rng = np.random.default_rng([seed, number])
        yield Sample(picture, group, "")
        for _ in range(0 if ladders else COMBINED):
            yield combined(picture, group, rng)
        for name in ladders or (draw(rng),):
            yield from ladder(picture, group, name, rng)


def draw(rng: np.random.Generator) -> str:
    """Pick a kind, by weight."""
    weights = np.array([kind.weight for kind in KINDS.values()])
    return list(KINDS)[rng.choice(len(KINDS), p=weights / weights.sum())]


def combined(picture: Picture, group: str, rng: np.random.Generator) -> Sample:
    """Make a picture worse in one to three ways, no two of them on the same part."""
    done: dict[str, str] = {}
    for _ in range(rng.choice([1, 2, 3], p=[0.45, 0.37, 0.18])):
        name = draw(rng)
        if KINDS[name].part not in done:
            shrunk = shrinking(name, rng)
            severity = float(rng.uniform())
            picture, done[KINDS[name].part] = applied(picture, name, severity, shrunk, rng)
    if rng.random() < 0.4:
        picture = resaved(picture, int(rng.integers(88, 98)))
    return Sample(picture, group, "+".join(done.values()))


def ladder(picture: Picture, group: str, name: str, rng: np.random.Generator) -> Iterator[Sample]:
    """Make a picture worse in one way, step by step."""
    shrunk, seed = shrinking(name, rng), int(rng.integers(2**31))
    for step in range(STEPS):
        severity = float((step + rng.uniform()) / STEPS)
        same = np.random.default_rng(seed)
        worse, text = applied(picture, name, severity, shrunk, same)
        yield Sample(worse, group, text)


def shrinking(name: str, rng: np.random.Generator) -> float | None:
    """Choose how far to shrink a picture before it is compressed, if at all."""
    compressed = KINDS[name].part == "compression"
    return 0.85 * float(rng.uniform()) if compressed and rng.random() < SHRUNK_FIRST else None


def applied(
    picture: Picture,
    name: str,
    severity: float,
    shrunk: float | None,
    rng: np.random.Generator,
) -> tuple[Picture, str]:
    """Apply a kind, perhaps at a smaller size: the picture, and what was done in a word."""
    kind, text = KINDS[name], f"{name}:{severity:.3f}"
    if shrunk is None:
        return kind.apply(picture, severity, rng), text
    worse = at_smaller_size(picture, shrunk, rng, lambda small: kind.apply(small, severity, rng))
    return worse, f"{text}@{shrunk:.3f}"


def parts_left(what: str) -> dict[str, float]:
    """Give the score that is left of each part that suffered, from `Sample.what`."""
    left: dict[str, float] = {}
    for one in filter(None, what.split("+")):
        name, _, numbers = one.partition(":")
        severity, _, shrunk = numbers.partition("@")
        done = [(name, float(severity))]
        if shrunk:
            done.append(("low_resolution", float(shrunk)))
        for kind, strength in done:
            score, parts = KINDS[kind].score(strength), KINDS[kind].parts
            left |= {part: min(score, left.get(part, 10.0)) for part in parts}
    return left


def resaved(picture: Picture, quality: int) -> Picture:
    """Save as a good JPEG, which costs nothing that can be seen."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))
