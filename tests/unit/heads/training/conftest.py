"""Simulated pictures: embeddings, what they say of a rating, and scenes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from framesift.heads.training import Examples
from framesift.types import Embeddings

if TYPE_CHECKING:
    from collections.abc import Callable

SPACE = "test/space"


def simulated(
    count: int, *, noise: float = 0.7, per_scene: int = 1, scene_spread: float = 0.0, seed: int = 0
) -> tuple[Examples, np.ndarray, tuple[str, ...]]:
    """Give examples, ratings 0-10 that depend linearly on the vectors, and scene names."""
    rng = np.random.default_rng(seed)
    scenes = np.repeat(np.arange(-(-count // per_scene)), per_scene)[:count]
    raw = rng.normal(size=(count, 24))
    vectors = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    signal = vectors @ rng.normal(size=24)
    signal = 1.5 * signal / signal.std()
    offset = rng.normal(0, scene_spread, scenes.max() + 1)[scenes]
    y = np.clip(5 + signal + offset + rng.normal(0, noise, count), 0, 10)
    features = np.concatenate([vectors[:, :6] * 3, rng.normal(size=(count, 10))], axis=1)
    embeddings = Embeddings(
        vectors.astype(np.float32), SPACE, "fp", {"features": features.astype(np.float32)}
    )
    names = tuple(f"folder/picture {i:04d}.jpg" for i in range(count))
    return Examples(embeddings, names, model="tiny"), y, tuple(f"scene {i}" for i in scenes)


@pytest.fixture(scope="session")
def simulate() -> Callable[..., tuple[Examples, np.ndarray, tuple[str, ...]]]:
    return simulated
