from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING

import pytest

from framesift.embeddings import catalog, load_embedder, load_expert
from framesift.embeddings.auto import choose_embedder
from framesift.errors import UnknownModelError, WeightsMismatchError, WeightsUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from framesift.embeddings.base import ModelSpec


class FakeStarter:
    """Stands in for the embedded model, which these tests are not about."""

    @classmethod
    def load(cls, **_options: str) -> FakeStarter:
        return cls()


@pytest.fixture
def starter(monkeypatch: pytest.MonkeyPatch) -> type[FakeStarter]:
    module = types.ModuleType("framesift.embeddings.starter")
    module.StarterEmbedder = FakeStarter
    monkeypatch.setitem(sys.modules, "framesift.embeddings.starter", module)
    return FakeStarter


@pytest.fixture
def default_is_tiny(tiny_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The default CLIP of the catalog is the tiny one that the hub serves."""
    from dataclasses import replace

    spec = replace(tiny_spec, name=catalog.DEFAULT_CLIP)
    specs = tuple(s for s in catalog.CATALOG if s.name != spec.name)
    monkeypatch.setattr(catalog, "CATALOG", (*specs, spec))
    catalog._with_plugins.cache_clear()
    yield
    catalog._with_plugins.cache_clear()


@pytest.mark.network_local
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_auto_is_clip_where_it_can_be_had_and_then_offline(hub, default_is_tiny, starter) -> None:
    embedder, notice = choose_embedder("auto")
    assert (embedder.name, notice) == (catalog.DEFAULT_CLIP, None)
    again, notice = choose_embedder("auto", offline=True)
    assert (again.fingerprint, notice) == (embedder.fingerprint, None)


def test_auto_falls_back_to_the_embedded_model_and_says_so(
    online: Path, default_is_tiny, starter
) -> None:
    embedder, notice = choose_embedder("auto", offline=True)
    assert isinstance(embedder, starter)
    assert notice is not None
    assert "starter" in notice
    assert f"framesift models fetch {catalog.DEFAULT_CLIP}" in notice
    assert "offline mode is on" in notice


@pytest.mark.network_local
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_auto_does_not_fall_back_from_files_that_were_changed(
    hub, default_is_tiny, starter
) -> None:
    hub.lies["onnx/vision_model.onnx"] = b"x" * len(hub.files["onnx/vision_model.onnx"])
    with pytest.raises(WeightsMismatchError):
        choose_embedder("auto")


def test_a_model_asked_for_by_name_never_falls_back(online: Path, default_is_tiny, starter) -> None:
    with pytest.raises(WeightsUnavailableError, match="--model starter"):
        choose_embedder(catalog.DEFAULT_CLIP, offline=True)
    with pytest.raises(WeightsUnavailableError):
        load_embedder(catalog.DEFAULT_CLIP, offline=True)
    with pytest.raises(UnknownModelError):
        choose_embedder("clip-vit-b33", offline=True)


def test_the_embedded_model_is_loaded_by_name(starter) -> None:
    embedder, notice = choose_embedder("starter")
    assert isinstance(embedder, starter)
    assert notice is None


def test_an_unknown_expert_is_named() -> None:
    with pytest.raises(UnknownModelError, match="open_nsfw"):
        load_expert("open_sfw")
