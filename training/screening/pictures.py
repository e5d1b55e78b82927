"""The labelled pictures that the screening scripts read, and their rows, embedded once."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from framesift.errors import MediaError
from framesift.heads import ExpertHead, ScreeningHead
from framesift.media import Source, open_media
from framesift.policies import CONTEXT_TAGS, TAXONOMY
from framesift.types import Embeddings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from framesift.embeddings.base import ImageEncoder
    from framesift.embeddings.starter import StarterEmbedder
    from framesift.types import Frame

__all__ = ["POSITIVES", "Sets", "category_head", "context_head", "groups", "rows_of"]

BATCH = 16

POSITIVES = {
    "weapons": ("assault_rifle", "revolver", "rifle", "cannon", "missile", "holster"),
    "alcohol": ("beer_bottle", "beer_glass", "wine_bottle", "red_wine", "cocktail_shaker"),
    "suggestive": ("bikini", "brassiere", "maillot", "miniskirt"),
    "gambling": ("slot",),
    "screenshot": ("web_site",),
    "animated": ("comic_book",),
}
"""ImageNet classes that belong to a category, or near it: they are not ordinary pictures for it."""


def _labels(folder: Path) -> Iterator[dict[str, str]]:
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as stream:
        yield from csv.DictReader(stream)


def groups(shared: Path) -> dict[str, list[Path]]:
    """Group name to files: ordinary pictures, look-alikes, and pictures of some categories."""
    data = shared / "data"
    found: dict[str, list[Path]] = {}
    thumbnails = data / "moderation_weapon_lookalikes"
    for row in _labels(thumbnails):
        found.setdefault(row["group"], []).append(thumbnails / row["path"])
    belongs = {name: category for category, names in POSITIVES.items() for name in names}
    for row in _labels(data / "zeroshot_imagenet1000"):
        path = data / "zeroshot_imagenet1000" / row["path"]
        category = belongs.get(path.stem.split("_", 1)[1])
        found.setdefault(f"imagenet-{category}" if category else "imagenet", []).append(path)
    for name, folder in (
        ("mossbench", "moderation_benign_mossbench"),
        ("websites", "mos_website_aesthetics"),
        ("faces", "mos_mebeauty_faces"),
    ):
        found[name] = [data / folder / row["path"] for row in _labels(data / folder)]
    found["flickr"] = sorted((shared / "golden" / "clip_vit_b32_flickr8k" / "images").iterdir())
    for row in _labels(data / "video_fights"):
        name = "fights" if row["fight"] == "1" else "no-fights"
        found.setdefault(name, []).append(data / "video_fights" / row["path"])
    return found


def is_fitting(path: Path) -> bool:
    """Whether a thumbnail is for fitting: every other class, in the order of their names."""
    classes = sorted(folder.name for folder in path.parents[1].iterdir() if folder.is_dir())
    return classes.index(path.parent.name) % 2 == 0


def _one_frame(path: Path, min_side_px: int) -> Frame:
    """The picture, or the frame in the middle of a clip."""
    with open_media(Source.from_path(path), min_side_px=min_side_px) as media:
        duration = media.info.duration
        times = (duration / 2,) if media.info.kind == "video" and duration else None
        return next(iter(media.read(times)))


def rows_of(encoder: ImageEncoder, paths: Sequence[Path], work: Path, name: str) -> np.ndarray:
    """Rows float32 (len(paths), width) of one group, kept in the folder ``work``.

    A picture that cannot be read gets NaN.
    """
    file = work / f"{name}-{encoder.name}-{encoder.fingerprint[:16]}.npy"
    if file.is_file():
        return np.asarray(np.load(file))
    rows = np.full((len(paths), encoder.width), np.nan, dtype=np.float32)
    for start in range(0, len(paths), BATCH):
        inputs = {}
        for index in range(start, min(start + BATCH, len(paths))):
            try:
                frame = _one_frame(paths[index], encoder.min_side_px)
            except MediaError as error:
                print(f"skipped: {error}")
                continue
            inputs[index] = encoder.prepare(frame.pixels, geometry=frame.geometry)
        if inputs:
            rows[list(inputs)] = encoder.encode(np.stack(list(inputs.values())))
    work.mkdir(parents=True, exist_ok=True)
    np.save(file, rows)
    return rows


def category_head(embedder: StarterEmbedder) -> ScreeningHead:
    """The screening head of a scan: every category that the nudity expert does not judge."""
    known = ExpertHead(embedder.space).names
    screened = [category.prompts for category in TAXONOMY if category.name not in known]
    return ScreeningHead.from_prompts(embedder, screened)


def context_head(embedder: StarterEmbedder) -> ScreeningHead:
    """The context tags, screened in the same way."""
    tags = [category.prompts for category in CONTEXT_TAGS]
    return ScreeningHead.from_prompts(embedder, tags, name="context", task="context")


class Sets:
    """The groups as embeddings; the two halves, for fitting and for measuring, never share one.

    Args:
        shared: The folder of labelled data.
        work: Where embedded pictures are kept between runs.
        embedder: `starter`.
        expert: Its rows become the extra ``open_nsfw``; ``None`` for none.
    """

    def __init__(
        self,
        shared: Path,
        work: Path,
        embedder: StarterEmbedder,
        expert: ImageEncoder | None = None,
    ) -> None:
        """Find the files; they are embedded when they are first asked for."""
        self.embedder = embedder
        self._shared = shared
        self._work = work
        self._expert = expert
        self._files = groups(shared)

    def group(self, name: str, *, fitting: bool | None = None) -> Embeddings:
        """The embeddings of one group, or of the half of it that is for fitting, or is not.

        Thumbnails are halved by class, ImageNet by row; the other groups are all for measuring.
        """
        files = self._files[name]
        made = self.embedder.to_embeddings(rows_of(self.embedder, files, self._work, name))
        extras = dict(made.extras)
        if self._expert is not None:
            extras["open_nsfw"] = rows_of(self._expert, files, self._work, name)
        keep = self._kept(name, fitting=fitting)
        extras = {key: array[keep] for key, array in extras.items()}
        return Embeddings(made.vectors[keep], made.space, made.fingerprint, extras)

    def paths(self, name: str, *, fitting: bool | None = None) -> list[Path]:
        """The files of `group`, in the same order."""
        keep = self._kept(name, fitting=fitting)
        return [path for path, kept in zip(self._files[name], keep, strict=True) if kept]

    def _kept(self, name: str, *, fitting: bool | None) -> np.ndarray:
        files = self._files[name]
        if fitting is None:
            return np.ones(len(files), dtype=bool)
        halves = [self._is_fitting(path, row) for row, path in enumerate(files)]
        return np.array(halves) == fitting

    def ordinary(self, *, fitting: bool) -> Embeddings:
        """Ordinary pictures: Flickr8k, ImageNet without the categories, benign thumbnails."""
        parts = [self.group(name, fitting=fitting) for name in ("imagenet", "benign")]
        flickr = np.load(self._shared / "starter" / "flickr8k_features.npz")["features"]
        half = flickr[0 if fitting else 1 :: 2].astype(np.float32)
        rows = np.concatenate([*(part.vectors for part in parts), self.embedder.project(half)])
        return Embeddings(rows, self.embedder.space, self.embedder.fingerprint)

    def _is_fitting(self, path: Path, row: int) -> bool:
        if "moderation_weapon_lookalikes" in path.parts:
            return is_fitting(path)
        return "zeroshot_imagenet1000" in path.parts and row % 2 == 0
