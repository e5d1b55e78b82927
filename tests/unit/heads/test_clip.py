"""Which heads judge several frames."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from framesift.errors import HeadError
from framesift.heads import HeadCard, clip, save_head
from framesift.heads.clip import ClipHead, clip_heads, fights_head
from framesift.heads.linear import LinearHead


def test_starter_has_a_head_for_fights():
    (head,) = clip_heads(SimpleNamespace(space="starter-1"))
    assert isinstance(head, ClipHead)
    assert head.names == ("violence",)
    assert head.card.source == "fights"
    assert head.card.task == "moderation"
    assert head.card.model == "starter"
    assert "20 clips" in head.card.provenance
    assert "MIT" in head.card.licence


def test_other_models_have_none():
    assert clip_heads(SimpleNamespace(space="openai/clip-vit-b-32")) == ()


def test_another_head_in_its_place_is_refused(tmp_path, monkeypatch):
    card = HeadCard("other", "moderation", "starter-1", inputs=("features",))
    other = LinearHead(card, ("violence",), [[1.0]], [0.0])
    monkeypatch.setattr(clip, "_FIGHTS_FILE", save_head(other, tmp_path / "violence"))
    with pytest.raises(HeadError, match="install Framesift again"):
        fights_head()
