"""Transfers: what arrives, what stays, and that nothing is ever lost or overwritten."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from framesift.engine import placing
from framesift.engine.transfer import TransferResult, transfer
from framesift.errors import ConfigError
from framesift.types import Analysis, MediaInfo, ModelInfo, Quality

MODEL = ModelInfo("starter", "f" * 8, "fp32")


def picture(path: Path | str, content: bytes | None = None) -> Analysis:
    """Write a file unless there is one, and return its analysis."""
    if content is not None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(content)
    data = Path(path).read_bytes() if Path(path).is_file() else b""
    info = MediaInfo(str(path), hashlib.sha256(data).hexdigest(), "image", "jpeg", 10, 10)
    return Analysis(info, Quality(5, 4, 6, "head"), None, (), MODEL)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(item.relative_to(folder)): item.read_bytes()
        for item in sorted(folder.rglob("*"))
        if item.is_file()
    }


def run(*args: Any, **options: Any) -> list[TransferResult]:
    return list(transfer(*args, **options))


def refusing(number: int) -> Any:
    def refuse(*args: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.fixture
def pictures(tmp_path: Path) -> list[Analysis]:
    """Three pictures in two folders, two of them with the same name."""
    return [
        picture(tmp_path / "in/a/1.jpg", b"first"),
        picture(tmp_path / "in/b/1.jpg", b"other"),
        picture(tmp_path / "in/2.jpg", b"third"),
    ]


@pytest.mark.parametrize(
    ("mode", "status"), [("copy", "copied"), ("move", "moved"), ("link", "linked")]
)
def test_side_by_side_a_taken_name_gets_a_number(
    tmp_path: Path, pictures: list[Analysis], mode: str, status: str
) -> None:
    out = tmp_path / "best"

    results = run(pictures, out, mode=mode)

    assert [result.status for result in results] == [status] * 3
    assert tree(out) == {"1.jpg": b"first", "1 (2).jpg": b"other", "2.jpg": b"third"}
    assert [result.target for result in results] == [
        out / "1.jpg",
        out / "1 (2).jpg",
        out / "2.jpg",
    ]
    left = {} if mode == "move" else {"2.jpg": b"third", "a/1.jpg": b"first", "b/1.jpg": b"other"}
    assert tree(tmp_path / "in") == left


@pytest.mark.parametrize("mode", ["copy", "move", "link"])
def test_sub_folders_are_kept_below_the_root(
    tmp_path: Path, pictures: list[Analysis], mode: str
) -> None:
    elsewhere = picture(tmp_path / "elsewhere/9.jpg", b"ninth")

    run([*pictures, elsewhere], tmp_path / "best", mode=mode, root=tmp_path / "in")

    expected = {"a/1.jpg": b"first", "b/1.jpg": b"other", "2.jpg": b"third", "9.jpg": b"ninth"}
    assert tree(tmp_path / "best") == expected


@pytest.mark.parametrize("mode", ["copy", "link"])
def test_a_second_run_finds_everything_there(
    tmp_path: Path, pictures: list[Analysis], mode: str
) -> None:
    out = tmp_path / "best"
    run(pictures, out, mode=mode)
    before = tree(out)

    again = run(pictures, out, mode=mode)

    assert [result.status for result in again] == ["already there"] * 3
    assert tree(out) == before


def test_a_move_never_removes_what_it_did_not_bring_over(tmp_path: Path) -> None:
    (tmp_path / "best").mkdir()
    (tmp_path / "best/1.jpg").write_bytes(b"same")
    twin = picture(tmp_path / "in/1.jpg", b"same")

    (result,) = run([twin], tmp_path / "best", mode="move")

    assert result.status == "already there"
    assert "left" in result.message
    assert (tmp_path / "in/1.jpg").read_bytes() == b"same"


@pytest.mark.parametrize("mode", ["copy", "move", "link"])
def test_what_is_there_is_never_overwritten(tmp_path: Path, mode: str) -> None:
    out = tmp_path / "best"
    out.mkdir()
    (out / "1.jpg").write_bytes(b"mine")
    (out / "1 (2).jpg").symlink_to(tmp_path / "nowhere")

    (result,) = run([picture(tmp_path / "in/1.jpg", b"new")], out, mode=mode)

    assert result.target == out / "1 (3).jpg"
    assert tree(out) == {"1.jpg": b"mine", "1 (3).jpg": b"new"}
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("mode", ["copy", "move", "link"])
def test_a_name_taken_at_the_last_moment_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    out, item = tmp_path / "best", picture(tmp_path / "in/1.jpg", b"new")
    real = os.link

    def raced(source: Any, target: Any, **options: Any) -> None:
        if Path(target).name == "1.jpg" and not Path(target).exists():
            Path(target).write_bytes(b"somebody else's")
        real(source, target, **options)

    monkeypatch.setattr(os, "link", raced)
    (result,) = run([item], out, mode=mode)

    assert tree(out) == {"1.jpg": b"somebody else's", "1 (2).jpg": b"new"}
    assert result.target == out / "1 (2).jpg"


@pytest.mark.parametrize("mode", ["copy", "move", "link"])
def test_a_dry_run_says_what_would_happen_and_touches_nothing(
    tmp_path: Path, pictures: list[Analysis], mode: str
) -> None:
    out, before = tmp_path / "best", tree(tmp_path)

    planned = run([*pictures, pictures[0]], out, mode=mode, dry_run=True)

    assert tree(tmp_path) == before
    assert not out.exists()
    done = run([*pictures, pictures[0]], out, mode=mode)
    assert [(item.target, item.status) for item in planned] == [
        (item.target, item.status) for item in done
    ]
    assert all(item.dry_run for item in planned)


def test_a_copy_keeps_times_and_permissions(tmp_path: Path) -> None:
    item = picture(tmp_path / "in/1.jpg", b"x")
    os.utime(tmp_path / "in/1.jpg", ns=(10**18, 10**18 + 123456789))
    (tmp_path / "in/1.jpg").chmod(0o640)

    run([item], tmp_path / "best", mode="copy")

    facts = (tmp_path / "best/1.jpg").stat()
    assert facts.st_mtime_ns == 10**18 + 123456789
    assert facts.st_mode & 0o777 == 0o640
    assert facts.st_nlink == 1


def test_a_hard_link_is_the_same_file(tmp_path: Path) -> None:
    item = picture(tmp_path / "in/1.jpg", b"x")

    run([item], tmp_path / "best", mode="link")

    assert (tmp_path / "best/1.jpg").samefile(tmp_path / "in/1.jpg")
    assert not (tmp_path / "best/1.jpg").is_symlink()


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP])
def test_without_hard_links_a_link_is_symbolic_and_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    picture(tmp_path / "in/1.jpg", b"x")
    monkeypatch.setattr(os, "link", refusing(number))
    monkeypatch.chdir(tmp_path)

    (result,) = run([picture("in/1.jpg")], Path("best"), mode="link")

    assert result.status == "linked"
    assert "symbolic" in result.message
    assert (tmp_path / "best/1.jpg").readlink() == tmp_path / "in/1.jpg"
    (again,) = run([picture("in/1.jpg")], Path("best"), mode="link")
    assert again.status == "already there"


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
@pytest.mark.parametrize("mode", ["copy", "move"])
def test_without_hard_links_copies_and_moves_still_never_overwrite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, number: int
) -> None:
    (tmp_path / "best").mkdir()
    (tmp_path / "best/1.jpg").write_bytes(b"mine")
    monkeypatch.setattr(os, "link", refusing(number))

    run([picture(tmp_path / "in/1.jpg", b"new")], tmp_path / "best", mode=mode)

    assert tree(tmp_path / "best") == {"1.jpg": b"mine", "1 (2).jpg": b"new"}
    assert (tmp_path / "in/1.jpg").exists() == (mode == "copy")


def other_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every link into another folder fail as it does between file systems."""
    real = os.link

    def link(source: Any, target: Any, **options: Any) -> None:
        if Path(source).parent != Path(target).parent:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        real(source, target, **options)

    monkeypatch.setattr(os, "link", link)


