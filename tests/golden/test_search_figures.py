"""What the page on search promises: exact neighbours of real CLIP vectors, and its figures."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from framesift.embeddings.index import IndexBuilder, VectorIndex

ROOT = Path(__file__).resolve().parents[2]
FIGURES = json.loads((ROOT / "training" / "search" / "figures.json").read_text("utf-8"))
LIMITS = ROOT / "src" / "framesift" / "search" / "data" / "limits.json"


@pytest.mark.shared
def test_real_clip_vectors_have_exactly_their_neighbours(shared: Path, tmp_path: Path) -> None:
    path = shared / "golden" / "clip_vit_b32_flickr8k" / "clip_embeddings.npy"
    vectors = np.load(path).astype(np.float32)
    place = {"key": "golden", "width": vectors.shape[1]}
    hashes = [
        hashlib.sha256(row.tobytes() + b"%d" % n).hexdigest() for n, row in enumerate(vectors)
    ]
    with IndexBuilder(tmp_path, **place, shard_rows=256) as builder:
        for sha256, row in zip(hashes, vectors, strict=True):
            builder.add(sha256, (Fraction(0),), row[None])
    index = VectorIndex.open(tmp_path, **place)
    assert len(index) == 1000
    products = vectors.astype(float) @ vectors.astype(float).T
    for number in range(1000):
        near = index.nearest(vectors[number], 10)
        kth = np.sort(products[number])[-10]
        found = [hashes.index(index.sha256(row)) for row in near.rows]
        np.testing.assert_allclose(near.scores, products[number][found], atol=1e-12)
        np.testing.assert_allclose(near.scores, np.sort(products[number])[::-1][:10], atol=1e-12)
        assert (products[number][found] >= kth - 1e-12).all()
        assert len(set(found)) == 10


def test_the_limits_that_are_shipped_are_those_that_were_measured() -> None:
    assert json.loads(LIMITS.read_text("utf-8")) == FIGURES["limits"]


@pytest.mark.shared
def test_what_is_answered_is_what_was_measured(shared: Path) -> None:
    spec = importlib.util.spec_from_file_location("measure", ROOT / "training/search/measure.py")
    assert spec is not None
    assert spec.loader is not None
    measure = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(measure)
    photos = measure.Photos()
    half = photos.halves[1]
    rows = half[::5]
    answered = [
        measure.best(photos, photos.text(photos.captions[row][0]), half) >= 0 for row in rows
    ]
    promised = FIGURES["texts"]["captions"]["answered"]
    assert np.mean(answered) == pytest.approx(promised, abs=0.1)
    absent = ["bacteria under a microscope", "a spreadsheet with sales figures", "a circuit board"]
    assert all(measure.best(photos, photos.text(text), half) < 0 for text in absent)
