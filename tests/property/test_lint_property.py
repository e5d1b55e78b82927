"""Whatever the prompt, the linter and the guard answer, and quote words that stand in it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framesift.heads.guard import check_request
from framesift.heads.lint import CODES, lint_prompt
from framesift.heads.lint.phrasing import plain

WORDS = st.sampled_from(
    [
        *("a", "the", "no", "not", "two", "three", "dog", "dogs", "man", "Muslim", "black", "my"),
        *(
            "without",
            "left",
            "of",
            "near",
            "7",
            "2014",
            "BMW",
            "X5",
            "Anna",
            "Smith",
            "boss",
            "very",
        ),
        *("sign", "saying", "in", "on", "and", "or", "-", "'", '"', "...", "photo", "who", "this"),
    ]
)
PROMPTS = st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=14).map(" ".join))


@given(PROMPTS)
@settings(max_examples=150, deadline=None)
def test_findings_quote_the_prompt(prompt: str) -> None:
    for one in lint_prompt(prompt):
        assert one.code in CODES
        assert one.prompt == plain(prompt)
        assert one.words in one.prompt
        assert one.reason
    refusal = check_request([prompt])
    if refusal is not None:
        assert refusal.asks[0].words in plain(prompt)
        assert refusal.message


@given(PROMPTS)
@settings(max_examples=60, deadline=None)
def test_blanks_make_no_difference(prompt: str) -> None:
    assert lint_prompt(f"  {prompt} ") == lint_prompt(prompt)


@pytest.mark.parametrize(
    "word",
    ["a", "no ", "of the ", "young and ", "black ", "two or ", "my ", "Anna ", "1", "under the ",
     "the number ", "a pair of ", "in front of ", "is not ", "is thinking ", "-", "x-ray ", "'s "],
)  # fmt: skip
def test_long_prompts_take_no_time(word: str) -> None:
    lint_prompt("a dog")
    check_request(["a dog"])
    started = time.perf_counter()
    lint_prompt(word * 3000)
    check_request([word * 3000])
    assert time.perf_counter() - started < 5