def test_a_move_to_another_file_system_copies_compares_and_removes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = picture(tmp_path / "in/1.jpg", b"x" * 3_000_000)
    os.utime(tmp_path / "in/1.jpg", ns=(10**18, 10**18))
    other_device(monkeypatch)

    (result,) = run([item], tmp_path / "best", mode="move")

    assert result.status == "moved"
    assert tree(tmp_path) == {"best/1.jpg": b"x" * 3_000_000}
    assert (tmp_path / "best/1.jpg").stat().st_mtime_ns == 10**18


def test_a_copy_that_reads_back_wrong_leaves_the_original_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = picture(tmp_path / "in/1.jpg", b"precious")
    other_device(monkeypatch)
    monkeypatch.setattr(placing, "sha256_of", lambda _: "0" * 64)

    (result,) = run([item], tmp_path / "best", mode="move")

    assert result.status == "failed"
    assert tree(tmp_path) == {"in/1.jpg": b"precious"}


@pytest.mark.parametrize("mode", ["copy", "move"])
def test_a_full_disk_leaves_no_half_file_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    items = [picture(tmp_path / f"in/{n}.jpg", bytes([n]) * 10) for n in range(3)]
    if mode == "move":
        other_device(monkeypatch)
    real = placing._pour

    def pour(reader: Any, writer: Any) -> str:
        if reader.name.endswith("1.jpg"):
            writer.write(b"half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(reader, writer)

    monkeypatch.setattr(placing, "_pour", pour)
    results = run(items, tmp_path / "best", mode=mode)

    assert [result.status == "failed" for result in results] == [False, True, False]
    assert results[1].message == "No space left on device"
    assert sorted(tree(tmp_path / "best")) == ["0.jpg", "2.jpg"]
    assert (tmp_path / "in/1.jpg").read_bytes() == bytes([1]) * 10


def test_a_picture_that_changed_since_it_was_scored_is_not_copied(tmp_path: Path) -> None:
    item = picture(tmp_path / "in/1.jpg", b"scored")
    (tmp_path / "in/1.jpg").write_bytes(b"edited")

    (result,) = run([item], tmp_path / "best", mode="copy")

    assert result.status == "failed"
    assert "changed since it was scored" in result.message
    assert tree(tmp_path / "best") == {}


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("-", "standard input"),
        ("gone.jpg", "No such file"),
        ("folder", "not a regular file"),
        ("bad\x00name.jpg", "null"),
        ("", "not a regular file"),
        ("fifo", "not a regular file"),
    ],
)
def test_what_is_no_file_fails_as_a_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, part: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    info = MediaInfo(name, "0" * 64, "image", "jpeg", 1, 1)
    item = Analysis(info, None, None, (), MODEL)

    first, second = run([item, picture(tmp_path / "ok.jpg", b"ok")], Path("best"), mode="copy")

    assert (first.status, first.target) == ("failed", None)
    assert part in first.message
    assert second.status == "copied"


