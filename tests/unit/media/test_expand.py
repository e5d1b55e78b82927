"""Arguments become sources: files, folders, patterns, standard input."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from framesift.media import ExpandOptions, Source, expand_sources
from framesift.types import Failure

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "img10.jpg",
        "img2.jpg",
        "notes.txt",
        "no_ending",
        ".hidden.jpg",
        "sub/a.PNG",
        "sub/deeper/clip.mp4",
        ".git/x.jpg",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    (tmp_path / "no_ending").write_bytes(PNG)
    return tmp_path


def names(root: Path, *args: str, **options: bool) -> list[str]:
    found = expand_sources(args or [str(root)], options=ExpandOptions(**options))
    return [
        f"!{Path(item.path).name}"
        if isinstance(item, Failure)
        else Path(item.name).relative_to(root).as_posix()
        for item in found
    ]


def test_a_folder_gives_all_but_companions_in_natural_order(tree: Path) -> None:
    (tree / "captions.json").write_bytes(PNG)
    (tree / "setup.exe").write_bytes(b"MZ")
    assert names(tree) == [
        "captions.json",
        "img2.jpg",
        "img10.jpg",
        "no_ending",
        "setup.exe",
        "sub/a.PNG",
        "sub/deeper/clip.mp4",
    ]


@pytest.mark.parametrize(
    ("options", "more", "fewer"),
    [
        ({"hidden": True}, {".hidden.jpg", ".git/x.jpg"}, set()),
        ({"all_files": True}, {"notes.txt"}, set()),
        ({"recursive": False}, set(), {"sub/a.PNG", "sub/deeper/clip.mp4"}),
    ],
)
def test_options(tree: Path, options: dict, more: set, fewer: set) -> None:
    usual = set(names(tree))
    assert set(names(tree, **options)) == (usual | more) - fewer


def test_what_is_passed_over_is_counted(tree: Path) -> None:
    found = expand_sources([str(tree)])
    assert len(list(found)) == 5
    assert found.skipped == 1


def test_a_named_file_is_always_tried(tree: Path) -> None:
    assert names(tree, str(tree / "notes.txt"), str(tree / ".hidden.jpg")) == [
        "notes.txt",
        ".hidden.jpg",
    ]


def test_patterns(tree: Path) -> None:
    assert names(tree, str(tree / "*.jpg")) == ["img2.jpg", "img10.jpg"]
    assert names(tree, str(tree / "**" / "*.mp4")) == ["sub/deeper/clip.mp4"]
    assert names(tree, str(tree / "s*")) == ["sub/a.PNG", "sub/deeper/clip.mp4"]
    assert names(tree, str(tree / "*.bmp")) == ["!*.bmp"]


def test_a_file_whose_name_looks_like_a_pattern(tree: Path) -> None:
    (tree / "a[1].jpg").write_bytes(PNG)
    assert names(tree, str(tree / "a[1].jpg")) == ["a[1].jpg"]


def test_missing_is_a_failure_value(tree: Path) -> None:
    (failure,) = expand_sources([str(tree / "gone.jpg")])
    assert isinstance(failure, Failure)
    assert failure.error.type == "SourceError"
    assert "gone.jpg: does not exist; check" in failure.error.message


def test_the_order_of_arguments_is_kept(tree: Path) -> None:
    args = [str(tree / "img2.jpg"), str(tree / "gone.jpg"), str(tree / "img10.jpg")]
    assert names(tree, *args) == ["img2.jpg", "!gone.jpg", "img10.jpg"]


def test_standard_input_is_read_once() -> None:
    first, second = expand_sources(["-", "-"], stdin=io.BytesIO(PNG))
    assert isinstance(first, Source)
    assert first.open().read() == PNG
    assert isinstance(second, Failure)
    (missing,) = expand_sources(["-"])
    assert isinstance(missing, Failure)


def test_loops_of_links_end(tree: Path) -> None:
    (tree / "sub" / "loop").symlink_to(tree, target_is_directory=True)
    (tree / "self").symlink_to("self")
    (tree / "broken.jpg").symlink_to("nowhere.jpg")
    found = names(tree)
    assert len(found) == len(set(found)) == 6
    assert "broken.jpg" in found
    assert names(tree, follow_links=False) == found


def test_linked_folders_are_visited_once(tree: Path, tmp_path_factory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "z.jpg").write_bytes(PNG)
    (tree / "one").symlink_to(other, target_is_directory=True)
    (tree / "two").symlink_to(other, target_is_directory=True)
    assert [name for name in names(tree) if name.endswith("z.jpg")] == ["one/z.jpg"]
    assert not any(name.endswith("z.jpg") for name in names(tree, follow_links=False))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_listed_is_a_failure(tree: Path) -> None:
    (tree / "sub").chmod(0)
    try:
        assert "!sub" in names(tree)
    finally:
        (tree / "sub").chmod(0o755)


def test_named_pipes_in_folders_do_not_hang(tree: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(tree / "pipe")
    assert "pipe" not in names(tree)


@pytest.mark.parametrize("arg", ["", "bad\0name", "https://example.org/a.jpg", "[", "x" * 5000])
def test_odd_arguments_are_failures(arg: str) -> None:
    (failure,) = expand_sources([arg])
    assert isinstance(failure, Failure)
