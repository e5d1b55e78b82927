"""Texts to signals: what raises each category, what looks like it, and what the evidence says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from framesift.errors import HeadError
from framesift.heads.text import (
    TEXT_CATEGORIES,
    UNMEASURED,
    load_text_heads,
    screen_text,
    usable_phrase,
)

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
    found = screen_text("assassin", heads, phrases={"x": ["ass"]})
    assert [s.score for s in found if s.category == "x"] == [0.0]
    text = "\u4eca\u65e5\u306f\u732b\u3068\u516c\u5712"
    found = screen_text(text, heads, phrases={"x": ["\u732b"]})
    assert [s.evidence.words for s in found if s.category == "x"]


def test_phrases_that_were_searched_and_not_found_are_answered_with_zero() -> None:
    found = screen_text("a calm lake", load_text_heads(), phrases={"drugs": ["weed"], "x": []})
    answers = [s for s in found if s.source == "phrase"]
    assert [(s.category, s.score, s.part) for s in answers] == [("drugs", 0.0, "caption")]


@pytest.mark.parametrize("phrase", ["", "!!", "420", "https://example.net/x", "\u200b"])
def test_phrases_without_a_word_are_refused(phrase: str) -> None:
    assert not usable_phrase(phrase)
    with pytest.raises(HeadError, match="add a word"):
        screen_text("any", load_text_heads(), phrases={"x": [phrase]})


def test_phrases_with_a_word_are_usable() -> None:
    assert usable_phrase("buy 420 now")
    assert usable_phrase("\u732b")


def test_the_part_is_said_and_columns_can_be_chosen() -> None:
    found = screen_text(
        "what the fuck is this", load_text_heads(), part="words", categories=["offensive_language"]
    )
    assert [(s.category, s.part, s.score > 0.5) for s in found] == [
        ("offensive_language", "words", True)
    ]


CALM = "The weather was lovely and we walked along the river with the dog before lunch"


@pytest.mark.parametrize(
    "text",
    [
        f"{CALM}. I will kill you tomorrow",
        f"I will kill you tomorrow. {CALM}",
        f"{CALM}\nI will kill you tomorrow\n{CALM}",
        f"{CALM} I will kill you tomorrow {CALM}",
        f"{CALM}, I will kill you tomorrow, {CALM}",
        f"{CALM}. IWillKillYou",
    ],
)
def test_benign_words_do_not_drown_a_threat(text: str) -> None:
    assert _by_category(text)["violence"].score > 0.6
    assert _by_category(CALM)["violence"].score < 0.2


def test_a_word_of_slang_between_benign_sentences_counts() -> None:
    assert _by_category(f"{CALM}. kys. {CALM}.")["self_harm"].score > 0.5


def test_a_scam_line_between_many_benign_sentences_counts() -> None:
    calm = [
        "We took the train to the coast.",
        "My sister made soup for everyone.",
        "The garden needs some rain.",
        "Tomorrow we visit the old museum.",
    ]
    scam = "Congratulations, you won a free prize, click now to claim your cash."
    text = " ".join([*calm * 5, scam, *calm * 5])
    assert _by_category(text)["spam_scam"].score > 0.5
    assert _by_category(" ".join(calm * 10))["spam_scam"].score < 0.3
