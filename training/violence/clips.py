"""The clips, as rows of `starter` ten times a second, and pictures that say what is no CCTV."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from framesift.embeddings.starter_model import DIM
from framesift.errors import MediaError
from framesift.frames import AdaptiveSampler, Watcher
from framesift.media import Source, open_media
from framesift.types import Embeddings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from framesift.embeddings.starter import StarterEmbedder
    from framesift.types import Frame

__all__ = [
    "SAMPLINGS",
    "Clip",
    "embedded",
    "labelled",
    "ordinary_videos",
    "photographs",
    "scanned",
    "scenes",
]

STEP = Fraction(1, 10)
LONGEST = 20
SAMPLINGS = (
    (0.1, 0.0),
    (0.25, 0.0),
    (0.25, 0.1),
    (0.5, 0.0),
    (0.5, 0.3),
    (1.0, 0.0),
    (1.0, 0.5),
)
"""Seconds between frames, and when the first of them is."""

CHUNK = 16
VIDEOS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".gif")


@dataclass(frozen=True)
class Clip:
    """One video.

    Attributes:
        name: For the eye.
        fight: What it is labelled.
        source: The video on the web that it was cut from: another camera, mostly.
        times: In seconds.
        features: float32 (T, 1280).
        cuts: When a shot begins.
    """

    name: str
    fight: bool
    source: str
    times: tuple[Fraction, ...]
    features: np.ndarray
    cuts: tuple[Fraction, ...] = ()

    def sampled(self, step: float, first: float) -> Clip:
        """The same clip, looked at every `step` seconds from `first` on."""
        seconds = np.array([float(time) for time in self.times])
        wanted = np.arange(seconds[0] + first, seconds[-1] + 1e-6, step)
        chosen = np.unique([int(np.abs(seconds - time).argmin()) for time in wanted])
        times = tuple(self.times[number] for number in chosen)
        return Clip(self.name, self.fight, self.source, times, self.features[chosen])

    def embeddings(self) -> Embeddings:
        """As heads read them."""
        return embedded(self.features)


def embedded(features: np.ndarray) -> Embeddings:
    """Features as embeddings of `starter`; the vectors are not read and left out."""
    rows = np.asarray(features, np.float32)
    return Embeddings(np.zeros((len(rows), 1), np.float32), "starter-1", "", {"features": rows})


def rows_of(pictures: list[np.ndarray], embedder: StarterEmbedder) -> np.ndarray:
    """Trunk features of pictures, float32 (N, 1280)."""
    parts = [np.zeros((0, 1280), np.float32)]
    for start in range(0, len(pictures), CHUNK):
        batch = [embedder.prepare(picture) for picture in pictures[start : start + CHUNK]]
        parts.append(embedder.encode(np.stack(batch))[:, DIM:])
    return np.concatenate(parts)


def watched(path: Path) -> tuple[list[Fraction], list[np.ndarray]]:
    """Frames at least a tenth of a second apart, of at most the first twenty seconds."""
    times: list[Fraction] = []
    pictures = []
    with open_media(Source.from_path(path)) as media:
        try:
            for shown in media.pictures(end=media.start + LONGEST):
                if not times or shown.time - times[-1] >= STEP - Fraction(1, 1000):
                    times.append(shown.time)
                    pictures.append(shown.frame().pixels)
        except MediaError:
            pass  # what could be decoded of a broken file counts
    return times, pictures


def labelled(folder: Path, work: Path, embedder: StarterEmbedder) -> list[Clip]:
    """The clips of a folder with labels.csv, embedded once and kept."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    clips = []
    for row in rows:
        times, features = _kept(folder / row["path"], work, embedder)
        clips.append(Clip(row["path"], row["fight"] == "1", row.get("source", ""), times, features))
    return clips


def scanned(paths: dict[str, Path], work: Path, embedder: StarterEmbedder) -> list[Clip]:
    """Videos as a scan looks at them without options, embedded once; labels are left out.

    Args:
        paths: By name.
        work: Where rows are kept, by the sampler's key.
        embedder: The model.
    """
    sampler = AdaptiveSampler()
    clips = []
    for name, path in paths.items():
        key = "".join(letter if letter.isalnum() else "_" for letter in f"{sampler.key} {name}")
        place = work / f"{key}.npz"
        if not place.is_file():
            frames, cuts = _chosen(path, sampler)
            np.savez(
                place,
                times=_pairs([frame.time for frame in frames]),
                cuts=_pairs(cuts),
                features=rows_of([frame.pixels for frame in frames], embedder),
            )
        kept = np.load(place)
        times, cuts = _fractions(kept["times"]), _fractions(kept["cuts"])
        clips.append(Clip(name, False, "", times, kept["features"], cuts))  # noqa: FBT003
    return clips


