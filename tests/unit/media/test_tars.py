"""Tar files: their members are media, the texts beside them captions."""

from __future__ import annotations

import io
import tarfile

import pytest

from framesift.media import ExpandOptions, Source, expand_sources
from framesift.types import Failure

MEMBERS = (
    ("a/0001.jpg", b"first"),
    ("a/0001.txt", b"a red house"),
    ("a/0001.json", b'{"caption": "in the snow"}'),
    ("a/0002.jpg", b"second"),
    ("a/.0003.jpg", b"hidden"),
    ("a/0004.txt", "stra\u00dfe".encode("utf-16")),
    ("a/0004.png", b"third"),
    ("a/0004.seg.png", b"fourth"),
)


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "data-000.tar"
    with tarfile.open(path, "w") as made:
        folder = tarfile.TarInfo("a")
        folder.type = tarfile.DIRTYPE
        made.addfile(folder)
        for name, data in MEMBERS:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            made.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("a/link.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        made.addfile(link)
    return path


def content(source: Source) -> bytes:
    with source.open() as file:
        return file.read()


@pytest.mark.parametrize("by", ["file", "folder", "pattern"])
def test_members_are_sources_with_their_captions(archive, by):
    named = {"file": archive, "folder": archive.parent, "pattern": archive.parent / "*.tar"}[by]
    expansion = expand_sources([str(named)])
    found = list(expansion)
    assert [(one.name.removeprefix(f"{archive}/"), content(one)) for one in found] == [
        ("a/0001.jpg", b"first"),
        ("a/0002.jpg", b"second"),
        ("a/0004.png", b"third"),
        ("a/0004.seg.png", b"fourth"),
    ]
    assert [one.caption for one in found] == [
        "a red house\nin the snow",
        None,
        "stra\u00dfe",
        "stra\u00dfe",
    ]
    assert expansion.skipped == 3


def test_contents_are_hashed_where_they_lie(archive):
    first = next(iter(expand_sources([str(archive)])))
    assert first.sha256() == Source.from_bytes(b"first").sha256()
    assert content(first) == b"first"


def test_captions_can_be_left_out_and_everything_be_taken(archive):
    plain = list(expand_sources([str(archive)], options=ExpandOptions(captions=False)))
    assert [one.caption for one in plain] == [None] * 4
    options = ExpandOptions(all_files=True, hidden=True)
    assert len(list(expand_sources([str(archive)], options=options))) == len(MEMBERS)


def test_a_caption_that_cannot_be_read_is_said(tmp_path):
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as made:
        for name, data in (("1.jpg", b"x"), ("1.json", b"{broken")):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            made.addfile(member, io.BytesIO(data))
    (source,) = expand_sources([str(path)])
    assert "not valid JSON" in source.caption_problem


def test_an_archive_that_breaks_off_gives_what_came_before(archive):
    data = archive.read_bytes()
    archive.write_bytes(data[: 512 * 9 + 200])
    *found, failure = expand_sources([str(archive)])
    assert found
    assert all(isinstance(one, Source) for one in found)
    assert isinstance(failure, Failure)
    assert "get a new copy" in failure.error.message


@pytest.mark.parametrize("data", [b"", b"no archive at all" * 100, b"\x1f\x8b\x08" + b"x" * 2000])
def test_what_is_no_tar_file_is_a_failure(tmp_path, data):
    path = tmp_path / "x.tar"
    path.write_bytes(data)
    (failure,) = expand_sources([str(path)])
    assert isinstance(failure, Failure)
    assert str(path) in failure.error.message


def test_tar_files_in_a_bucket_are_read_in_place(archive):
    fsspec = pytest.importorskip("fsspec")
    fsspec.filesystem("memory").pipe("/shards/data-000.tar", archive.read_bytes())
    found = list(expand_sources(["memory://shards"]))
    assert [content(one) for one in found] == [b"first", b"second", b"third", b"fourth"]
    assert found[0].name == "memory://shards/data-000.tar/a/0001.jpg"
