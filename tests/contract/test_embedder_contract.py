"""What every image encoder and embedder must do, whatever it is made of."""

from __future__ import annotations

import concurrent.futures
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from framesift.embeddings import load_embedder, load_expert
from framesift.embeddings.base import Embedder, ImageEncoder
from framesift.embeddings.tiles import TileEncoder

if TYPE_CHECKING:
    from collections.abc import Callable

TINY = Path(__file__).resolve().parents[1] / "golden" / "tiny_clip"
TOLERANCE = 1e-4
EMBEDDERS: dict[str, Callable[[], Embedder]] = {
    "transformers-fp32": lambda: load_embedder(str(TINY / "transformers"), precision="fp32"),
    "transformers-int8": lambda: load_embedder(str(TINY / "transformers"), precision="int8"),
    "open_clip-fp32": lambda: load_embedder(str(TINY / "open_clip"), precision="fp32"),
    "open_clip-int8": lambda: load_embedder(str(TINY / "open_clip"), precision="int8"),
    "starter": lambda: load_embedder("starter"),
}
ENCODERS: dict[str, Callable[[], ImageEncoder]] = {
    **EMBEDDERS,
    "open_nsfw": lambda: load_expert("open_nsfw"),
    "technical": lambda: load_expert("technical"),
    "tiles": lambda: TileEncoder(EMBEDDERS["transformers-fp32"](), 4),
    "pdq": lambda: load_expert("pdq"),
}
_loaded: dict[str, ImageEncoder] = {}


def load(name: str) -> ImageEncoder:
    if name == "starter" and find_spec("framesift.embeddings.starter") is None:
        pytest.skip("the embedded model is not in this checkout")
    if name not in _loaded:
        _loaded[name] = ENCODERS[name]()
    return _loaded[name]


@pytest.fixture(params=ENCODERS)
def encoder(request: pytest.FixtureRequest) -> ImageEncoder:
    return load(request.param)


@pytest.fixture(params=EMBEDDERS)
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return load(request.param)


@pytest.fixture
def batch(encoder: ImageEncoder, make_image) -> np.ndarray:
    sizes = [(320, 240), (200, 300), (97, 61), (640, 100)]
    pictures = [make_image(*size, seed=seed) for seed, size in enumerate(sizes)]
    # Extremes beside ordinary pictures: they are what would stretch a shared range.
    pictures += [np.zeros((50, 60, 3), np.uint8), np.full((60, 50, 3), 255, np.uint8)]
    return np.stack([encoder.prepare(picture) for picture in pictures])


def test_it_satisfies_the_protocol(encoder: ImageEncoder) -> None:
    assert isinstance(encoder, ImageEncoder)
    assert encoder.name
    assert encoder.precision in {"fp32", "fp16", "int8"}
    assert encoder.width >= 1
    assert isinstance(encoder.fingerprint, str)
    assert len(encoder.fingerprint) >= 8


def test_prepared_frames_are_uint8_of_one_shape(encoder: ImageEncoder, make_image) -> None:
    shapes = set()
    for size in ((1, 1), (1, 50), (320, 240), (13, 700)):
        prepared = encoder.prepare(make_image(*size))
        assert prepared.dtype == np.uint8
        shapes.add(prepared.shape)
    assert len(shapes) == 1


def test_decoders_keep_at_least_twice_the_input(encoder: ImageEncoder, make_image) -> None:
    prepared = encoder.prepare(make_image())
    sides = [side for side in prepared.shape if side != 3]
    assert encoder.min_side_px >= 2 * min(sides)


def test_rows_are_float32_and_finite(encoder: ImageEncoder, batch: np.ndarray) -> None:
    rows = encoder.encode(batch)
    assert rows.dtype == np.float32
    assert rows.shape == (len(batch), encoder.width)
    assert np.isfinite(rows).all()
    assert len(np.unique(np.round(rows, 6), axis=0)) > 1


def test_the_same_pictures_give_the_same_rows(encoder: ImageEncoder, batch: np.ndarray) -> None:
    np.testing.assert_array_equal(encoder.encode(batch), encoder.encode(batch.copy()))


def test_a_row_does_not_depend_on_its_batch(encoder: ImageEncoder, batch: np.ndarray) -> None:
    whole = encoder.encode(batch)
    alone = np.concatenate([encoder.encode(batch[i : i + 1]) for i in range(len(batch))])
    order = np.random.default_rng(0).permutation(len(batch))
    many = encoder.encode(np.concatenate([batch] * 6))
    np.testing.assert_allclose(alone, whole, atol=TOLERANCE)
    np.testing.assert_allclose(encoder.encode(batch[order]), whole[order], atol=TOLERANCE)
    np.testing.assert_allclose(many, np.concatenate([whole] * 6), atol=TOLERANCE)


def test_rows_do_not_depend_on_threads(encoder: ImageEncoder, batch: np.ndarray) -> None:
    whole = encoder.encode(batch)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(encoder.encode, [batch[i : i + 2] for i in range(0, len(batch), 2)]))
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=TOLERANCE)


def test_no_pictures_give_no_rows(encoder: ImageEncoder, batch: np.ndarray) -> None:
    rows = encoder.encode(batch[:0])
    assert rows.shape == (0, encoder.width)
    assert rows.dtype == np.float32


def test_another_shape_or_type_is_refused(encoder: ImageEncoder, batch: np.ndarray) -> None:
    for wrong in (batch[:, :-1], batch[0], batch.astype(np.float32)):
        with pytest.raises(ValueError, match="expected"):
            encoder.encode(wrong)


@pytest.mark.parametrize("name", ENCODERS)
def test_the_fingerprint_is_the_same_in_every_load(name: str) -> None:
    assert load(name).fingerprint == ENCODERS[name]().fingerprint


def test_fingerprints_differ_between_encoders() -> None:
    names = [name for name in ENCODERS if name != "starter"]
    assert len({load(name).fingerprint for name in names}) == len(names)


def test_an_embedder_satisfies_the_protocol(embedder: Embedder) -> None:
    assert isinstance(embedder, Embedder)
    assert embedder.space == embedder.spec.space
    assert embedder.logit_scale > 0


def test_image_vectors_have_length_one(embedder: Embedder, make_image) -> None:
    batch = np.stack([embedder.prepare(make_image(seed=seed)) for seed in range(3)])
    embeddings = embedder.to_embeddings(embedder.encode(batch))
    assert embeddings.vectors.shape == (3, embedder.spec.dim)
    assert embeddings.space == embedder.space
    assert embeddings.fingerprint == embedder.fingerprint
    np.testing.assert_allclose(np.linalg.norm(embeddings.vectors, axis=1), 1, atol=1e-5)


def test_texts_give_unit_vectors_that_do_not_depend_on_each_other(embedder: Embedder) -> None:
    texts = ["a photo of a dog", "", "snow", "a very " + "long " * 300 + "text", "犬 🐕"]
    vectors = embedder.embed_texts(texts)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(texts), embedder.spec.dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alone = np.concatenate([embedder.embed_texts([text]) for text in texts])
    np.testing.assert_allclose(alone, vectors, atol=TOLERANCE)
    assert embedder.embed_texts([]).shape == (0, embedder.spec.dim)


def test_normalised_pixels_of_another_size_are_refused(embedder: Embedder) -> None:
    with pytest.raises(ValueError, match="expected"):
        embedder.embed_images(np.zeros((1, 3, 7, 7), dtype=np.float32))
