"""Texts to signals: what raises each category, what looks like it, and what the evidence says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from framesift.heads.text import TEXT_CATEGORIES, UNMEASURED, load_text_heads, screen_text

if TYPE_CHECKING:
    from framesift.types import Signal


def _by_category(text: str) -> dict[str, Signal]:
    found = screen_text(text, load_text_heads())
    return {signal.category: signal for signal in found if signal.source == "text"}


@pytest.mark.parametrize(
    ("category", "harmful", "harmless"),
    [
        ("spam_scam", "win a free prize, click now", "our team won the prize at the school fair"),
        ("hate_speech", "gay people are vermin, deport them", "Muslim friends at dinner"),
        ("harassment", "shut up you ugly loser, nobody likes you", "you are not ugly, really"),
        ("violence", "I will stab you tonight", "stab the potatoes with a fork"),
        ("sexual_explicit", "I want to lick your pussy", "breast cancer screening saves lives"),
        ("self_harm", "I want to kill myself", "suicide prevention hotline, please call"),
    ],
)
def test_each_category_has_a_text_that_raises_it_and_a_lookalike(
    category: str, harmful: str, harmless: str
) -> None:
    raised = _by_category(harmful)[category]
    assert raised.score > 0.4
    assert raised.evidence.words
    assert raised.evidence.words in harmful
    assert _by_category(harmless)[category].score < 0.2


def test_every_category_of_texts_gets_one_signal() -> None:
    assert sorted(_by_category("a cat on a sofa")) == sorted(TEXT_CATEGORIES)


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour, voici mon chat qui dort au soleil",
        "Unser neues Haus am See mit Blick auf die Berge",
        "Bugün hava çok güzel, parka gittik",
        "صباح الخير من الشاطئ",
        "בוקר טוב לכולם",
        "今日は猫と公園に行きました",
        "आज मौसम बहुत अच्छा है",
    ],
)
def test_another_language_is_neither_flagged_nor_called_safe(text: str) -> None:
    for signal in _by_category(text).values():
        assert signal.score < 0.3
        assert signal.evidence.prompt == UNMEASURED


def test_an_english_caption_is_measured() -> None:
    for signal in _by_category("we had soup at the lake with friends from work").values():
        assert signal.evidence.prompt == ""


@pytest.mark.parametrize(
    "text",
    ["weed for sale here", "buy W E E D for s\u0430le!", "w33d for s4le", "we\u200bed for sale"],
)
def test_a_phrase_of_the_policy_is_found_in_any_disguise(text: str) -> None:
    found = screen_text(text, load_text_heads(), phrases={"drugs": ["weed for sale"]})
    signal = next(signal for signal in found if signal.category == "drugs")
    assert (signal.score, signal.source, signal.part) == (1.0, "phrase", "caption")
    assert signal.evidence.prompt == "weed for sale"
    assert signal.evidence.words in text.replace("\u200b", "")


def test_phrases_end_at_words_but_not_in_writing_without_blanks() -> None:
    heads = load_text_heads()
    assert not [
        s for s in screen_text("assassin", heads, phrases={"x": ["ass"]}) if s.category == "x"
    ]
    text = "\u4eca\u65e5\u306f\u732b\u3068\u516c\u5712"
    found = screen_text(text, heads, phrases={"x": ["\u732b"]})
    assert [s.evidence.words for s in found if s.category == "x"]
    assert not [
        s for s in screen_text("any", heads, phrases={"x": ["", "!!"]}) if s.category == "x"
    ]


def test_the_part_is_said_and_columns_can_be_chosen() -> None:
    found = screen_text(
        "what the fuck is this", load_text_heads(), part="words", categories=["offensive_language"]
    )
    assert [(s.category, s.part, s.score > 0.5) for s in found] == [
        ("offensive_language", "words", True)
    ]
