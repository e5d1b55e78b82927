# ruff: noqa: RUF001 - look-alikes are what this file is about
"""Links and ways of contact: what is found, what is left alone."""

from __future__ import annotations

import time

import pytest

from framesift.heads.text import load_text_heads, screen_text
from framesift.heads.text.characters import as_seen
from framesift.heads.text.links import find_links, link_score, link_tokens, words_within


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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("see https://a.example/i-will-find-you?q=run%20while+you can", "i will find you"),
        ("@i_will_find_you hello", "i will find you"),
        ("i.will.find.you@b.example", "i will find you"),
        ("iwillfindyouall", "#iwillfindyouall"),
        ("international @somebody_else #nicepicturehere https://a.example/x", ""),
    ],
)
def test_words_in_names(text: str, words: str) -> None:
    assert words_within(text).partition("\n")[0] == words


@pytest.mark.parametrize(
    "text",
    [
        "\u202e" + "I will kill you tomorrow"[::-1] + "\u202c",
        "ʍoɹɹoɯoʇ noʎ llᴉʞ llᴉʍ I",
        "https://a.example/?q=i+will+kill+you+tomorrow",
        "@i_will_kill_you_tomorrow",
        "iwillkillyoutomorrow",
    ],
)
def test_what_is_read_in_another_order_or_place_is_scored(text: str) -> None:
    benign = "We took the early train. My sister brought bread and cheese for the picnic."
    for written in (text, f"{benign} {text} {benign}"):
        scores = {x.category: x.score for x in screen_text(written, load_text_heads())}
        assert scores["violence"] > 0.5, written


def test_text_that_runs_from_right_to_left_is_not_turned_round() -> None:
    for text in ("\u202eשלום וברכה\u202c", "the schwa ə and ʌ", "résumé"):
        assert as_seen(text) == text


@pytest.mark.parametrize(
    "text", ["@", "a", "a_", "@a_", "a.", "%", "www.a/", "x@", "\u202ea", "ʌ a "]
)
def test_no_text_takes_more_than_linear_time(text: str) -> None:
    took = []
    for count in (20_000, 80_000):
        start = time.process_time()
        as_seen(text * (count // len(text)))
        words_within(text * (count // len(text)))
        took.append(time.process_time() - start)
    assert took[1] < 10 * took[0] + 0.1
