"""What `starter` is trained and tested on, read from the folder of labelled files."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from framesift.embeddings.starter import StarterEmbedder

TEST_PHOTOS = 1000
CAPTIONS_PER_PHOTO = 5


@dataclass(frozen=True)
class Flickr:
    """Flickr8k: pooled features (N, 1280), five captions each, and the split by photo."""

    features: NDArray[np.float32]
    captions: list[list[str]]
    train: NDArray[np.int64]
    test: NDArray[np.int64]


def load_flickr(shared: Path) -> Flickr:
    """Read Flickr8k; 1,000 photos are held out by a fixed permutation."""
    folder = shared / "starter"
    with np.load(folder / "flickr8k_features.npz") as arrays:
        features = arrays["features"].astype(np.float32)
        images = [str(name) for name in arrays["image"]]
    captions: dict[str, list[str]] = {}
    with (folder / "flickr8k_captions.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            captions.setdefault(row["image"], []).append(row["caption"])
    order = np.random.default_rng(0).permutation(len(images))
    texts = [captions[name][:CAPTIONS_PER_PHOTO] for name in images]
    return Flickr(features, texts, order[TEST_PHOTOS:], order[:TEST_PHOTOS])


def read_labels(folder: Path) -> list[dict[str, str]]:
    """Read a folder's labels.csv."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def load_labelled_features(path: Path) -> tuple[NDArray[np.float32], list[str]]:
    """Read one of the feature files with a label per row; underscores become spaces."""
    with np.load(path) as arrays:
        labels = [str(label).replace("_", " ") for label in arrays["label"]]
        return arrays["features"].astype(np.float32), labels


def open_rgb(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def whole_features(
    embedder: StarterEmbedder, pictures: list[NDArray[np.uint8]]
) -> NDArray[np.float32]:
    """Give the trunk's features of the whole view, (N, 1280)."""
    out = []
    for start in range(0, len(pictures), 32):
        part = [embedder.prepare(picture) for picture in pictures[start : start + 32]]
        out.append(embedder.to_embeddings(embedder.encode(np.stack(part))).extras["features"])
    return np.concatenate(out)


def _square(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return picture[top : top + side, left : left + side]


def _shrunk(picture: NDArray[np.uint8], side: int, method: Image.Resampling) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(picture).resize((side, side), method))


_VIEWS: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    "plain": lambda p: p,
    "mirrored": lambda p: np.ascontiguousarray(p[:, ::-1]),
    "64 px": lambda p: _shrunk(_square(p), 64, Image.Resampling.BICUBIC),
    "32 px": lambda p: _shrunk(_square(p), 32, Image.Resampling.BOX),
    "32 px squashed": lambda p: _shrunk(p, 32, Image.Resampling.BICUBIC),
}


@dataclass(frozen=True)
class ImageNetSample:
    """One photo per class, in ImageNet's order.

    Attributes:
        names: 1000 class names.
        views: Features (V, 1000, 1280): each photo as it is, mirrored, and very small. Small copies
            teach the projection what little the trunk sees of a thumbnail.
    """

    names: list[str]
    views: NDArray[np.float32]


def load_imagenet(shared: Path, embedder: StarterEmbedder) -> ImageNetSample:
    folder = shared / "data" / "zeroshot_imagenet1000"
    rows = sorted(read_labels(folder), key=lambda row: row["wnid"])
    pictures = [open_rgb(folder / row["path"]) for row in rows]
    views = [whole_features(embedder, [view(p) for p in pictures]) for view in _VIEWS.values()]
    return ImageNetSample([row["class_name"] for row in rows], np.stack(views))
