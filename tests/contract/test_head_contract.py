"""What every head must hold, run over every head there is."""

from __future__ import annotations

import hashlib
import math
from types import SimpleNamespace

import numpy as np
import pytest

from framesift.embeddings.base import KnownClasses
from framesift.errors import SpaceMismatchError
from framesift.heads import (
    ExpertHead,
    Head,
    HeadCard,
    LinearHead,
    PromptQualityHead,
    QualityHead,
    ScreeningHead,
    ZeroShotHead,
)
from framesift.heads.classifiers import ClassifierHead, from_labels
from framesift.heads.known import KnownHead
from framesift.heads.linear import Standardiser
from framesift.heads.quality import QualityCurve
from framesift.heads.technical import NAMES, technical_head
from framesift.policies import CONTEXT_TAGS, TAXONOMY
from framesift.types import Embeddings

DIM = 32
SPACE = "contract-1"


def embed_texts(texts):
    seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") for text in texts]
    rows = np.stack([np.random.default_rng(seed).normal(size=DIM) for seed in seeds])
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


EMBEDDER = SimpleNamespace(
    name="contract",
    space=SPACE,
    logit_scale=100.0,
    fingerprint="f",
    precision="fp32",
    spec=SimpleNamespace(layout="embedded"),
    embed_texts=embed_texts,
)


def linear(link):
    rng = np.random.default_rng(1)
    card = HeadCard(f"linear-{link}", "tags", SPACE, inputs=("vectors", "features"))
    coef = rng.normal(size=(DIM + 5, 3)).astype(np.float32)
    bias = rng.normal(size=3).astype(np.float32)
    return LinearHead(card, ("a", "b", "c"), coef, bias, link=link)


def quality():
    rng = np.random.default_rng(2)
    card = HeadCard("ridge", "quality", SPACE, inputs=("features",), high=10.0)
    scale = Standardiser(np.zeros(5, np.float32), np.full(5, 0.5, np.float32))
    curve = QualityCurve(((-9.0, 0.0), (0.0, 4.0), (9.0, 10.0)), 1.0)
    coef = (4 * rng.normal(size=5)).astype(np.float32)
    return QualityHead(card, coef, np.zeros(1, np.float32), standardiser=scale, curve=curve)


def known():
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(60, DIM)).astype(np.float32)
    return KnownHead.fit(HeadCard("known", "known", SPACE), Embeddings(vectors, SPACE, "any"))


def screening(categories, **options):
    prompts = [category.prompts for category in categories]
    return ScreeningHead.from_prompts(EMBEDDER, prompts, **options)


def classifier():
    rng = np.random.default_rng(4)
    kernel = rng.normal(size=(5, 6)).astype(np.float32)
    known = KnownClasses(
        "features",
        kernel,
        kernel[0],
        embed_texts("uvwxyz"),
        sharpness=9,
        text_weight=0.5,
        floor=0.01,
    )
    model = SimpleNamespace(**vars(EMBEDDER), known_classes=known)
    return ClassifierHead.from_definition(model, from_labels("dog, cat, neither"))


MAKERS = {
    "classifier that knows classes": classifier,
    "zero-shot": lambda: ZeroShotHead.from_prompts(EMBEDDER, {"a": ["x"], "b": ["y", "z"]}),
    "screening": lambda: screening(TAXONOMY),
    "context": lambda: screening(CONTEXT_TAGS, name="context", task="tags"),
    "linear-sigmoid": lambda: linear("sigmoid"),
    "linear-softmax": lambda: linear("softmax"),
    "linear-identity": lambda: linear("identity"),
    "quality": quality,
    "prompt-quality": lambda: PromptQualityHead.for_embedder(EMBEDDER),
    "open-nsfw": lambda: ExpertHead(SPACE),
    "technical": lambda: technical_head(SPACE),
    "known": lambda: known(),
}


@pytest.fixture(params=MAKERS)
def head(request) -> Head:
    return MAKERS[request.param]()


@pytest.fixture
def pictures(head):
    return make_pictures(head)


