"""`framesift audit bias`: from a table of faces to words, JSON and a page."""

from __future__ import annotations

import csv
import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

CLASSIFIER = """
schema = 1
name = "sights"
background = []
[[label]]
name = "building"
[[label]]
name = "flower"
"""


@pytest.fixture
def answers(tmp_path: Path) -> tuple[Path, Path]:
    """A hundred and twenty pictures that nobody has, and what a system said of them."""
    faces, said = tmp_path / "faces.csv", tmp_path / "said.jsonl"
    with faces.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "gender", "origin", "right"])
        lines = []
        for number in range(120):
            gender, origin = ("female", "male")[number % 2], "abc"[number % 3]
            label = "thief" if number % 10 in (1, 3, 5, 7) else "person"
            writer.writerow([f"{number}.jpg", gender, origin, "person"])
            lines.append(json.dumps({"path": f"{number}.jpg", "label": label}))
    said.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return faces, said


@pytest.fixture
def sights(pictures: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A classifier, and a table of four pictures with a group each."""
    (tmp_path / "sights.toml").write_text(CLASSIFIER, encoding="utf-8")
    lines = ["path;group", *(f"{one.name};{one.name[:5]}" for one in sorted(pictures.iterdir()))]
    (pictures / "faces.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    return tmp_path / "sights.toml", pictures / "faces.csv"


def test_a_planted_bias_is_found_and_can_fail(
    run: Callable[..., Result], answers: tuple[Path, Path], tmp_path: Path
) -> None:
    faces, said = answers
    page = tmp_path / "page.html"
    done = run(
        "audit", "bias", faces, "--answers", said, "--egregious", "crime=thief",
        "--groups", "gender,origin", "--fail-on", "found", "--report", page,
    )  # fmt: skip

    assert done.exit_code == 1
    assert "differences between groups: found" in done.stdout
    assert "gender: found" in done.stdout
    assert re.search(
        r"male: 80\.0 % \(68\.2 to 88\.2\) land in \w+, 0\.0 % of the other", done.stdout
    )
    assert "\norigin: too few to tell" in done.stdout
    assert "gender: found" in page.read_text(encoding="utf-8")


def test_json_on_the_screen_and_in_a_file_is_the_same(
    run: Callable[..., Result], answers: tuple[Path, Path], tmp_path: Path
) -> None:
    faces, said = answers
    done = run(
        "audit", "bias", faces, "--answers", said, "--truth", "right", "-f", "json",
        "--out", tmp_path / "audit.json", "-q",
    )  # fmt: skip
    printed = json.loads(done.stdout)

    assert done.exit_code == 0
    assert printed == json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert printed["pictures"]["columns"] == ["gender", "origin"]
    assert printed["pictures"]["columns_guessed"] is True
    assert [one["name"] for one in printed["errors"][0]["outcomes"]] == ["person, missed"]
    assert printed["errors"][0]["finding"] == "found"


def test_the_same_seed_gives_the_same(
    run: Callable[..., Result], answers: tuple[Path, Path]
) -> None:
    faces, said = answers
    one, two = (
        json.loads(run("audit", "bias", faces, "--answers", said, "-f", "json", "-q").stdout)
        for _ in range(2)
    )

    assert one["columns"] == two["columns"]


def test_pictures_without_an_answer_are_named(
    run: Callable[..., Result], answers: tuple[Path, Path]
) -> None:
    faces, said = answers
    lines = said.read_text(encoding="utf-8").splitlines()
    said.write_text("\n".join(lines[1:]), encoding="utf-8")
    done = run("audit", "bias", faces, "--answers", said)

    assert done.exit_code == 3
    assert "left out: 0.jpg: line 2: said.jsonl has no answer for it" in done.stderr
    assert "said.jsonl, 119 pictures" in done.stdout


def test_answers_in_a_table(run: Callable[..., Result], answers: tuple[Path, Path]) -> None:
    faces, said = answers
    table = said.with_suffix(".csv")
    records = [json.loads(line) for line in said.read_text(encoding="utf-8").splitlines()]
    lines = ["path;verdict", *(f"{one['path']};{one['label']}" for one in records)]
    table.write_text("\n".join(lines), encoding="utf-8-sig")
    done = run("audit", "bias", faces, "--answers", table, "--groups", "gender")

    assert done.exit_code == 0
    assert "gender: found" in done.stdout


def test_a_scan_of_the_same_pictures_can_be_audited(
    run: Callable[..., Result], sights: tuple[Path, Path], tmp_path: Path
) -> None:
    faces = sights[1]
    scan = tmp_path / "scan.jsonl"
    assert run("scan", faces.parent, "--out", scan, "-q").exit_code == 0
    done = run("audit", "bias", faces, "--answers", scan, "-q")

    assert done.exit_code == 0
    assert "scan.jsonl, 4 pictures" in done.stdout


def test_what_classify_wrote_can_be_audited(
    run: Callable[..., Result], sights: tuple[Path, Path], tmp_path: Path
) -> None:
    faces, said = sights[1], tmp_path / "said.jsonl"
    (faces.parent / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    with faces.open("a", encoding="utf-8") as stream:
        stream.write("\nbroken.jpg;china\n")
    made = run(
        "classify", faces.parent, "--labels", "building, flower", "--out", said, "-f", "jsonl", "-q"
    )
    assert made.exit_code == 3
    done = run("audit", "bias", faces, "--answers", said, "-f", "json", "--groups", "group")
    outcome = json.loads(done.stdout)["columns"][0]["outcomes"][0]

    assert done.exit_code == 3
    assert "said.jsonl has no answer for it" in done.stderr
    assert outcome["name"] == "building"
    assert [one["rate"]["value"] for one in outcome["groups"]] == [1.0, 0.0]
    assert outcome["groups"][0]["score"]["superiority"] == 1.0


def test_a_classifier_with_one_more_label_and_other_words(
    run: Callable[..., Result], sights: tuple[Path, Path]
) -> None:
    classifier, faces = sights
    done = run(
        "audit", "bias", classifier, faces, "--groups", "group", "--add-label", "sky",
        "--wordings", "-f", "json", "--no-cache",
    )  # fmt: skip
    found = json.loads(done.stdout)
    shares = {
        one["name"]: one["groups"][0]["rate"]["value"] for one in found["columns"][0]["outcomes"]
    }

    assert done.exit_code == 0
    assert "cached" not in done.stderr
    assert found["subject"]["model"]["name"] == "starter"
    assert found["columns"][0]["sizes"] == {"china": 2, "flowe": 2}
    assert shares == {"building": 1.0, "flower": 0.0}
    assert found["finding"] == "too few to tell"
    assert found["added_labels"]["added"] == ["sky"]
    assert found["wordings"]["wordings"][0] == "as it is"
    assert len(found["wordings"]["wordings"]) > 8


def test_a_policy_is_audited_too_and_bad_files_are_named(
    run: Callable[..., Result], sights: tuple[Path, Path], tmp_path: Path
) -> None:
    faces = sights[1]
    (faces.parent / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    with faces.open("a", encoding="utf-8") as stream:
        stream.write("\nbroken.jpg;china\nabsent.jpg;china\n")
    policy = tmp_path / "policy.toml"
    policy.write_text('name = "small"\n[categories.weapons]\nreview = 0.9\n', encoding="utf-8")
    done = run("audit", "bias", policy, faces, "--groups", "group")

    assert done.exit_code == 3, done.output
    assert re.match(r"small@\w{8}, model starter, 4 pictures", done.stdout)
    assert "left out: absent.jpg: line 7: there is no such file" in done.stderr
    assert "left out:" in done.stderr
    assert "broken.jpg" in done.stderr
    assert "flagged, %" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["sights.toml"], "name a classifier or a policy, and then the table"),
        (["--preset", "fairface", "sights.toml", "pictures/faces.csv"], "stands for the class"),
        (["sights.toml", "nowhere.csv"], "nowhere.csv: there is no such file"),
        (["sights.toml", "pictures/faces.csv", "--groups", "race"], "there is no column 'race'"),
        (["sights.toml", "pictures/faces.csv", "--egregious", "thief"], "no label 'thief'"),
        (["sights.toml", "pictures/faces.csv", "--egregious", "x="], "names no label"),
        (
            ["sights.toml", "pictures/faces.csv", "--add-label", "flower"],
            "among the labels already",
        ),
        (["sights.toml", "pictures/faces.csv", "--report", "a.pdf"], "ends in .html"),
        (["sights.toml", "pictures/faces.csv", "--out", "no/a.json"], "the folder no is not"),
        (["sights.toml", "pictures/faces.csv", "--margin", "2"], "not in the range"),
        (["sights.toml", "pictures/faces.csv", "--truth", "group"], "names none of the labels"),
        (["policy.toml", "pictures/faces.csv", "--wordings"], "goes with a classifier"),
        (["policy.toml", "pictures/faces.csv", "--egregious", "x"], "--egregious goes with labels"),
        (["pictures/faces.csv", "--answers", "odd.jsonl"], "line 1 is no JSON"),
        (["pictures/faces.csv", "--answers", "other.jsonl"], "answers none of the pictures"),
        (["pictures/faces.csv", "--answers", "empty.jsonl"], "line 1 has no answer"),
    ],
)
def test_wrong_usage_says_what_to_do(
    run: Callable[..., Result],
    sights: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.toml").write_text(
        'name = "p"\n[categories.weapons]\nreview = 0.9\n', encoding="utf-8"
    )
    (tmp_path / "odd.jsonl").write_text("path,label\n", encoding="utf-8")
    (tmp_path / "other.jsonl").write_text('{"path": "x.jpg", "label": "a"}\n', encoding="utf-8")
    (tmp_path / "empty.jsonl").write_text('{"path": "x.jpg"}\n', encoding="utf-8")
    done = (
        run("audit", "bias", *arguments, "--groups", "group")
        if "--groups" not in arguments
        else run("audit", "bias", *arguments)
    )

    assert done.exit_code == 2, done.output
    assert reason in " ".join(done.stderr.split())


def test_nobody_is_identified_but_demeaning_labels_are_counted(
    run: Callable[..., Result], sights: tuple[Path, Path]
) -> None:
    classifier, faces = sights
    rows = ["audit", "bias", classifier, faces, "--groups", "group"]
    named = run(*rows, "--add-label", "a photo of Angela Merkel")
    counted = run(*rows, "--add-label", "criminal")

    assert named.exit_code == 2
    assert "Angela Merkel" in named.stderr
    assert counted.exit_code == 0


def test_a_moved_picture_folder(
    run: Callable[..., Result], sights: tuple[Path, Path], tmp_path: Path
) -> None:
    classifier, faces = sights
    moved = tmp_path / "elsewhere.csv"
    shutil.move(faces, moved)

    assert run("audit", "bias", classifier, moved, "--groups", "group").exit_code == 2
    done = run("audit", "bias", classifier, moved, "--images", faces.parent, "--groups", "group")
    assert done.exit_code == 0


@pytest.mark.shared
def test_the_preset_warns_and_stands_beside_what_was_published(
    run: Callable[..., Result], shared: Path, tmp_path: Path
) -> None:
    faces = shared / "data" / "mos_mebeauty_faces" / "labels.csv"
    page = tmp_path / "page.html"
    done = run(
        "audit", "bias", "--preset", "fairface", faces, "--groups", "gender,ethnicity",
        "-f", "json", "--report", page, "-q",
    )  # fmt: skip
    found = json.loads(done.stdout)
    rows = {(one["outcome"], one["added"], one["group"]): one for one in found["published"]["rows"]}

    assert done.exit_code == 0, done.output
    assert "measure harm and for nothing else" in done.stderr
    assert found["pictures"]["used"] == 192
    assert {one["name"]: len(one["sizes"]) for one in found["columns"]} == {
        "gender": 2, "ethnicity": 6, "gender x ethnicity": 12,
    }  # fmt: skip
    assert rows["crime-related", False, "White"]["percent"] == 24.9
    assert rows["crime-related", False, "White"]["measured"]["total"] == 32
    assert rows["crime-related", False, "East Asian"]["measured"] is None
    for column in found["columns"]:
        for outcome in column["outcomes"]:
            assert all(
                0 <= one["rate"]["low"] <= one["rate"]["high"] <= 1 for one in outcome["groups"]
            )
    assert found["added_labels"]["added"] == ["child"]
    assert "white man" not in {one["name"] for one in found["columns"][0]["outcomes"]}
    assert "measure harm" in page.read_text(encoding="utf-8")
