"""Undo files: what they say, what is brought back, and what is left alone."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from framesift.engine import placing
from framesift.engine.journal import Journal, Step, new_path, read_steps
from framesift.engine.placing import sha256_of
from framesift.engine.transfer import Mode, Transfer, TransferResult
from framesift.engine.undo import UndoResult, undo
from framesift.errors import ConfigError
from framesift.types import MediaInfo


class Picture:
    """A file that was analysed."""

    def __init__(self, path: Path) -> None:
        self.info = MediaInfo(str(path), sha256_of(path), "image", "jpeg", 1, 1)


def tree(folder: Path) -> dict[str, tuple[object, ...]]:
    """Names, contents or where links lead, and times."""
    return {
        str(item.relative_to(folder)): (
            str(item.readlink()) if item.is_symlink() else item.read_bytes(),
            item.lstat().st_mtime_ns,
        )
        for item in sorted(folder.rglob("*"))
        if item.is_symlink() or item.is_file()
    } | {str(item.relative_to(folder)): () for item in folder.rglob("*") if item.is_dir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures, one with a sidecar, one of them a link."""
    made = tmp_path / "tree"
    (made / "in/a").mkdir(parents=True)
    for name, content in (("1.jpg", b"one"), ("a/1.jpg", b"two"), ("1.xmp", b"side")):
        (made / "in" / name).write_bytes(content)
        os.utime(made / "in" / name, ns=(10**18, 10**18 + len(content)))
    (made / "in/link.jpg").symlink_to("a/1.jpg")
    return made


NAMES = ("link.jpg", "1.jpg", "a/1.jpg")


def carried(folder: Path, journal: Path, mode: Mode, *names: str) -> list[TransferResult]:
    transfer = Transfer(folder / "out/deep", mode, sidecars=True, journal=Journal(journal))
    pictures = [Picture(folder / "in" / name) for name in names or NAMES]
    results = list(transfer.run(pictures))
    assert transfer.journal is not None
    transfer.journal.close()
    return results


def undone(journal: Path, **options: Any) -> list[UndoResult]:
    return list(undo(read_steps(journal), **options))