def test_a_target_inside_the_scanned_folder_does_not_fill_itself(tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "in/best"
    picture(folder / "1.jpg", b"one")

    def scan() -> Any:
        """Find pictures while they are copied, as a walk over the folder would."""
        seen: set[Path] = set()
        while new := [p for p in sorted(folder.rglob("*.jpg")) if p not in seen]:
            assert len(seen) < 50
            for item in new:
                seen.add(item)
                yield picture(item)

    run(scan(), out, mode="copy", root=folder)
    results = run(scan(), out, mode="copy", root=folder)

    assert tree(folder) == {"1.jpg": b"one", "best/1.jpg": b"one"}
    assert {result.status for result in results} == {"already there"}


def test_a_path_with_dots_cannot_leave_the_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in/sub").mkdir(parents=True)
    picture(tmp_path / "1.jpg", b"x")
    monkeypatch.chdir(tmp_path / "in/sub")

    (result,) = run([picture("../../1.jpg")], tmp_path / "best", mode="copy", root=Path())

    assert result.target == tmp_path / "best/1.jpg"


def test_a_link_in_the_target_cannot_lead_out_of_it(tmp_path: Path) -> None:
    (tmp_path / "best").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "best/a").symlink_to(tmp_path / "outside")
    item = picture(tmp_path / "in/a/b/1.jpg", b"x")

    (result,) = run([item], tmp_path / "best", mode="copy", root=tmp_path / "in")

    assert result.status == "failed"
    assert "out of the target" in result.message
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_symbolic_link_is_moved_by_its_content(tmp_path: Path) -> None:
    picture(tmp_path / "originals/1.jpg", b"x")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/link.jpg").symlink_to("../originals/1.jpg")

    run([picture(tmp_path / "in/link.jpg")], tmp_path / "best", mode="move")

    assert not (tmp_path / "best/link.jpg").is_symlink()
    assert tree(tmp_path) == {"best/link.jpg": b"x", "originals/1.jpg": b"x"}
    assert not (tmp_path / "in/link.jpg").is_symlink()


