"""Classifiers of a model whose image tower knows classes of its own."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest

from framesift.embeddings.base import KnownClasses
from framesift.errors import HeadError
from framesift.heads import load_head, save_head
from framesift.heads.classifiers import NONE, ClassifierDefinition, ClassifierHead, Label

if TYPE_CHECKING:
    from framesift.types import Embeddings

CLASSES = ("a puppy", "a wolf", "a cat", "a room")
PETS = ClassifierDefinition(
    "pets",
    (Label("dog", ("a dog", "a puppy"), ("a wolf",)), Label("cat", ("a cat",))),
    templates=("{}",),
    background=("a room", "some food"),
)


@pytest.fixture
def knowing(make_embedder):
    """A model whose features say outright which class a picture shows."""
    made = make_embedder()
    directions = made.embed_texts(CLASSES)
    made.known_classes = KnownClasses(
        "features",
        kernel=6 * np.eye(len(CLASSES), dtype=np.float32),
        bias=np.array([0.1, 0, -0.2, 0], np.float32),
        directions=directions,
        sharpness=12.0,
        text_weight=0.5,
        floor=1e-3,
    )
    return made


def seen(embedder, texts, classes) -> Embeddings:
    features = np.eye(len(CLASSES), dtype=np.float32)[[CLASSES.index(one) for one in classes]]
    pictures = embedder.pictures(*texts)
    return dataclasses.replace(pictures, extras={"features": features})


def test_the_image_towers_own_classes_settle_what_the_words_cannot(knowing, embedder) -> None:
    dull = ["a thing", "a thing", "a thing", "a thing"]
    pictures = seen(knowing, dull, CLASSES)
    head = ClassifierHead.from_definition(knowing, PETS)
    values = head.score(pictures).values
    assert [head.rule.names[n] for n in values.argmax(axis=1)] == ["dog", NONE, "cat", NONE]
    alone = ClassifierHead.from_definition(embedder, PETS).score(pictures).values
    np.testing.assert_array_equal(alone, np.broadcast_to(alone[0], alone.shape))


def test_the_logits_are_the_documented_ones(knowing) -> None:
    labels = (Label("cat", ("a cat",)), Label("dog", ("a dog",)))
    made = ClassifierDefinition("pets", labels, templates=("{}",), background=())
    head = ClassifierHead.from_definition(knowing, made)
    picture = seen(knowing, ["a cat on a chair"], ["a puppy"])
    known = knowing.known_classes
    chances = np.exp(picture.extras["features"][0] @ known.kernel + known.bias)
    chances /= chances.sum()
    expected = []
    for text in knowing.embed_texts(["a cat", "a dog"]):
        related = np.exp(12 * (known.directions @ text))
        related /= related.sum()
        own = 20.0 * float(text @ picture.vectors[0])
        expected.append(0.5 * own + np.log(float(chances @ related) + 1e-3))
    np.testing.assert_allclose(head.logits(picture)[0], expected, rtol=1e-4)


def test_background_prompts_relate_to_all_classes_alike(knowing) -> None:
    head = ClassifierHead.from_definition(knowing, PETS)
    relations = head.vectors.relations()
    np.testing.assert_allclose(relations.sum(axis=1), 1)
    np.testing.assert_array_equal(relations[2:4], 1 / len(CLASSES))
    assert relations[1].argmax() == CLASSES.index("a cat")
    assert relations[4].argmax() == CLASSES.index("a wolf")  # a look-alike stays one


@pytest.mark.parametrize("mode", ["one", "many"])
def test_it_comes_back_from_a_file_as_it_was(knowing, tmp_path, mode) -> None:
    head = ClassifierHead.from_definition(knowing, dataclasses.replace(PETS, mode=mode))
    again = load_head(save_head(head, tmp_path / "pets.head"), task="tags")
    pictures = seen(knowing, ["a dog", "a cat", "a wolf", "a room"], CLASSES)
    np.testing.assert_array_equal(again.score(pictures).values, head.score(pictures).values)
    assert again.card.inputs == ("vectors", "features")


def test_a_file_from_before_there_were_classes_is_read_as_it_was(embedder, tmp_path) -> None:
    head = ClassifierHead.from_definition(embedder, PETS)
    arrays, settings = head.to_tensors()
    assert set(arrays) == {"labels", "background", "contrast"}
    assert "classes" not in settings
    again = load_head(save_head(head, tmp_path / "pets.head"))
    assert again.vectors.classes is None
    assert again.card.inputs == ("vectors",)


def test_pictures_without_what_the_classes_take_are_refused(knowing) -> None:
    head = ClassifierHead.from_definition(knowing, PETS)
    with pytest.raises(HeadError, match="no 'features' of 4 numbers"):
        head.score(knowing.pictures("a dog"))
    narrow = dataclasses.replace(
        knowing.pictures("a dog"), extras={"features": np.zeros((1, 3), np.float32)}
    )
    with pytest.raises(HeadError, match="no 'features' of 4 numbers"):
        head.score(narrow)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"floor": 0.0}, "not above zero"),
        ({"sharpness": float("nan")}, "not above zero"),
        ({"bias": np.zeros(3, np.float32)}, "classes of classifier 'pets'"),
        ({"kernel": np.full((4, 4), np.inf, np.float32)}, "class weights of classifier 'pets'"),
    ],
)
def test_classes_that_do_not_fit_are_refused(knowing, change, told) -> None:
    knowing.known_classes = dataclasses.replace(knowing.known_classes, **change)
    with pytest.raises(HeadError, match=told):
        ClassifierHead.from_definition(knowing, PETS)
