"""Links and ways of contact: what is found, what is left alone."""

from __future__ import annotations

import pytest

from framesift.heads.text import load_text_heads, screen_text
from framesift.heads.text.links import find_links, link_score, link_tokens


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("see http://bit.ly/abc", "shortened link"),
        ("http://192.168.0.1/login", "link to a bare address"),
        ("http://3232235777/", "link to a bare address"),
        ("https://paypal.com@example.net/x", "name and password in a link"),
        ("get it at hxxp://example.net", "disguised link"),
        ("example[.]com", "disguised link"),
        ("write me on telegram @fastmoney", "telegram or whatsapp contact"),
        ("WhatsApp me at +44 7700 900123", "telegram or whatsapp contact"),
        ("https://t.me/joinus", "telegram or whatsapp contact"),
        ("send to 0x" + "ab" * 20, "address of a crypto wallet"),
        ("call now 1-800-555-0142", "telephone number beside a call to act"),
        ("http://example.net/setup.exe", "executable to download"),
        ("https://paypa1.com/login", "link that imitates a known name"),
        ("https://\u0440aypal.com", "link that imitates a known name"),
        ("https://secure-paypal.example/login", "link that imitates a known name"),
        ("https://amazon.com.verify.example", "link that imitates a known name"),
        ("https://xn--pypal-4ve.com/", "link that imitates a known name"),
    ],
)
def test_patterns(text: str, name: str) -> None:
    assert name in [finding.name for finding in find_links(text)]


@pytest.mark.parametrize(
    "text",
    [
        "https://www.amazon.co.uk/dp/1",
        "https://pay.google.com/about",
        "https://example.org/talk.pdf",
        "the number 192.168.0.1 is my router",
        "I was born in 1980 and have 3 cats",
        "telegram was a good invention",
        "",
    ],
)
def test_ordinary_texts_have_none(text: str) -> None:
    assert find_links(text) == ()
    assert link_score(()) == 0


def test_patterns_add_up_and_are_named() -> None:
    found = find_links("http://192.168.0.1/a.exe telegram @x123")
    assert link_score(found) == pytest.approx(1 - 0.2 * 0.5 * 0.5)
    assert all(token.startswith("xx") and token.isalpha() for token in link_tokens(found))
    signal = screen_text("http://192.168.0.1/a", load_text_heads())[-1]
    assert (signal.category, signal.source) == ("spam_scam", "link")
    assert signal.evidence.prompt == "link to a bare address"
    assert signal.evidence.words == "http://192.168.0.1"
