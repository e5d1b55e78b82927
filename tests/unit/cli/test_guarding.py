"""The guard at the door: refusals, studies, and the log that every study leaves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from framesift.cli import guarding
from framesift.cli.console import Console
from framesift.cli.guarding import guard_texts
from framesift.errors import ConfigError, RefusedError
from framesift.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(guarding, "research_log", lambda: tmp_path / "state" / "research.jsonl")
    return tmp_path / "state" / "research.jsonl"


def ask(*texts: str, study: str | None = None) -> str | None:
    settings = Settings(research_mode=study)
    return guard_texts(texts, settings, command="framesift search", console=Console(quiet=True))


def test_plain_texts_pass_and_leave_no_trace(log: Path) -> None:
    assert ask("a dog", "children playing in the snow") is None
    assert ask("a dog", study="pets in art") is None
    assert not log.exists()


def test_protected_texts_are_refused_without_a_study(log: Path) -> None:
    with pytest.raises(RefusedError, match=r"religion.*research_mode"):
        ask("a Muslim man")
    assert not log.exists()


def test_a_study_is_logged_and_said(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notice = ask("a Muslim man", "a dog", study="veils in news photographs")
    assert notice is not None
    assert "veils in news photographs" in notice
    assert str(log) in notice
    assert notice in capsys.readouterr().err
    ask("a refugee", study="veils in news photographs")
    first, second = (json.loads(line) for line in log.read_text("utf-8").splitlines())
    assert first["study"] == "veils in news photographs"
    assert first["command"] == "framesift search"
    assert first["texts"] == ["a Muslim man"]
    assert first["about"] == ["religion"]
    assert first["time"].endswith("+00:00")
    assert second["texts"] == ["a refugee"]
    assert log.stat().st_mode & 0o077 == 0


def test_no_study_may_ask_who_somebody_is(log: Path) -> None:
    with pytest.raises(RefusedError, match="never identifies"):
        ask("Barack Obama", "a Muslim man", study="politicians")
    assert not log.exists()


def test_a_study_whose_log_cannot_be_written_does_not_run(log: Path) -> None:
    log.parent.write_text("a file where the folder should be")
    with pytest.raises(ConfigError, match="log of research mode cannot be written"):
        ask("a Muslim man", study="veils")


def test_the_log_lies_in_the_user_s_own_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere/state")
    path = guarding.research_log()
    assert path.name == "research.jsonl"
    assert "framesift" in path.parts
