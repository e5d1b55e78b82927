"""``framesift scan`` on real pictures."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from click.testing import Result

Run = "Callable[..., Result]"


def records(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def by_name(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {Path(record["path"]).name: record for record in found}


def test_the_demo_is_ordered_as_a_person_would(demo_pictures: Path, run: Run) -> None:
    result = run("scan", demo_pictures, "--format", "jsonl")
    assert result.exit_code == 0, result.output
    found = by_name(records(result))
    score = {name: record["quality"]["score"] for name, record in found.items()}
    for photograph in ("china", "flower"):
        for worse in ("blurred", "noisy", "dark", "overcompressed"):
            assert score[f"{photograph}.jpg"] > score[f"{photograph}-{worse}.jpg"], worse
    assert found["china-clip.mp4"]["kind"] == "video"
    assert found["china-clip.mp4"]["duration_s"] == pytest.approx(8, abs=0.2)
    assert {record["model"]["name"] for record in found.values()} == {"starter"}


def test_a_table_is_what_a_scan_shows(pictures: Path, run: Run) -> None:
    result = run("scan", pictures)
    assert result.exit_code == 0
    assert "china-blurred.jpg" in result.stdout
    assert "4 files" in result.stdout
    assert "files/s" in result.stderr


def test_results_come_in_natural_order(pictures: Path, run: Run) -> None:
    for number in (10, 2, 1):
        (pictures / f"img{number}.jpg").write_bytes((pictures / "china.jpg").read_bytes())
    names = [Path(one["path"]).name for one in records(run("scan", pictures, "-f", "jsonl"))]
    assert [name for name in names if name.startswith("img")] == [
        "img1.jpg",
        "img2.jpg",
        "img10.jpg",
    ]


def test_odd_files_fail_one_by_one_and_the_scan_goes_on(odd_pictures: Path, run: Run) -> None:
    result = run("scan", odd_pictures, odd_pictures / "gone.jpg", "--format", "jsonl")
    assert result.exit_code == 3
    found = by_name(records(result))
    assert set(found) == {
        *("china.jpg", "china-blurred.jpg", "flower.jpg", "flower-noisy.jpg"),
        *("no-extension", "broken.jpg", "empty.png", "gone.jpg"),
    }
    failed = {name for name, record in found.items() if record["quality"] is None}
    assert failed == {"broken.jpg", "empty.png", "gone.jpg"}
    for name in failed:
        assert found[name]["error"]["message"]
        assert name in found[name]["error"]["message"]
        assert f"framesift: failed: {found[name]['error']['message']}" in result.stderr
    assert "passed over 1 file " in result.stderr


def test_hidden_files_and_files_that_are_no_media_on_request(odd_pictures: Path, run: Run) -> None:
    result = run("scan", odd_pictures, "--hidden", "--all-files", "--format", "jsonl")
    found = by_name(records(result))
    assert found[".hidden.jpg"]["quality"] is not None
    assert found["notes.txt"]["error"]["type"] == "UnsupportedMediaError"


def test_a_hidden_file_that_is_named_is_scanned(odd_pictures: Path, run: Run) -> None:
    result = run("scan", odd_pictures / ".hidden.jpg", "--format", "jsonl")
    assert result.exit_code == 0
    assert len(records(result)) == 1


def test_a_missing_path_is_a_failure_not_a_crash(tmp_path: Path, run: Run) -> None:
    result = run("scan", tmp_path / "nowhere", "--format", "jsonl")
    assert result.exit_code == 3
    assert records(result)[0]["error"]["type"] == "SourceError"


def test_a_folder_without_pictures_is_said_so(tmp_path: Path, run: Run) -> None:
    result = run("scan", tmp_path)
    assert result.exit_code == 0
    assert "no pictures or videos were found" in result.stderr


def test_globs_are_expanded_where_the_shell_does_not(pictures: Path, run: Run) -> None:
    found = records(run("scan", pictures / "flower*.jpg", "--format", "jsonl"))
    assert set(by_name(found)) == {"flower.jpg", "flower-noisy.jpg"}


def test_standard_input(pictures: Path, run: Run) -> None:
    content = (pictures / "china.jpg").read_bytes()
    result = run("scan", pictures / "china.jpg", "-", "--format", "jsonl", stdin=content)
    assert result.exit_code == 0
    named, piped = records(result)
    assert piped["path"] == "-"
    assert piped["quality"] == named["quality"]


def test_reports_by_extension_and_nothing_else_on_standard_output(
    pictures: Path, tmp_path: Path, run: Run
) -> None:
    outs = [tmp_path / f"report.{kind}" for kind in ("html", "jsonl", "csv", "parquet", "txt")]
    result = run("scan", pictures, *(part for out in outs for part in ("--out", out)))
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    for out in outs:
        assert out.stat().st_size > 100
        assert f"wrote {out}" in result.stderr
    rows = list(csv.DictReader(io.StringIO(outs[2].read_text(encoding="utf-8"))))
    lines = outs[1].read_text(encoding="utf-8").splitlines()
    assert [row["path"] for row in rows] == [json.loads(line)["path"] for line in lines]
    assert "data:image/jpeg;base64" in outs[0].read_text(encoding="utf-8")


def test_a_report_that_cannot_be_written_is_an_error_before_the_scan(
    pictures: Path, tmp_path: Path, run: Run
) -> None:
    (tmp_path / "file").write_text("")
    result = run("scan", pictures, "--out", tmp_path / "file" / "report.html")
    assert result.exit_code == 2
    assert "framesift: error:" in result.stderr


def test_a_second_scan_reads_no_pixels(
    pictures: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run("scan", pictures, "--format", "jsonl", "--max-frames", "7")

    def decode(*_: object, **__: object) -> None:
        raise AssertionError("a cached picture was opened again")

    monkeypatch.setattr("framesift.pipeline.stages.open_media", decode)
    second = run("scan", pictures, "--format", "jsonl", "--max-frames", "7")
    assert second.exit_code == 0
    assert second.stdout == first.stdout


def test_no_cache_writes_none(pictures: Path, tmp_path: Path, run: Run) -> None:
    cache = tmp_path / "cache"
    result = run("scan", pictures / "china.jpg", "--no-cache", "--cache-dir", cache)
    assert result.exit_code == 0
    assert not list(cache.glob("cache.sqlite*"))


def test_limits_are_failures_that_name_the_limit(pictures: Path, run: Run) -> None:
    result = run("scan", pictures / "china.jpg", "--max-pixels", "10k", "--format", "jsonl")
    assert result.exit_code == 3
    assert records(result)[0]["error"]["type"] == "LimitExceededError"


@pytest.mark.parametrize(
    ("threshold", "files", "fail_on", "code"),
    [
        (1e-9, "good", "review", 1),
        (1e-9, "good", "block", 0),
        (1.0, "good", "review", 0),
        (1.0, "broken", "review", 1),
        (1.0, "broken", "block", 3),
        (1e-9, "broken", "review", 1),
    ],
)
def test_fail_on(
    threshold: float, files: str, fail_on: str, code: int, pictures: Path, run: Run
) -> None:
    policy = pictures / "policy.toml"
    policy.write_text(
        'name = "test"\nversion = 1\ndescription = "One category."\n'
        f"[categories.weapons]\nreview = {threshold}\n"
    )
    if files == "broken":
        (pictures / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    result = run("scan", pictures, "--policy", policy, "--fail-on", fail_on, "--format", "jsonl")
    assert result.exit_code == code, result.output


def test_quiet_leaves_only_results(pictures: Path, run: Run) -> None:
    result = run("scan", pictures, "--format", "jsonl", "--quiet")
    assert result.stderr == ""
    assert len(records(result)) == 4


def test_settings_reach_the_scan(pictures: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMESIFT_MAX_PIXELS", "10k")
    monkeypatch.setenv("FRAMESIFT_MODLE", "clip")
    result = run("scan", pictures / "china.jpg", "--format", "jsonl")
    assert result.exit_code == 3
    assert "FRAMESIFT_MODLE is set, but no setting has that name" in result.stderr
    assert run("scan", pictures / "china.jpg", "--max-pixels", "1M").exit_code == 0


def test_auto_says_loudly_and_once_that_starter_stands_in(
    pictures: Path, tmp_path: Path, run: Run
) -> None:
    arguments = ("scan", pictures, "--model", "auto", "--offline", "--quiet")
    result = run(*arguments, "--format", "jsonl", "--out", tmp_path / "report.html")
    assert result.exit_code == 0, result.output
    assert result.stderr.count("WARNING") == 1
    assert "starter" in result.stderr
    assert {record["model"]["name"] for record in records(result)} == {"starter"}
    assert "stands in for" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="file names are Unicode there")
def test_a_file_name_that_is_not_utf8(pictures: Path, run: Run) -> None:
    odd = os.fsencode(pictures) + b"/caf\xe9.jpg"
    try:
        Path(os.fsdecode(odd)).write_bytes((pictures / "china.jpg").read_bytes())
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    result = run("scan", pictures, "--format", "jsonl")
    assert result.exit_code == 0
    assert "caf\ufffd.jpg" in by_name(records(result))


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to another process there")
def test_ctrl_c_keeps_what_was_done(
    many_pictures: Path, tmp_path: Path, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    out = tmp_path / "report.jsonl"
    part = tmp_path / "report.jsonl.part"
    process = start("scan", many_pictures, "--out", out, "--no-cache", "--batch-size", 1)
    deadline = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "nothing was written for a minute"
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    lines = out.read_text(encoding="utf-8").splitlines()
    assert 0 < len(lines) < 400
    assert all(json.loads(line)["schema"] == 1 for line in lines)
    assert b"framesift: interrupted after " in stderr
    assert b"Traceback" not in stderr


@pytest.mark.skipif(os.name == "nt", reason="no SIGPIPE there")
def test_a_reader_that_goes_away_ends_the_scan_quietly(
    many_pictures: Path, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    process = start("scan", many_pictures, "--format", "jsonl", "--quiet", "--no-cache")
    assert process.stdout is not None
    assert process.stderr is not None
    assert json.loads(process.stdout.readline())["schema"] == 1
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == b""
    process.stderr.close()
