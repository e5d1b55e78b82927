"""Rows of ordinary photographs and of unusual pictures under `starter`, embedded once."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits
from training.screening.pictures import BATCH, rows_of

from framesift.embeddings.starter import DIM
from framesift.media.drawn import EXPOSED, UNUSUAL, draw_unusual

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from framesift.embeddings.starter import StarterEmbedder
    from framesift.types import Embeddings

__all__ = [
    "CHOOSING_FAMILIES",
    "CHOOSING_PHOTOS",
    "REPORTED_FAMILIES",
    "REPORTED_PHOTOS",
    "Pictures",
]

CHOOSING_FAMILIES = EXPOSED
"""Families by which the method is chosen; everything else is for the report alone."""

REPORTED_FAMILIES = (
    *(name for name in UNUSUAL if name not in CHOOSING_FAMILIES),
    "real handwritten digits",
    "screenshots of websites",
)
CHOOSING_PHOTOS = ("flickr8k, first half", "caltech-101, even rows")
REPORTED_PHOTOS = (
    "imagenet, odd rows",
    "flickr8k, second half",
    "caltech-101, odd rows",
    "mossbench",
    "avt, compressed",
    "avt, made by AI or real",
    "thumbnails, benign",
    "cifar-10, 32 px",
)
DRAWN = 80
_DIGITS = 200


class Pictures:
    """Everything as features of the trunk, float32 (N, 1280).

    Args:
        shared: The folder of labelled data.
        work: Where rows are kept between runs.
        embedder: `starter`.
    """

    def __init__(self, shared: Path, work: Path, embedder: StarterEmbedder) -> None:
        """Keep the places; pictures are embedded when they are first asked for."""
        self.embedder = embedder
        self._shared, self._work = shared, work
        flickr = np.load(shared / "starter" / "flickr8k_features.npz")["features"]
        order = np.random.default_rng(0).permutation(len(flickr))
        # The first thousand are those that `starter` was not trained on.
        self._held_out = flickr[order[:1000]].astype(np.float32)
        self._trained = flickr[order[1000:2000]].astype(np.float32)

    def ordinary(self) -> tuple[Embeddings, np.ndarray]:
        """What a detector is fitted on (500 ImageNet, 1,000 Flickr8k), and what is typical."""
        imagenet = self._files("zeroshot_imagenet1000", "imagenet")[::2]
        rows = np.concatenate([imagenet, self._trained])
        return self.embeddings(rows), np.arange(len(rows)) < len(imagenet)

    def embeddings(self, features: np.ndarray) -> Embeddings:
        """Name them: unit vectors, and the features as an extra."""
        vectors = self.embedder.project(features)
        return self.embedder.to_embeddings(np.concatenate([vectors, features], axis=1))

    def photos(self, name: str) -> np.ndarray:
        """Photographs of one source."""
        makers: dict[str, Callable[[], np.ndarray]] = {
            "imagenet, odd rows": lambda: self._files("zeroshot_imagenet1000", "imagenet")[1::2],
            "flickr8k, first half": lambda: self._held_out[:500],
            "flickr8k, second half": lambda: self._held_out[500:],
            "caltech-101, even rows": lambda: self._caltech()[::2],
            "caltech-101, odd rows": lambda: self._caltech()[1::2],
            "mossbench": lambda: self._files("moderation_benign_mossbench", "mossbench"),
            "avt, compressed": lambda: self._files("mos_avt_image_quality", "avt"),
            "avt, made by AI or real": lambda: self._files("mos_avt_ai_images", "ai"),
            "thumbnails, benign": lambda: self._files(
                "moderation_weapon_lookalikes", "benign", group="benign"
            ),
            "cifar-10, 32 px": lambda: self._files("zeroshot_cifar10", "cifar"),
        }
        return makers[name]()

    def family(self, name: str) -> np.ndarray:
        """Pictures of an unusual kind."""
        if name == "screenshots of websites":
            return self._files("mos_website_aesthetics", "websites")
        if name == "real handwritten digits":
            return self._made(name, _real_digits)
        drawn = UNUSUAL[name]  # an unknown name is an error here
        assert drawn is not None
        return self._made(name, lambda: (draw_unusual(name, i) for i in range(DRAWN)))

    def _caltech(self) -> np.ndarray:
        rows = np.load(self._shared / "starter" / "caltech101_features.npz")["features"]
        return rows.astype(np.float32)

    def _files(self, folder: str, name: str, *, group: str | None = None) -> np.ndarray:
        root = self._shared / "data" / folder
        with (root / "labels.csv").open(newline="", encoding="utf-8") as stream:
            found = [row for row in csv.DictReader(stream) if group in (None, row.get("group"))]
        paths = [root / row["path"] for row in found]
        return rows_of(self.embedder, paths, self._work, name)[:, DIM:]

    def _made(self, name: str, make: Callable[[], Iterator[np.ndarray]]) -> np.ndarray:
        key = self.embedder.fingerprint[:16]
        file = self._work / f"drawn-{name.replace(' ', '-')}-{key}.npy"
        if file.is_file():
            return np.load(file)
        inputs = [self.embedder.prepare(picture) for picture in make()]
        parts = [
            self.embedder.encode(np.stack(inputs[start : start + BATCH]))
            for start in range(0, len(inputs), BATCH)
        ]
        rows = np.concatenate(parts)[:, DIM:]
        self._work.mkdir(parents=True, exist_ok=True)
        np.save(file, rows)
        return rows


def _real_digits() -> Iterator[np.ndarray]:
    """Digits written by 43 people (UCI, 8 x 8 pixels, in scikit-learn), enlarged smoothly."""
    images = load_digits().images
    for number in np.random.default_rng(0).permutation(len(images))[:_DIGITS]:
        small = Image.fromarray((images[number] * 255 / 16).astype(np.uint8))
        large = np.asarray(small.resize((224, 224), Image.Resampling.BICUBIC))
        yield np.repeat(large[:, :, None], 3, axis=2)
