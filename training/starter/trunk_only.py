"""The trunk with an untrained projection, for the time before there is a trained one."""

from __future__ import annotations

import numpy as np

from framesift.embeddings.starter import StarterEmbedder, open_session
from framesift.embeddings.starter_model import DIM, ImageProjection, StarterModel
from framesift.embeddings.starter_text import WordTower


def trunk_embedder() -> StarterEmbedder:
    """Give an embedder whose features are real and whose embeddings are meaningless."""
    project = ImageProjection(
        np.zeros((1280, DIM), np.float32),
        np.zeros((1000, DIM), np.float32),
        np.ones(DIM, np.float32),
    )
    words = WordTower([], np.empty((0, DIM), np.float32), np.ones(DIM, np.float32))
    model = StarterModel(project, words, 1.0, "untrained")
    classifier = np.zeros((1280, 1000), np.float32), np.zeros(1000, np.float32)
    return StarterEmbedder(open_session("cpu"), classifier, model)
