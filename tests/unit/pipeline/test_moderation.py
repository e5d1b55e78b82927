"""Verdicts over every part of an item: picture, caption, words in it, lists, context."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from framesift.embeddings.perceptual import WIDTH, mirrored_bits, pdq_hex, posed_bits
from framesift.heads import HeadCard, text
from framesift.pipeline import Content, moderate, moderate_text
from framesift.pipeline.moderation import at_least
from framesift.pipeline.signals import View
from framesift.policies import Policy
from framesift.types import Embeddings, Evidence, Problem, Scores, Signal, Verdict

THREAT = "I will kill you and your whole family tonight"
HARMLESS = "A quiet evening at the lake with friends"


class Fixed:
    """Gives the same scores to every picture."""

    def __init__(self, task="moderation", **scores):
        self.card = HeadCard("fixed", task, "space", source="fixed")
        self.scores = scores

    def score(self, embeddings):
        row = np.array(list(self.scores.values()), dtype=np.float32)
        return Scores("fixed", tuple(self.scores), np.tile(row, (len(embeddings), 1)))


VIEW = View(Embeddings(np.ones((1, 1), dtype=np.float32), "space", "print"))


@pytest.fixture
def write(tmp_path):
    def write_policy(*categories, extra="", tables="", lists="", allow=""):
        rules = "\n".join(f"[categories.{name}]\nreview = 0.5\nblock = 0.95" for name in categories)
        (tmp_path / "list.txt").write_text(lists, encoding="utf-8")
        (tmp_path / "allow.txt").write_text(allow, encoding="utf-8")
        path = tmp_path / "policy.toml"
        path.write_text(f'name = "test"\n{extra}\n{rules}\n{tables}\n', encoding="utf-8")
        return Policy.load(path)

    return write_policy


def label(verdict, name):
    return next(one for one in verdict.labels if one.name == name)


def test_a_harmless_picture_with_a_harmful_caption_is_raised_by_the_caption(write):
    policy, heads = write("violence", "weapons"), [Fixed(violence=0.01, weapons=0.02)]
    alone = moderate(Content([VIEW]), heads, policy)
    assert alone.action == "allow"
    judged = moderate(Content([VIEW], caption=THREAT), heads, policy)
    assert judged.action != "allow"
    raised = label(judged, "violence")
    assert (raised.part, raised.flagged) == ("caption", True)
    assert "kill you" in raised.evidence.words
    assert label(judged, "weapons").part == "image"


def test_a_harmless_caption_changes_nothing(write):
    policy, heads = write("violence", "weapons"), [Fixed(violence=0.01, weapons=0.9)]
    judged = moderate(Content([VIEW], caption=HARMLESS), heads, policy)
    assert [one.action for one in judged.labels] == ["allow", "review"]


def test_picture_and_text_together_can_reach_what_neither_does_alone(write, monkeypatch):
    signal = Signal("violence", 0.49, "text", "caption", Evidence(words="wait for me"))
    monkeypatch.setattr(text, "screen_text", lambda *_, **__: [signal])
    policy, heads = write("violence", "weapons"), [Fixed(violence=0.02, weapons=0.49)]
    assert moderate(Content([VIEW]), heads, policy).action == "allow"
    assert moderate_text("wait for me", policy).action == "allow"
    judged = label(moderate(Content([VIEW], caption="wait for me"), heads, policy), "violence")
    assert (judged.part, judged.action) == ("joint", "review")
    assert judged.evidence.words == "wait for me"


@pytest.mark.parametrize(
    ("score", "part", "action"),
    [(0.6, "caption", "review"), (0.49, "joint", "review"), (0.96, "caption", "block")],
)
def test_a_caption_that_says_enough_is_the_reason(write, monkeypatch, score, part, action):
    signal = Signal("violence", score, "text", "caption")
    monkeypatch.setattr(text, "screen_text", lambda *_, **__: [signal])
    policy, heads = write("violence", "weapons"), [Fixed(violence=0.02, weapons=0.49)]
    judged = label(moderate(Content([VIEW], caption="wait for me"), heads, policy), "violence")
    assert (judged.part, judged.action) == (part, action)
    assert judged.score == pytest.approx(score if part == "caption" else 0.947, abs=1e-3)


@pytest.mark.parametrize(("time", "part"), [(None, "words"), (Fraction(3), "joint")])
def test_so_are_words_that_stand_in_a_picture(write, monkeypatch, time, part):
    signal = Signal("violence", 0.6, "text", "words")
    monkeypatch.setattr(text, "screen_text", lambda *_, **__: [signal])
    policy, heads = write("violence", "weapons"), [Fixed(violence=0.02, weapons=0.49)]
    judged = moderate(Content([VIEW], words=[(time, "wait for me")]), heads, policy)
    assert label(judged, "violence").part == part


def test_a_joint_score_that_leads_further_than_the_caption_stays(write, monkeypatch):
    signal = Signal("violence", 0.6, "text", "caption")
    monkeypatch.setattr(text, "screen_text", lambda *_, **__: [signal])
    tables = "[categories.violence.sources.joint]\nblock = 0.9"
    policy, heads = write("violence", "weapons", tables=tables), [Fixed(violence=0.0, weapons=0.9)]
    judged = label(moderate(Content([VIEW], caption="wait for me"), heads, policy), "violence")
    assert (judged.part, judged.action) == ("joint", "block")


def test_words_in_the_picture_are_judged_and_carry_their_time(write):
    policy = write("violence", extra='words = "auto"')
    content = Content([VIEW], words=[(Fraction(3), HARMLESS), (Fraction(7, 2), THREAT)])
    raised = label(moderate(content, [Fixed(violence=0.0)], policy), "violence")
    assert (raised.part, raised.evidence.time, raised.flagged) == ("words", Fraction(7, 2), True)


def test_a_text_alone_is_judged_by_what_texts_can_show(write):
    policy = write("violence", "weapons")
    judged = moderate_text(THREAT, policy)
    assert [one.name for one in judged.labels] == ["violence"]
    assert judged.action != "allow"
    assert moderate_text("", policy).action == "allow"


def test_a_context_softens_the_picture_and_never_the_caption(write):
    rule = '[context.toy]\nfrom = 0.5\nsoftens = ["weapons", "violence"]\nat_most = "review"'
    policy = write("weapons", "violence", tables=rule)
    heads = [Fixed(weapons=0.99, violence=0.0), Fixed("context", toy=0.9)]
    softened = moderate(Content([VIEW]), heads, policy)
    assert (softened.action, label(softened, "weapons").softened) == ("review", "toy")
    assert [(tag.name, round(tag.score, 3)) for tag in softened.context] == [("toy", 0.9)]
    judged = moderate(Content([VIEW], caption=THREAT), heads, policy)
    assert (label(judged, "violence").softened, judged.action) == ("", "block")


LISTS = '[lists]\n{kind} = ["list.txt"]'


def hashes(*bits, quality=100):
    rows = np.zeros((len(bits), WIDTH), dtype=np.float32)
    rows[:, :-1] = bits
    rows[:, -1] = quality
    return rows


@pytest.fixture
def bits():
    return np.random.default_rng(3).integers(0, 2, 256).astype(np.uint8)


def test_a_known_file_is_blocked_whatever_its_scores(write):
    policy = write("weapons", tables=LISTS.format(kind="block"), lists="ab" * 32)
    judged = moderate(Content([VIEW], sha256="ab" * 32), [Fixed(weapons=0.0)], policy)
    assert judged.action == "block"
    assert label(judged, "block_list").evidence.prompt == "ab" * 32
    other = moderate(Content([VIEW], sha256="cd" * 32), [Fixed(weapons=0.0)], policy)
    assert other.action == "allow"


@pytest.mark.parametrize("change", [lambda x: x, mirrored_bits, lambda x: posed_bits(x)[5]])
def test_a_known_picture_is_blocked_in_any_frame_mirrored_and_turned(write, bits, change):
    policy = write("weapons", tables=LISTS.format(kind="block"), lists=f"pdq:{pdq_hex(bits)}")
    rows = hashes(1 - bits, change(bits))
    heads = [Fixed(weapons=0.0)]
    assert moderate(Content([VIEW], hashes=rows), heads, policy).action == "block"
    poor = hashes(bits, quality=10)
    assert moderate(Content([VIEW], hashes=poor), heads, policy).action == "allow"


def test_an_allowed_picture_is_not_looked_at_but_its_caption_is(write, bits):
    policy = write(
        "weapons", "violence", tables=LISTS.format(kind="allow"), lists=f"pdq:{pdq_hex(bits)}"
    )
    heads = [Fixed(weapons=1.0, violence=1.0)]
    allowed = moderate(Content([VIEW], hashes=hashes(bits)), heads, policy)
    assert [one.name for one in allowed.labels] == ["allow_list"]
    assert allowed.action == "allow"
    threat = moderate(Content([VIEW], hashes=hashes(bits), caption=THREAT), heads, policy)
    assert threat.action == "block"
    one_frame = moderate(Content([VIEW], hashes=hashes(bits, 1 - bits)), heads, policy)
    assert one_frame.action == "block"


def test_an_allowed_file_may_look_like_a_blocked_picture(write, bits):
    both = '[lists]\nblock = ["list.txt"]\nallow = ["allow.txt"]\n'
    policy = write("weapons", tables=both, lists=f"pdq:{pdq_hex(bits)}", allow="ab" * 32)
    heads = [Fixed(weapons=0.0)]
    known = moderate(Content([VIEW], sha256="ab" * 32, hashes=hashes(bits)), heads, policy)
    assert (known.action, [one.name for one in known.labels]) == ("allow", ["allow_list"])
    other = moderate(Content([VIEW], sha256="cd" * 32, hashes=hashes(bits)), heads, policy)
    assert other.action == "block"
    twice = write("weapons", tables=both, lists="ab" * 32, allow="ab" * 32)
    assert moderate(Content([VIEW], sha256="ab" * 32), heads, twice).action == "block"


def test_what_could_not_be_read_is_never_allowed(write):
    known = Content([VIEW], problems=[Problem("CorruptMediaError", "cut off")])
    heads = [Fixed(weapons=0.0)]
    assert moderate(known, heads, write("weapons")).action == "review"
    strict = write("weapons", extra='on_failure = "block"')
    assert moderate(known, heads, strict).action == "block"


def test_a_verdict_is_never_made_milder():
    blocked = Verdict("block", (), "p")
    assert at_least(blocked, "review") is blocked
    assert at_least(replace(blocked, action="allow"), "review").action == "review"


def test_an_item_of_which_nothing_was_judged_goes_to_review(write):
    assert moderate(Content(), [], write("weapons")).action == "review"


def test_words_that_nothing_could_read_are_named(write):
    policy, heads = write("weapons", extra='words = "auto"'), [Fixed(weapons=0.0)]
    assert moderate(Content([VIEW]), heads, policy).unread == ("words",)
    assert moderate(Content([VIEW], words_read=True), heads, policy).unread == ()
    assert moderate(Content([VIEW]), heads, write("weapons")).unread == ()
