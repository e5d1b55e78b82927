"""Invariants of heads over random pictures, prompts and parameters."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from framesift.heads import (
    Calibration,
    CategoryPrompts,
    HeadCard,
    QualityHead,
    ScreeningHead,
    ZeroShotHead,
    load_head,
    save_head,
)
from framesift.heads.linear import Standardiser
from framesift.heads.numeric import sigmoid, softmax
from framesift.heads.quality import QualityCurve, quality_scores
from framesift.types import Embeddings

DIM = 16
SEEDS = st.integers(0, 2**32 - 1)
FINITE = st.floats(-1e6, 1e6)
WORDS = st.text(alphabet="abcdefgh", min_size=1, max_size=4)


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def embed_texts(texts):
    seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") for text in texts]
    return unit(np.stack([np.random.default_rng(seed).normal(size=DIM) for seed in seeds]))


def embedder(logit_scale):
    return SimpleNamespace(
        name="fake",
        space="p-1",
        logit_scale=logit_scale,
        fingerprint="f",
        spec=SimpleNamespace(layout="embedded"),
        embed_texts=embed_texts,
    )


def pictures(seed, count=5):
    rows = np.random.default_rng(seed).normal(size=(count, DIM))
    return Embeddings(unit(rows), "p-1", "f")


@st.composite
def curves(draw):
    raw = sorted(draw(st.sets(st.integers(-50, 50), min_size=2, max_size=8)))
    count = len(raw)
    scores = sorted(draw(st.lists(st.floats(-5, 15), min_size=count, max_size=count)))
    knots = tuple(zip(map(float, raw), scores, strict=True))
    return QualityCurve(draw(st.sampled_from([knots, None])), draw(st.floats(0, 20)))


@given(curves(), st.lists(FINITE, min_size=2, max_size=10))
def test_quality_is_ordered_bounded_and_inside_its_interval(curve, raw):
    scores = quality_scores("h", np.sort(np.array(raw)), curve)
    values, low, high = (array[:, 0] for array in (scores.values, scores.low, scores.high))
    assert (np.diff(values) >= 0).all()
    assert (low >= 0).all()
    assert (low <= values).all()
    assert (values <= high).all()
    assert (high <= 10).all()


@given(st.lists(st.lists(FINITE, min_size=3, max_size=3), min_size=1, max_size=5))
def test_softmax_and_sigmoid_survive_any_finite_logit(rows):
    logits = np.array(rows)
    np.testing.assert_allclose(softmax(logits).sum(axis=1), 1.0, atol=1e-9)
    chance = sigmoid(logits)
    assert ((chance >= 0) & (chance <= 1)).all()
    np.testing.assert_allclose(chance + sigmoid(-logits), 1.0, atol=1e-9)


@settings(max_examples=40)
@given(
    st.dictionaries(WORDS, st.lists(WORDS, min_size=1, max_size=3), min_size=1, max_size=4),
    st.floats(0.1, 200),
    SEEDS,
)
def test_zero_shot_scores_add_up_to_one_whatever_the_order_of_the_labels(labels, scale, seed):
    forward = ZeroShotHead.from_prompts(embedder(scale), labels).score(pictures(seed))
    turned = dict(reversed(labels.items()))
    backward = ZeroShotHead.from_prompts(embedder(scale), turned).score(pictures(seed))
    np.testing.assert_allclose(forward.values.sum(axis=1), 1.0, atol=1e-4)
    np.testing.assert_allclose(forward.values, backward.values[:, ::-1], atol=1e-5)


@settings(max_examples=40)
@given(
    st.lists(WORDS, min_size=1, max_size=3, unique=True),
    st.floats(0.1, 200),
    st.floats(0.01, 10),
    st.floats(-10, 10),
    SEEDS,
)
def test_screening_is_bounded_and_calibration_keeps_the_order(words, scale, slope, shift, seed):
    category = [CategoryPrompts("weapons", tuple(words), ("zzz",))]
    plain = ScreeningHead.from_prompts(embedder(scale), category)
    bent = ScreeningHead.from_prompts(
        embedder(scale), category, calibration=Calibration(slope, shift)
    )
    shown = pictures(seed, 8)
    before, after = plain.score(shown).values[:, 0], bent.score(shown).values[:, 0]
    assert ((after >= 0) & (after <= 1)).all()
    order = np.argsort(plain.log_odds(shown)[:, 0])
    assert (np.diff(before[order]) >= -1e-6).all()
    assert (np.diff(after[order]) >= -1e-6).all()


@settings(max_examples=40)
@given(SEEDS, st.floats(0.5, 100))
def test_more_look_alikes_never_raise_a_screening_score(seed, scale):
    few = [CategoryPrompts("weapons", ("gun",), ("toy",))]
    more = [CategoryPrompts("weapons", ("gun",), ("toy", "drill", "camera"))]
    shown = pictures(seed, 6)
    before = ScreeningHead.from_prompts(embedder(scale), few, calibration=Calibration())
    after = ScreeningHead.from_prompts(embedder(scale), more, calibration=Calibration())
    assert (after.score(shown).values <= before.score(shown).values + 1e-6).all()


@settings(max_examples=25)
@given(SEEDS, curves())
def test_a_saved_head_scores_as_before(tmp_path_factory, seed, curve):
    rng = np.random.default_rng(seed)
    coef, mean = rng.normal(size=(2, DIM)).astype(np.float32)
    head = QualityHead(
        HeadCard("h", "quality", "p-1", high=10.0),
        coef,
        np.array([5], np.float32),
        standardiser=Standardiser(mean, rng.uniform(0.5, 2, DIM).astype(np.float32)),
        curve=curve,
    )
    again = load_head(save_head(head, tmp_path_factory.mktemp("head") / "head"))
    before, after = head.score(pictures(seed)), again.score(pictures(seed))
    for name in ("values", "low", "high"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
