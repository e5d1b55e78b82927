"""``framesift scan --parts`` and ``framesift parts`` on real pictures."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable


Run = "Callable[..., Result]"
LIGHT = ("--quality", "none", "--part-format", "jsonl")


def paths_in(folder: Path) -> list[str]:
    lines = [
        line for part in (folder / "parts").iterdir() for line in part.read_text().splitlines()
    ]
    return sorted(json.loads(line)["path"] for line in lines)


def test_a_scan_in_parts_goes_on_and_can_be_put_together(
    odd_pictures: Path, tmp_path: Path, run: Run
) -> None:
    out = tmp_path / "run"
    first = run("scan", odd_pictures, "--parts", out, "--part-rows", 2, *LIGHT)
    assert first.exit_code == 3, first.output
    assert "broken.jpg" in first.stderr
    assert "7 results in 4 parts" in first.stderr
    (odd_pictures / "new.jpg").write_bytes((odd_pictures / "china.jpg").read_bytes())
    second = run("scan", odd_pictures, "--parts", out, *LIGHT)
    assert second.exit_code == 3
    assert "5 files have their results; going on" in second.stderr
    assert "3 files: " in second.stderr
    assert len(set(paths_in(out))) == len(paths_in(out)) == 8
    assert not list(out.glob("*.part"))

    whole = run("parts", out, "--verify", "--out", tmp_path / "all.csv")
    assert whole.exit_code == 0, whole.output
    assert "8 results in 5 files, complete" in whole.stdout
    assert len((tmp_path / "all.csv").read_text().splitlines()) == 9


def test_parquet_parts_are_one_data_set(pictures: Path, tmp_path: Path, run: Run) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "run"
    result = run("scan", pictures, "--parts", out, "--part-rows", 3, "--quality", "none")
    assert result.exit_code == 0, result.output
    table = parquet.read_table(out / "parts")
    assert sorted(Path(path).name for path in table["path"].to_pylist()) == [
        "china-blurred.jpg",
        "china.jpg",
        "flower-noisy.jpg",
        "flower.jpg",
    ]
    again = run("parts", out, "--out", tmp_path / "all.jsonl")
    assert again.exit_code == 0
    assert len((tmp_path / "all.jsonl").read_text().splitlines()) == 4


def test_a_part_that_was_changed_or_lost_is_said(pictures: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "run"
    run("scan", pictures, "--parts", out, "--part-rows", 2, *LIGHT)
    first, second = sorted((out / "parts").iterdir())
    first.write_text(first.read_text().replace("allow", "block"))
    second.unlink()
    result = run("parts", out, "--verify")
    assert result.exit_code == 3
    assert "its sha256 differs" in result.stderr
    assert f"{second} is missing" in result.stderr


def test_shards_that_lack_one_are_not_complete(pictures: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "run"
    for shard in ("1/3", "3/3"):
        assert run("scan", pictures, "--parts", out, "--shard", shard, *LIGHT).exit_code == 0
    result = run("parts", out)
    assert result.exit_code == 3
    assert "shard 2/3 is missing" in result.stderr
    run("scan", pictures, "--parts", out, "--shard", "2/3", *LIGHT)
    assert run("parts", out).exit_code == 0
    assert len(set(paths_in(out))) == 4


def test_another_policy_in_the_same_folder_is_refused(
    pictures: Path, tmp_path: Path, run: Run
) -> None:
    out = tmp_path / "run"
    run("scan", pictures, "--parts", out, *LIGHT)
    policy = tmp_path / "policy.toml"
    assert run("policy", "init", policy).exit_code == 0
    result = run("scan", pictures, "--parts", out, "--policy", policy, *LIGHT)
    assert result.exit_code == 2
    assert "name another folder" in result.stderr


def test_what_earlier_runs_found_counts_for_fail_on(
    odd_pictures: Path, tmp_path: Path, run: Run
) -> None:
    out = tmp_path / "run"
    assert run("scan", odd_pictures, "--parts", out, *LIGHT).exit_code == 3
    again = run("scan", odd_pictures / "china.jpg", "--parts", out, "--fail-on", "review", *LIGHT)
    assert again.exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--shard", "1/2"), "--shard needs --parts"),
        (("--follow",), "--follow needs --parts"),
        (("--follow-idle", "1"), "--follow-idle needs --parts"),
        (("--parts", "x", "--out", "a.html"), "takes the place of --out"),
        (("--parts", "x", "--follow-idle", "1"), "--follow-idle needs --follow"),
        (("--parts", "x", "--shard", "3/2"), "does not exist"),
        (("--parts", "x", "-"), "standard input"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    pictures: Path, run: Run, arguments: tuple[str, ...], said: str
) -> None:
    result = run("scan", pictures, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not Path("x").exists()


def test_a_folder_without_parts_is_said(pictures: Path, run: Run) -> None:
    result = run("parts", pictures)
    assert result.exit_code == 2
    assert "--parts FOLDER" in result.stderr


def test_a_growing_folder_is_followed_until_nothing_comes(
    pictures: Path, tmp_path: Path, run: Run
) -> None:
    out = tmp_path / "run"
    result = run(
        "scan", pictures, "--parts", out, "--follow", "--follow-idle", 0.5, "--poll", 0.1, *LIGHT
    )
    assert result.exit_code == 0, result.output
    assert len(paths_in(out)) == 4


def test_interrupted_and_run_again(
    many_pictures: Path, tmp_path: Path, start: Callable[..., subprocess.Popen[bytes]], run: Run
) -> None:
    out = tmp_path / "run"
    process = start("scan", many_pictures, "--parts", out, "--no-cache", *LIGHT)
    while not (out / "manifest.json").exists():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert b"run the same again to go on" in error
    assert run("parts", out).exit_code == 3