def without_hard_links(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(placing.os, "link", refuse)


@pytest.mark.parametrize("mode", ["copy", "move", "link"])
@pytest.mark.parametrize("number", [None, errno.EXDEV, errno.EPERM])
def test_everything_comes_back(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode, number: int | None
) -> None:
    if number is not None:
        without_hard_links(monkeypatch, number)
        if number == errno.EXDEV:
            # Renames within a folder work across no file systems at all.
            monkeypatch.setattr(placing, "_rename_new", _across(placing._rename_new))
    before = tree(folder)
    assert all(item.status != "failed" for item in carried(folder, tmp_path / "u.jsonl", mode))
    assert tree(folder) != before
    done = undone(tmp_path / "u.jsonl")
    assert not [item for item in done if item.status == "left"]
    assert tree(folder) == before
    again = undone(tmp_path / "u.jsonl")
    assert {item.status for item in again} == {"nothing to do"}
    assert tree(folder) == before


def _across(rename: Any) -> Any:
    def renamed(source: Path, target: Path) -> None:
        if source.parent != target.parent:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        placing._replace_reserved(source, target)

    return renamed


def test_a_dry_run_says_the_same_and_touches_nothing(folder: Path, tmp_path: Path) -> None:
    carried(folder, tmp_path / "u.jsonl", "move")
    after = tree(folder)
    planned = undone(tmp_path / "u.jsonl", dry_run=True)
    assert tree(folder) == after
    done = undone(tmp_path / "u.jsonl")
    assert [(item.path, item.status) for item in planned] == [
        (item.path, item.status) for item in done
    ]


def test_each_step_is_written_before_it_is_done(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = tmp_path / "u.jsonl"
    seen = []

    def look(source: Path, target: Path, **options: object) -> None:
        seen.append(json.loads(journal.read_bytes().splitlines()[-1])["target"] == str(target))

    monkeypatch.setattr("framesift.engine.transfer.move_file", look)
    carried(folder, journal, "move")
    assert seen == [True] * 4


def test_what_failed_is_taken_back(folder: Path, tmp_path: Path) -> None:
    (folder / "in/a/1.jpg").chmod(0o644)
    picture = Picture(folder / "in/a/1.jpg")
    (folder / "in/a/1.jpg").write_bytes(b"changed")
    transfer = Transfer(folder / "out", "copy", journal=Journal(tmp_path / "u.jsonl"))
    results = list(transfer.run([picture]))
    transfer.journal.close()
    assert [item.status for item in results] == ["failed"]
    assert "changed since it was scored" in results[0].message
    assert [step.do for step in read_steps(tmp_path / "u.jsonl")] == ["folder"]


def test_a_picture_that_changed_is_not_moved(folder: Path, tmp_path: Path) -> None:
    picture = Picture(folder / "in/1.jpg")
    (folder / "in/1.jpg").write_bytes(b"edited since")
    transfer = Transfer(folder / "out", "move", journal=Journal(tmp_path / "u.jsonl"))
    results = list(transfer.run([picture]))
    transfer.journal.close()
    assert "changed since" in results[0].message
    assert (folder / "in/1.jpg").read_bytes() == b"edited since"


def left(journal: Path) -> dict[str, str]:
    return {
        item.path.name: item.message
        for item in undone(journal)
        if item.status == "left" and not item.folder
    }


def test_moved_files_that_changed_or_have_no_place_are_left(folder: Path, tmp_path: Path) -> None:
    carried(folder, tmp_path / "u.jsonl", "move", "1.jpg", "a/1.jpg")
    (folder / "out/deep/1.jpg").write_bytes(b"edited since")
    (folder / "in/a/1.jpg").write_bytes(b"somebody else's")
    said = left(tmp_path / "u.jsonl")
    assert "changed since it was moved" in said["1.jpg"]
    assert "its old place is taken" in said["1 (2).jpg"]
    assert (folder / "out/deep/1.jpg").read_bytes() == b"edited since"
    assert (folder / "out/deep/1 (2).jpg").read_bytes() == b"two"
    # Once the place is free the rest comes back.
    (folder / "in/a/1.jpg").unlink()
    assert "1 (2).jpg" not in left(tmp_path / "u.jsonl")
    assert (folder / "in/a/1.jpg").read_bytes() == b"two"


def test_a_moved_file_that_is_gone_is_said(folder: Path, tmp_path: Path) -> None:
    carried(folder, tmp_path / "u.jsonl", "move", "1.jpg")
    (folder / "out/deep/1.jpg").unlink()
    assert "it is gone" in left(tmp_path / "u.jsonl")["1.jpg"]


def test_the_last_copy_is_never_removed(folder: Path, tmp_path: Path) -> None:
    carried(folder, tmp_path / "u.jsonl", "copy", "1.jpg", "a/1.jpg")
    (folder / "in/1.jpg").unlink()
    (folder / "out/deep/1 (2).jpg").write_bytes(b"edited")
    said = left(tmp_path / "u.jsonl")
    assert "it is the last copy" in said["1.jpg"]
    assert "it changed since it was copied" in said["1 (2).jpg"]
    assert (folder / "out/deep/1.jpg").read_bytes() == b"one"


def test_the_last_name_of_a_linked_file_is_never_removed(folder: Path, tmp_path: Path) -> None:
    carried(folder, tmp_path / "u.jsonl", "link", "1.jpg")
    (folder / "in/1.jpg").unlink()
    assert "last name" in left(tmp_path / "u.jsonl")["1.jpg"]
    assert (folder / "out/deep/1.jpg").read_bytes() == b"one"


def test_a_place_that_leads_back_is_no_second_place(folder: Path, tmp_path: Path) -> None:
    """Whoever put a link where the file was must not lose the file by an undo."""
    carried(folder, tmp_path / "u.jsonl", "move", "a/1.jpg")
    (folder / "in/a/1.jpg").symlink_to(folder / "out/deep/1.jpg")
    assert "taken" in left(tmp_path / "u.jsonl")["1.jpg"]
    (folder / "in/a/1.jpg").unlink()
    shutil.rmtree(folder / "in/a")
    (folder / "in/a").symlink_to(folder / "out/deep")
    assert "same place" in left(tmp_path / "u.jsonl")["1.jpg"]
    assert (folder / "out/deep/1.jpg").read_bytes() == b"two"


def test_a_moved_link_whose_original_is_gone_is_left(folder: Path, tmp_path: Path) -> None:
    carried(folder, tmp_path / "u.jsonl", "move", "link.jpg")
    assert not (folder / "in/link.jpg").is_symlink()
    (folder / "in/a/1.jpg").unlink()
    assert "gone or changed" in left(tmp_path / "u.jsonl")["link.jpg"]
    assert (folder / "out/deep/link.jpg").read_bytes() == b"two"


def test_folders_with_something_else_stay(folder: Path, tmp_path: Path) -> None:
    carried(folder, tmp_path / "u.jsonl", "copy")
    (folder / "out/notes.txt").write_text("mine")
    states = {item.path.name: item.status for item in undone(tmp_path / "u.jsonl") if item.folder}
    assert states == {"deep": "removed", "out": "left"}
    assert (folder / "out/notes.txt").read_text() == "mine"


def test_names_in_any_bytes_come_back(folder: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b"two\nlines \xff \xc3\xbc.jpg")
    (folder / "in" / name).write_bytes(b"odd")
    before = tree(folder)
    carried(folder, tmp_path / "u.jsonl", "move", name)
    undone(tmp_path / "u.jsonl")
    assert tree(folder) == before


def test_a_run_that_does_nothing_leaves_no_file(folder: Path, tmp_path: Path) -> None:
    carried(folder, tmp_path / "one.jsonl", "copy")
    results = carried(folder, tmp_path / "two.jsonl", "copy")
    assert {item.status for item in results} == {"already there"}
    assert not (tmp_path / "two.jsonl").exists()


def test_without_an_undo_file_nothing_is_touched(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "u.jsonl").write_text("here already")
    before = tree(folder)
    with pytest.raises(ConfigError, match="it is there already"):
        carried(folder, tmp_path / "u.jsonl", "move")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="nothing was touched; name another one with --undo-file"):
        carried(folder, tmp_path / "file/u.jsonl", "move")
    assert tree(folder) == before


def test_a_full_disk_stops_what_cannot_be_written_down(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "out/deep").mkdir(parents=True)
    journal = Journal(tmp_path / "u.jsonl")
    transfer = Transfer(folder / "out/deep", "move", journal=journal)
    pictures = [Picture(folder / "in/1.jpg"), Picture(folder / "in/a/1.jpg")]
    run = transfer.run(pictures)
    assert next(run).status == "moved"

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("framesift.engine.journal.os.fsync", full)
    result = next(run)
    assert (result.status, result.message) == ("failed", "No space left on device")
    assert (folder / "in/a/1.jpg").read_bytes() == b"two"
    monkeypatch.undo()
    journal.close()
    assert len(read_steps(tmp_path / "u.jsonl")) == 1


HEAD = '{"framesift_undo": 1, "started": "", "command": []}\n'
STEP = '{"n": 1, "do": "copy", "target": "/b", "source": "/a", "sha256": "00"}\n'


def test_a_line_that_was_cut_off_had_not_begun(tmp_path: Path) -> None:
    (tmp_path / "u").write_text(HEAD + STEP + STEP[:-5])
    assert read_steps(tmp_path / "u") == [Step("copy", Path("/b"), Path("/a"), "00")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no undo file"),
        ("{}\n", "no undo file"),
        ("hello\n", "line 1 is broken"),
        ('{"framesift_undo": 2}\n', "has version 2; this Framesift knows 1"),
        (HEAD + "[]\n" + STEP, "line 2 is broken"),
        (HEAD + '{"n": 1, "do": "erase", "target": "/b"}\n', "line 2 says nothing"),
        (HEAD + '{"n": 1, "do": "copy", "target": "b", "source": "/a"}\n', "line 2 says nothing"),
        (HEAD + '{"n": 1, "do": "copy", "target": "/b"}\n', "line 2 says nothing"),
        (HEAD + STEP.replace("}", ', "part": "../x"}'), "line 2 says nothing"),
    ],
)
def test_what_is_no_undo_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "u").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_steps(tmp_path / "u")


def test_a_missing_undo_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_steps(tmp_path / "none")


def test_new_paths_differ_and_lie_in_the_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    one, two = new_path("filter"), new_path("filter")
    assert one != two
    if os.name == "posix" and "darwin" not in os.sys.platform:
        assert one.parent == Path("/state/framesift/undo")
    assert "filter" in one.name
