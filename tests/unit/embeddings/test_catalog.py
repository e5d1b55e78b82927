from __future__ import annotations

import re
from dataclasses import replace
from importlib.metadata import EntryPoint, EntryPoints
from typing import TYPE_CHECKING

import pytest

from framesift.embeddings import catalog
from framesift.embeddings.catalog import CATALOG, DEFAULT_CLIP, all_specs, find_spec
from framesift.errors import ConfigError, UnknownModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLUGIN = replace(find_spec(DEFAULT_CLIP), name="from-a-plugin", space="somewhere/else")
PLUGINS = [PLUGIN, replace(PLUGIN, name="another")]


def make_plugins() -> list[object]:
    return list(PLUGINS)


NOT_SPECS = ["clip"]


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def install(value: str) -> None:
        class Point(EntryPoint):
            def load(self) -> object:
                return globals()[self.value]

        points = EntryPoints([Point(name="mine", value=value, group=catalog.PLUGIN_GROUP)])
        monkeypatch.setattr(catalog, "entry_points", lambda group: points.select(group=group))
        catalog._with_plugins.cache_clear()

    yield install
    catalog._with_plugins.cache_clear()


def test_the_models_the_product_promises_are_there() -> None:
    names = [spec.name for spec in CATALOG]
    assert len(set(names)) == len(names)
    assert {"starter", "clip-vit-b32", "clip-vit-b16", "clip-vit-l14"} <= set(names)
    assert find_spec(DEFAULT_CLIP).space == "openai/clip-vit-b-32"
    assert find_spec("siglip2-vit-b16").logit_bias is not None
    assert find_spec("siglip2-vit-b16").preprocess.resize_mode == "squash"


@pytest.mark.parametrize("spec", CATALOG, ids=lambda spec: spec.name)
def test_a_spec_is_complete(spec) -> None:
    assert spec.licence
    assert spec.description
    if spec.layout == "embedded":
        assert spec.repo is None
        return
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", spec.repo)
    assert re.fullmatch(r"[0-9a-f]{40}|main", spec.revision)
    assert "fp32" in spec.vision
    assert "fp32" in spec.text
    files = [*spec.support, *(file for tower in spec.vision.values() for file in tower)]
    for file in files:
        assert not file.path.startswith("/")
        assert file.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", file.sha256)
    expected = "onnx/vision_model" if spec.layout == "transformers" else "visual/model"
    assert spec.vision["fp32"][0].path.startswith(expected)


def test_two_exports_of_the_same_weights_share_their_space() -> None:
    assert find_spec("clip-vit-b32-openclip").space == find_spec("clip-vit-b32").space
    assert find_spec("clip-vit-l14-openclip").space == find_spec("clip-vit-l14").space


def test_an_unknown_name_suggests_close_ones() -> None:
    with pytest.raises(UnknownModelError, match="did you mean clip-vit-b32"):
        find_spec("clip-vitb32")
    with pytest.raises(UnknownModelError, match=r"known: starter, clip-vit-b32"):
        find_spec("zzz")


@pytest.mark.parametrize(
    ("value", "added"),
    [
        ("PLUGIN", ["from-a-plugin"]),
        ("PLUGINS", ["from-a-plugin", "another"]),
        ("make_plugins", ["from-a-plugin", "another"]),
    ],
)
def test_a_plug_in_adds_models(plug_in, value: str, added: list[str]) -> None:
    plug_in(value)
    assert [spec.name for spec in all_specs()[len(CATALOG) :]] == added
    assert find_spec(added[0]).space == "somewhere/else"


@pytest.mark.parametrize(
    ("value", "reason"),
    [("NOT_SPECS", "must give ModelSpec"), ("missing", "does not load"), ("CATALOG", "exists")],
)
def test_a_bad_plug_in_is_named(plug_in, value: str, reason: str) -> None:
    plug_in(value)
    with pytest.raises(ConfigError, match=rf"'mine'.*{reason}"):
        all_specs()
