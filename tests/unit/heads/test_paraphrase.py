"""Other ways to say the same."""

from __future__ import annotations

import pytest

from framesift.heads.classifiers import ClassifierDefinition, Label
from framesift.heads.paraphrase import POOL, reworded, varied, wordings


@pytest.mark.parametrize(
    ("prompt", "bare", "definite", "plural"),
    [
        ("a dog", "dog", "the dog", "dogs"),
        ("an old woman in a park", "old woman in a park", "the old woman in a park",
         "old women in a park"),
        ("a man wearing a hat", "man wearing a hat", "the man wearing a hat", "men wearing a hat"),
        ("a pastry", "pastry", "the pastry", "pastries"),
        ("a glass", "glass", "the glass", "glasses"),
        ("the sea", "sea", "the sea", "the sea"),
        ("people dancing", "people dancing", "people dancing", "people dancing"),
    ],
)  # fmt: skip
def test_articles_and_number(prompt: str, bare: str, definite: str, plural: str) -> None:
    assert varied(prompt, "as written") == prompt
    assert varied(prompt, "bare") == bare
    assert varied(prompt, "the") == definite
    assert varied(prompt, "plural") == plural


def test_wordings_differ_from_the_own_one_and_from_each_other() -> None:
    made = ClassifierDefinition(
        "pets", (Label("dog", ("a dog",)), Label("cat", ("a cat",))), templates=("a photo of {}.",)
    )
    found = wordings(made)
    assert len(found) == len(POOL) - 1 + 3
    assert len({(one.templates, one.variant) for one in found}) == len(found)
    assert (made.templates, "as written") not in {(one.templates, one.variant) for one in found}


def test_prompts_without_an_article_have_no_variants() -> None:
    made = ClassifierDefinition("x", (Label("a", ("people dancing",)), Label("b", ("snow",))))
    assert {one.variant for one in wordings(made)} == {"as written"}


def test_background_and_look_alikes_are_said_alike() -> None:
    made = ClassifierDefinition(
        "x", (Label("dog", ("a dog", "the dog"), ("a wolf",)),), background=("a photo", "a room")
    )
    plural = next(one for one in wordings(made) if one.variant == "the")
    said = reworded(made, plural)
    assert said.labels[0].prompts == ("the dog",)
    assert said.labels[0].contrast == ("the wolf",)
    assert said.background == ("the photo", "the room")
    assert said.templates == made.templates
