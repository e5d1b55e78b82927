"""The figures of docs/out-of-distribution.md, measured again on the shipped detector."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from framesift.embeddings import load_embedder
from framesift.heads.known import shipped_known
from framesift.media.drawn import draw_unusual
from framesift.pipeline.limits.scoring import embed_pictures
from framesift.types import Embeddings

pytestmark = pytest.mark.shared

FIGURES = Path(__file__).resolve().parents[2] / "training" / "known" / "figures.json"


@pytest.fixture(scope="module")
def figures():
    return json.loads(FIGURES.read_text(encoding="utf-8"))


def test_photographs_of_other_sources_are_marked_as_rarely_as_stated(shared, figures):
    rows = np.load(shared / "starter" / "caltech101_features.npz")["features"][1::2]
    vectors = np.zeros((len(rows), 256), np.float32)
    given = Embeddings(vectors, "starter-1", "any", {"features": rows.astype(np.float32)})
    marked = (shipped_known("starter-1").score(given).distance > 1).mean()
    assert marked == pytest.approx(
        figures["photographs"]["caltech-101, odd rows"]["flagged"], abs=0.002
    )


@pytest.mark.parametrize("family", ["ultrasound", "fields from above"])
def test_kinds_that_it_was_not_shown_are_noticed_as_stated(figures, family):
    pictures = [draw_unusual(family, index) for index in range(80)]
    made = embed_pictures(load_embedder("starter"), pictures)
    marked = (shipped_known("starter-1").score(made).distance > 1).mean()
    assert marked == pytest.approx(figures["reported"][family]["flagged"], abs=0.03)
