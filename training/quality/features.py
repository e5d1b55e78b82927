"""Degraded pictures and their `starter` features, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from degrade import KINDS
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from framesift import Embedder

BATCH = 16
VARIANTS = 5
TWICE = 0.2
"""Share of the degraded pictures that are degraded in a second way as well."""


@dataclass(frozen=True)
class Table:
    """One row per picture.

    Attributes:
        inputs: Features of the whole and of the detail view, float32 (N, 2560).
        left: The score that the degradation leaves of a perfect picture, 0 to 10, (N,).
        group: The original, (N,).
        kind: What was done, (N,).
    """

    inputs: np.ndarray
    left: np.ndarray
    group: np.ndarray
    kind: np.ndarray


def variants(folder: Path, seed: int) -> Iterator[tuple[np.ndarray, float, int, str]]:
    """Yield each original and its degraded versions: pixels, score left, group, kind."""
    rng = np.random.default_rng(seed)
    names = list(KINDS)
    for group, path in enumerate(sorted(folder.glob("*.jpg"))):
        picture = np.asarray(Image.open(path).convert("RGB"))
        yield picture, 10.0, group, "none"
        for _ in range(VARIANTS):
            worse, left, done = picture, 10.0, []
            for _ in range(2 if rng.random() < TWICE else 1):
                name = names[rng.integers(len(names))]
                severity = float(rng.uniform())
                worse = KINDS[name].apply(worse, severity, rng)
                left *= KINDS[name].score(severity) / 10
                done.append(name)
            yield worse, left, group, "+".join(done)


def make_table(embedder: Embedder, folder: Path, seed: int) -> Table:
    """Compute the features of every variant."""
    rows, left, group, kind, batch = [], [], [], [], []

    def flush() -> None:
        if batch:
            extras = embedder.to_embeddings(embedder.encode(np.stack(batch))).extras
            rows.append(np.concatenate([extras["features"], extras["detail"]], axis=1))
            batch.clear()

    for picture, score, number, what in variants(folder, seed):
        batch.append(embedder.prepare(picture))
        left.append(score)
        group.append(number)
        kind.append(what)
        if len(batch) == BATCH:
            flush()
    flush()
    return Table(np.concatenate(rows), np.array(left), np.array(group), np.array(kind))
