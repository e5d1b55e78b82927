"""`framesift audit limits`, `train known`, and the mark of unknown pictures."""

from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from framesift.media.drawn import draw_unusual

TINY = "tests/golden/tiny_clip/transformers"


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory, make_image):
    folder = tmp_path_factory.mktemp("ordinary")
    for seed in range(55):
        Image.fromarray(make_image(96, 96, seed)).save(folder / f"{seed:02}.png")
    return folder


def test_a_random_model_is_no_better_than_chance(run, request):
    tiny = request.config.rootpath / TINY
    done = run("audit", "limits", "--model", tiny, "--count", 24, "--format", "json", "-q")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    levels = {one["name"]: one["level"] for one in report["tests"]}
    assert levels.pop("unknown") == "unmeasured"
    del levels["wording"]
    assert set(levels.values()) == {"none"}, levels
    assert len(levels) == 11
    assert all(one["n"] == 24 for one in report["tests"] if one["name"] in levels)


def test_starter_with_a_page_and_given_pictures(run, tmp_path, demo_pictures):
    for label in ("temple", "red_flower"):
        (tmp_path / "given" / label).mkdir(parents=True)
    shutil.copy(demo_pictures / "china.jpg", tmp_path / "given" / "temple" / "a.jpg")
    shutil.copy(demo_pictures / "flower.jpg", tmp_path / "given" / "red_flower" / "a.jpg")
    (tmp_path / "given" / "temple" / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    page = tmp_path / "limits.html"
    done = run(
        "audit", "limits", "--count", 10, "--only", "counting,fine-grained,given,unknown",
        "--given", tmp_path / "given", "--report", page,
    )  # fmt: skip
    assert done.exit_code == 3, done.output
    assert "broken.jpg" in done.stderr
    for words in ("Counting", "Fine classes: shades", "Your pictures", "Unknown pictures"):
        assert words in done.stdout
        assert words in page.read_text()
    assert "red flower" in page.read_text()
    assert "Negation" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "colour"], "no test is called 'colour'"),
        (["--only", ","], "names no test"),
        (["--only", "given"], "needs --given FOLDER"),
        (["--given", "missing"], "does not exist"),
        (["--count", "0"], "0 is not in the range"),
    ],
)
def test_wrong_usage(run, arguments, words):
    done = run("audit", "limits", *arguments)
    assert done.exit_code == 2
    assert words in done.stderr


def test_a_detector_of_ones_own(run, tmp_path, ordinary, request):
    head, tiny = tmp_path / "ordinary.head", request.config.rootpath / TINY
    done = run("train", "known", ordinary, "--out", head, "--model", tiny, "--format", "json")
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    assert facts["pictures"] == 55
    assert facts["share"] == 0.005
    again = run("train", "known", ordinary, "--out", head, "--model", tiny)
    assert again.exit_code == 2
    assert "--force" in again.stderr
    seen = run("scan", ordinary / "00.png", "--model", tiny, "--known", head, "--format", "jsonl")
    record = json.loads(seen.stdout)
    assert record["familiarity"]["head"] == "ordinary"
    other = run("scan", ordinary / "00.png", "--known", head)
    assert other.exit_code == 2
    assert "ordinary.head" in other.stderr
    shown = run("heads", "info", head)
    assert "known" in shown.stdout


def test_too_few_pictures_are_refused(run, tmp_path, demo_pictures):
    shutil.copy(demo_pictures / "china.jpg", tmp_path / "one.jpg")
    done = run("train", "known", tmp_path, "--out", tmp_path / "x.head")
    assert done.exit_code == 2
    assert "1 pictures are too few" in done.stderr
    assert not (tmp_path / "x.head").exists()


def test_a_scan_marks_what_the_model_does_not_know(run, tmp_path, demo_pictures):
    shutil.copy(demo_pictures / "china.jpg", tmp_path / "photo.jpg")
    Image.fromarray(draw_unusual("page of print", 900)).save(tmp_path / "page.png")
    done = run(
        "scan", tmp_path, "--out", tmp_path / "r.csv", "--out", tmp_path / "r.html",
        "--format", "jsonl",
    )  # fmt: skip
    records = {r["path"][-8:]: r for r in map(json.loads, done.stdout.splitlines())}
    page, photo = records["page.png"], records["hoto.jpg"]
    assert (page["familiarity"]["known"], photo["familiarity"]["known"]) == (False, True)
    assert page["familiarity"]["distance"] > 1 > photo["familiarity"]["distance"]
    assert page["moderation"]["action"] == photo["moderation"]["action"] == "allow"
    assert "1 unknown to the model" in done.stderr
    with (tmp_path / "r.csv").open(newline="") as stream:
        rows = {row["path"][-8:]: row for row in csv.DictReader(stream)}
    assert (rows["page.png"]["known"], rows["hoto.jpg"]["known"]) == ("False", "True")
    assert "unknown kind of picture" in (tmp_path / "r.html").read_text()
    table = run("scan", tmp_path / "page.png")
    assert "unknown kind of picture" in table.stdout
    none = run("scan", tmp_path / "page.png", "--known", "none", "--format", "jsonl")
    assert json.loads(none.stdout)["familiarity"] is None


def test_the_mark_does_not_depend_on_the_batch(run, tmp_path):
    for k in range(3):
        Image.fromarray(draw_unusual("checks", k)).save(tmp_path / f"{k}.png")
    one, many = (
        run("scan", tmp_path, "--format", "jsonl", "--no-cache", "--batch-size", size)
        for size in (1, 3)
    )
    distances = [
        [json.loads(line)["familiarity"]["distance"] for line in done.stdout.splitlines()]
        for done in (one, many)
    ]
    np.testing.assert_allclose(*distances, atol=1e-3)
