"""What a run is made of by default: heads and experts that policy and settings ask for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from framesift.embeddings import load_embedder, ocr
from framesift.errors import MissingExtraError, PolicyError
from framesift.pipeline import build_analyzer, default_heads, word_reader_for
from framesift.policies import Policy, Rule, Thresholds


@pytest.fixture(scope="module")
def starter():
    return load_embedder("starter", offline=True)


def policy(*names, **settings):
    rules = {name: Rule(Thresholds(review=0.5)) for name in names}
    return Policy("test", rules, **settings)


def tasks(heads):
    return [head.card.task for head in heads]


def test_no_quality_is_scored_where_none_is_asked_for(starter):
    assert "quality" in tasks(default_heads(starter))
    assert "quality" not in tasks(default_heads(starter, quality="none"))


def test_what_tells_unknown_pictures_comes_with_the_model(starter):
    assert "known" in tasks(default_heads(starter))
    assert "known" not in tasks(default_heads(starter, known="none"))


def test_heads_score_what_the_policy_names_and_nothing_else(starter):
    heads = default_heads(starter, quality="none", known="none", policy=policy("gore", "drugs"))
    assert [head.names for head in heads] == [("gore", "drugs")]


def test_context_is_scored_only_where_it_softens(starter):
    assert "context" not in tasks(default_heads(starter))
    assert "context" in tasks(default_heads(starter, policy=Policy.moderation()))


def test_experts_come_with_what_needs_them(starter):
    plain = build_analyzer(starter, policy=policy("gore"))
    assert [expert.name for expert in plain.experts] == ["technical"]
    tiled = build_analyzer(starter, policy=policy("nudity", tiles=4))
    assert [expert.name for expert in tiled.experts] == ["open_nsfw", "technical", "tiles/starter"]


def test_thresholds_of_another_model_are_refused(starter):
    pinned = policy("gore", model="clip-vit-b32")
    with pytest.raises(PolicyError, match=r"clip-vit-b32.*starter"):
        build_analyzer(starter, policy=pinned)
    assert build_analyzer(starter, policy=replace(pinned, model="starter"))


def test_words_are_read_where_the_policy_asks_and_the_reader_is_there(monkeypatch):
    def missing(**_):
        message = "not installed"
        raise MissingExtraError(message)

    assert word_reader_for(policy("gore")) is None
    monkeypatch.setattr(ocr, "load_word_reader", missing)
    assert word_reader_for(policy("gore", words="auto")) is None
    with pytest.raises(MissingExtraError):
        word_reader_for(policy("gore", words="required"))
    monkeypatch.setattr(ocr, "load_word_reader", lambda: "a reader")
    assert word_reader_for(policy("gore", words="auto")) == "a reader"
