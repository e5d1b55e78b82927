"""A server that speaks the hub's protocol, and a tiny model for it to serve."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from framesift.embeddings.base import ModelSpec, WeightFile

if TYPE_CHECKING:
    from collections.abc import Iterator

TINY = Path(__file__).resolve().parents[2] / "golden" / "tiny_clip"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class HubServer:
    """Serves one repository on loopback, and misbehaves when told to.

    Large files are redirected to a second address, as the hub does with its CDN.

    Attributes:
        files: Content by path.
        cut: Break the connection after so many bytes of a file, this many times: path -> [bytes,
            times].
        broken: Paths that break at once, after what `cut` still gives.
        tokens: The authorisations seen, by kind of address.
        lies: What is really sent for a path, while the headers speak of the true content.
        requests: ``METHOD path range`` in order.
    """

    def __init__(self, files: dict[str, bytes], repo: str = "test/tiny") -> None:
        self.repo = repo
        self.files = files
        self.commit = COMMIT
        self.cut: dict[str, list[int]] = {}
        self.broken: set[str] = set()
        self.lies: dict[str, bytes] = {}
        self.tokens: dict[str, set[str | None]] = {"cdn": set(), "small": set()}
        self.requests: list[str] = []
        # Two origins: the hub's client takes the headers of a redirect only if it leads elsewhere.
        self._servers = [ThreadingHTTPServer(("127.0.0.1", 0), self._handler()) for _ in range(2)]
        self.url, self.cdn = (f"http://127.0.0.1:{one.server_port}" for one in self._servers)
        self._threads = [
            threading.Thread(target=one.serve_forever, args=(0.02,)) for one in self._servers
        ]
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.daemon_threads = True
            thread.start()

    def close(self) -> None:
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()

    def gets(self, path: str) -> list[str]:
        """Ranges of the requests that got bytes of a file."""
        return [
            line.split(" ", 2)[2]
            for line in self.requests
            if line.startswith((f"GET /cdn/{path} ", f"GET /small/{path} "))
        ]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: Any) -> None:
                pass

            def do_HEAD(self) -> None:
                hub._answer(self, body=False)

            def do_GET(self) -> None:
                hub._answer(self, body=True)

        return Handler

    def _answer(self, request: BaseHTTPRequestHandler, *, body: bool) -> None:
        wanted = request.headers.get("Range", "")
        for kind in ("cdn", "plain"):
            if request.path.startswith(f"/{kind}/"):
                path = request.path[len(kind) + 2 :]
                self.requests.append(f"{request.command} /cdn/{path} {wanted}")
                self.tokens["cdn"].add(request.headers.get("Authorization"))
                self._send(request, path, body=body, headers={})
                return
        prefix = f"/{self.repo}/resolve/"
        revision, _, path = request.path.removeprefix(prefix).partition("/")
        known = request.path.startswith(prefix) and revision in ("main", self.commit)
        if not known or path not in self.files:
            request.send_response(404)
            request.send_header("X-Error-Code", "EntryNotFound" if known else "RepoNotFound")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        content = self.files[path]
        headers = {"X-Repo-Commit": self.commit}
        if path.endswith(".onnx"):
            request.send_response(302)
            headers["X-Linked-Etag"] = f'"{hashlib.sha256(content).hexdigest()}"'
            headers["X-Linked-Size"] = str(len(content))
            headers["Location"] = f"{self.cdn}/cdn/{path}"
            headers["Content-Length"] = "0"
            for name, value in headers.items():
                request.send_header(name, value)
            request.end_headers()
            return
        self.requests.append(f"{request.command} /small/{path} {wanted}")
        self.tokens["small"].add(request.headers.get("Authorization"))
        headers["ETag"] = '"' + hashlib.sha1(content).hexdigest() + '"'
        self._send(request, path, body=body, headers=headers)

    def _send(
        self, request: BaseHTTPRequestHandler, path: str, *, body: bool, headers: dict[str, str]
    ) -> None:
        content = self.lies.get(path, self.files[path])
        start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        part = content[start:]
        request.send_response(206 if start else 200)
        if start:
            total = len(content)
            request.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        for name, value in {**headers, "Content-Length": str(len(part))}.items():
            request.send_header(name, value)
        request.end_headers()
        if not body:
            return
        limit = self.cut.get(path, [0, 0])
        if limit[1] > 0 or path in self.broken:
            request.wfile.write(part[: limit[0] if limit[1] > 0 else 0])
            limit[1] -= 1
            request.wfile.flush()
            request.close_connection = True
            return
        request.wfile.write(part)


def files_of(layout: str) -> dict[str, bytes]:
    folder = TINY / layout
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture
def tiny_spec() -> ModelSpec:
    """The tiny CLIP as a catalog entry without pinned hashes, on branch main."""
    return ModelSpec(
        name="tiny",
        space="test/tiny",
        layout="transformers",
        dim=16,
        licence="none",
        description="for tests",
        repo="test/tiny",
        revision="main",
        vision={"fp32": (WeightFile("onnx/vision_model.onnx"),)},
        text={"fp32": (WeightFile("onnx/text_model.onnx"),)},
        support=tuple(
            WeightFile(name)
            for name in (
                "config.json",
                "preprocessor_config.json",
                "tokenizer.json",
                "tokenizer_config.json",
            )
        ),
        context_length=20,
    )


@pytest.fixture
def online(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty caches of this test's own and no offline mode; returns Framesift's cache folder."""
    import huggingface_hub.constants
    import huggingface_hub.file_download

    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hf"))
    # The hub's client waits a second before each of its own resumptions.
    monkeypatch.setattr(huggingface_hub.file_download.time, "sleep", lambda _: None)
    # It writes a file in pieces of 10 MB; the tiny model is smaller than one.
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 10_000)
    monkeypatch.setenv("FRAMESIFT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def hub(online: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """The tiny CLIP on a server of this test's own."""
    server = HubServer(files_of("transformers"))
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    yield server
    server.close()


@pytest.fixture
def tiny() -> Path:
    """The folder of the tiny models, by layout."""
    return TINY
