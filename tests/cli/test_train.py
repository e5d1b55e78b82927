"""``framesift train``, ``evaluate`` and ``heads`` on real pictures."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import time
from importlib import util
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageFilter

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

from framesift.heads import load_head, save_head
from framesift.heads.store import read_card

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

COUNT = 24


@pytest.fixture(scope="module")
def rated_pictures(
    tmp_path_factory: pytest.TempPathFactory, make_image: Callable[..., np.ndarray]
) -> Path:
    """Pictures that are the more blurred the lower their stars, in two folders."""
    folder = tmp_path_factory.mktemp("rated")
    rows = []
    for i in range(COUNT):
        stars = 1 + i % 5
        picture = Image.fromarray(make_image(240, 180, i)).filter(
            ImageFilter.GaussianBlur(6 - stars)
        )
        name = f"{'night' if i % 2 else 'day'}/{i // 2}.jpg"
        (folder / name).parent.mkdir(exist_ok=True)
        picture.save(folder / name, quality=90)
        rows.append((name, stars, name.split("/", maxsplit=1)[0]))
    write_table(folder / "ratings.csv", ("path", "rating", "scene"), rows)
    return folder


@pytest.fixture
def photos(rated_pictures: Path, tmp_path: Path) -> Path:
    """The same in a folder that a test may change."""
    return shutil.copytree(rated_pictures, tmp_path / "photos")


@pytest.fixture(scope="module")
def head(
    rated_pictures: Path, tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Result]
) -> Path:
    """A head trained on them."""
    out = tmp_path_factory.mktemp("heads") / "sharp.head"
    result = run("train", "quality", rated_pictures / "ratings.csv", "--out", out, "--quick")
    assert result.exit_code == 0, result.output
    return out


def write_table(
    path: Path, names: tuple[str, ...], rows: list[tuple[object, ...]], *, delimiter: str = ","
) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerow(names)
        writer.writerows(rows)
    return path


def rows_of(folder: Path) -> list[tuple[object, ...]]:
    with (folder / "ratings.csv").open(newline="", encoding="utf-8") as stream:
        return [tuple(row) for row in csv.reader(stream)][1:]


def test_a_head_is_trained_described_and_scores(
    head: Path, rated_pictures: Path, run: Callable[..., Result]
) -> None:
    card = read_card(head)
    assert card.name == "sharp"
    assert card.model == "starter"
    assert card.task == "quality"
    assert card.details["seed"] == 0
    assert card.details["source"] == "ratings.csv"
    assert len(card.details["source_sha256"]) == 64
    assert card.details["fingerprint"].startswith("starter")
    assert card.details["quick"] == "yes"
    told = run("heads", "info", head)
    assert told.exit_code == 0
    for word in ("sharp", "starter", "r2", "ratings.csv", " to "):
        assert word in told.stdout
    as_json = json.loads(run("heads", "info", head, "--json").stdout)
    assert as_json["details"]["pictures"] == COUNT
    scan = run("scan", rated_pictures / "day", "--quality", head, "--format", "jsonl")
    records = [json.loads(line) for line in scan.stdout.splitlines()]
    assert {record["quality"]["head"] for record in records} == {"sharp"}


def test_the_summary_leads_with_unseen_pictures(
    photos: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    result = run(
        "train", "quality", photos / "ratings.csv", "--out", tmp_path / "a.head", "--quick",
        "--columns", "group=scene", "--scale", "1-5", "--name", "my taste",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("my taste: ")
    for word in ("unseen groups", "random split", "trained on", "R2", "SRCC", "MAE, points"):
        assert word in result.stdout
    for stage in ("reading", f"embedding {COUNT} pictures with starter", "training my taste"):
        assert stage in result.stderr
    assert f"wrote {tmp_path / 'a.head'}" in result.stderr


def test_the_same_seed_gives_the_same_head(
    photos: Path, head: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    again = tmp_path / "sharp.head"
    result = run("train", "quality", photos / "ratings.csv", "--out", again, "--quick")
    assert result.exit_code == 0
    assert again.read_bytes() == head.read_bytes()


def test_a_page_and_plots(photos: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    page, plots = tmp_path / "new" / "report.html", tmp_path / "plots"
    result = run(
        "train", "quality", photos / "ratings.csv", "--out", tmp_path / "a.head",
        "--kinds", "ridge", "--inputs", "vectors", "--report", page, "--plots", plots,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    text = page.read_text(encoding="utf-8")
    assert text.count("data:image/jpeg;base64,") == COUNT + 12
    assert "Over the whole range" in text
    assert {path.name for path in plots.iterdir()} >= {
        "predicted-actual.png",
        "ratings.png",
        "contact-sheet.png",
        "worst-misses.png",
    }
    with Image.open(plots / "contact-sheet.png") as sheet:
        assert np.asarray(sheet.convert("RGB")).std() > 20, "there are pictures on it"
    assert read_card(tmp_path / "a.head").inputs == ("vectors",)


def test_an_existing_head_is_not_replaced_unasked(
    photos: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    out = tmp_path / "a.head"
    out.write_text("mine")
    arguments = ("train", "quality", photos / "ratings.csv", "--out", out, "--quick")
    result = run(*arguments)
    assert result.exit_code == 2
    assert "--force" in result.stderr
    assert "embedding" not in result.stderr
    assert out.read_text() == "mine"
    assert run(*arguments, "--force").exit_code == 0
    assert read_card(out).name == "a"
    folder = run("train", "quality", photos / "ratings.csv", "--out", tmp_path)
    assert folder.exit_code == 2
    assert "is a folder" in folder.stderr


def test_what_cannot_be_used_is_named_and_the_rest_is(
    photos: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    (photos / "day" / "0.jpg").write_bytes((photos / "day" / "0.jpg").read_bytes()[:200])
    (photos / "day" / "1.jpg").unlink()
    rows = [*rows_of(photos), ("night/0.jpg", "good", "night")]
    write_table(photos / "ratings.csv", ("path", "rating", "scene"), rows)
    page = tmp_path / "report.html"
    result = run(
        "train", "quality", photos / "ratings.csv", "--out", tmp_path / "a.head", "--quick",
        "--report", page,
    )  # fmt: skip
    assert result.exit_code == 3, result.output
    assert read_card(tmp_path / "a.head").details["pictures"] == COUNT - 2
    text = page.read_text(encoding="utf-8")
    for told in (result.stderr, text):
        assert "0.jpg" in told
        assert "no such file" in told
        assert "not a number" in told
    assert "3 could not be used" in text
    assert f"line {COUNT + 2}" in result.stderr


def test_a_table_from_a_spreadsheet(
    photos: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    rows = [
        (name, str(int(stars) * 10).replace("0", "0,5", 1)) for name, stars, _ in rows_of(photos)
    ]
    table = write_table(tmp_path / "table.csv", ("File", "Score"), rows, delimiter=";")
    result = run(
        "train", "quality", table, "--images", photos, "--columns", "path=file,rating=SCORE",
        "--out", tmp_path / "a.head", "--quick",
    )  # fmt: skip
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("rows", "names", "said"),
    [
        ([("day/0.jpg", 3)], ("path", "rating"), "too few"),
        ([], ("path", "rating"), "no usable rating"),
        ([("day/0.jpg", 3)], ("picture", "rating"), "--columns"),
        ([("day/none.jpg", 3)], ("path", "rating"), "--images"),
        (
            [(f"{f}/{i}.jpg", 3) for f in ("day", "night") for i in range(12)],
            ("path", "rating"),
            "same",
        ),
    ],
    ids=["one row", "no rows", "wrong columns", "nothing there", "constant"],
)
def test_tables_that_teach_nothing_are_refused_with_a_way_out(
    rows: list[tuple[object, ...]],
    names: tuple[str, ...],
    said: str,
    photos: Path,
    tmp_path: Path,
    run: Callable[..., Result],
) -> None:
    table = write_table(photos / "other.csv", names, rows)
    result = run("train", "quality", table, "--out", tmp_path / "a.head", "--quick")
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "a.head").exists()


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--columns", "score", "MEANING=NAME"),
        ("--columns", "beauty=score", "path, rating"),
        ("--scale", "5", "1-5"),
        ("--scale", "3-3", "1-5"),
        ("--kinds", "forest", "ridge"),
        ("--inputs", "vectors+,a", "empty name"),
        ("--inputs", "nothing", "nothing"),
        ("--folds", "1", "--folds"),
        ("--images", "no-such-folder", "no-such-folder"),
    ],
)
def test_options_that_say_nothing_are_refused(
    option: str,
    value: str,
    said: str,
    rated_pictures: Path,
    tmp_path: Path,
    run: Callable[..., Result],
) -> None:
    table, out = rated_pictures / "ratings.csv", tmp_path / "a.head"
    result = run("train", "quality", table, "--out", out, option, value)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert "embedding" not in result.stderr, "said before any work"
    assert not out.exists()


def test_without_the_extra_it_says_what_to_install(
    rated_pictures: Path,
    tmp_path: Path,
    run: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == "sklearn" else real(name))
    table = rated_pictures / "ratings.csv"
    for command in (("train", "quality", table, "--out", tmp_path / "a"), ("evaluate", "a", table)):
        result = run(*command)
        assert result.exit_code == 2
        assert "pip install 'framesift[train]'" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to another process there")
def test_ctrl_c_while_embedding_loses_nothing(
    many_pictures: Path, tmp_path: Path, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    rows = [(path.name, i % 7) for i, path in enumerate(sorted(many_pictures.iterdir()))]
    table = write_table(tmp_path / "ratings.csv", ("path", "rating"), rows)
    cache = tmp_path / "cache"
    process = start(
        "train", "quality", table, "--images", many_pictures, "--out", tmp_path / "a.head",
        "--batch-size", 1, "--cache-dir", cache, "--inputs", "vectors",
    )  # fmt: skip
    deadline = time.monotonic() + 90
    while not any(cache.glob("*.sqlite*")) or _rows(cache) < 3:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "nothing was embedded for a while"
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert b"interrupted after " in stderr
    assert b"run it again to go on" in stderr
    assert b"Traceback" not in stderr
    assert not (tmp_path / "a.head").exists()
    assert 3 <= _rows(cache) < 400


def _rows(cache: Path) -> int:
    import sqlite3

    for path in cache.glob("*.sqlite"):
        connection = sqlite3.connect(path)
        try:
            return int(connection.execute("select count(*) from plans").fetchone()[0])
        except sqlite3.Error:
            return 0
        finally:
            connection.close()
    return 0


def test_a_table_of_the_rating_page_has_its_scale(
    photos: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    from framesift.web.ratings import COLUMNS

    rows = [(path, stars, "", "", "", "", "") for path, stars, _ in rows_of(photos)]
    table = write_table(photos / "rated.csv", COLUMNS, rows)
    data = json.loads(
        run("train", "quality", table, "--out", tmp_path / "a", "--quick", "-f", "json").stdout
    )
    assert (data["scale"]["low"], data["scale"]["high"]) == (0, 10)
    assert not data["scale"]["inferred"]
    asked = run(
        "train", "quality", table, "--out", tmp_path / "b", "--quick", "--scale", "1-5",
        "-f", "json",
    )  # fmt: skip
    assert json.loads(asked.stdout)["scale"]["high"] == 5


def test_a_quick_run_says_that_it_drew_no_learning_curve(
    photos: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    for kind, source in (("quality", photos / "ratings.csv"), ("classifier", photos)):
        result = run("train", kind, source, "--out", tmp_path / kind, "--quick")
        assert "learning curve was left out" in result.stdout
        assert "too few for a learning curve" not in result.stdout


def test_an_evaluation(
    head: Path, photos: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    table = write_table(photos / "fresh.csv", ("path", "rating", "scene"), rows_of(photos)[:18])
    page, plots = tmp_path / "report.html", tmp_path / "plots"
    result = run("evaluate", head, table, "--report", page, "--plots", plots, "--scale", "1-5")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("sharp: ")
    assert "if only the scale differed" in result.stdout
    assert "trained on these very ratings" not in result.stderr
    assert "Evaluated on 18 pictures" in page.read_text(encoding="utf-8")
    assert (plots / "predicted-actual.png").is_file()
    data = json.loads(run("evaluate", head, table, "-f", "json").stdout)
    assert len(data["predictions"]) == 18
    assert data["metrics"]["n"] == 18


def test_a_head_measured_on_its_own_ratings_is_pointed_out(
    head: Path, rated_pictures: Path, run: Callable[..., Result]
) -> None:
    result = run("evaluate", head, rated_pictures / "ratings.csv")
    assert result.exit_code == 0
    assert "trained on these very ratings" in result.stderr


def test_two_heads_side_by_side(
    head: Path, photos: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    page = tmp_path / "report.html"
    arguments = ("evaluate", head, photos / "ratings.csv", "--against", "antonym-prompts")
    result = run(*arguments, "--report", page)
    assert result.exit_code == 0, result.output
    assert "difference" in result.stdout
    assert "sharp against" in page.read_text(encoding="utf-8")
    data = json.loads(run(*arguments, "--format", "json").stdout)
    assert data["a"]["head"] == "sharp"
    assert data["n"] == COUNT
    assert sum(data["wins"]) == COUNT


def test_heads_of_two_models_are_measured_one_after_the_other(
    head: Path, photos: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framesift.cli.evaluate._models", lambda *_: (None, "starter"))
    result = run("evaluate", head, photos / "ratings.csv", "--against", "antonym-prompts")
    assert result.exit_code == 0, result.output
    assert result.stderr.count("framesift: embedding ") == 2
    assert "difference" in result.stdout


def test_a_head_brings_its_model_along(head: Path) -> None:
    from framesift.cli.evaluate import _models
    from framesift.settings import Settings

    auto, asked = Settings(model="auto"), Settings(model="clip-vit-b32")
    assert _models(str(head), None, auto) == ("starter", "starter")
    assert _models("technical", str(head), auto) == ("starter", "starter")
    assert _models("technical", "aesthetic", auto) == (None, None)
    assert _models(str(head), "technical", asked) == (None, None)


def test_a_head_of_another_model_is_refused(
    head: Path, rated_pictures: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    from dataclasses import replace

    made = load_head(head)
    tensors, settings = made.to_tensors()
    card = replace(made.card, space="openai/clip-vit-b-32")
    other = save_head(type(made).from_tensors(card, tensors, settings), tmp_path / "other.head")
    result = run("evaluate", other, rated_pictures / "ratings.csv")
    assert result.exit_code == 2
    assert "openai/clip-vit-b-32" in result.stderr


def test_heads_that_are_none(
    rated_pictures: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    (tmp_path / "bad.head").write_bytes(b"no head")
    table = rated_pictures / "ratings.csv"
    for name, said in ((tmp_path / "bad.head", "bad.head"), ("tecnical", "did you mean")):
        result = run("evaluate", name, table)
        assert result.exit_code == 2
        assert said in result.stderr
    assert run("heads", "info", tmp_path / "bad.head").exit_code == 2
    assert run("heads", "info", tmp_path / "none.head").exit_code == 2


def test_a_classifier_of_folders(photos: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    for path in photos.glob("night/*.jpg"):
        Image.open(path).point(lambda value: value // 5).save(path)
    (photos / "day" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    shutil.copy(photos / "day" / "2.jpg", photos / "stray.jpg")
    out, page = tmp_path / "light.head", tmp_path / "report.html"
    arguments = ("train", "classifier", photos, "--out", out, "--quick")
    result = run(*arguments, "--report", page, "--plots", tmp_path / "plots")
    assert result.exit_code == 3, result.output
    assert "broken.jpg" in result.stderr
    assert "left out: stray.jpg: lies beside the sub-folders" in result.stderr
    assert "ratings.csv" not in result.stderr, "companions of pictures are passed over"
    for word in ("day", "night", "precision", "recall", "F1"):
        assert word in result.stdout
    assert read_card(out).task == "tags"
    assert "What was taken for what" in page.read_text(encoding="utf-8")
    assert (tmp_path / "plots" / "confusion.png").is_file()
    assert run("heads", "info", out).exit_code == 0
    assert run(*arguments).exit_code == 2, "the head is there already"


def test_one_label_is_none(photos: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    shutil.rmtree(photos / "night")
    result = run("train", "classifier", photos, "--out", tmp_path / "a.head")
    assert result.exit_code == 2
    assert "at least two labels" in result.stderr


@pytest.fixture(scope="module")
def sorted_pictures(
    tmp_path_factory: pytest.TempPathFactory, make_image: Callable[..., np.ndarray]
) -> Path:
    """Dark and light pictures in folders of these names, to learn from and to test on."""
    folder = tmp_path_factory.mktemp("sorted")
    for i in range(40):
        label = "dark" if i % 2 else "light"
        pixels = make_image(160, 120, i) // (6 if i % 2 else 1)
        place = folder / ("learn" if i < 24 else "test") / label / f"{i}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place, quality=92)
    return folder


@pytest.fixture(scope="module")
def classifiers(
    sorted_pictures: Path, tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Result]
) -> tuple[Path, Path]:
    """A classifier of the model's vectors, and one of the technical row."""
    made = []
    for inputs in ("vectors", "technical"):
        out = tmp_path_factory.mktemp("classifiers") / f"{inputs}.head"
        result = run(
            "train", "classifier", sorted_pictures / "learn", "--out", out, "--quick",
            "--inputs", inputs,
        )  # fmt: skip
        assert result.exit_code == 0, result.output
        made.append(out)
    return made[0], made[1]


