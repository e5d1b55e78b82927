"""``framesift filter`` on real pictures."""

from __future__ import annotations

import os
import re
import shutil
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
        + "".join(
            f"[categories.{name}]\nblock = 1e-9\n" for name in ("alcohol", "shocking", "drugs")
        )
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


XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="1" xmp:Label="Red"/>
 </rdf:RDF>
</x:xmpmeta>
"""


def test_a_percentile_and_a_number_in_all_or_in_each_folder(
    pictures: Path, run: Callable[..., Result]
) -> None:
    shutil.copytree(pictures, pictures / "more")
    in_all = run("filter", pictures, "--percentile", 75)
    assert len(in_all.stdout.splitlines()) == 2, "8 pictures, each content twice"
    assert "2 of 8 chosen; 6 below the percentile" in in_all.stderr
    each = run("filter", pictures, "--percentile", 75, "--per-folder")
    assert {Path(line).parent.name for line in each.stdout.splitlines()} == {"pictures", "more"}
    top = run("filter", pictures, "--top", 1, "--per-folder")
    assert top.stdout == each.stdout
    assert "2 of 8 chosen; 6 not among the best" in top.stderr


def test_it_says_how_many_were_left_out_and_why(
    odd_pictures: Path, threshold: float, run: Callable[..., Result]
) -> None:
    result = run("filter", odd_pictures, "--min-score", threshold)
    assert "framesift: 3 of 7 chosen; 2 below the score, 2 failed" in result.stderr


def test_stars_are_written_beside_the_originals(pictures: Path, run: Callable[..., Result]) -> None:
    (pictures / "china.xmp").write_text(XMP)
    before = {path: path.read_bytes() for path in pictures.glob("*.jpg")}
    result = run("filter", pictures, "--xmp")
    assert result.exit_code == 0, result.output
    assert "framesift: stars: 4 rated" in result.stderr
    assert result.stdout.count("rated: ") == 4
    text = (pictures / "china.xmp").read_text()
    stars = re.findall('xmp:Rating="([1-5])"', text)
    assert f"{pictures / 'china.xmp'}: {stars[0]} stars" in result.stdout
    assert 'xmp:Label="Red"' in text
    assert "framesift:score=" in text
    assert {path: path.read_bytes() for path in pictures.glob("*.jpg")} == before
    again = run("filter", pictures, "--xmp")
    assert "framesift: stars: 4 already rated" in again.stderr


def test_only_what_passes_gets_stars_and_a_list_stays_a_list(
    pictures: Path, threshold: float, run: Callable[..., Result]
) -> None:
    arguments = ("filter", pictures, "--min-score", threshold, "--xmp", "--xmp-style", "darktable")
    dry = run(*arguments, "--dry-run")
    assert dry.stdout.count("would be rated: ") == 2
    assert len(names(pictures)) == 4
    result = run(*arguments, "--list")
    assert sorted(result.stdout.splitlines()) == [str(pictures / name) for name in GOOD]
    sidecars = [path.name for path in sorted(pictures.glob("*.xmp"))]
    assert sidecars == ["china.jpg.xmp", "flower.jpg.xmp"]


@pytest.mark.parametrize("mode", ["copy", "move", "link"])
def test_stars_go_beside_what_was_transferred(
    pictures: Path, tmp_path: Path, threshold: float, run: Callable[..., Result], mode: str
) -> None:
    (pictures / "china.xmp").write_text(XMP)
    best = tmp_path / "best"
    arguments = ("filter", pictures, "--min-score", threshold, f"--{mode}-to", best, "--xmp")
    result = run(*arguments, "--sidecars")
    assert result.exit_code == 0, result.output
    assert names(best) == ["china.jpg", "china.xmp", "flower.jpg", "flower.xmp"]
    text = (best / "china.xmp").read_text()
    assert 'xmp:Label="Red"' in text
    assert 'previousRating="1"' in text
    if mode != "move":
        assert (pictures / "china.xmp").read_text() == XMP, "the original's stays as it was"
        assert "flower.xmp" not in names(pictures)


def test_a_broken_sidecar_is_a_failure_and_stays(
    pictures: Path, run: Callable[..., Result]
) -> None:
    (pictures / "china.xmp").write_text("<broken")
    result = run("filter", pictures, "--xmp")
    assert result.exit_code == 3
    assert f"framesift: failed: {pictures / 'china.jpg'}: " in result.stderr
    assert "framesift: stars: 1 failed, 3 rated" in result.stderr
    assert (pictures / "china.xmp").read_text() == "<broken"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--per-folder", "--min-score", "1"], "--per-folder needs"),
        (["--xmp-style", "darktable", "--top", "1"], "--xmp-style needs --xmp"),
        (["--percentile", "101"], "0<=x<=100"),
        (["--xmp", "--copy-to", "x"], "say what to keep"),
    ],
)
def test_options_that_make_no_sense(
    pictures: Path, run: Callable[..., Result], options: list[str], reason: str
) -> None:
    result = run("filter", pictures, *options)
    assert result.exit_code == 2
    assert reason in result.stderr
    assert run("filter", "-", "--xmp").exit_code == 2
