"""A tiny random CLIP in both hub layouts against what transformers and open_clip compute."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from framesift.embeddings import load_embedder
from framesift.embeddings.local import files_in
from framesift.embeddings.preprocess import normalize_batch

HERE = Path(__file__).resolve().parent
_made = runpy.run_path(str(HERE / "pictures.py"))
PICTURES, TEXTS = _made["pictures"](), _made["TEXTS"]
LAYOUTS = ("transformers", "open_clip")
pytestmark = pytest.mark.parametrize("layout", LAYOUTS)


@pytest.fixture(scope="module")
def expected() -> dict[str, np.ndarray]:
    with np.load(HERE / "tiny_clip" / "expected.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def embedders() -> dict[str, object]:
    return {
        layout: load_embedder(str(HERE / "tiny_clip" / layout), precision="fp32")
        for layout in LAYOUTS
    }


def test_the_reference_values_tell_pictures_and_texts_apart(expected, layout: str) -> None:
    for name in ("images", "texts"):
        rows = expected[f"{layout}_{name}"]
        distinct = np.unique(np.round(rows, 3), axis=0)
        # Two of the eight texts differ only in case, which CLIP's tokenizer drops.
        assert len(distinct) >= len(rows) - 1
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_preprocessing_gives_the_references_tensor_exactly(
    embedders, expected, layout: str
) -> None:
    embedder = embedders[layout]
    batch = np.stack([embedder.prepare(picture) for picture in PICTURES])
    pixels = normalize_batch(batch, embedder.spec.preprocess)
    np.testing.assert_array_equal(pixels, expected[f"{layout}_pixels"])


def test_token_ids_are_the_references(expected, layout: str) -> None:
    files = files_in(HERE / "tiny_clip" / layout)
    ids, _ = files.load_tokenizer(files.read_context_length()).encode(TEXTS)
    np.testing.assert_array_equal(ids, expected[f"{layout}_ids"])


def test_image_embeddings_are_the_references(embedders, expected, layout: str) -> None:
    embedder = embedders[layout]
    batch = np.stack([embedder.prepare(picture) for picture in PICTURES])
    np.testing.assert_allclose(embedder.encode(batch), expected[f"{layout}_images"], atol=1e-4)
    np.testing.assert_allclose(
        embedder.embed_images(expected[f"{layout}_pixels"]),
        expected[f"{layout}_images"],
        atol=1e-4,
    )


def test_text_embeddings_are_the_references(embedders, expected, layout: str) -> None:
    np.testing.assert_allclose(
        embedders[layout].embed_texts(TEXTS), expected[f"{layout}_texts"], atol=1e-4
    )