def test_a_classifier_is_evaluated_on_a_labelled_folder(
    classifiers: tuple[Path, Path],
    sorted_pictures: Path,
    tmp_path: Path,
    run: Callable[..., Result],
) -> None:
    page, plots = tmp_path / "report.html", tmp_path / "plots"
    result = run(
        "evaluate", classifiers[0], sorted_pictures / "test", "--report", page, "--plots", plots
    )
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("vectors: ")
    for word in ("dark", "light", "precision", "recall", "F1"):
        assert word in result.stdout
    assert "trained on these very" not in result.stderr
    text = page.read_text(encoding="utf-8")
    for word in ("Evaluated on 16 pictures", "Label by label", "Can its probabilities be believed"):
        assert word in text
    for name in ("confusion", "roc", "precision-recall", "reliability"):
        assert (plots / f"{name}.png").is_file()
    data = json.loads(
        run("evaluate", classifiers[0], sorted_pictures / "test", "-f", "json").stdout
    )
    assert data["metrics"]["n"] == 16
    assert sum(map(sum, data["confusion"])) == 16


def test_two_classifiers_side_by_side(
    classifiers: tuple[Path, Path],
    sorted_pictures: Path,
    tmp_path: Path,
    run: Callable[..., Result],
) -> None:
    first, second = classifiers
    page = tmp_path / "report.html"
    arguments = ("evaluate", first, sorted_pictures / "test", "--against", second)
    result = run(*arguments, "--report", page)
    assert result.exit_code == 0, result.output
    for word in ("mean F1", "McNemar", "difference", "alone on"):
        assert word in result.stdout
    assert "vectors against technical" in page.read_text(encoding="utf-8")
    data = json.loads(run(*arguments, "-f", "json").stdout)
    assert data["n"] == sum(data["agreement"]) == 16
    assert [each["name"] for each in data["differences"]][2] == "macro_f1"


