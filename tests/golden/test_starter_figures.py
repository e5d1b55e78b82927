"""What `starter` promises, measured on real photographs beside the checkout."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from framesift.embeddings.starter import StarterEmbedder

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.shared

HELD_OUT = 1000


@pytest.fixture(scope="module")
def starter() -> StarterEmbedder:
    return StarterEmbedder.load()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def encode(starter: StarterEmbedder, paths: list[Path]) -> np.ndarray:
    rows = []
    for start in range(0, len(paths), 16):
        views = []
        for path in paths[start : start + 16]:
            with Image.open(path) as image:
                views.append(starter.prepare(np.asarray(image.convert("RGB"))))
        rows.append(starter.encode(np.stack(views)))
    return np.concatenate(rows)


@pytest.fixture(scope="module")
def flickr(shared: Path, starter: StarterEmbedder) -> tuple[np.ndarray, list[list[str]]]:
    """The embeddings of the 1,000 photos that took no part in training, and their captions."""
    with np.load(shared / "starter" / "flickr8k_features.npz") as arrays:
        features, names = arrays["features"], [str(name) for name in arrays["image"]]
    captions: dict[str, list[str]] = {}
    for row in rows_of(shared / "starter" / "flickr8k_captions.csv"):
        captions.setdefault(row["image"], []).append(row["caption"])
    held_out = np.random.default_rng(0).permutation(len(names))[:HELD_OUT]
    images = starter.project(features[held_out].astype(np.float32))
    return images, [captions[names[i]] for i in held_out]


def test_the_trunk_gives_the_reference_features(shared: Path, starter: StarterEmbedder) -> None:
    with np.load(shared / "starter" / "imagenet1000_features.npz") as arrays:
        expected = arrays["features"].astype(np.float32)
        names, wnids = [str(p) for p in arrays["path"]], [str(w) for w in arrays["wnid"]]
    folder = shared / "data" / "zeroshot_imagenet1000"
    rows = encode(starter, [folder / name for name in names])
    found = starter.to_embeddings(rows).extras["features"]
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    assert ((found * expected).sum(axis=1) / lengths).min() >= 0.995
    place = {wnid: i for i, wnid in enumerate(sorted(wnids))}
    right = starter.logits(found).argmax(axis=1) == [place[wnid] for wnid in wnids]
    assert right.mean() == pytest.approx(0.753, abs=0.003)


def test_captions_find_their_photos(flickr, starter: StarterEmbedder) -> None:
    images, captions = flickr
    scores = starter.embed_texts([five[0] for five in captions]) @ images.T
    rank = (scores > np.diag(scores)[:, None]).sum(axis=1)
    assert (rank < 10).mean() >= 0.60
    assert (rank < 1).mean() >= 0.19


def test_cifar_classes_are_told_apart_by_name_alone(shared: Path, starter: StarterEmbedder) -> None:
    folder = shared / "data" / "zeroshot_cifar10"
    rows = rows_of(folder / "labels.csv")
    images = starter.to_embeddings(encode(starter, [folder / row["path"] for row in rows])).vectors
    classes = sorted({row["class_name"] for row in rows})
    prompts = starter.embed_texts([f"a photo of a {name}" for name in classes])
    found = (images @ prompts.T).argmax(axis=1)
    right = [classes[i] == row["class_name"] for i, row in zip(found, rows, strict=True)]
    assert np.mean(right) >= 0.42


def test_a_dog_in_the_snow_is_found(flickr, starter: StarterEmbedder) -> None:
    images, captions = flickr
    order = np.argsort(-(images @ starter.embed_texts(["a dog in the snow"])[0]), kind="stable")
    for place in order[:5]:
        text = " ".join(captions[place]).lower()
        assert "dog" in text
        assert "snow" in text


def test_pictures_of_snow_and_of_dogs_come_before_others(
    shared: Path, starter: StarterEmbedder
) -> None:
    """No picture of this folder shows a dog in snow: snow or dogs must lead."""
    golden = shared / "golden" / "clip_vit_b32_flickr8k"
    paths = sorted((golden / "images").iterdir())
    captions: dict[str, str] = {}
    for row in rows_of(shared / "starter" / "flickr8k_captions.csv"):
        captions[row["image"]] = captions.get(row["image"], "") + " " + row["caption"].lower()
    images = starter.to_embeddings(encode(starter, paths)).vectors
    order = np.argsort(-(images @ starter.embed_texts(["a dog in the snow"])[0]), kind="stable")
    about = [
        any(word in captions[path.name] for word in ("dog", "snow", "puppy")) for path in paths
    ]
    assert np.mean([about[i] for i in order[:10]]) >= 0.7
    assert np.mean(about) < 0.4
