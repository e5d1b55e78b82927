"""``framesift classify`` and ``framesift classifier`` on real pictures."""

from __future__ import annotations

import csv
import json
import shutil
import tomllib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

from framesift.heads.store import read_card

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

LABELS = "flower, temple, neither"


def records(result: Result) -> dict[str, dict]:
    lines = map(json.loads, result.stdout.splitlines())
    return {line["path"].rpartition("/")[2]: line for line in lines}


@pytest.fixture(scope="module")
def labelled(
    demo_pictures: Path,
    tmp_path_factory: pytest.TempPathFactory,
    make_image: Callable[..., np.ndarray],
) -> Path:
    """Twelve different crops of a flower and of a temple each, and patterns that are neither."""
    folder = tmp_path_factory.mktemp("labelled")
    for label, name in (("flower", "flower.jpg"), ("Temple", "china.jpg")):
        (folder / label).mkdir()
        picture = Image.open(demo_pictures / name)
        rng = np.random.default_rng(5)
        for n in range(12):
            # Different enough that they do not count as near-duplicates of each other.
            side = int(rng.integers(110, 300))
            x, y = int(rng.integers(0, 640 - side)), int(rng.integers(0, 427 - side))
            turned = picture.crop((x, y, x + side, y + side)).rotate(90 * (n % 4))
            turned.save(folder / label / f"{7 * n}.jpg", quality=90)
    (folder / "_none").mkdir()
    for n in range(12):
        Image.fromarray(make_image(240, 180, n)).save(folder / "_none" / f"{7 * n}.jpg")
    return folder


@pytest.fixture
def words(tmp_path: Path, run: Callable[..., Result]) -> Path:
    file = tmp_path / "things.toml"
    assert run("classifier", "init", file, "--labels", LABELS).exit_code == 0
    return file


def test_a_folder_with_broken_files(odd_pictures: Path, run: Callable[..., Result]) -> None:
    result = run("classify", odd_pictures, "--labels", LABELS, "-f", "jsonl")
    assert result.exit_code == 3
    found = records(result)
    assert found["flower.jpg"]["answer"]["labels"] == ["flower"]
    assert found["flower.jpg"]["answer"]["status"] == "label"
    assert found["flower.jpg"]["moderation"] is None
    assert sum(tag["score"] for tag in found["flower.jpg"]["tags"]) == pytest.approx(1, abs=1e-3)
    assert {tag["name"] for tag in found["flower.jpg"]["tags"]} == {"flower", "temple", "none"}
    assert found["broken.jpg"]["answer"] is None
    assert found["broken.jpg"]["moderation"]["action"] == "review"
    assert found["empty.png"]["error"] is not None
    assert "failed:" in result.stderr
    told = run("classify", odd_pictures / "broken.jpg", "--labels", LABELS)
    assert told.exit_code == 3
    assert "failed" in told.stdout
    assert "failed:" not in told.stderr


def test_the_table_and_a_video(demo_pictures: Path, run: Callable[..., Result]) -> None:
    clip = demo_pictures / "china-clip.mp4"
    result = run("classify", clip, demo_pictures / "flower.jpg", "--labels", "flower, temple")
    assert result.exit_code == 0
    assert result.stdout.startswith("name ")
    assert "Answers: " in result.stdout
    assert "0:00.0-" in result.stdout or "0:00-" in result.stdout
    assert "add `neither`" in result.stderr
    again = run("classify", clip, "--labels", "flower, temple", "-f", "jsonl", "-q")
    found = json.loads(again.stdout)
    assert found["timeline"]["moments"] > 1
    assert {one["kind"] for one in found["timeline"]["segments"]} == {"tag"}
    assert sum(tag["score"] for tag in found["tags"]) == pytest.approx(1, abs=1e-3)


def test_labels_that_will_hardly_work_are_said_once_and_used(
    pictures: Path, words: Path, run: Callable[..., Result]
) -> None:
    wanted = ("classify", pictures / "flower.jpg", "--labels", "three flowers, temple, none")
    result = run(*wanted)
    assert result.exit_code == 0
    assert result.stderr.count('note: "three flowers": CLIP does not count reliably') == 1
    assert "lint --labels 'three flowers, temple, none'" in result.stderr
    assert "note" not in run(*wanted, "-q").stderr
    words.write_text(words.read_text().replace('"a temple"', '"two temples"'))
    told = run("classify", pictures / "flower.jpg", "--classifier", words).stderr
    assert "does not count" in told
    assert f"framesift classifier lint {words}" in told


