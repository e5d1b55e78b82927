"""``framesift filter`` on real pictures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

GOOD = ["china.jpg", "flower.jpg"]


@pytest.fixture(scope="module")
def threshold(demo_pictures: Path, run: Callable[..., Result]) -> float:
    """A score between the photographs and their worse versions."""
    import json

    result = run("scan", demo_pictures, "--format", "jsonl")
    scores = {}
    for line in result.stdout.splitlines():
        record = json.loads(line)
        scores[Path(record["path"]).name] = record["quality"]["score"]
    worse = max(scores[name] for name in ("china-blurred.jpg", "flower-noisy.jpg"))
    good = min(scores[name] for name in GOOD)
    assert worse < good
    return (worse + good) / 2


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_list_holds_the_paths_alone_best_first(
    pictures: Path, threshold: float, run: Callable[..., Result]
) -> None:
    result = run("filter", pictures, "--min-score", threshold, "--list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert sorted(lines) == [str(pictures / name) for name in GOOD]
    best = run("filter", pictures, "--top", 1).stdout.splitlines()
    assert best == lines[:1]
    worse = run("filter", pictures, "--max-score", threshold).stdout.splitlines()
    assert sorted(worse + lines) == sorted(str(path) for path in pictures.iterdir())


def test_print0_for_names_with_any_character(
    pictures: Path, threshold: float, run: Callable[..., Result]
) -> None:
    (pictures / "china.jpg").rename(pictures / "two\nlines.jpg")
    result = run("filter", pictures, "--min-score", threshold, "--print0")
    assert sorted(result.stdout_bytes.split(b"\0")[:-1]) == sorted(
        os.fsencode(pictures / name) for name in ("flower.jpg", "two\nlines.jpg")
    )


def test_copy(pictures: Path, tmp_path: Path, threshold: float, run: Callable[..., Result]) -> None:
    best = tmp_path / "best"
    arguments = ("filter", pictures, "--min-score", threshold, "--copy-to", best)
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert names(best) == GOOD
    assert (best / "china.jpg").read_bytes() == (pictures / "china.jpg").read_bytes()
    assert f"copied: {pictures / 'china.jpg'} -> {best / 'china.jpg'}" in result.stdout
    again = run(*arguments)
    assert again.exit_code == 0
    assert names(best) == GOOD
    assert "2 already there" in again.stderr


def test_move(pictures: Path, tmp_path: Path, threshold: float, run: Callable[..., Result]) -> None:
    result = run("filter", pictures, "--min-score", threshold, "--move-to", tmp_path / "best")
    assert result.exit_code == 0
    assert names(tmp_path / "best") == GOOD
    assert names(pictures) == ["china-blurred.jpg", "flower-noisy.jpg"]


def test_link(pictures: Path, tmp_path: Path, threshold: float, run: Callable[..., Result]) -> None:
    result = run("filter", pictures, "--min-score", threshold, "--link-to", tmp_path / "best")
    assert result.exit_code == 0
    assert names(tmp_path / "best") == GOOD
    assert (tmp_path / "best" / "china.jpg").samefile(pictures / "china.jpg")


def test_a_dry_run_says_what_it_would_do_and_does_nothing(
    pictures: Path, tmp_path: Path, threshold: float, run: Callable[..., Result]
) -> None:
    before = names(pictures)
    best = tmp_path / "best"
    result = run("filter", pictures, "--min-score", threshold, "--move-to", best, "--dry-run")
    assert result.exit_code == 0
    assert result.stdout.count("would be moved: ") == 2
    assert not best.exists()
    assert names(pictures) == before


def test_a_name_that_is_taken_gets_a_number(
    pictures: Path, tmp_path: Path, threshold: float, run: Callable[..., Result]
) -> None:
    best = tmp_path / "best"
    best.mkdir()
    (best / "china.jpg").write_text("something else")
    run("filter", pictures, "--min-score", threshold, "--copy-to", best)
    assert names(best) == ["china (2).jpg", "china.jpg", "flower.jpg"]
    assert (best / "china.jpg").read_text() == "something else"


def test_folders_are_kept_on_request(
    odd_pictures: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    best = tmp_path / "best"
    result = run("filter", odd_pictures, "--min-score", 0, "--copy-to", best, "--keep-folders")
    assert result.exit_code == 3, "two files of the folder fail"
    assert (best / "sub" / "no-extension").is_file()


def test_failed_files_are_never_chosen_and_the_exit_code_says_so(
    odd_pictures: Path, run: Callable[..., Result]
) -> None:
    result = run("filter", odd_pictures, "--min-score", 0, "--list")
    assert result.exit_code == 3
    assert "broken.jpg" not in result.stdout
    assert "framesift: failed: " in result.stderr


def test_verdicts_choose_too(pictures: Path, run: Callable[..., Result]) -> None:
    policy = pictures / "policy.toml"
    policy.write_text(
        'name = "test"\nversion = 1\ndescription = "Blocks everything."\n'
        "[categories.weapons]\nblock = 1e-9\n"
    )
    blocked = run("filter", pictures, "--policy", policy, "--action", "block")
    assert len(blocked.stdout.splitlines()) == 4
    assert run("filter", pictures, "--policy", policy, "--min-score", 0).stdout == ""


@pytest.mark.skipif(os.name == "nt", reason="file names are Unicode there")
def test_a_file_name_that_is_not_utf8_is_copied(
    pictures: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    odd = Path(os.fsdecode(os.fsencode(pictures) + b"/caf\xe9.jpg"))
    try:
        odd.write_bytes((pictures / "china.jpg").read_bytes())
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    result = run("filter", odd, "--min-score", 0, "--copy-to", tmp_path / "best")
    assert result.exit_code == 0, result.output
    assert [os.fsencode(path.name) for path in (tmp_path / "best").iterdir()] == [b"caf\xe9.jpg"]
