"""Sources: hashed once, limited while reading, clear about what cannot be read."""

from __future__ import annotations

import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from framesift.errors import LimitExceededError, SourceError
from framesift.media import Limits, Source

if TYPE_CHECKING:
    from pathlib import Path

DATA = b"some content" * 1000
DIGEST = hashlib.sha256(DATA).hexdigest()


class Endless(io.RawIOBase):
    """A stream without end that counts what was taken from it."""

    taken = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        self.taken += size
        return bytes(size)


class Failing(io.RawIOBase):
    def read(self, size: int = -1) -> bytes:
        raise OSError(5, "Input/output error")


def test_all_kinds_hash_alike(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(DATA)
    for source in (
        Source.from_path(path),
        Source.from_path(str(path)),
        Source.from_bytes(DATA),
        Source.from_stream(io.BytesIO(DATA)),
    ):
        assert source.sha256() == DIGEST
        assert source.open().read() == DATA
        assert source.open().read() == DATA
        assert source.sha256(Limits()) == DIGEST


def test_names(tmp_path: Path) -> None:
    assert Source.from_path("x/y.png").name == "x/y.png"
    assert Source.from_bytes(b"").name == "<bytes>"
    assert Source.from_bytes(b"", name="up.png").name == "up.png"
    assert Source.from_stream(io.BytesIO()).name == "-"
    odd = Source.from_path(os.fsdecode(b"caf\xe9.jpg"))
    assert odd.name.encode("utf-8").decode("utf-8") == "caf\ufffd.jpg"
    assert os.fsencode(odd.path) == b"caf\xe9.jpg"


def test_a_small_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(DATA)
    source = Source.from_path(path)
    source.sha256()
    path.unlink()
    assert source.open().read() == DATA
    source.forget()
    with pytest.raises(SourceError, match="cannot be opened"):
        source.open()


def test_another_thread_reads_the_file_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(DATA)
    source = Source.from_path(path)
    source.sha256()
    with ThreadPoolExecutor(1) as pool:
        file = pool.submit(source.open).result()
    with file:
        assert isinstance(file, io.BufferedReader)
        assert file.read() == DATA


@pytest.mark.parametrize("kind", ["path", "bytes", "stream"])
def test_bytes_are_limited(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(DATA)
    make = {
        "path": lambda: Source.from_path(path),
        "bytes": lambda: Source.from_bytes(DATA),
        "stream": lambda: Source.from_stream(io.BytesIO(DATA)),
    }[kind]
    assert make().sha256(Limits(max_bytes=len(DATA))) == DIGEST
    with pytest.raises(LimitExceededError, match="max_bytes"):
        make().sha256(Limits(max_bytes=len(DATA) - 1))
    with pytest.raises(LimitExceededError, match="max_bytes"):
        make().open(Limits(max_bytes=len(DATA) - 1))


def test_an_endless_stream_is_cut_short() -> None:
    stream = Endless()
    with pytest.raises(LimitExceededError, match=r"^-: "):
        Source.from_stream(stream).sha256(Limits(max_bytes=3 * 2**20))
    assert stream.taken <= 5 * 2**20


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: folder / "nothing.png", "No such file"),
        (lambda folder: folder, "a folder"),
        (lambda _: "/dev/null", "not a regular file"),
        (lambda _: "bad\0name", "cannot be opened"),
    ],
)
def test_what_cannot_be_read_is_explained(tmp_path: Path, make, reason: str) -> None:
    with pytest.raises(SourceError, match=reason) as caught:
        Source.from_path(make(tmp_path)).sha256()
    assert caught.value.source is not None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="not a regular file"):
        Source.from_path(tmp_path / "pipe").open()


def test_a_failing_stream_is_a_source_error() -> None:
    with pytest.raises(SourceError, match="Input/output error"):
        Source.from_stream(Failing()).sha256()


def test_threads_may_share_a_source() -> None:
    source = Source.from_stream(io.BytesIO(DATA))
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: source.sha256(), range(32))) == {DIGEST}
