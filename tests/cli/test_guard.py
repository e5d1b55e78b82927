"""Every command that takes labels in words asks the guard first."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("sklearn")

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def labelled(pictures: Path, tmp_path: Path) -> Path:
    """Pictures in folders that should not be labels of anybody."""
    folder = tmp_path / "labelled"
    for name, picture in (("criminal", "china.jpg"), ("honest citizen", "flower.jpg")):
        (folder / name).mkdir(parents=True)
        shutil.copy(pictures / picture, folder / name)
    return folder


@pytest.fixture
def words(tmp_path: Path) -> Path:
    file = tmp_path / "people.toml"
    file.write_text(
        'schema = 1\nname = "people"\n'
        '[[label]]\nname = "a"\nprompts = ["a Muslim man"]\n'
        '[[label]]\nname = "b"\nprompts = ["a red house"]\n'
    )
    return file


def test_labels_that_ask_who_people_are_are_refused_everywhere(
    run: Callable[..., Result], pictures: Path, labelled: Path, words: Path
) -> None:
    for arguments in (
        ("classify", pictures, "--labels", "a Muslim man, a house"),
        ("classify", pictures, "--classifier", words),
        ("classifier", "test", words, labelled),
        ("train", "classifier", labelled, "--out", words.with_name("x.head")),
        ("audit", "prompts", words, pictures),
    ):
        result = run(*arguments)
        assert result.exit_code == 2, arguments
        assert "docs/guard.md" in result.stderr or "research_mode" in result.stderr, arguments
    assert not words.with_name("x.head").exists()


def test_categories_that_a_policy_adds_are_held_to_the_same_rules(
    run: Callable[..., Result], pictures: Path, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(
        'name = "p"\n[[category]]\nname = "people"\ndefinition = "d"\n'
        'prompts = ["a Muslim man"]\n[categories.people]\nreview = 0.5\n'
    )
    result = run("scan", pictures, "--policy", policy)
    assert result.exit_code == 2
    assert "religion" in result.stderr
    policy.write_text(policy.read_text().replace("a Muslim man", "a red balloon"))
    assert run("scan", pictures, "--policy", policy, "-q").exit_code == 0


def test_a_named_study_is_logged_and_said(
    run: Callable[..., Result],
    pictures: Path,
    words: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FRAMESIFT_RESEARCH_MODE", "fairness of my classifier")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    page = tmp_path / "page.html"
    result = run("classify", pictures, "--classifier", words, "-q", "--out", page)
    assert result.exit_code == 0, result.output
    assert "research mode" in result.stderr
    assert "fairness of my classifier" in page.read_text()
    (line,) = (tmp_path / "state" / "framesift" / "research.jsonl").read_text().splitlines()
    entry = json.loads(line)
    assert entry["command"] == "framesift classify"
    assert entry["texts"] == ["a Muslim man"]
