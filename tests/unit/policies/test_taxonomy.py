from __future__ import annotations

import re
from pathlib import Path

import pytest

from framesift.heads.text import TEXT_CATEGORIES
from framesift.policies import CONTEXT_TAGS, TAXONOMY

NATIVE = [
    "sexual_explicit",
    "nudity",
    "suggestive",
    "violence",
    "gore",
    "weapons",
    "hate_symbols",
    "hate_speech",
    "harassment",
    "self_harm",
    "drugs",
    "alcohol",
    "tobacco",
    "gambling",
    "spam_scam",
    "illegal_activity",
    "shocking",
    "rude_gesture",
]

EVERYTHING = (*TAXONOMY, *CONTEXT_TAGS)


def test_the_native_set_is_complete_and_in_order():
    assert [category.name for category in TAXONOMY] == NATIVE
    tags = ["medical", "art", "animated", "screenshot", "toy"]
    assert [tag.name for tag in CONTEXT_TAGS] == tags


@pytest.mark.parametrize("category", EVERYTHING, ids=lambda category: category.name)
def test_every_category_can_be_understood_and_screened(category):
    assert re.fullmatch(r"[a-z_]+", category.name)
    assert category.title
    assert category.definition.endswith(".")
    assert category.prompts.name == category.name
    assert len(category.prompts.prompts) >= 3
    assert len(category.prompts.contrast) >= 3
    texts = [*category.prompts.prompts, *category.prompts.contrast]
    assert len(set(texts)) == len(texts)


def test_no_prompt_is_on_both_sides_of_one_category():
    for category in EVERYTHING:
        assert not set(category.prompts.prompts) & set(category.prompts.contrast)


@pytest.mark.parametrize("word", ["criminal", "thief", "suspicious", "terrorist", "gangster"])
def test_prompts_describe_acts_and_things_never_kinds_of_people(word):
    """Labels such as these fall on people by skin colour (FairFace test of the CLIP paper)."""
    texts = [text for category in EVERYTHING for text in category.prompts.prompts]
    assert not [text for text in texts if re.search(rf"\b{word}s?\b", text, re.IGNORECASE)]


def test_nothing_claims_to_find_child_abuse():
    for category in EVERYTHING:
        words = set(re.findall(r"\w+", f"{category.title} {category.definition}".lower()))
        assert not words & {"minor", "minors", "underage", "csam"}
        for text in category.prompts.prompts:
            assert not re.search(r"\b(child|children|kid|teen|minor)", text)


def test_the_page_in_the_docs_shows_every_definition():
    page = Path(__file__).parents[3] / "docs" / "taxonomy.md"
    rows = page.read_text(encoding="utf-8").splitlines()
    for category in EVERYTHING:
        assert f"| `{category.name}` | {category.definition} |" in rows


def test_texts_are_judged_for_what_the_heads_for_texts_score():
    by_text = {category.name for category in TAXONOMY if "text" in category.applies_to}
    assert by_text == set(TEXT_CATEGORIES)
    assert all("image" in category.applies_to for category in TAXONOMY)
    assert all(tag.applies_to == ("image",) for tag in CONTEXT_TAGS)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("weapons", "toy gun"),
        ("weapons", "kitchen knife"),
        ("nudity", "statue"),
        ("nudity", "painting"),
        ("drugs", "medicine"),
        ("gore", "surgeon"),
        ("violence", "sports"),
        ("suggestive", "swimsuit"),
        ("hate_symbols", "national flag"),
        ("gore", "red paint"),
    ],
)
def test_look_alikes_stand_against_their_category(name, word):
    (category,) = [category for category in TAXONOMY if category.name == name]
    assert any(word in text for text in category.prompts.contrast)
