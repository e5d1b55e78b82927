from __future__ import annotations

import numpy as np
import pytest

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads import HeadCard, ZeroShotHead

LABELS = {"dog": ["a dog", "a puppy"], "boat": ["a boat"], "bread": ["bread"]}


def test_it_names_what_is_shown(embedder):
    head = ZeroShotHead.from_prompts(embedder, LABELS, name="things")
    scores = head.score(embedder.pictures("a boat", "a puppy", "bread"))
    assert scores.head == "things"
    assert scores.names == ("dog", "boat", "bread")
    assert [scores.names[i] for i in scores.values.argmax(axis=1)] == ["boat", "dog", "bread"]
    np.testing.assert_allclose(scores.values.sum(axis=1), 1.0, atol=1e-5)


def test_scores_are_the_softmax_of_cosine_times_logit_scale(embedder):
    head = ZeroShotHead.from_prompts(embedder, LABELS, templates=("{}",))
    pictures = embedder.pictures("a dog on a boat")
    puppy = embedder.embed_texts(["a dog", "a puppy"]).mean(axis=0)
    text = np.stack([puppy, *embedder.embed_texts(["a boat", "bread"])])
    text /= np.linalg.norm(text, axis=1, keepdims=True)
    logits = 20.0 * (text @ pictures.vectors[0])
    expected = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(head.score(pictures).values[0], expected, atol=1e-5)


def test_templates_are_averaged_as_unit_vectors(embedder):
    templates = ("a photo of {}", "a very long and wordy drawing of {}")
    head = ZeroShotHead.from_prompts(embedder, {"dog": ["a dog"]}, templates=templates)
    rows = embedder.embed_texts([t.replace("{}", "a dog") for t in templates]).mean(axis=0)
    np.testing.assert_allclose(head.vectors[0], rows / np.linalg.norm(rows), atol=1e-5)


def test_each_different_prompt_is_embedded_once(embedder):
    ZeroShotHead.from_prompts(embedder, {"a": ["same"], "b": ["same"]}, templates=("{}",))
    assert embedder.calls == [["same"]]


@pytest.mark.parametrize(
    ("labels", "templates", "message"),
    [
        ({}, ("{}",), "at least one label"),
        ({"dog": []}, ("{}",), "at least one template and one prompt"),
        ({"dog": ["  "]}, ("{}",), "none of them empty"),
        ({"dog": ["a dog"]}, ("a photo",), "'a photo' has no"),
        ({"dog": ["a dog"]}, (), "at least one template"),
    ],
)
def test_labels_without_usable_prompts_are_refused(embedder, labels, templates, message):
    with pytest.raises(HeadError, match=message):
        ZeroShotHead.from_prompts(embedder, labels, templates=templates)


def test_a_text_tower_that_gives_nan_is_refused(embedder):
    embedder.embed_texts = lambda texts: np.full((len(texts), 4), np.nan, np.float32)
    with pytest.raises(HeadError, match="NaN or infinite text embeddings"):
        ZeroShotHead.from_prompts(embedder, LABELS)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_a_logit_scale_must_be_above_zero(scale):
    with pytest.raises(HeadError, match="logit scale"):
        ZeroShotHead(HeadCard("h", "tags", "s"), ("a",), np.ones((1, 2)), logit_scale=scale)


def test_embeddings_of_another_space_are_refused(embedder, random_embeddings):
    head = ZeroShotHead.from_prompts(embedder, LABELS)
    with pytest.raises(SpaceMismatchError, match="'fake-1', not of 'other'"):
        head.score(random_embeddings(space="other"))


def test_no_pictures_give_no_scores(embedder, random_embeddings):
    assert ZeroShotHead.from_prompts(embedder, LABELS).score(random_embeddings(0)).values.shape == (
        0,
        3,
    )
