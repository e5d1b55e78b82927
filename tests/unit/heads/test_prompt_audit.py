"""How far answers move with the wording."""

from __future__ import annotations

import numpy as np
import pytest

from framesift.errors import HeadError
from framesift.heads.classifiers import ClassifierDefinition, ClassifierHead, Label
from framesift.heads.paraphrase import reworded, wordings
from framesift.heads.prompt_audit import audit_prompts
from framesift.types import Embeddings


@pytest.fixture
def model(embedder):
    embedder.spec.dim = 48
    return embedder


def pets(**values) -> ClassifierDefinition:
    labels = (Label("dog", ("a dog",)), Label("cat", ("a cat",)))
    return ClassifierDefinition("pets", labels, **values)


def noisy(model, texts: list[str], size: float, seed: int = 0) -> Embeddings:
    clean = model.pictures(*texts)
    noise = np.random.default_rng(seed).normal(0, size, clean.vectors.shape)
    rows = clean.vectors + noise
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return Embeddings(rows.astype(np.float32), clean.space, clean.fingerprint)


def test_clear_pictures_keep_their_answers(model) -> None:
    pictures = model.pictures("dog", "cat", "dog dog", "cat cat")
    audit = audit_prompts(model, pets(background=()), pictures, ["a", "b", "c", "d"])
    flips = {one.name: one.flips for one in audit.wordings}
    # The made-up model takes "dog." and "dogs" for words of their own; an article is nothing.
    assert flips["without articles"] == flips["with the"] == 0
    assert {one.name: one.pictures for one in audit.labels} == {"dog": 2, "cat": 2}


def test_figures_are_those_of_the_heads_themselves(model) -> None:
    made = pets(templates=("a photo of {}.",))
    texts = ["dog", "cat", "a photo", "a room"] * 15
    pictures = noisy(model, texts, 0.25)
    names = [str(n) for n in range(len(texts))]
    audit = audit_prompts(model, made, pictures, names)

    def answers(definition):
        head = ClassifierHead.from_definition(model, definition)
        return head.score(pictures).values.argmax(axis=1)

    own = answers(made)
    changed = np.stack([answers(reworded(made, one)) != own for one in wordings(made)])
    assert audit.flip_rate == pytest.approx(changed.mean())
    assert 0 < audit.flip_rate < 1
    assert audit.touched == pytest.approx(changed.any(axis=0).mean())
    assert sorted(one.flips for one in audit.wordings) == pytest.approx(
        sorted(changed.mean(axis=1))
    )
    worst = audit.shaky[0]
    assert worst.flip_rate == pytest.approx(changed.mean(axis=0).max())
    assert sum(count for _, count in worst.others) == round(worst.flip_rate * len(changed))
    per_label = {one.name: one for one in audit.labels}
    assert sum(one.pictures for one in audit.labels) == len(texts)
    dogs = own == 0
    assert per_label["dog"].flip_rate == pytest.approx(changed[:, dogs].mean())


def test_more_templates_are_steadier_than_one(model) -> None:
    texts = ["dog", "cat", "a photo", "a room"] * 25
    audit = audit_prompts(
        model, pets(templates=("{}",)), noisy(model, texts, 0.25), [str(n) for n in range(100)]
    )
    rates = {one.name: one.flip_rate for one in audit.ensembles}
    assert rates["six"] < rates["own"]
    assert audit.steadiest.flip_rate == min(rates.values())
    own = next(one for one in audit.ensembles if one.name == "own")
    assert own.agreement == 1


def test_labels_of_their_own_are_audited_too(model) -> None:
    texts = ["dog", "cat", "dog cat", "a room"] * 5
    audit = audit_prompts(
        model, pets(mode="many"), noisy(model, texts, 0.2), [str(n) for n in range(20)]
    )
    assert sum(one.pictures for one in audit.labels) == 20
    assert 0 <= audit.flip_rate <= 1


def test_an_audit_needs_pictures(model) -> None:
    with pytest.raises(HeadError, match="needs pictures"):
        audit_prompts(model, pets(), model.pictures("dog"), [])


def test_every_text_is_embedded_once(model) -> None:
    pictures = model.pictures("dog", "cat")
    model.calls.clear()
    audit_prompts(model, pets(), pictures, ["a", "b"])
    asked = [text for call in model.calls for text in call]
    assert len(asked) == len(set(asked))
