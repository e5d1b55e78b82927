"""Measure the shipped `starter` and print the figures as JSON.

    python training/starter/evaluate.py --shared ../shared

Needs framesift and nothing else: no torch. Flickr8k's 1,000 held-out photos and CIFAR-10 and
Caltech-101 took no part in training.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from data import load_flickr, load_labelled_features, open_rgb, read_labels, whole_features

from framesift.embeddings.starter import StarterEmbedder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TEMPLATES = ("a photo of a {}", "a blurry photo of a {}", "a {}")


def retrieval(embedder: StarterEmbedder, shared: Path) -> dict[str, float]:
    """Text to image over the held-out photos, first caption of each."""
    flickr = load_flickr(shared)
    images = embedder.project(flickr.features[flickr.test])
    texts = embedder.embed_texts([flickr.captions[i][0] for i in flickr.test])
    scores = texts @ images.T
    rank = (scores > np.diag(scores)[:, None]).sum(axis=1)
    return {f"recall_at_{k}": float((rank < k).mean()) for k in (1, 5, 10)}


def zero_shot(
    embedder: StarterEmbedder,
    features: NDArray[np.float32],
    labels: Sequence[str],
    templates: Sequence[str],
) -> float:
    """Share of pictures whose nearest class prompt (mean over templates) is the right one."""
    classes = sorted(set(labels))
    prompts = np.stack(
        [embedder.embed_texts([t.format(c) for t in templates]).mean(axis=0) for c in classes]
    )
    prompts /= np.linalg.norm(prompts, axis=1, keepdims=True)
    found = (embedder.project(features) @ prompts.T).argmax(axis=1)
    return float(np.mean([classes[i] == label for i, label in zip(found, labels, strict=True)]))


def parity(embedder: StarterEmbedder, shared: Path) -> dict[str, float]:
    """Compare the trunk with the features that came with the labelled files."""
    with np.load(shared / "starter" / "imagenet1000_features.npz") as arrays:
        expected = arrays["features"].astype(np.float32)
        paths, wnids = [str(p) for p in arrays["path"]], [str(w) for w in arrays["wnid"]]
    folder = shared / "data" / "zeroshot_imagenet1000"
    found = whole_features(embedder, [open_rgb(folder / path) for path in paths])
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    position = {wnid: i for i, wnid in enumerate(sorted(set(wnids)))}
    top = embedder.logits(found).argmax(axis=1)
    return {
        "lowest_cosine": float(((found * expected).sum(axis=1) / lengths).min()),
        "imagenet_top1": float(np.mean(top == [position[w] for w in wnids])),
    }


def snow_dogs(embedder: StarterEmbedder, shared: Path) -> list[str]:
    """The ten pictures nearest to "a dog in the snow" among real photos."""
    paths = sorted((shared / "golden" / "clip_vit_b32_flickr8k" / "images").iterdir())
    images = embedder.project(whole_features(embedder, [open_rgb(path) for path in paths]))
    order = np.argsort(-(images @ embedder.embed_texts(["a dog in the snow"])[0]), kind="stable")
    return [paths[i].name for i in order[:10]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, help="folder of labelled files")
    shared = parser.parse_args().shared
    embedder = StarterEmbedder.load()
    cifar = shared / "data" / "zeroshot_cifar10"
    rows = read_labels(cifar)
    pictures = whole_features(embedder, [open_rgb(cifar / row["path"]) for row in rows])
    names = [row["class_name"] for row in rows]
    caltech = load_labelled_features(shared / "starter" / "caltech101_features.npz")
    professions = load_labelled_features(shared / "starter" / "idenprof_features.npz")
    figures = {
        "fingerprint": embedder.fingerprint,
        "trunk": parity(embedder, shared),
        "flickr8k_text_to_image": retrieval(embedder, shared),
        "cifar10_zero_shot": zero_shot(embedder, pictures, names, TEMPLATES),
        "cifar10_zero_shot_one_prompt": zero_shot(embedder, pictures, names, TEMPLATES[:1]),
        "caltech101_zero_shot": zero_shot(embedder, *caltech, TEMPLATES[:1]),
        "idenprof_zero_shot": zero_shot(embedder, *professions, TEMPLATES[:1]),
        "a_dog_in_the_snow": snow_dogs(embedder, shared),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