@pytest.mark.parametrize(
    "name", ["-rf.jpg", "a\nb.jpg", "=1+1.jpg", "noext", ".hidden.jpg", "é ü.jpg"]
)
@pytest.mark.parametrize("mode", ["copy", "move", "link"])
def test_odd_names_arrive_as_they_are(tmp_path: Path, name: str, mode: str) -> None:
    run([picture(tmp_path / "in" / name, b"x")], tmp_path / "best", mode=mode)

    assert tree(tmp_path / "best") == {name: b"x"}


def test_a_name_that_is_no_text_arrives_too(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    run([picture(tmp_path / "in" / name, b"x")], tmp_path / "best", mode="copy")

    assert tree(tmp_path / "best") == {name: b"x"}


@pytest.mark.parametrize("mode", ["copy", "move", "link"])
def test_sidecars_go_along_under_the_new_name(tmp_path: Path, mode: str) -> None:
    out = tmp_path / "best"
    out.mkdir()
    (out / "1.jpg").write_bytes(b"mine")
    for name in ("1.XMP", "1.jpg.xmp", "1.aae", "1.NEF", "1.txt", "11.xmp", "1.png"):
        picture(tmp_path / "in" / name, name.encode())

    results = run([picture(tmp_path / "in/1.jpg", b"new")], out, mode=mode, sidecars=True)

    assert tree(out) == {
        "1.jpg": b"mine",
        "1 (2).jpg": b"new",
        "1 (2).XMP": b"1.XMP",
        "1 (2).jpg.xmp": b"1.jpg.xmp",
        "1 (2).aae": b"1.aae",
        "1 (2).NEF": b"1.NEF",
    }
    assert [result.sidecar for result in results] == [False, True, True, True, True]
    if mode == "move":
        assert sorted(tree(tmp_path / "in")) == ["1.png", "1.txt", "11.xmp"]


def test_a_taken_sidecar_name_moves_picture_and_sidecar_on_together(tmp_path: Path) -> None:
    (tmp_path / "best").mkdir()
    (tmp_path / "best/1.xmp").write_bytes(b"another picture's")
    picture(tmp_path / "in/1.xmp", b"ours")

    run([picture(tmp_path / "in/1.jpg", b"x")], tmp_path / "best", mode="copy", sidecars=True)

    assert tree(tmp_path / "best") == {
        "1.xmp": b"another picture's",
        "1 (2).jpg": b"x",
        "1 (2).xmp": b"ours",
    }


def test_a_raw_file_moved_as_a_sidecar_is_no_failure_later(tmp_path: Path) -> None:
    items = [picture(tmp_path / "in/1.jpg", b"x"), picture(tmp_path / "in/1.nef", b"raw")]

    results = run(items, tmp_path / "best", mode="move", sidecars=True)

    assert [result.status for result in results] == ["moved", "moved", "already there"]
    assert results[2].target == tmp_path / "best/1.nef"
    assert tree(tmp_path) == {"best/1.jpg": b"x", "best/1.nef": b"raw"}


def test_an_interruption_leaves_whole_files_only(
    tmp_path: Path, pictures: list[Analysis], monkeypatch: pytest.MonkeyPatch
) -> None:
    def pour(reader: Any, writer: Any) -> str:
        writer.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(placing, "_pour", pour)
    with pytest.raises(KeyboardInterrupt):
        run(pictures, tmp_path / "best", mode="copy")

    assert tree(tmp_path / "best") == {}


def test_a_target_that_is_a_file_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "best").write_bytes(b"mine")

    with pytest.raises(ConfigError, match="name a folder"):
        transfer([], tmp_path / "best", mode="copy")