def test_reports_and_abstention(pictures: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    table, page = tmp_path / "a.csv", tmp_path / "a.html"
    result = run(
        "classify", pictures, "--labels", LABELS, "--abstain-below", "1", "--top", "1",
        "-o", table, "-o", page,
    )  # fmt: skip
    assert result.exit_code == 0
    assert result.stdout == ""
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert {row["answer"] for row in rows} == {"unsure"}
    assert all(row["answer_doubtful"] and not row["answer_labels"] for row in rows)
    assert all(row["tags"].count("=") == 1 for row in rows)
    assert "unsure: " in page.read_text(encoding="utf-8")


def test_files_are_sorted_by_their_answers(
    pictures: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    out = tmp_path / "sorted"
    wanted = ("classify", pictures, "--labels", "flower/bloom, temple", "--copy-to", out)
    dry = run(*wanted, "--dry-run")
    assert dry.exit_code == 0
    assert "would be copied" in dry.stdout
    assert not out.exists()
    done = run(*wanted)
    assert done.exit_code == 0
    assert (out / "flower_bloom" / "flower.jpg").is_file()
    assert sum(1 for path in out.rglob("*.jpg")) == 4
    assert "already there" in run(*wanted).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give --labels"),
        (("--labels", "a, b", "--classifier", "x.toml"), "FILE, not both"),
        (("--labels", "dog"), "alone would be the answer"),
        (("--labels", "dog, Dog"), "occurs twice"),
        (("--classifier", "missing.toml"), "missing.toml: the classifier cannot be read"),
        (("--classifier", "missing.head"), "missing.head"),
        (("--labels", "a, b", "--dry-run"), "--dry-run needs"),
        (("--labels", "a, b", "--copy-to", "x", "--move-to", "y"), "give one of"),
    ],
)
def test_wrong_usage_is_explained(
    pictures: Path, run: Callable[..., Result], arguments: tuple[str, ...], said: str
) -> None:
    result = run("classify", pictures, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_classifier_is_written_once(words: Path, run: Callable[..., Result]) -> None:
    assert tomllib.loads(words.read_text())["label"][0]["prompts"] == ["a flower"]
    again = run("classifier", "init", words)
    assert again.exit_code == 2
    assert "left as it is" in again.stderr
    for mode in ("one", "many"):
        shown = run("classifier", "init", "-", "--mode", mode)
        made = tomllib.loads(shown.stdout)
        assert made["mode"] == mode
        assert made["label"][0]["contrast"] == ["a wolf", "a fox"]


def test_it_is_tested_on_folders(
    labelled: Path, words: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    page = tmp_path / "new" / "test.html"
    result = run("classifier", "test", words, labelled, "--report", page, "-f", "json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["measured"]["n"] == 36
    assert found["names"] == ["flower", "temple", "none"]
    assert found["chance"] == pytest.approx(1 / 3)
    words_alone = found["measured"]["accuracy"]["value"]
    assert 0 < words_alone < found["learnt"]["accuracy"]["value"] <= 1
    assert [one["n"] for one in found["by_label"]] == [12, 12, 12]
    assert "What is taken for what" in page.read_text(encoding="utf-8")
    text = run("classifier", "test", words, labelled, "--no-few-shot")
    assert "always giving the commonest answer would be right in 33%" in text.stdout
    assert "none of these" in text.stdout


def test_folders_that_are_no_labels(
    labelled: Path, words: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    folder = tmp_path / "odd"
    for name, new in (("flower", "boat"), ("_none", "car")):
        shutil.copytree(labelled / name, folder / new)
    result = run("classifier", "test", words, folder)
    assert result.exit_code == 2
    assert "name them after the labels flower, temple" in result.stderr
    shutil.copytree(labelled / "flower", folder / "flower")
    result = run("classifier", "test", words, folder, "--no-few-shot")
    assert "24 pictures are left out" in result.stderr


def test_calibrating_writes_a_new_file_and_keeps_the_old(
    labelled: Path, words: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    before = words.read_text()
    few = run("classifier", "calibrate", words, labelled / "..", "--target", "accuracy>=1")
    assert few.exit_code == 2
    new = tmp_path / "mine.toml"
    result = run(
        "classifier", "calibrate", words, labelled, "--out", new, "--target", "coverage>=80%"
    )
    assert result.exit_code == 0, result.output
    assert words.read_text() == before
    made = tomllib.loads(new.read_text())
    assert set(made["calibration"]) == {"starter-1"}
    assert 0 < made["calibration"]["starter-1"]["abstain_below"] < 1
    assert "# A classifier in words" in new.read_text()
    refused = run("classifier", "calibrate", words, labelled, "--out", new)
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert run("classify", labelled / "flower", "--classifier", new).exit_code == 0


def test_a_head_is_learnt_and_used(
    labelled: Path, words: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    head = tmp_path / "things.head"
    result = run("classifier", "learn", words, labelled, "--out", head)
    assert result.exit_code == 0, result.output
    assert "learnt from 36 pictures" in result.stdout
    card = read_card(head)
    assert card.task == "tags"
    assert card.details["pictures"] == {"flower": 12, "temple": 12, "none": 12}
    assert len(card.details["data_sha256"]) == 64
    used = run("classify", labelled, "--classifier", head, "-f", "jsonl")
    assert used.exit_code == 0
    told = [json.loads(line) for line in used.stdout.splitlines()]
    right = [
        one["answer"]["status"] == "none"
        if "_none" in one["path"]
        else one["answer"]["labels"][:1] == [one["path"].split("/")[-2].lower()]
        for one in told
    ]
    assert np.mean(right) > 0.9
    tested = run("classifier", "test", head, labelled, "-f", "json")
    assert json.loads(tested.stdout)["learnt"] is None
    assert run("classifier", "calibrate", head, labelled).exit_code == 2
