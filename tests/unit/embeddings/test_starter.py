from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

from framesift.embeddings import Embedder, find_spec
from framesift.embeddings.base import KnowsClasses
from framesift.embeddings.starter import StarterEmbedder
from framesift.embeddings.starter_model import MODEL_FILE, load_model
from framesift.errors import ConfigError, WeightsMismatchError
from framesift.types import Geometry

TRAINING = Path(__file__).resolve().parents[3] / "training"


@pytest.fixture(scope="module")
def starter() -> StarterEmbedder:
    return StarterEmbedder.load()


def test_it_is_an_embedder_of_the_catalogue(starter: StarterEmbedder) -> None:
    assert isinstance(starter, Embedder)
    assert starter.spec.name == "starter"
    assert starter.spec.dim == find_spec("starter").dim == 256
    assert starter.space == starter.spec.space
    assert starter.spec.logit_scale == starter.logit_scale
    assert starter.width == 256 + 1280


def test_it_says_which_classes_its_trunk_knows(starter: StarterEmbedder, make_image) -> None:
    assert isinstance(starter, KnowsClasses)
    known = starter.known_classes
    chosen = json.loads((TRAINING / "classifiers" / "class_path.json").read_text())["chosen"]
    assert known.sharpness == chosen["sharpness"]
    assert known.text_weight == chosen["size"]
    assert chosen["size"] * chosen["weight"] == 1  # the weight of the classes is not a setting
    np.testing.assert_allclose(np.linalg.norm(known.directions, axis=1), 1, atol=1e-5)
    seen = starter.to_embeddings(starter.encode(starter.prepare(make_image(300, 300))[None]))
    features = seen.extras[known.input]
    np.testing.assert_allclose(features @ known.kernel + known.bias, starter.logits(features))


def test_the_shipped_file_stays_small() -> None:
    assert MODEL_FILE.stat().st_size < 8_000_000


def test_what_is_shipped_is_finite_and_its_words_are_unique() -> None:
    model = load_model()
    assert len(set(model.texts.words)) == len(model.texts.words) > 20_000
    assert {"dog", "snow", "airplane", "weapon", "blood", "nude"} <= set(model.texts.words)
    assert np.isfinite(model.project.weight).all()
    assert np.isfinite(model.texts.embed(model.texts.words)).all()
    assert 1 < model.logit_scale <= 100


@pytest.mark.parametrize(
    ("height", "width"),
    [
        (1, 1),
        (1, 5000),
        (5000, 1),
        (32, 32),
        (63, 64),
        (259, 261),
        (260, 260),
        (500, 333),
        (2000, 2),
    ],
)
def test_every_shape_of_picture_gives_one_view(
    starter: StarterEmbedder, height: int, width: int
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    view = starter.prepare(pixels)
    assert view.shape == (260, 260, 3)
    assert view.dtype == np.uint8


def test_the_view_is_resize_then_centre_crop(starter: StarterEmbedder, make_image) -> None:
    pixels = make_image(640, 417)
    image = Image.fromarray(pixels).resize((439, 286), Image.Resampling.BICUBIC)
    expected = np.asarray(image.crop((89, 13, 89 + 260, 13 + 260)), np.int16)
    difference = np.abs(starter.prepare(pixels).astype(np.int16) - expected)
    assert difference.max() <= 1


def test_the_geometry_puts_a_reduced_picture_where_the_full_one_is(
    starter: StarterEmbedder, make_image
) -> None:
    full = make_image(2401, 2201)
    image = Image.fromarray(full)
    reduced = np.asarray(image.reduce(2))
    box = (0.0, 0.0, 2401 / 2, 2201 / 2)
    placed = starter.prepare(reduced, geometry=Geometry(2401, 2201, box))
    difference = np.abs(placed.astype(np.int16) - starter.prepare(full))
    assert difference.mean() < 1


def test_pictures_are_encoded_alone(starter: StarterEmbedder, make_image) -> None:
    views = [starter.prepare(make_image(400, 300, seed)) for seed in range(10)]
    rows = starter.encode(np.stack(views))
    alone = np.concatenate([starter.encode(view[None]) for view in views])
    np.testing.assert_allclose(rows, alone, atol=1e-4)
    embeddings = starter.to_embeddings(rows)
    np.testing.assert_allclose(np.linalg.norm(embeddings.vectors, axis=1), 1, atol=1e-5)
    assert embeddings.extras["features"].shape == (10, 1280)


def test_normalised_input_gives_the_same_embedding(starter: StarterEmbedder, make_image) -> None:
    view = starter.prepare(make_image(400, 300))
    preprocess = starter.spec.preprocess
    assert preprocess is not None
    pixels = (view / 255 - preprocess.mean) / np.array(preprocess.std)
    found = starter.embed_images(pixels.transpose(2, 0, 1)[None].astype(np.float32))
    np.testing.assert_allclose(found, starter.encode(view[None])[:, :256], atol=1e-4)


def test_no_pictures_give_no_rows(starter: StarterEmbedder) -> None:
    assert starter.encode(np.empty((0, 260, 260, 3), np.uint8)).shape == (0, starter.width)
    assert starter.embed_images(np.empty((0, 3, 260, 260), np.float32)).shape == (0, 256)


@pytest.mark.parametrize("precision", ["int8", "fp16"])
def test_a_precision_it_does_not_have_is_refused(precision) -> None:
    with pytest.raises(ConfigError, match=f"no {precision} weights; use precision fp32"):
        StarterEmbedder.load(precision=precision)


def test_the_fingerprint_is_stable_and_follows_the_model(
    starter: StarterEmbedder, tmp_path: Path
) -> None:
    assert StarterEmbedder.load().fingerprint == starter.fingerprint
    arrays = load_file(MODEL_FILE)
    arrays["image.bias"] = arrays["image.bias"] + np.float32(0.5)
    save_file(arrays, tmp_path / "other.safetensors")
    other = StarterEmbedder(
        None, (np.empty(0), np.empty(0)), load_model(tmp_path / "other.safetensors")
    )
    assert other.fingerprint != starter.fingerprint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("format", np.array([99], np.int32)),
        ("image.weight", np.zeros((1408, 256), np.float16)),
        ("text.scale", np.ones(3, np.float16)),
        ("text.words", np.frombuffer(b"not compressed", np.uint8)),
    ],
)
def test_a_damaged_model_file_is_refused(tmp_path: Path, name: str, value: np.ndarray) -> None:
    path = tmp_path / "starter.safetensors"
    save_file({**load_file(MODEL_FILE), name: value}, path)
    with pytest.raises(WeightsMismatchError, match=r"starter\.safetensors.*install it again"):
        load_model(path)


def test_a_missing_or_cut_off_model_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "starter.safetensors"
    with pytest.raises(WeightsMismatchError, match="install it again"):
        load_model(path)
    path.write_bytes(MODEL_FILE.read_bytes()[:5000])
    with pytest.raises(WeightsMismatchError, match="install it again"):
        load_model(path)


def test_words_mean_what_they_should(starter: StarterEmbedder) -> None:
    dog, puppy, truck, lorry = starter.embed_texts(["a dog", "a puppy", "a truck", "a lorry"])
    assert dog @ puppy > dog @ truck
    assert truck @ lorry > truck @ puppy
