"""Remote files: an in-memory file system of fsspec's, connections that break, names that fail."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import pytest

from framesift.errors import MissingExtraError
from framesift.media import Source, expand_sources, open_media
from framesift.media.remote import Backoff, RemoteFile, is_remote, open_folder
from framesift.types import Failure

fsspec = pytest.importorskip("fsspec")
_places = count()


@pytest.fixture
def bucket():
    """An empty folder of the in-memory file system, by its name, and the file system."""
    name = f"/bucket{next(_places)}"
    return f"memory:/{name}", fsspec.filesystem("memory")


def quick(naps: list[float] | None = None, tries: int = 4) -> Backoff:
    kept = [] if naps is None else naps
    return Backoff(tries=tries, first_s=1.0, most_s=3.0, sleep=kept.append)


class Broken(io.BytesIO):
    """A file whose connection breaks at every n-th read."""

    def __init__(self, data: bytes, when: list[int]) -> None:
        super().__init__(data)
        self._when = when

    def read(self, size: int | None = -1) -> bytes:
        self._when[0] -= 1
        if self._when[0] <= 0:
            self._when[0] = 3
            raise ConnectionResetError("the peer went away")
        return super().read(size)


@pytest.mark.parametrize(
    ("name", "remote"),
    [
        ("s3://b/a.jpg", True),
        ("https://h/x", True),
        ("a.jpg", False),
        ("C://x", False),
        ("-", False),
    ],
)
def test_a_name_with_a_scheme_is_remote(name, remote):
    assert is_remote(name) is remote


def test_folders_files_and_patterns_are_listed_in_order(bucket):
    name, system = bucket
    for path in ("b.jpg", "a/2.jpg", "a/1.jpg", "a/.hidden.jpg", "a/notes.txt"):
        system.pipe(f"{name}/{path}", b"x")
    found = [source.name for source in expand_sources([name])]
    assert found == [f"{name}/a/1.jpg", f"{name}/a/2.jpg", f"{name}/b.jpg"]
    assert [one.name for one in expand_sources([f"{name}/b.jpg"])] == [f"{name}/b.jpg"]
    assert [one.name for one in expand_sources([f"{name}/a/*.jpg"])][-1] == f"{name}/a/2.jpg"


def test_a_remote_picture_is_read_like_one_here(bucket, tmp_path, make_image):
    from PIL import Image

    name, system = bucket
    picture = tmp_path / "a.png"
    Image.fromarray(make_image(40, 30, 1)).save(picture)
    system.pipe(f"{name}/a.png", picture.read_bytes())
    (source,) = expand_sources([name])
    assert source.sha256() == Source.from_path(picture).sha256()
    with open_media(source) as media:
        assert (media.info.width, media.info.height) == (40, 30)


@pytest.mark.parametrize("arg", ["memory://nowhere", "memory://nowhere/*.jpg", "nosuch://a/b"])
def test_what_is_not_there_is_a_failure_with_its_name(arg):
    (failure,) = expand_sources([arg])
    assert isinstance(failure, Failure)
    assert arg in failure.error.message


def test_a_scheme_without_its_package_names_it(monkeypatch):
    core = pytest.importorskip("fsspec.core")

    def missing(_name):
        raise ImportError("no")

    monkeypatch.setattr(core, "url_to_fs", missing)
    with pytest.raises(MissingExtraError, match="pip install s3fs"):
        open_folder("s3://bucket")


def test_reading_goes_on_where_the_connection_broke():
    data = bytes(range(256)) * 40
    when, naps = [2], []
    with RemoteFile(lambda: Broken(data, when), quick(naps)) as file:
        assert io.BufferedReader(file, 700).read() == data
    assert naps
    assert all(0.5 <= nap <= 3 for nap in naps)


def test_places_are_kept_across_a_break():
    data = b"0123456789"
    file = RemoteFile(lambda: Broken(data, [2]), quick())
    assert file.seek(-3, io.SEEK_END) == 7
    assert file.read(2) == b"78"
    assert file.seek(-4, io.SEEK_CUR) == 5
    assert file.read(1) == b"5"
    file.close()


def test_what_stays_broken_is_an_error_that_says_how_often_it_was_tried():
    def refused():
        raise ConnectionRefusedError("refused")

    naps: list[float] = []
    with pytest.raises(OSError, match="refused; tried 4 times"):
        RemoteFile(refused, quick(naps))
    assert len(naps) == 3
    assert 0.5 <= naps[0] <= 1.0
    assert 1.5 <= naps[2] <= 3.0


def test_what_is_not_allowed_is_not_tried_again():
    naps: list[float] = []

    def forbidden():
        raise PermissionError("no")

    with pytest.raises(PermissionError):
        quick(naps).run(forbidden)

    class NotFoundError(Exception):
        status = 404

    def gone():
        raise NotFoundError("gone")

    with pytest.raises(OSError, match="tried 1 times"):
        quick(naps).run(gone)
    assert not naps


def test_a_picture_that_cannot_be_read_is_a_media_error(bucket):
    from framesift.errors import SourceError

    name, system = bucket
    system.pipe(f"{name}/a.jpg", b"x")
    (source,) = expand_sources([name])
    system.rm(f"{name}/a.jpg")
    with pytest.raises(SourceError, match="check the name"):
        source.sha256()


@pytest.mark.enable_socket
@pytest.mark.network_local
def test_pictures_on_a_web_server_are_read_by_ranges(tmp_path):
    """A server of the test's own that cuts every third answer off."""
    pytest.importorskip("aiohttp")
    from framesift.errors import SourceError

    data = bytes(range(256)) * 300
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            if self.path != "/a.jpg":
                self.send_error(404)
                return
            first, last = 0, len(data) - 1
            ranged = self.headers.get("Range")
            if ranged:
                start, _, end = ranged.removeprefix("bytes=").partition("-")
                first, last = int(start), min(int(end or last), last)
            part = data[first : last + 1]
            self.send_response(206 if ranged else 200)
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(len(part)))
            if ranged:
                self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
            self.end_headers()
            if body:
                asked.append(ranged or "all")
                broken = len(asked) == 1
                self.wfile.write(part[: len(part) // 2] if broken else part)
                if broken:
                    self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        folder = replace(open_folder(f"{address}/a.jpg"), backoff=quick())
        (name,) = folder.names()
        source = Source.from_opener(folder.opener(name), name=name)
        assert source.sha256() == Source.from_bytes(data).sha256()
        assert len(asked) >= 2
        gone = Source.from_opener(folder.opener(f"{address}/b.jpg"), name="b.jpg")
        with pytest.raises(SourceError):
            gone.sha256()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
