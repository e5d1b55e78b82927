"""`framesift audit prompts` and `framesift classifier lint` on real pictures and files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from framesift.cli import guarding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

PETS = """schema = 1
name = "sights"
templates = ["a photo of {}."]

[[label]]
name = "temple"
prompts = ["a temple"]

[[label]]
name = "flower"
prompts = ["a flower"]
"""


@pytest.fixture
def sights(tmp_path: Path) -> Path:
    file = tmp_path / "sights.toml"
    file.write_text(PETS)
    return file


def test_wordings_are_compared_on_pictures(
    run: Callable[..., Result], sights: Path, odd_pictures: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    result = run("audit", "prompts", sights, odd_pictures, "--report", page)
    assert result.exit_code == 3
    assert "broken.jpg" in result.stderr
    assert "5 pictures, said in 12 other ways" in result.stdout
    assert "in the plural" in result.stdout
    text = page.read_text("utf-8")
    assert "Label by label" in text
    assert "Which templates to take" in text


def test_labels_need_no_file_and_json_is_for_programs(
    run: Callable[..., Result], pictures: Path
) -> None:
    result = run("audit", "prompts", "--labels", "temple, flower", pictures, "-q", "-f", "json")
    assert result.exit_code == 0
    assert result.stderr == ""
    found = json.loads(result.stdout)
    assert found["pictures"] == 4
    assert 0 <= found["flip_rate"] <= found["touched"] <= 1
    assert {one["name"] for one in found["labels"]} == {"temple", "flower"}
    assert found["notice"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{pictures}"], "is no classifier file"),
        (["{sights}"], "name the pictures after the classifier"),
        (["{sights}", "{empty}"], "there is no picture"),
        (["--labels", "dog", "{pictures}"], "alone would be the answer"),
        (["--labels", "a Muslim man, a man", "{pictures}"], "religion"),
        (["--labels", "Barack Obama, a man", "{pictures}"], "never identifies"),
    ],
)
def test_wrong_usage_is_said(
    run: Callable[..., Result],
    sights: Path,
    pictures: Path,
    tmp_path: Path,
    arguments: list[str],
    message: str,
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    places = {"pictures": pictures, "sights": sights, "empty": empty}
    result = run("audit", "prompts", *(one.format(**places) for one in arguments))
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_study_is_named_in_the_answer_and_in_the_log(
    run: Callable[..., Result], pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "research.jsonl"
    monkeypatch.setattr(guarding, "research_log", lambda: log)
    monkeypatch.setenv("FRAMESIFT_RESEARCH_MODE", "veils in the news")
    labels = "a Muslim woman, a woman"
    page = tmp_path / "page.html"
    command = ("audit", "prompts", "--labels", labels, pictures, "-f", "json", "--report", page)
    result = run(*command)
    assert result.exit_code == 0
    assert "WARNING: research mode 'veils in the news'" in result.stderr
    assert "veils in the news" in json.loads(result.stdout)["notice"]
    assert "veils in the news" in page.read_text("utf-8")
    assert json.loads(log.read_text("utf-8"))["command"] == "framesift audit prompts"


def test_lint_explains_what_is_wrong(run: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "pets.toml"
    file.write_text(PETS.replace('"a temple"', '"three temples", "a street without cars"'))
    result = run("classifier", "lint", file)
    assert result.exit_code == 0
    assert "2 warnings" in result.stdout
    assert "CLIP does not count reliably" in result.stdout
    assert 'contrast = ["cars"]' in result.stdout


@pytest.mark.parametrize(
    ("labels", "fail_on", "code"),
    [
        ("dog, car, neither", "note", 0),
        ("three dogs, car, neither", "error", 0),
        ("three dogs, car, neither", "warning", 1),
        ("a thief, car, neither", "error", 1),
        ("dog, car", "note", 1),
    ],
)
def test_lint_can_fail_a_build(
    run: Callable[..., Result], labels: str, fail_on: str, code: int
) -> None:
    result = run("classifier", "lint", "--words-only", "--labels", labels, "--fail-on", fail_on)
    assert result.exit_code == code


def test_lint_as_json(run: Callable[..., Result]) -> None:
    result = run("classifier", "lint", "--labels", "a car, an automobile, neither", "-f", "json")
    found = json.loads(result.stdout)
    assert found["model"] == "starter"
    assert found["counts"] == {"error": 0, "warning": 1, "note": 0}
    assert found["findings"][0]["code"] == "similar"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a classifier file"),
        (["missing.toml"], "missing.toml"),
        (["x.toml", "--labels", "dog, cat"], "not both"),
    ],
)
def test_lint_wrong_usage(run: Callable[..., Result], arguments: list[str], message: str) -> None:
    result = run("classifier", "lint", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
