"""The linter on whole classifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from framesift.embeddings import load_embedder
from framesift.heads.classifiers import ClassifierDefinition, Label
from framesift.heads.lint import CODES, Finding, lint_classifier
from framesift.heads.lint.similar import best_bound, close_pairs, similarity_bound

if TYPE_CHECKING:
    from framesift.embeddings.base import Embedder


@pytest.fixture(scope="module")
def starter() -> Embedder:
    return load_embedder("starter")


def classifier(*labels: Label | str, **values) -> ClassifierDefinition:
    made = [one if isinstance(one, Label) else Label(one, (f"a {one}",)) for one in labels]
    return ClassifierDefinition("test", tuple(made), **values)


def codes(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(one.code, one.label) for one in findings]


def test_a_plain_classifier_has_nothing_to_be_said_against(starter: Embedder) -> None:
    assert lint_classifier(classifier("cat", "dog", "car", "tree"), starter) == ()


def test_prompts_look_alikes_and_background_are_all_read() -> None:
    made = classifier(
        Label("dogs", ("three dogs",), ("a dog without a leash",)),
        "car",
        background=("a photo", "something interesting"),
    )
    found = [(one.code, one.place, one.label) for one in lint_classifier(made)]
    assert ("counting", "prompt", "dogs") in found
    assert ("negation", "contrast", "dogs") in found
    assert ("vague", "background", "") in found


def test_the_usual_background_is_taken_as_it_is() -> None:
    assert lint_classifier(classifier("dog", "car")) == ()


def test_a_label_about_people_is_judged_by_its_name_too() -> None:
    made = classifier(Label("suspicious_person", ("a person in a hoodie",)), "car")
    assert [(one.code, one.place) for one in lint_classifier(made)] == [("demeaning", "name")]


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        (Label("dog", ("a dog",)), Label("dogs", ("dogs",)), "similar"),
        (Label("dog", ("a dog",)), Label("hound", ("a photo of a dog.",)), "similar"),
        (Label("dog", ("a dog",)), Label("black", ("a black dog",)), "similar"),
        (Label("dog", ("a dog",)), Label("snow", ("a dog in snow",)), "similar"),
        (Label("a", ("a golden retriever",)), Label("b", ("a pug",)), "fine-grained"),
    ],
)
def test_labels_that_are_alike_in_their_words(one: Label, other: Label, code: str) -> None:
    found = lint_classifier(classifier(one, other))
    assert codes(found) == [(code, f"{one.name}, {other.name}")]


def test_many_kinds_of_one_family_are_one_finding() -> None:
    names = ["pug", "beagle", "poodle", "collie", "chihuahua", "husky", "dalmatian", "labrador"]
    (found,) = lint_classifier(classifier(*(Label(name, (f"a {name}",)) for name in names)))
    assert found.code == "fine-grained"
    assert found.label == "pug, beagle, poodle, collie, chihuahua, husky and 2 more"


def test_pairs_that_share_words_are_told_in_the_order_of_the_labels() -> None:
    texts = ("tree", "black dog", "car", "dog", "dog in snow", "trees")
    found = lint_classifier(classifier(*(Label(text, (f"the {text}",)) for text in texts)))
    assert codes(found) == [
        ("similar", "tree, trees"),
        ("similar", "black dog, dog"),
        ("similar", "dog, dog in snow"),
    ]


def test_the_reason_in_brief_is_a_line_and_the_beginning_of_the_whole() -> None:
    for code, (severity, reason) in CODES.items():
        brief = Finding(code, severity, reason).brief
        assert reason.startswith(brief)
        assert 10 < len(brief) < 110


def test_labels_that_only_share_a_word_are_not_alike() -> None:
    made = classifier(
        Label("a", ("a car",)), Label("b", ("a car park",)), Label("c", ("a catfish",))
    )
    assert lint_classifier(made) == ()


def test_a_model_finds_labels_that_mean_the_same(starter: Embedder) -> None:
    made = classifier("cat", Label("auto", ("an automobile",)), "car")
    found = lint_classifier(made, starter)
    assert codes(found) == [("similar", "auto, car")]
    assert "starter" in found[0].better
    assert lint_classifier(made) == ()


def test_the_bound_of_a_model_is_between_its_synonyms_and_its_neighbours(
    starter: Embedder,
) -> None:
    bound = similarity_bound(starter)
    pairs = {"sofa": ("a sofa",), "couch": ("a couch",), "piano": ("a piano",)}
    close = list(close_pairs(starter, pairs))
    assert [(one, other) for one, other, _, _ in close] == [("sofa", "couch")]
    assert close[0][2] > bound == close[0][3]


def test_the_best_bound_parts_two_samples() -> None:
    assert best_bound(np.array([0.8, 0.9]), np.array([0.2, 0.4])) == pytest.approx(0.6)
    # One odd synonym does not draw the bound down into the neighbours.
    assert best_bound(np.array([0.1, 0.8, 0.9]), np.array([0.2, 0.3, 0.4])) == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("templates", "prompt", "code"),
    [
        (("a photo of a {}.",), "a dog", "article"),
        (("a photo of {}.",), "dog", "article"),
        (("a photo",), "a dog", "template"),
        (("a photo of {}.",), "a dog", None),
        (("a photo of a {}.",), "dog", None),
        (("a photo of {}.",), "dogs", None),
        (("a photo of {}.",), "snow", None),
    ],
)
def test_templates_and_articles_fit(templates: tuple[str, ...], prompt: str, code: str) -> None:
    found = lint_classifier(classifier(Label("x", (prompt,)), templates=templates))
    assert {one.code for one in found} == ({code} if code else set())


def test_people_and_apes_are_not_asked_for_side_by_side() -> None:
    found = lint_classifier(classifier("woman", Label("ape", ("a gorilla",))))
    assert codes(found) == [("demeaning", "woman")]
    assert "30.3 %" in found[0].better


def test_where_none_of_these_cannot_win_is_noted() -> None:
    found = lint_classifier(classifier("dog", "car", background=()))
    assert [(one.code, one.severity) for one in found] == [("background", "note")]
