"""``framesift models``, ``cache`` and ``config``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from framesift.embeddings.catalog import CATALOG

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


def test_models_list_names_every_model(run: Callable[..., Result]) -> None:
    text = run("models", "list").stdout
    facts = json.loads(run("models", "list", "--json").stdout)
    assert [fact["name"] for fact in facts] == [spec.name for spec in CATALOG]
    for spec in CATALOG:
        assert spec.name in text
    assert {fact["name"]: fact["cached"] for fact in facts}["starter"] is True


@pytest.mark.parametrize("spec", CATALOG, ids=lambda spec: spec.name)
def test_models_info_gives_origin_and_licence(spec: object, run: Callable[..., Result]) -> None:
    text = run("models", "info", spec.name).stdout
    for value in (spec.licence, spec.repo, spec.revision, spec.description):
        if value:
            assert value in text


def test_fetching_the_embedded_model_only_checks_it(run: Callable[..., Result]) -> None:
    result = run("models", "fetch", "starter")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("starter: ready (")


def test_fetching_without_a_network_is_an_error(run: Callable[..., Result]) -> None:
    result = run("models", "fetch", "clip-vit-b16", "--offline")
    assert result.exit_code == 2
    assert "framesift: error: " in result.stderr


def test_cache_info_and_clear(pictures: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    cache = tmp_path / "cache"
    assert run("scan", pictures, "--cache-dir", cache).exit_code == 0
    facts = json.loads(run("cache", "info", "--json", "--cache-dir", cache).stdout)
    assert facts["items"] == 4
    assert facts["rows"] == 12, "a row per picture of the embedder and of each of two experts"
    assert facts["path"].startswith(str(cache))
    text = run("cache", "info", "--cache-dir", cache).stdout
    assert "4 files, 12 rows" in text
    one = next(iter(facts["models"]))
    assert run("cache", "clear", "--fingerprint", one, "--cache-dir", cache).stdout.startswith(
        "removed 4 rows"
    )
    assert run("cache", "clear", "--cache-dir", cache).stdout.startswith("removed 8 rows")
    assert json.loads(run("cache", "info", "--json", "--cache-dir", cache).stdout)["items"] == 0


def test_config_shows_values_and_origins(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text("fps = 2.5\n")
    monkeypatch.setenv("FRAMESIFT_CONFIG", str(file))
    facts = json.loads(run("config", "--json").stdout)
    assert facts["fps"] == {"value": 2.5, "from": str(file)}
    assert facts["model"] == {"value": "starter", "from": "FRAMESIFT_MODEL"}
    assert facts["device"]["from"] == "default"
    assert f"# configuration file: {file}\n" in run("config").stdout


def test_a_broken_configuration_file_is_named(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text("fps = [\n")
    monkeypatch.setenv("FRAMESIFT_CONFIG", str(file))
    result = run("config")
    assert result.exit_code == 2
    assert str(file) in result.stderr
