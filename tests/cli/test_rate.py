"""``framesift rate`` as a process of its own, asked over real HTTP."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Start = Callable[..., subprocess.Popen[bytes]]

pytestmark = [pytest.mark.enable_socket, pytest.mark.network_local]


class Page:
    """The page of a running command, as a browser would use it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        assert process.stderr is not None
        self.said = ""
        while "the page is at " not in self.said:
            line = process.stderr.readline().decode()
            assert line, f"the command ended: {self.said}"
            self.said += line
        self.url = re.findall(r"http://\S+", self.said)[0]

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return bytes(answer.read())

    def post(self, path: str, **data: object) -> dict[str, Any]:
        parts = urlsplit(self.url)
        request = urllib.request.Request(
            self.url + path,
            json.dumps(data).encode(),
            {"Content-Type": "application/json", "Origin": f"http://{parts.netloc}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return dict(json.loads(answer.read()))

    def end(self, how: int = signal.SIGINT) -> tuple[int, str]:
        """Interrupt it; return the exit code and what it said."""
        self.process.send_signal(how)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, self.said + said.decode()


@pytest.fixture
def open_page(start: Start) -> Callable[..., Page]:
    return lambda *args: Page(start("rate", *args, "--no-browser"))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for one process there")
def test_ratings_are_kept_and_the_next_run_goes_on(
    pictures: Path, tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    out = tmp_path / "ratings.csv"
    page = open_page(pictures, "--out", out, "--rater", "Ann", "--order", "name")
    assert b"<title>Rate pictures" in page.get("")
    state = json.loads(page.get("state"))
    assert state["names"] == sorted(path.name for path in pictures.iterdir())
    assert page.get("picture/1?side=1024")[:2] == b"\xff\xd8"
    page.post("rate", index=1, rating=7.5)
    assert rows(out)[0]["rating"] == "7.5", "on the disk before the answer"
    page.post("rate", index=2, rating=3)
    page.post("undo")
    code, said = page.end()
    assert code == 0, said
    assert "1 picture rated now, 1 of 4 in all" in said
    assert "Traceback" not in said
    [row] = rows(out)
    assert (row["path"], row["rater"], len(row["sha256"])) == ("china.jpg", "Ann", 64)

    again = open_page(pictures, "--out", out, "--rater", "Ann", "--order", "name")
    assert json.loads(again.get("state"))["ratings"] == [None, 7.5, None, None]
    again.post("rate", index=0, rating=10)
    again.process.kill()
    again.process.wait(30)
    assert [row["rating"] for row in rows(out)] == ["7.5", "10"]


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for one process there")
def test_pairs_make_ratings_at_the_end(
    pictures: Path, tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    for number in range(4):
        shutil.copy(pictures / "china.jpg", pictures / f"copy-{number}.jpg")
    out = tmp_path / "ratings.csv"
    page = open_page(pictures, "--out", out, "--pairs")
    assert b"<title>Compare pictures" in page.get("")
    state = json.loads(page.get("state"))
    while state["pairs"]:
        pair = state["pairs"][0]
        page.get(f"picture/{pair['left']}?side=1024")
        better = "left" if pair["left_name"] < pair["right_name"] else "right"
        state = page.post("judge", left=pair["left"], right=pair["right"], better=better)
    code, said = page.end()
    assert code == 0, said
    assert "28 pairs compared now" in said
    assert len(rows(tmp_path / "ratings.pairs.csv")) == 28
    ratings = {row["path"]: float(row["rating"]) for row in rows(out)}
    assert sorted(ratings) == sorted(ratings, key=lambda name: -ratings[name])
    assert {row["rater"] for row in rows(out)} == {"pairs"}


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for one process there")
def test_what_cannot_be_shown_is_listed_at_the_end(
    odd_pictures: Path, tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    page = open_page(odd_pictures, "--out", tmp_path / "r.csv", "--order", "name")
    names = json.loads(page.get("state"))["names"]
    with pytest.raises(urllib.error.HTTPError, match="422"):
        page.get(f"picture/{names.index('broken.jpg')}?side=1024")
    code, said = page.end()
    assert code == 3
    assert "framesift: failed: broken.jpg: " in said
    assert not (tmp_path / "r.csv").exists()


def test_finish_on_the_page_ends_the_command(
    pictures: Path, tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    page = open_page(pictures, "--out", tmp_path / "r.csv", "-q")
    page.post("finish")
    code, said = page.wait()
    assert code == 0
    assert said == f"framesift: the page is at {page.url}\n"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "Missing option"),
        (["--out", "{folder}"], "is a folder"),
        (["--out", "{foreign}"], "not a file that this command wrote"),
        (["--out", "{new}", "--limit", "0"], "x>=1"),
        (["--out", "{new}", "--port", "70000"], "70000"),
        (["--out", "{new}", "--pairs", "--limit", "1"], "needs two pictures"),
        (["--out", "{new}", "--rater", " Ann  (pairs)"], "take another name"),
    ],
)
def test_wrong_usage(
    pictures: Path,
    tmp_path: Path,
    run: Callable[..., Result],
    options: list[str],
    reason: str,
) -> None:
    foreign = tmp_path / "foreign.csv"
    foreign.write_text("name,score\n")
    places = {"folder": tmp_path, "foreign": foreign, "new": tmp_path / "new.csv"}
    result = run("rate", pictures, "--no-browser", *(text.format(**places) for text in options))
    assert result.exit_code == 2
    assert reason in result.stderr
    assert foreign.read_text() == "name,score\n"
    assert not (tmp_path / "new.csv").exists()


def test_a_folder_without_pictures(tmp_path: Path, run: Callable[..., Result]) -> None:
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "missing"):
        result = run("rate", tmp_path / folder, "--out", tmp_path / "r.csv", "--no-browser")
        assert result.exit_code == 2
        assert "name a folder with pictures" in result.stderr or "not a folder" in result.stderr


def test_comparing_a_large_folder_suggests_a_sample(
    many_pictures: Path, tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    page = open_page(many_pictures, "--out", tmp_path / "r.csv", "--pairs")
    assert "400 pictures need about 800 pairs" in page.said
    sample = open_page(many_pictures, "--out", tmp_path / "r.csv", "--pairs", "--limit", 100)
    assert "need about" not in sample.said
    assert json.loads(sample.get("state"))["pictures"] == 100