def make_pictures(head: Head, count: int = 40) -> Embeddings:
    """Pictures of the head's space, with every extra it reads."""
    rng = np.random.default_rng(9)
    vectors = rng.normal(size=(count, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    extras = {
        "features": rng.normal(size=(count, 5)).astype(np.float32),
        "open_nsfw": rng.uniform(size=(count, 1)).astype(np.float32),
    }
    if head.card.inputs == ("technical",):
        extras["technical"] = rng.normal(size=(count, head.width)).astype(np.float32)
    return Embeddings(vectors, head.card.space, "any", extras)


def take(pictures: Embeddings, rows) -> Embeddings:
    extras = {name: array[rows] for name, array in pictures.extras.items()}
    return Embeddings(pictures.vectors[rows], pictures.space, pictures.fingerprint, extras)


def test_it_is_a_head_with_a_full_card(head):
    assert isinstance(head, Head)
    card = head.card
    assert card.name
    assert card.space
    assert card.inputs
    assert card.task in ("quality", "moderation", "tags", "known")
    assert card.low < card.high


def test_shape_names_and_type(head, pictures):
    scores = head.score(pictures)
    assert scores.head == head.card.name
    assert scores.values.shape == (len(pictures), len(scores.names))
    assert scores.values.dtype == np.float32
    assert len(set(scores.names)) == len(scores.names)
    if head.card.task == "quality":
        assert scores.names == (NAMES if "technical" in head.card.inputs else ("quality",))
        assert (head.card.low, head.card.high) == (0.0, 10.0)


def test_scores_stay_in_the_range_of_the_card(head, pictures):
    scores = head.score(pictures)
    for array in (scores.values, scores.low, scores.high):
        if array is not None:
            assert np.isfinite(array).all()
            assert (array >= head.card.low).all()
            assert (array <= head.card.high).all()


def test_the_interval_holds_the_score(head, pictures):
    scores = head.score(pictures)
    assert (scores.low is None) == (scores.high is None) == (head.card.task != "quality")
    if scores.low is not None:
        assert (scores.low <= scores.values).all()
        assert (scores.values <= scores.high).all()


def test_scores_say_something(head, pictures):
    """A head that gives every picture the same number would pass all the other tests."""
    assert (np.ptp(head.score(pictures).values, axis=0) > 0).any()


def test_the_same_pictures_get_the_same_scores(head, pictures):
    first, second = head.score(pictures), head.score(pictures)
    np.testing.assert_array_equal(first.values, second.values)


def test_order_does_not_matter(head, pictures):
    order = np.random.default_rng(4).permutation(len(pictures))
    shuffled = head.score(take(pictures, order)).values
    np.testing.assert_allclose(shuffled, head.score(pictures).values[order], atol=1e-5)


@pytest.mark.parametrize("size", [1, 7, 32])
def test_batch_size_does_not_matter(head, pictures, size):
    starts = range(0, len(pictures), size)
    parts = [head.score(take(pictures, slice(at, at + size))).values for at in starts]
    np.testing.assert_allclose(np.concatenate(parts), head.score(pictures).values, atol=1e-5)


def test_an_empty_batch_gives_no_scores(head, pictures):
    scores = head.score(take(pictures, slice(0, 0)))
    assert scores.values.shape == (0, len(scores.names))


def test_another_space_is_refused(head, pictures):
    other = Embeddings(pictures.vectors, "elsewhere", "any", pictures.extras)
    with pytest.raises(SpaceMismatchError, match="'elsewhere'"):
        head.score(other)


def test_a_picture_that_is_nan_gets_no_number_and_spoils_no_other(head, pictures):
    broken = take(pictures, slice(0, 3))
    copies = {name: array.copy() for name, array in broken.extras.items()}
    vectors = broken.vectors.copy()
    for array in (vectors, *copies.values()):
        array[1] = math.nan
    values = head.score(Embeddings(vectors, broken.space, "any", copies)).values
    assert np.isnan(values[1]).all()
    np.testing.assert_allclose(values[[0, 2]], head.score(pictures).values[[0, 2]], atol=1e-5)


def test_scoring_leaves_the_embeddings_alone(head, pictures):
    before = pictures.vectors.copy()
    head.score(pictures)
    np.testing.assert_array_equal(pictures.vectors, before)
