"""``framesift search`` on real pictures."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from click.testing import Result


@pytest.fixture(scope="module")
def photos(
    demo_pictures: Path, tmp_path_factory: pytest.TempPathFactory, make_image: Callable[..., object]
) -> Path:
    """A temple, a flower, a clip that shows the temple, and fifty patterns, in two folders."""
    folder = tmp_path_factory.mktemp("search") / "photos"
    for sub in ("2023", "2024"):
        (folder / sub).mkdir(parents=True)
    shutil.copy(demo_pictures / "china.jpg", folder / "2023")
    shutil.copy(demo_pictures / "china-clip.mp4", folder / "2023")
    shutil.copy(demo_pictures / "flower.jpg", folder / "2024")
    for seed in range(50):
        picture = Image.fromarray(make_image(96, 72, seed))
        picture.save(folder / "2024" / f"pattern-{seed:02}.png")
    for path in folder.rglob("*.*"):
        stamp = 1_680_000_000 if path.parent.name == "2023" else 1_710_000_000
        os.utime(path, (stamp, stamp))
    return folder


def hits(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def found(result: Result) -> list[str]:
    return [Path(line).name for line in result.stdout.splitlines()]


def search(run: Callable[..., Result], *args: object, code: int = 0) -> Result:
    result = run("search", *args)
    assert result.exit_code == code, result.output
    return result


def test_a_text_finds_its_picture_first(photos: Path, run: Callable[..., Result]) -> None:
    result = search(run, photos, "a pink flower", "--format", "jsonl")
    first = hits(result)[0]
    assert Path(str(first["path"])).name == "flower.jpg"
    assert first["schema"] == first["rank"] == 1
    assert first["query"] == '"a pink flower"'
    assert first["time_s"] is None
    assert float(str(first["margin"])) > 0
    assert str(first["date"]).startswith("2024-03-09")
    assert "among 53 pictures and videos" in result.stderr
    again = search(run, photos, "a pink flower", "--format", "jsonl")
    assert again.stdout == result.stdout


def test_the_moment_of_a_video_comes_with_it(photos: Path, run: Callable[..., Result]) -> None:
    result = search(run, photos, "a chinese temple", "-f", "jsonl", "--min-score", "-1")
    clip = next(hit for hit in hits(result) if str(hit["path"]).endswith(".mp4"))
    assert 0 <= float(str(clip["time_s"])) <= 8
    table = search(run, photos, "a chinese temple", "--min-score", "-1", "--top", 3)
    line = next(line for line in table.stdout.splitlines() if ".mp4" in line)
    assert " at 0:0" in line


def test_no_good_match_is_an_answer(photos: Path, run: Callable[..., Result]) -> None:
    result = search(run, photos, "a spreadsheet with sales figures")
    assert result.stdout == ""
    assert "no good match among 53 pictures and videos" in result.stderr
    assert "the nearest is" in result.stderr
    near = search(run, photos, "a spreadsheet with sales figures", "--min-score", -1, "--top", 4)
    assert len(near.stdout.splitlines()) == 5


def test_like_a_picture(photos: Path, run: Callable[..., Result]) -> None:
    temple = photos / "2023" / "china.jpg"
    result = search(run, photos, "--like", temple, "--min-score", -1, "-f", "paths", "--top", 2)
    assert found(result)[0] == "china-clip.mp4"
    assert "china.jpg" not in found(result)
    assert "china.jpg itself is not listed" in result.stderr
    both = search(
        run, photos, "a flower", "--like", temple, "--min-score", -1, "-f", "jsonl", "--top", 3
    )
    assert hits(both)[0]["query"] == '"a flower" and like china.jpg'
    names = [Path(str(hit["path"])).name for hit in hits(both)]
    assert {"flower.jpg", "china-clip.mp4"} <= set(names)


def test_what_is_not_wanted_comes_later(photos: Path, run: Callable[..., Result]) -> None:
    arguments = (photos, "--text", "a temple", "--text", "a flower", "--min-score", -1)
    options = ("-f", "paths", "--top", 53)
    before = found(search(run, *arguments, *options))
    after = found(search(run, *arguments, *options, "--not", "a temple"))
    assert after[0] == "flower.jpg"
    assert after.index("china.jpg") > before.index("china.jpg")
    assert sorted(after) == sorted(before)


def test_filters(photos: Path, run: Callable[..., Result]) -> None:
    arguments = (photos, "a flower", "--min-score", -1, "-f", "paths", "--top", 100)
    assert len(found(search(run, *arguments))) == 53
    assert set(found(search(run, *arguments, "--folder", "2023"))) == {
        "china.jpg",
        "china-clip.mp4",
    }
    late = found(search(run, *arguments, "--after", "2024-01-01"))
    assert len(late) == 51
    early = found(search(run, *arguments, "--before", "2024-01-01"))
    assert set(early) == {"china.jpg", "china-clip.mp4"}
    judged = (photos / "2023", *arguments[1:])
    assert len(found(search(run, *judged, "--quality-min", 0, "--verdict", "allow"))) == 2
    assert found(search(run, *judged, "--verdict", "block")) == []
    assert found(search(run, *judged, "--quality-min", 10)) == []
    assert found(search(run, *arguments[:-1], 1)) == ["flower.jpg"]


def test_quality_is_told_and_kept(photos: Path, run: Callable[..., Result]) -> None:
    arguments = (photos / "2023", "a temple", "--min-score", -1, "-f", "jsonl", "--quality-min", 1)
    first = search(run, *arguments)
    scan = run("scan", photos / "2023" / "china.jpg", "--format", "jsonl")
    record = json.loads(scan.stdout)
    hit = next(hit for hit in hits(first) if str(hit["path"]).endswith("china.jpg"))
    assert hit["quality"] == record["quality"]["score"]
    assert hit["action"] == record["moderation"]["action"]
    assert search(run, *arguments).stdout == first.stdout


def test_copies_are_one_hit(photos: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    for name in ("a.jpg", "b.jpg"):
        shutil.copy(photos / "2024" / "flower.jpg", tmp_path / name)
    (only,) = hits(search(run, tmp_path, "a flower", "--min-score", -1, "-f", "jsonl"))
    assert (Path(str(only["path"])).name, only["copies"]) == ("a.jpg", [str(tmp_path / "b.jpg")])


def test_bad_files_are_named_and_the_rest_is_searched(
    photos: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    shutil.copy(photos / "2024" / "flower.jpg", tmp_path)
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    for _ in range(2):
        result = search(run, tmp_path, "a flower", "--min-score", -1, "-f", "paths", code=3)
        assert found(result) == ["flower.jpg"]
        assert f"failed: {tmp_path / 'broken.jpg'}" in result.stderr


def test_an_empty_folder(tmp_path: Path, run: Callable[..., Result]) -> None:
    result = search(run, tmp_path, "a flower")
    assert "nothing to search" in result.stderr


def test_files_come_and_go(photos: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    flower = tmp_path / "flower.jpg"
    arguments = (tmp_path, "a flower", "--min-score", -1, "-f", "paths")
    shutil.copy2(photos / "2024" / "pattern-01.png", tmp_path)
    assert found(search(run, *arguments)) == ["pattern-01.png"]
    shutil.copy2(photos / "2024" / "flower.jpg", flower)
    assert found(search(run, *arguments)) == ["flower.jpg", "pattern-01.png"]
    shutil.copy2(photos / "2024" / "pattern-02.png", flower)
    assert set(found(search(run, *arguments))) == {"flower.jpg", "pattern-01.png"}
    (tmp_path / "pattern-01.png").unlink()
    assert found(search(run, *arguments)) == ["flower.jpg"]


def test_every_format(photos: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    arguments = (photos, "a flower", "--min-score", -1, "--top", 2, "--format", "csv")
    outs = [tmp_path / f"out.{suffix}" for suffix in ("html", "jsonl", "csv", "txt")]
    sheet = tmp_path / "sheet.png"
    options = [item for out in outs for item in ("--out", out)]
    result = search(run, *arguments, *options, "--contact-sheet", sheet)
    html, jsonl, table, text = (out.read_text(encoding="utf-8") for out in outs)
    assert html.count("data:image/jpeg;base64,") == 2
    assert "<script" not in html
    assert f"file://{photos / '2024' / 'flower.jpg'}" in html
    assert [json.loads(line)["rank"] for line in jsonl.splitlines()] == [1, 2]
    assert table == result.stdout.replace("\r\n", "\n")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert Path(rows[0]["path"]).name == "flower.jpg"
    assert "flower.jpg" in text
    with Image.open(sheet) as picture:
        assert picture.format == "PNG"
        assert picture.width > 400
    assert search(run, *arguments[:-2], "--print0").stdout_bytes.count(b"\0") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("PHOTOS",), "say what to look for"),
        (("a flower",), "say where to look"),
        (("PHOTOS", ""), "empty"),
        (("PHOTOS", "x", "--not", " "), "a text to look for is empty"),
        (("PHOTOS", "x", "--top", "0"), "--top"),
        (("PHOTOS", "x", "--after", "yesterday"), "--after"),
        (("PHOTOS", "x", "--after", "2024-02-02", "--before", "2024-02-02"), "no day is"),
        (("PHOTOS", "x", "--print0", "--format", "csv"), "--print0"),
        (("PHOTOS", "x", "--out", "hits.doc"), "names no format"),
        (("PHOTOS", "x", "--min-score", "7"), "--min-score"),
        (("PHOTOS", "--like", "missing.jpg"), "missing.jpg"),
    ],
)
def test_wrong_usage(
    photos: Path, run: Callable[..., Result], arguments: tuple[str, ...], message: str
) -> None:
    given = [photos if one == "PHOTOS" else one for one in arguments]
    assert message in search(run, *given, code=2).stderr


@pytest.mark.parametrize("option", ["--text", "--not"])
def test_a_search_for_a_person_is_refused_before_anything_is_read(
    tmp_path: Path, run: Callable[..., Result], option: str
) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    arguments = [tmp_path, option, "Barack Obama", "--text", "a street"]
    result = search(run, *arguments, code=2)
    assert "refused" in result.stderr
    assert "broken.jpg" not in result.stderr


def test_without_a_cache_nothing_is_left(
    photos: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    result = search(
        run, photos / "2023", "a temple", "--min-score", -1, "-f", "paths",
        "--no-cache", "--cache-dir", tmp_path / "cache",
    )  # fmt: skip
    assert len(found(result)) == 2
    assert not (tmp_path / "cache" / "index").exists()


def test_an_index_that_was_damaged_is_made_again(
    photos: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(
        os.environ["FRAMESIFT_CACHE_DIR"], cache, ignore=shutil.ignore_patterns("index")
    )
    arguments = (
        photos / "2024",
        "a flower",
        "--cache-dir",
        cache,
        "-f",
        "paths",
        "--min-score",
        -1,
    )
    expected = search(run, *arguments).stdout
    (journal,) = (cache / "index").glob("*/journal")
    for damage in (b"", journal.read_bytes()[:-1000], b"x" * 9000):
        journal.write_bytes(damage)
        assert search(run, *arguments).stdout == expected
    (cache / "index" / "files.sqlite").write_bytes(b"no database" * 500)
    assert search(run, *arguments).stdout == expected


def test_clearing_the_cache_clears_the_index(
    photos: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    cache = tmp_path / "cache"
    search(run, photos / "2023", "a temple", "--cache-dir", cache)
    info = run("cache", "info", "--cache-dir", cache)
    assert "index" in info.stdout
    assert run("cache", "clear", "--cache-dir", cache).exit_code == 0
    assert not [
        path for path in (cache / "index").rglob("*") if path.suffix != ".lock" and path.is_file()
    ]
    assert len(hits(search(run, photos / "2023", "a temple", "--cache-dir", cache,
                           "--min-score", -1, "-f", "jsonl"))) == 2  # fmt: skip


def test_an_interrupted_search_keeps_what_was_embedded(
    many_pictures: Path, tmp_path: Path, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    cache = tmp_path / "cache"
    command = ("search", many_pictures, "a wave", "--cache-dir", cache, "--model", "starter")
    process = start(*command)
    rows = 0
    while process.poll() is None and rows < 3:
        for journal in (cache / "index").glob("*/journal"):
            rows = journal.stat().st_size // 1000 - 4
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert b"interrupted after" in stderr
    assert b"run it again to go on" in stderr
    with sqlite3.connect(cache / "index" / "files.sqlite") as database:
        (known,) = database.execute("SELECT count(*) FROM files").fetchone()
    database.close()
    assert 0 < known < 400
