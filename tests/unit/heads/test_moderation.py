"""Which heads judge pictures, and how tiles are made comparable."""

from __future__ import annotations

import numpy as np
import pytest

from framesift.errors import WeightsMismatchError, WeightsUnavailableError
from framesift.heads import HeadCard
from framesift.heads import moderation as module
from framesift.heads.moderation import context_heads, moderation_heads, tile_scores, weapons_head
from framesift.heads.screening import CategoryPrompts
from framesift.policies import CONTEXT_TAGS, TAXONOMY
from framesift.types import Scores

B32 = "openai/clip-vit-b-32"
CATEGORIES = [category.prompts for category in TAXONOMY]


def by_category(heads) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for head in heads:
        for name in head.names:
            found.setdefault(name, []).append(head.card.source)
    return found


@pytest.fixture
def no_network(monkeypatch):
    def fetch(remote, *, offline):
        raise WeightsUnavailableError("not here", source=remote.name)

    monkeypatch.setattr("framesift.embeddings.weights.fetch_file", fetch)


def test_every_category_has_one_head_with_any_model(embedder) -> None:
    sources = by_category(moderation_heads(embedder, CATEGORIES))
    assert set(sources) == {category.name for category in TAXONOMY}
    assert sources["weapons"] == ["zero-shot"]
    assert sources["nudity"] == ["open_nsfw"]
    assert all(len(found) == 1 for found in sources.values())


def test_the_trained_head_replaces_prompts_with_starter(make_embedder) -> None:
    sources = by_category(moderation_heads(make_embedder("starter-1"), CATEGORIES))
    assert sources["weapons"] == ["trained"]
    assert sources["violence"] == ["zero-shot"]
    tags = [tag.prompts for tag in CONTEXT_TAGS]
    heads = context_heads(make_embedder("starter-1"), tags)
    assert {head.card.task for head in heads} == {"context"}
    assert by_category(heads)["toy"] == ["trained"]
    assert by_category(context_heads(make_embedder("other"), tags))["toy"] == ["zero-shot"]


def test_detectors_of_laion_replace_prompts_with_clip(make_embedder, shared, monkeypatch) -> None:
    folder = shared / "heads" / "laion_nsfw"

    def fetch(remote, *, offline):
        assert not offline
        return folder / remote.name

    monkeypatch.setattr("framesift.embeddings.weights.fetch_file", fetch)
    sources = by_category(moderation_heads(make_embedder(B32), CATEGORIES))
    assert sources["violence"] == ["laion_violence"]
    assert sources["suggestive"] == ["laion_nsfw"]
    assert sources["sexual_explicit"] == ["laion_nsfw", "open_nsfw"]
    assert sources["weapons"] == ["zero-shot"]


@pytest.mark.usefixtures("no_network")
def test_prompts_stand_in_for_detectors_that_cannot_be_had(make_embedder) -> None:
    heads = moderation_heads(make_embedder(B32), CATEGORIES)
    sources = by_category(heads)
    assert sources["violence"] == ["zero-shot"]
    assert sources["sexual_explicit"] == ["open_nsfw"]
    assert "LAION" in heads[0].notice
    assert moderation_heads(make_embedder("starter-1"), CATEGORIES)[0].notice is None


def test_a_wrong_detector_is_an_error(make_embedder, monkeypatch) -> None:
    def fetch(remote, *, offline):
        raise WeightsMismatchError("wrong hash", source=remote.name)

    monkeypatch.setattr("framesift.embeddings.weights.fetch_file", fetch)
    with pytest.raises(WeightsMismatchError):
        moderation_heads(make_embedder(B32), CATEGORIES)


def test_only_what_is_asked_for_is_scored(embedder) -> None:
    own = [CategoryPrompts("kites", ("a kite",)), CategoryPrompts("words", ())]
    assert set(by_category(moderation_heads(embedder, own))) == {"kites"}
    assert moderation_heads(embedder, own[1:]) == ()
    assert context_heads(embedder, ()) == ()


def test_the_shipped_head_knows_weapons_and_says_which() -> None:
    head = weapons_head()
    assert head.card.metrics["auroc_benign"] >= 0.92
    assert head.card.metrics["auroc_toys"] >= 0.80
    assert head.card.metrics["ece"] <= 0.05
    assert "Toy_Guns" not in head.groups["weapons"].kinds
    assert "Hand_Grenades" in head.groups["weapons"].kinds


def test_tiles_are_lowered_and_keep_their_order(monkeypatch) -> None:
    monkeypatch.setattr(
        module,
        "tile_shifts",
        lambda space, count: {"x": {"known": 2.0}} if (space, count) == ("s", 4) else {},
    )
    card = HeadCard("h", "moderation", "s", source="x")
    values = np.array([[0.1, 0.1], [0.9, 0.9], [1.0, 1.0], [0.0, np.nan]], np.float32)
    made = tile_scores(card, Scores("h", ("known", "new"), values), 4).values
    assert (made[:3] <= values[:3]).all()
    assert (np.diff(made[:3], axis=0) > 0).all()
    assert np.isnan(made[3, 1])
    odds = np.log(made[:2] / (1 - made[:2])) - np.log(values[:2] / (1 - values[:2]))
    np.testing.assert_allclose(odds, [[-2, -np.log(4)]] * 2, atol=1e-4)
    more = tile_scores(card, Scores("h", ("known", "new"), values), 8).values
    assert (more[1] < made[1]).all()


def test_one_tile_is_the_picture_where_nothing_is_known(embedder) -> None:
    card = HeadCard("h", "moderation", "s", source="x")
    values = np.array([[0.3]], np.float32)
    made = tile_scores(card, Scores("h", ("a",), values), 1).values
    np.testing.assert_allclose(made, values, atol=1e-6)
    with pytest.raises(ValueError, match="at least one"):
        tile_scores(card, Scores("h", ("a",), values), 0)
