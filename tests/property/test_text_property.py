"""What holds for every text: scores are probabilities, disguises hardly move them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framesift.heads.text import load_text_heads, normalize, screen_text
from framesift.heads.text.features import hash_texts

HARMFUL = [
    ("win a free prize, click now", "spam_scam"),
    ("I want to kill myself", "self_harm"),
    ("I will stab you tonight", "violence"),
    ("shut up you ugly loser, nobody likes you", "harassment"),
    ("I want to lick your pussy", "sexual_explicit"),
]
ANY = st.text(st.characters(codec=None, categories=None), max_size=300)


@given(ANY)
@settings(deadline=None, max_examples=150)
def test_every_string_gets_scores_and_evidence_from_itself(text: str) -> None:
    for signal in screen_text(text, load_text_heads()):
        assert 0 <= signal.score <= 1
        assert len(signal.evidence.words) <= 120


@given(ANY)
@settings(deadline=None, max_examples=150)
def test_the_normal_form_is_plain(text: str) -> None:
    found = normalize(text)
    assert "  " not in found.text
    assert found.text == found.text.strip()
    assert 0 <= found.known <= found.letters
    start, end = found.origin(0, len(found.text))
    assert 0 <= start <= end <= len(text)


@given(st.lists(ANY, min_size=1, max_size=6))
@settings(deadline=None, max_examples=40)
def test_a_score_does_not_depend_on_the_batch(texts: list[str]) -> None:
    for head in load_text_heads():
        together = head.score_texts(texts).values
        alone = np.concatenate([head.score_texts([text]).values for text in texts])
        np.testing.assert_allclose(together, alone, atol=1e-6)


@given(st.lists(st.text("ab c", max_size=20), min_size=1, max_size=5))
@settings(deadline=None, max_examples=60)
def test_places_add_up_to_the_merged_features(texts: list[str]) -> None:
    merged = hash_texts(texts, bits=10)
    spread = hash_texts(texts, bits=10, places=True)
    sums = [np.zeros((len(texts), 1024)) for _ in range(2)]
    for grams, total in zip((merged, spread), sums, strict=True):
        np.add.at(total, (grams.rows, grams.columns), grams.values)
    np.testing.assert_allclose(*sums, atol=1e-9)


def score(text: str, category: str) -> float:
    found = screen_text(text, load_text_heads())
    return next(s.score for s in found if s.category == category and s.source == "text")


@pytest.mark.parametrize(("text", "category"), HARMFUL)
@given(st.data())
@settings(deadline=None, max_examples=25)
def test_what_is_not_seen_does_not_move_a_score(
    text: str, category: str, data: st.DataObject
) -> None:
    hidden = "\u200b\u200d\u2060\u00ad\u202e\u2066\ufe0f\u0301"
    disguised = "".join(
        c + data.draw(st.sampled_from(["", *hidden])) if c.isalpha() else c for c in text
    )
    assert score(disguised, category) == pytest.approx(score(text, category), abs=1e-6)


@pytest.mark.parametrize(("text", "category"), HARMFUL)
@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=25)
def test_case_does_not_move_a_score(text: str, category: str, seed: int) -> None:
    flips = np.random.default_rng(seed).random(len(text)) < 0.5
    disguised = "".join(c.upper() if up else c for c, up in zip(text, flips, strict=True))
    assert score(disguised, category) == pytest.approx(score(text, category), abs=1e-6)


@pytest.mark.parametrize(("text", "category"), HARMFUL)
@pytest.mark.parametrize(
    "disguise",
    [
        lambda t: t.replace("i", "1").replace("e", "3").replace("o", "0"),
        lambda t: t.translate(str.maketrans("aeopc", "\u0430\u0435\u043e\u0440\u0441")),
        lambda t: "".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in t),
        lambda t: "  ".join(" ".join(word) for word in t.split()),
        lambda t: " ".join(".".join(word) for word in t.split()),
        lambda t: t.replace("i", "iiii").replace("o", "ooo"),
    ],
)
def test_disguises_hardly_move_a_score(text: str, category: str, disguise) -> None:
    assert abs(score(disguise(text), category) - score(text, category)) < 0.25


THREAT = "I will kill you tomorrow"
MAIL = "From: a@example.org\nTo: b@example.org\nSubject: {subject}\n{more}\n{body}"
MIXED = 'Content-Type: multipart/mixed; boundary="b"\n'
WRAPPERS = {
    "plain": "{}",
    "subject": MAIL.format(subject="{}", more="", body="See you at lunch."),
    "unknown header": MAIL.format(subject="hello", more="X-Note: {}\n", body="See you."),
    "sender": "From: {} <a@b.org>\nTo: d@e.org\nSubject: hello\n\nSee you at lunch.",
    "binary body": MAIL.format(
        subject="hello", more="Content-Type: application/octet-stream\n", body="{}"
    ),
    "picture": MAIL.format(subject="hello", more="Content-Type: image/png\n", body="{}"),
    "said to be base64": MAIL.format(
        subject="hello", more="Content-Transfer-Encoding: base64\n", body="{}"
    ),
    "preamble": MAIL.format(subject="hello", more=MIXED, body="{}\n--b\n\nhi\n--b--\n"),
    "epilogue": MAIL.format(subject="hello", more=MIXED, body="--b\n\nhi\n--b--\n{}\n"),
    "no boundary": MAIL.format(subject="hello", more="Content-Type: multipart/x\n", body="{}"),
    "alt": '<img src="cat.png" alt="{}">',
    "title": '<a href="x" title="{}">a cat</a>',
    "title within a line": '<b title="{}">a cat</b>',
    "other attribute": '<p data-note="{}">a cat</p>',
    "comment": "<html><body>a cat<!-- {} --></body></html>",
    "script": "<html><body>a cat<script>{}</script></body></html>",
    "brackets": "a cat <{}>",
    "lines": "a cat on a sofa\n{}\na dog in the garden",
}


@pytest.mark.parametrize("name", WRAPPERS)
@given(st.sampled_from(["", "We had soup. ", "a calm day, "]), st.sampled_from(["", ".", "!!"]))
@settings(deadline=None, max_examples=9)
def test_no_wrapper_hides_a_threat(name: str, lead: str, end: str) -> None:
    assert score(WRAPPERS[name].replace("{}", lead + THREAT + end), "violence") > 0.6
    assert score(WRAPPERS[name].replace("{}", "see you soon"), "violence") < 0.3
