"""``framesift dedupe`` and ``undo`` on real pictures."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
import shlex
import shutil
import signal
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageOps

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from click.testing import Result

ODD = "two\nlines ü.jpg"


@pytest.fixture(scope="module")
def copied(demo_pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two photographs and what became of them."""
    folder = tmp_path_factory.mktemp("copied")
    china, flower = (demo_pictures / name for name in ("china.jpg", "flower.jpg"))
    shutil.copy2(china, folder)
    shutil.copy2(flower, folder)
    (folder / "sub").mkdir()
    shutil.copy2(flower, folder / "sub" / ODD)
    with Image.open(china) as image:
        image.resize((image.width // 2, image.height // 2)).save(folder / "china-small.jpg")
        ImageOps.mirror(image).save(folder / "china-mirrored.jpg")
    with Image.open(flower) as image:
        for number in range(3):
            exif = Image.Exif()
            exif[271], exif[306] = "Maker", f"2024:05:01 10:00:0{number}"
            left, top = 25 * number, 15 * number
            window = (left, top, left + image.width - 90, top + image.height - 60)
            image.crop(window).save(folder / f"IMG_{number}.jpg", exif=exif, quality=95)
    return folder


@pytest.fixture
def folder(copied: Path, tmp_path: Path) -> Path:
    """A folder that a test may change."""
    shutil.copytree(copied, tmp_path / "photos")
    return tmp_path / "photos"


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def undo_file(result: Result) -> str:
    found = re.search(r"to bring it back: framesift undo (.+)", result.stderr)
    assert found, result.stderr
    return shlex.split(found[1])[0]


def groups(result: Result) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Kind, what stays, and the others with the kinds of their links."""
    records = [json.loads(line) for line in result.stdout.splitlines()]
    return [
        (
            record["kind"],
            Path(record["keep"]["path"]).name,
            sorted((Path(d["path"]).name, d["why"]["kind"]) for d in record["duplicates"]),
        )
        for record in records
    ]


def test_what_is_found_and_what_stays(folder: Path, run: Callable[..., Result]) -> None:
    result = run("dedupe", folder, "--format", "jsonl", "--keep", "largest")
    assert result.exit_code == 0, result.output
    found = {kind: {stays, *(name for name, _ in others)} for kind, stays, others in groups(result)}
    assert found == {
        "burst": {"IMG_0.jpg", "IMG_1.jpg", "IMG_2.jpg"},
        "exact": {"flower.jpg", ODD},
        "near": {"china.jpg", "china-small.jpg"},
    }
    stay = {kind: stays for kind, stays, _ in groups(result)}
    assert (stay["exact"], stay["near"]) == ("flower.jpg", "china.jpg")
    assert "3 groups (1 exact, 1 near, 1 burst); 4 files need not stay" in result.stderr


def test_kinds_can_be_chosen(folder: Path, run: Callable[..., Result]) -> None:
    exact = run("dedupe", folder, "--format", "jsonl", "--exact-only")
    assert [kind for kind, _, _ in groups(exact)] == ["exact"]
    no_near = run("dedupe", folder, "--format", "jsonl", "--no-near")
    assert sorted(kind for kind, _, _ in groups(no_near)) == ["burst", "exact"]
    no_bursts = run("dedupe", folder, "--format", "jsonl", "--no-bursts")
    assert sorted(kind for kind, _, _ in groups(no_bursts)) == ["exact", "near"]
    mirrored = run("dedupe", folder, "--format", "jsonl", "--no-bursts", "--mirrored")
    (china,) = (found for found in groups(mirrored) if "china" in found[1])
    assert ("china-mirrored.jpg", "near") in [*china[2], (china[1], "near")]


def test_the_plan_in_words_and_as_csv(folder: Path, run: Callable[..., Result]) -> None:
    table = run("dedupe", folder, "--exact-only")
    assert table.stdout.startswith("group 1 of 1: exact, 2 files\n  keep  ")
    assert r"two\nlines ü.jpg" in table.stdout
    assert "exact: the same content" in table.stdout
    rows = list(csv.DictReader(io.StringIO(run("dedupe", folder, "-f", "csv").stdout)))
    assert {row["role"] for row in rows} == {"keep", "duplicate"}
    assert {row["kind"] for row in rows if row["role"] == "duplicate"} == {"exact", "near", "burst"}


def test_lists(folder: Path, run: Callable[..., Result]) -> None:
    listed = run("dedupe", folder, "--keep", "shortest-path", "--exact-only", "--print0")
    assert listed.stdout_bytes == os.fsencode(f"{folder / 'sub' / ODD}\0")
    assert run("dedupe", folder / "china.jpg", "--list").stdout == ""


def test_move_and_undo(folder: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    before = tree(tmp_path)
    target = tmp_path / "dups"
    arguments = ("dedupe", folder, "--move-duplicates-to", target, "--keep-folders")
    planned = run(*arguments, "--dry-run")
    assert planned.stdout.count("would be moved: ") == 4
    assert tree(tmp_path) == before
    assert "undo" not in planned.stderr
    moved = run(*arguments)
    assert moved.exit_code == 0, moved.output
    assert moved.stdout.count("moved: ") == 4
    assert "(exact copy of " in moved.stdout
    assert "(same burst as " in moved.stdout
    assert len(tree(target)) == 4
    assert sorted(data for data, _ in tree(tmp_path).values()) == sorted(
        data for data, _ in before.values()
    )
    again = run(*arguments)
    assert (again.exit_code, again.stdout) == (0, "")
    assert "no duplicates" in again.stderr
    back = run("undo", undo_file(moved))
    assert back.exit_code == 0, back.output
    assert back.stdout.count("moved back: ") == 4
    assert tree(tmp_path) == before
    assert not target.exists()
    assert "4 nothing to do" in run("undo", undo_file(moved)).stderr


def test_a_second_run_leaves_keepers_where_the_target_is_inside(
    folder: Path, run: Callable[..., Result]
) -> None:
    """The moved ones come first in the folder: they must not push the others out."""
    arguments = ("dedupe", folder, "--keep", "first", "--move-duplicates-to", folder / "a-dups")
    run(*arguments)
    after = tree(folder)
    again = run(*arguments)
    assert again.exit_code == 0
    assert "passed over 4 files that lie in" in again.stderr
    assert tree(folder) == after


def test_copy_and_link_what_stays(folder: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    before = tree(folder)
    copied = run("dedupe", folder, "--copy-keepers-to", tmp_path / "kept")
    assert copied.exit_code == 0, copied.output
    assert len(tree(tmp_path / "kept")) == len(before) - 4
    linked = run("dedupe", folder, "--link-to", tmp_path / "linked")
    assert tree(tmp_path / "linked").keys() == tree(tmp_path / "kept").keys()
    assert tree(folder) == before
    for result in (copied, linked):
        assert run("undo", undo_file(result)).exit_code == 0
    assert not (tmp_path / "kept").exists()
    assert not (tmp_path / "linked").exists()
    assert tree(folder) == before


def test_bad_files_fail_and_stay(folder: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    for name in ("bad-1.jpg", "bad-2.jpg"):
        (folder / name).write_bytes(b"\xff\xd8\xff\xe0 cut off")
    result = run("dedupe", folder, "--move-duplicates-to", tmp_path / "dups")
    assert result.exit_code == 3
    assert "bad-1.jpg" in result.stderr
    assert "bad-" not in result.stdout
    assert (folder / "bad-1.jpg").exists()
    assert (folder / "bad-2.jpg").exists()


def test_links_are_the_same_file_and_never_lead_nowhere(
    folder: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    (folder / "a-link.jpg").symlink_to("flower.jpg")
    os.link(folder / "china.jpg", folder / "hard.jpg")
    result = run("dedupe", folder, "--exact-only", "--move-duplicates-to", tmp_path / "dups")
    assert result.exit_code == 0, result.output
    assert [path.name for path in (tmp_path / "dups").iterdir()] == [ODD]
    assert (folder / "a-link.jpg").is_symlink()
    assert (folder / "a-link.jpg").read_bytes() == (folder / "flower.jpg").read_bytes()
    (folder / "sub" / "copy.jpg").write_bytes((folder / "flower.jpg").read_bytes())
    os.utime(folder / "flower.jpg", (2e9, 2e9))
    shutil.copy2(folder / "flower.jpg", folder / "newer.jpg")
    os.utime(folder / "newer.jpg", (2.1e9, 2.1e9))
    refused = run(
        "dedupe",
        folder,
        "--exact-only",
        "--keep",
        "newest",
        "--move-duplicates-to",
        tmp_path / "dups",
    )
    assert refused.exit_code == 3
    assert "a-link.jpg leads to it and would lead nowhere" in refused.stderr
    assert (folder / "a-link.jpg").read_bytes() == (folder / "newer.jpg").read_bytes()


def test_a_file_that_changed_after_the_plan_is_not_moved(
    folder: Path, tmp_path: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    from framesift.cli import deduping

    carry_out = deduping.carry_out

    def meanwhile(*args: object, **options: object) -> object:
        (folder / "china.jpg").write_bytes(b"the one that was to stay")
        (folder / "sub" / ODD).write_bytes(b"edited")
        return carry_out(*args, **options)

    monkeypatch.setattr(deduping, "carry_out", meanwhile)
    result = run(
        "dedupe", folder, "--keep", "largest", "--no-bursts", "--move-duplicates-to", tmp_path / "d"
    )
    assert result.exit_code == 3
    assert "china.jpg, which was to stay, is gone or changed" in result.stderr
    assert "it changed since it was scored" in result.stderr
    assert not [path for path in (tmp_path / "d").rglob("*") if path.is_file()]
    assert (folder / "china-small.jpg").exists()


def test_a_folder_that_cannot_be_changed_is_a_failure(
    folder: Path, tmp_path: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Played, because the superuser may write anywhere."""
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002
        if path.parent == folder / "sub":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    before = tree(folder)
    result = run("dedupe", folder, "--exact-only", "--move-duplicates-to", tmp_path / "dups")
    assert result.exit_code == 3
    assert "Permission denied" in result.stderr
    assert tree(folder) == before
    assert not tree(tmp_path / "dups")
    assert run("undo", undo_file(result)).exit_code == 0


def test_the_page(folder: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    page = tmp_path / "plan.html"
    (folder / "<script>.jpg").write_bytes((folder / "china.jpg").read_bytes())
    (folder / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    result = run("dedupe", folder, "--report", page, "--list")
    assert result.exit_code == 3
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;.jpg" in text
    assert text.count("data:image/jpeg;base64,") == 8
    assert text.count("<b>Stays</b>") == 3
    assert "exact: the same content" in text
    assert "bad.jpg" in text
    assert "Blurred" not in text


def test_what_is_not_allowed_is_blurred_on_the_page(
    folder: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    run("dedupe", folder, "--report", tmp_path / "clear.html", "--list")
    from framesift.policies import Policy

    policy = tmp_path / "policy.toml"
    name = next(iter(Policy.default().categories))
    policy.write_text(f'name = "all"\n[categories.{name}]\nreview = 1e-9\nblock = 1.0\n')
    result = run("dedupe", folder, "--report", tmp_path / "p.html", "--list", "--policy", policy)
    assert result.exit_code == 0, result.output
    plan = run("dedupe", folder, "--format", "jsonl", "--policy", policy).stdout
    allowed = plan.count('"verdict": "allow"')
    hidden = plan.count('"verdict": "review"')
    assert hidden > 1
    clear, blurred = ((tmp_path / name).read_text() for name in ("clear.html", "p.html"))
    pictures = [re.findall(r"base64,([^\"]+)", text) for text in (clear, blurred)]
    assert len(pictures[0]) == len(pictures[1]) == allowed + hidden
    assert len([jpeg for jpeg in pictures[1] if jpeg in pictures[0]]) == allowed
    assert blurred.count("Blurred thumbnail of") == blurred.count(">To review<") == hidden


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--list", "--move-duplicates-to", "x"], "give one of"),
        (["--format", "csv", "--list"], "--format is for a plan alone"),
        (["--undo-file", "u.jsonl"], "--undo-file needs something to undo"),
        (["--keep-folders"], "--keep-folders needs"),
        (["--near-bits", "999"], "--near-bits"),
        (["--keep", "prettiest"], "--keep"),
        (["--quality", "none"], "--keep best goes by quality"),
    ],
)
def test_wrong_usage(
    folder: Path, run: Callable[..., Result], options: list[str], message: str
) -> None:
    before = tree(folder)
    result = run("dedupe", folder, *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert tree(folder) == before


def test_standard_input_has_no_file(run: Callable[..., Result]) -> None:
    result = run("dedupe", "-", stdin=b"")
    assert result.exit_code == 2
    assert "standard input has no file" in result.stderr


def test_what_is_no_file_here_is_refused_before_any_work(
    folder: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    archive = tmp_path / "pictures.tar"
    with tarfile.open(archive, "w") as file:
        file.add(folder, "pictures")
    result = run("dedupe", archive)
    assert result.exit_code == 2
    assert "pictures in a tar file are not compared; unpack it first" in result.stderr
    result = run("dedupe", "s3://bucket/pictures")
    assert result.exit_code == 2
    assert "s3://bucket/pictures does not lie on this machine; fetch it first" in result.stderr


def test_an_undo_file_of_ones_own(folder: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    file = tmp_path / "my undo.jsonl"
    arguments = ("filter", folder, "--top", 1, "--copy-to", tmp_path / "best", "--undo-file", file)
    assert undo_file(run(*arguments)) == str(file)
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert "is there already" in refused.stderr
    assert run("undo", file, "--dry-run").stdout.startswith("would be removed: ")
    (copy,) = (tmp_path / "best").iterdir()
    copy.write_bytes(b"edited since")
    left = run("undo", file)
    assert left.exit_code == 3
    assert f"left: {copy}: it changed since it was copied" in left.stderr
    assert copy.read_bytes() == b"edited since"
    assert run("undo", folder / "china.jpg").exit_code == 2


@pytest.mark.skipif(os.name == "nt", reason="needs SIGINT")
def test_an_interrupt_in_the_middle_can_be_undone(
    tmp_path: Path, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    picture = Image.effect_mandelbrot((64, 64), (-2, -1.5, 1, 1.5), 50).convert("RGB")
    picture.save(folder / "0.png")
    for number in range(1, 1200):
        shutil.copy2(folder / "0.png", folder / f"{number}.png")
    before = tree(folder)
    file = tmp_path / "u.jsonl"
    process = start(
        "dedupe", folder, "--move-duplicates-to", tmp_path / "d", "--undo-file", file, "-q"
    )
    deadline = time.monotonic() + 120
    while not file.exists() or file.stat().st_size < 4000:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    moved = len(tree(tmp_path / "d"))
    assert 0 < moved < 1199
    assert len(tree(folder)) == 1200 - moved
    back = start("undo", file)
    back.communicate(timeout=60)
    assert back.returncode == 0
    assert tree(folder) == before