def _chosen(path: Path, sampler: AdaptiveSampler) -> tuple[list[Frame], list[Fraction]]:
    frames = []
    with open_media(Source.from_path(path)) as media:
        watcher = Watcher(media)
        with suppress(MediaError):  # what could be decoded of a broken file counts
            frames += sampler.frames(media, watcher)
        return frames, [shot.start for shot in watcher.survey().shots]


def _pairs(times: Sequence[Fraction]) -> np.ndarray:
    return np.array([(time.numerator, time.denominator) for time in times]).reshape(-1, 2)


def _fractions(pairs: np.ndarray) -> tuple[Fraction, ...]:
    return tuple(Fraction(int(one), int(other)) for one, other in pairs)


def ordinary_videos(shared: Path, work: Path, embedder: StarterEmbedder) -> list[Clip]:
    """Videos of no fight, of many kinds, none of which is trained on: those that last a second."""
    folder = shared / "data" / "robust_videos"
    clips = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in VIDEOS or not path.is_file() or "generated" in path.parts:
            continue
        try:
            times, features = _kept(path, work, embedder)
        except MediaError:
            continue  # no video at all
        if len(times) > 1 and times[-1] - times[0] >= 1:
            name = str(path.relative_to(folder))
            clips.append(Clip(name, fight=False, source=path.name, times=times, features=features))
    return clips


def _kept(
    path: Path, work: Path, embedder: StarterEmbedder
) -> tuple[tuple[Fraction, ...], np.ndarray]:
    place = work / f"{path.parent.name}-{path.name}.npz"
    if not place.is_file():
        times, pictures = watched(path)
        np.savez(
            place,
            times=_pairs(times),
            features=rows_of(pictures, embedder),
        )
        print("embedded", path.name, len(times), flush=True)
    kept = np.load(place)
    return _fractions(kept["times"]), kept["features"]


def scenes(folder: Path, work: Path, embedder: StarterEmbedder) -> tuple[np.ndarray, np.ndarray]:
    """Frames of every clip and versions of them: features (N, 1280) and the clip's number (N,).

    What kind of scene it is must not hang on one camera's light, colour or sharpness.
    """
    place = work / "scenes.npz"
    if not place.is_file():
        with (folder / "labels.csv").open(newline="", encoding="utf-8") as stream:
            paths = [folder / row["path"] for row in csv.DictReader(stream)]
        pictures, number = [], []
        for clip, path in enumerate(paths):
            rng = np.random.default_rng([clip, 3])
            for pixels in watched(path)[1][::5]:
                image = Image.fromarray(pixels)
                made = [image, *(worse(image, rng) for _ in range(3))]
                pictures += [np.asarray(one) for one in made]
                number += [clip] * len(made)
        np.savez(place, features=rows_of(pictures, embedder), clip=number)
    kept = np.load(place)
    return kept["features"], kept["clip"]


def photographs(shared: Path, work: Path, embedder: StarterEmbedder) -> np.ndarray:
    """What is no surveillance camera's: 1,000 ImageNet samples, each twice made worse as well."""
    place = work / "photographs.npy"
    if not place.is_file():
        paths = sorted((shared / "data" / "zeroshot_imagenet1000").glob("*.jpg"))
        pictures = []
        for number, path in enumerate(paths):
            rng = np.random.default_rng([number, 5])
            with Image.open(path) as image:
                photo = image.convert("RGB")
            made = [photo, worse(photo, rng), worse(photo, rng)]
            pictures += [np.asarray(one) for one in made]
        np.save(place, rows_of(pictures, embedder))
    return np.load(place)


def worse(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Crop, mirror, perhaps take colour, sharpness or light away, and compress."""
    width, height = image.size
    keep = rng.uniform(0.6, 1.0)
    own = (max(8, round(width * keep)), max(8, round(height * keep)))
    left, top = (round(rng.uniform(0, 1) * (a - b)) for a, b in zip(image.size, own, strict=True))
    image = image.crop((left, top, left + own[0], top + own[1]))
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if rng.random() < 0.4:
        image = image.convert("L").convert("RGB")
    if rng.random() < 0.5:
        small = rng.uniform(80, 240) / min(image.size)
        size = (max(8, round(own[0] * small)), max(8, round(own[1] * small)))
        image = image.resize(size, Image.Resampling.BILINEAR)
    light = np.asarray(image).astype(np.float32) / 255
    light = light ** rng.uniform(0.6, 1.8) * rng.uniform(0.7, 1.1)
    image = Image.fromarray((np.clip(light, 0, 1) * 255).astype(np.uint8))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=int(rng.integers(15, 80)))
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")
