"""Texts to signals: what raises each category, what looks like it, and what the evidence says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from framesift.heads.text import TEXT_CATEGORIES, load_text_heads, screen_text

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
