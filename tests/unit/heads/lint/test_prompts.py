"""The linter on prompts: tables of good and bad ones, and what each finding says."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from framesift.heads.lint import CODES, lint_prompt

HERE = Path(__file__).parent


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def flagged(prompt: str) -> set[str]:
    return {one.code for one in lint_prompt(prompt) if one.severity != "note"}


@pytest.mark.parametrize("name", ["bad_prompts.csv", "later_bad_prompts.csv"])
def test_bad_prompts_are_found_for_the_right_reason(name: str) -> None:
    table = rows(name)
    missed = [row["prompt"] for row in table if not flagged(row["prompt"])]
    wrong = [row["prompt"] for row in table if row["code"] not in flagged(row["prompt"])]
    assert len(table) >= 150
    assert len(missed) <= 0.05 * len(table), missed
    assert len(wrong) <= 0.05 * len(table), wrong


@pytest.mark.parametrize("name", ["good_prompts.csv", "later_good_prompts.csv"])
def test_good_prompts_are_left_alone(name: str) -> None:
    table = rows(name)
    alarms = [row["prompt"] for row in table if lint_prompt(row["prompt"])]
    assert len(table) >= 150
    assert len(alarms) <= 0.05 * len(table), alarms


def test_every_code_of_a_prompt_is_in_a_table() -> None:
    whole = {"similar", "template", "article", "background", "empty", "measurement"}
    tabled = {row["code"] for name in ("", "later_") for row in rows(f"{name}bad_prompts.csv")}
    assert tabled | whole == set(CODES)


@pytest.mark.parametrize(
    ("prompt", "code", "words", "better"),
    [
        ("three dogs in a park", "counting", "three", "dogs in a park"),
        ("only one person in the picture", "counting", "only one", "a person in the picture"),
        ("a 5 kg turkey on a table", "measurement", "5 kg", "a turkey on a table"),
        ("a cat under the table", "spatial", "under", "a cat and a table"),
        ("a logo at the top of the picture", "spatial", "at the top of", "a logo"),
        ("a street without people", "negation", "without", "an empty street"),
        ("a sign saying STOP", "text", "saying STOP", "a sign"),
        ("a sign saying \u201cSTOP\u201d", "text", 'saying "STOP"', "a sign"),
        ("a clock showing half past three", "text", "clock showing half past three", "a clock"),
        ("a BMW X5", "fine-grained", "BMW X5", "a car"),
        ("Lionel Messi scoring a goal", "person", "Lionel Messi", "a person scoring a goal"),
        ("a fat person", "demeaning", "fat", "a person"),
        ("a very big dog", "degree", "very", "a big dog"),
        ("an interesting building", "vague", "interesting", "a building"),
    ],
)
def test_a_finding_names_the_words_and_a_better_wording(
    prompt: str, code: str, words: str, better: str
) -> None:
    found = [one for one in lint_prompt(prompt) if one.code == code]
    assert [(one.words, one.better) for one in found] == [(words, better)]
    assert found[0].reason


def test_a_better_wording_of_a_simple_mistake_has_no_mistake() -> None:
    for prompt in ("three dogs in a park", "a cat under the table", "a fat person", "a BMW X5"):
        assert not lint_prompt(lint_prompt(prompt)[0].better)


@pytest.mark.parametrize(
    ("prompt", "severity"),
    [
        ("a terrorist", "error"),
        ("a Muslim man", "error"),
        ("Barack Obama", "error"),
        ("a portrait of my grandmother", "warning"),
        ("three dogs", "warning"),
    ],
)
def test_what_should_not_be_asked_is_an_error(prompt: str, severity: str) -> None:
    assert {one.severity for one in lint_prompt(prompt)} == {severity}


def test_a_model_with_a_short_context_reads_less() -> None:
    prompt = "a wooden table with plates and glasses and flowers in a bright room with windows"
    assert not lint_prompt(prompt)
    assert [one.code for one in lint_prompt(prompt, context=12)] == ["too-long"]


@pytest.mark.parametrize("prompt", ["", "   ", ".", "..."])
def test_a_prompt_without_words_is_an_error(prompt: str) -> None:
    assert [(one.code, one.severity) for one in lint_prompt(prompt)] == [("empty", "error")]


def test_slurs_are_known_without_being_spelled_out() -> None:
    word = bytes.fromhex("7265746172 64".replace(" ", "")).decode()
    assert {one.about for one in lint_prompt(f"a {word}")} == {"slur"}