def test_a_classifier_measured_on_its_own_pictures_is_pointed_out(
    classifiers: tuple[Path, Path], sorted_pictures: Path, run: Callable[..., Result]
) -> None:
    result = run("evaluate", classifiers[0], sorted_pictures / "learn")
    assert result.exit_code == 0
    assert "trained on these very pictures" in result.stderr


def test_heads_and_sources_that_do_not_go_together(
    classifiers: tuple[Path, Path], sorted_pictures: Path, head: Path, photos: Path, tmp_path: Path,
    run: Callable[..., Result],
) -> None:  # fmt: skip
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for name in ("a", "b"):
        shutil.copy(photos / "day" / "0.jpg", tmp_path / name)
    for arguments, said in (
        ((head, sorted_pictures / "test"), "is a quality head"),
        (("technical", sorted_pictures / "test"), "is a quality head"),
        ((classifiers[0], photos / "ratings.csv"), "is a classifier"),
        ((classifiers[0], sorted_pictures / "test", "--scale", "1-5"), "goes with a table"),
        ((classifiers[0], sorted_pictures / "test", "--against", head), "is a quality head"),
        ((classifiers[0], sorted_pictures / "test" / "dark"), "at least two labels"),
        ((classifiers[0], tmp_path), "knows the labels dark, light"),
    ):
        result = run("evaluate", *arguments)
        assert result.exit_code == 2, (said, result.output)
        assert said in " ".join(result.stderr.split())
