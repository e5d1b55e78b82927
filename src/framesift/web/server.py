"""A web server for one person on this machine.

It listens on 127.0.0.1 alone. Other users of the machine and pages in the same browser are kept
out: every address begins with a secret; the ``Host`` must be this machine (a foreign name that
resolves to 127.0.0.1 is refused), and what changes anything must come from the page itself.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import threading
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from framesift.errors import ConfigError, FramesiftError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

__all__ = ["App", "LocalServer", "Reply", "json_reply"]

_MOST_BODY_BYTES = 16 * 1024
_IDLE_S = 120.0
_POLL_S = 0.1
_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: a status, the content and its type."""

    body: bytes
    type: str
    status: int = HTTPStatus.OK


def json_reply(value: object, status: int = HTTPStatus.OK) -> Reply:
    """Return a value as JSON."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return Reply(body, "application/json; charset=utf-8", status)


class App(Protocol):
    """What is served; called by several threads at once."""

    def get(self, path: str, query: Mapping[str, str]) -> Reply | None:
        """Answer a GET below the secret; ``None`` where nothing has that path.

        `FramesiftError` and `OSError` become an answer with their message.
        """

    def post(self, path: str, data: Mapping[str, Any]) -> Reply | None:
        """Answer a POST with a JSON object, likewise."""


class LocalServer:
    """Serves an `App` from a thread of its own while a ``with`` block runs.

    Attributes:
        url: Where the page is, with its secret.
        defect: The first exception that no user error explains; ``None`` where all went well.
    """

    def __init__(self, app: App, *, port: int = 0) -> None:
        """Bind to the port.

        Args:
            app: What to serve.
            port: 0 for any that is free.

        Raises:
            ConfigError: The port is taken or not allowed.
        """
        self.app = app
        self.defect: Exception | None = None
        self._secret = secrets.token_urlsafe(24)
        self._ticket: str | None = None
        self._lock = threading.Lock()
        try:
            self._http = _Http(self, port)
        except OSError as error:
            message = f"port {port} cannot be used ({error.strerror or error}); leave --port out"
            raise ConfigError(message) from error
        self._base = f"http://127.0.0.1:{self._http.server_address[1]}/"
        self.url = f"{self._base}{self._secret}/"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": _POLL_S}, daemon=True
        )

    def ticket_url(self) -> str:
        """Return an address that leads to the page once.

        A browser is started with its address as an argument, which other users of the machine can
        see; after the browser has used this one, it is worth nothing.
        """
        with self._lock:
            self._ticket = secrets.token_urlsafe(24)
            return f"{self._base}open/{self._ticket}"

    def __enter__(self) -> Self:
        """Start to answer."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop to answer, and wait for what is being answered."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def path_below_secret(self, path: str) -> str | None:
        """Return what follows the secret, or ``None`` where it is not there."""
        secret, slash, rest = path.removeprefix("/").partition("/")
        known = hmac.compare_digest(secret.encode(), self._secret.encode())
        return rest if known and slash else None

    def takes_ticket(self, path: str) -> bool:
        """Return whether this is the ticket, and tear it."""
        given = path.removeprefix("/open/")
        with self._lock:
            ticket = self._ticket
            if ticket is None or not hmac.compare_digest(given.encode(), ticket.encode()):
                return False
            self._ticket = None
            return True


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, local: LocalServer, port: int) -> None:
        self.local = local
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a browser that goes away in the middle is no error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "framesift"
    sys_version = ""
    timeout = _IDLE_S
    server: _Http
    error_content_type = "text/plain; charset=utf-8"
    error_message_format = "%(code)d %(message)s\n"

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def do_GET(self) -> None:
        local = self.server.local
        parts = urlsplit(self.path)
        if not self._is_this_machine():
            self._refuse(HTTPStatus.FORBIDDEN)
        elif local.takes_ticket(parts.path):
            self.send_response(HTTPStatus.SEE_OTHER)
            self.send_header("Location", urlsplit(local.url).path)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            below = local.path_below_secret(parts.path)
            query = dict(parse_qsl(parts.query))
            self._answer(below, lambda path: local.app.get(path, query))

    def do_POST(self) -> None:
        local = self.server.local
        data = self._body()
        if data is None:
            self.close_connection = True
            self._refuse(HTTPStatus.BAD_REQUEST)
        elif not (self._is_this_machine() and self._is_own_page()):
            self._refuse(HTTPStatus.FORBIDDEN)
        else:
            below = local.path_below_secret(urlsplit(self.path).path)
            self._answer(below, lambda path: local.app.post(path, data))

    def _answer(self, path: str | None, work: Any) -> None:
        if path is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        try:
            reply: Reply | None = work(unquote(path))
        except FramesiftError as error:
            reply = json_reply({"error": str(error)}, HTTPStatus.UNPROCESSABLE_ENTITY)
        except OSError as error:
            message = error.strerror or str(error)
            reply = json_reply({"error": message}, HTTPStatus.INTERNAL_SERVER_ERROR)
        except Exception as error:  # noqa: BLE001 - kept for the command, which reports it
            self.server.local.defect = self.server.local.defect or error
            message = f"this is a defect in Framesift ({type(error).__name__})"
            reply = json_reply({"error": message}, HTTPStatus.INTERNAL_SERVER_ERROR)
        if reply is None:
            self._refuse(HTTPStatus.NOT_FOUND)
        else:
            self._send(reply)

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def _refuse(self, status: HTTPStatus) -> None:
        self._send(Reply(f"{status.phrase}\n".encode(), "text/plain; charset=utf-8", status))

    def _is_this_machine(self) -> bool:
        return _HOST.fullmatch(self.headers.get("Host", "").lower()) is not None

    def _is_own_page(self) -> bool:
        origin = self.headers.get("Origin", "")
        site = self.headers.get("Sec-Fetch-Site", "same-origin")
        return origin == f"http://{self.headers.get('Host', '')}" and site == "same-origin"

    def _body(self) -> dict[str, Any] | None:
        """Return the JSON object that was sent, or ``None`` where it is not one."""
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip()
        length = self.headers.get("Content-Length", "")
        if kind != "application/json" or not length.isdecimal():
            return None
        if int(length) > _MOST_BODY_BYTES:
            return None
        try:
            data = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            return None
        return data if isinstance(data, dict) else None
