"""Settings: precedence, validation, and messages that say where a wrong value stands."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from framesift.errors import ConfigError
from framesift.settings import (
    Settings,
    config_file,
    load_settings,
    origins,
    unknown_variables,
)

DOCUMENTATION = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No setting from outside, and a configuration file of the test's own."""
    import os

    for name in list(os.environ):
        if name.startswith("FRAMESIFT_"):
            monkeypatch.delenv(name)
    file = tmp_path / "config.toml"
    file.write_text("")
    monkeypatch.setenv("FRAMESIFT_CONFIG", str(file))
    return file


def test_defaults_need_nothing() -> None:
    settings = load_settings()
    assert (settings.model, settings.precision, settings.cache) == ("auto", "auto", True)
    assert set(origins().values()) == {"default"}


def test_an_option_beats_the_environment_beats_the_file(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean_environment.write_text('model = "from-file"\nfps = 2\nmax_frames = 5\n')
    monkeypatch.setenv("FRAMESIFT_MODEL", "from-environment")
    monkeypatch.setenv("FRAMESIFT_FPS", "3")
    options = {"model": "from-option"}
    settings = load_settings(options)
    assert (settings.model, settings.fps, settings.max_frames) == ("from-option", 3.0, 5)
    found = origins(options)
    assert found["model"] == "--model"
    assert found["fps"] == "FRAMESIFT_FPS"
    assert found["max_frames"] == str(clean_environment)
    assert found["device"] == "default"


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMESIFT_MODEL", "")
    assert load_settings().model == "auto"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1000", 1000), ("500MB", 500_000_000), ("2GiB", 2 * 2**30), ("1.5 kB", 1500)],
)
def test_sizes_take_units(text: str, expected: int) -> None:
    assert load_settings({"max_bytes": text}).max_bytes == expected


@pytest.mark.parametrize(("text", "expected"), [("100M", 10**8), ("2.5k", 2500), ("7", 7)])
def test_pixels_take_units(text: str, expected: int) -> None:
    assert load_settings({"max_pixels": text}).max_pixels == expected


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fps", "0"),
        ("fps", "nan"),
        ("max_frames", "0"),
        ("workers", "0"),
        ("batch_size", "-1"),
        ("precision", "fp8"),
        ("device", "tpu"),
        ("max_bytes", "lots"),
        ("max_pixels", "-5"),
        ("max_pixels", "M"),
        ("max_duration_s", "inf-ish"),
        ("offline", "perhaps"),
        ("fail_on", "allow"),
        ("model", " "),
    ],
)
def test_a_wrong_variable_is_named(key: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"FRAMESIFT_{key.upper()}", value)
    with pytest.raises(ConfigError, match=f"FRAMESIFT_{key.upper()}"):
        load_settings()


def test_a_wrong_option_is_named_as_the_user_typed_it() -> None:
    with pytest.raises(ConfigError, match=r"--max-duration: -1"):
        load_settings({"max_duration_s": -1})


def test_a_wrong_key_of_the_file_is_named_with_its_file(clean_environment: Path) -> None:
    clean_environment.write_text("fps = -2\n")
    with pytest.raises(ConfigError, match=r"config\.toml: fps: -2"):
        load_settings()


def test_an_unknown_key_of_the_file_suggests_a_known_one(clean_environment: Path) -> None:
    clean_environment.write_text("max_frame = 3\n")
    with pytest.raises(
        ConfigError, match=r"'max_frame' is not a setting; did you mean 'max_frames'"
    ):
        load_settings()


def test_broken_toml_names_the_file_and_the_place(clean_environment: Path) -> None:
    clean_environment.write_text("fps = = 2\n")
    with pytest.raises(ConfigError, match=r"config\.toml: not valid TOML.*line 1"):
        load_settings()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_a_folder_in_place_of_the_file_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAMESIFT_CONFIG", str(tmp_path))
    with pytest.raises(ConfigError, match="names a file that is not there"):
        load_settings()


def test_a_named_file_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMESIFT_CONFIG", "/nowhere/config.toml")
    with pytest.raises(ConfigError, match="unset it"):
        load_settings()


def test_relative_paths_of_the_file_start_from_its_folder(clean_environment: Path) -> None:
    clean_environment.write_text('policy = "strict.toml"\ncache_dir = "/var/cache/fs"\n')
    settings = load_settings()
    assert settings.policy == clean_environment.parent / "strict.toml"
    assert settings.cache_dir == Path("/var/cache/fs")


def test_a_file_in_the_current_folder_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("framesift.toml", ".env"):
        (tmp_path / name).write_text('model = "evil"\nFRAMESIFT_MODEL="evil"\n')
    monkeypatch.chdir(tmp_path)
    assert load_settings().model == "auto"


def test_without_a_variable_the_file_lies_in_the_configuration_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("FRAMESIFT_CONFIG")
    assert config_file().name == "config.toml"
    assert config_file().parent.name == "framesift"


def test_mistyped_variables_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMESIFT_MODLE", "starter")
    assert unknown_variables() == ["FRAMESIFT_MODLE"]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    assert f"| `{name}` |" in text, f"docs/configuration.md has no row for {name}"


def test_documentation_names_no_setting_that_does_not_exist() -> None:
    rows = [
        line.split("`")[1]
        for line in DOCUMENTATION.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    assert set(rows) == set(Settings.model_fields)
