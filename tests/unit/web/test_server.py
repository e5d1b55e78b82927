"""The server over real HTTP on loopback: what it answers, and whom it refuses."""

from __future__ import annotations

import http.client
import json
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from framesift.errors import ConfigError
from framesift.web.server import LocalServer, Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = [pytest.mark.enable_socket, pytest.mark.network_local]


class Echo:
    """Answers with what it was asked."""

    def get(self, path: str, query: Mapping[str, str]) -> Reply | None:
        if path == "disk":
            raise OSError(28, "No space left on device")
        if path == "defect":
            raise ZeroDivisionError
        return None if path == "none" else json_reply({"path": path, "query": dict(query)})

    def post(self, path: str, data: Mapping[str, Any]) -> Reply | None:
        if path == "refused":
            message = "is not right"
            raise ConfigError(message, source="r.csv")
        return json_reply({"path": path, "data": data})


class Client:
    """Sends what a test wants, and nothing else."""

    def __init__(self, server: LocalServer) -> None:
        self.parts = urlsplit(server.url)
        self.port = self.parts.port
        self.own = f"http://127.0.0.1:{self.port}"

    def ask(
        self, path: str = "", method: str = "GET", body: object = None, **headers: str | None
    ) -> tuple[int, dict[str, str], bytes]:
        sent = {"Host": f"127.0.0.1:{self.port}"}
        data = None
        if method == "POST":
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent |= {"Origin": self.own, "Content-Type": "application/json"}
            sent["Content-Length"] = str(len(data))
        for name, value in headers.items():
            sent.pop(name.replace("_", "-"), None)
            if value is not None:
                sent[name.replace("_", "-")] = value
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.putrequest(
            method, path if path.startswith("/") else self.parts.path + path, skip_host=True
        )
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(data)
        answer = connection.getresponse()
        result = answer.status, dict(answer.getheaders()), answer.read()
        connection.close()
        return result


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(Echo()) as running:
        yield running


@pytest.fixture
def client(server: LocalServer) -> Client:
    return Client(server)


def test_the_page_answers_below_its_secret(client: Client) -> None:
    status, headers, body = client.ask("a%20b?side=5")
    assert (status, json.loads(body)) == (200, {"path": "a b", "query": {"side": "5"}})
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Python" not in headers["Server"]
    assert len(client.parts.path) > 30


@pytest.mark.parametrize("path", ["/", "/state", "/guess/", "//", "/%C3%A9/", "/favicon.ico"])
def test_without_the_secret_there_is_nothing(client: Client, path: str) -> None:
    assert client.ask(path)[0] == 404


def test_the_secret_without_its_slash_is_nothing(client: Client) -> None:
    assert client.ask(client.parts.path.rstrip("/"))[0] == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_a_foreign_name_for_this_machine_is_refused(client: Client, host: str) -> None:
    assert client.ask(Host=host)[0] == 403
    assert client.ask("x", "POST", {}, Host=host, Origin=f"http://{host}")[0] == 403


@pytest.mark.parametrize("host", ["localhost:8000", "LOCALHOST", "127.0.0.1:9", "[::1]:80"])
def test_a_forwarded_port_works(client: Client, host: str) -> None:
    assert client.ask(Host=host)[0] == 200
    assert client.ask("x", "POST", {}, Host=host, Origin=f"http://{host}")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": None},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_what_another_page_sends_is_refused(client: Client, headers: dict[str, str | None]) -> None:
    assert client.ask("x", "POST", {}, **headers)[0] == 403


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{}", {"Content_Type": "text/plain"}),
        (b"{}", {"Content_Type": None}),
        (b"{", {}),
        (b"[]", {}),
        (b"\xff", {}),
        (b"[" * 10_000, {}),
        (b'"' + b"x" * 20_000 + b'"', {}),
        (b"", {"Content_Length": None}),
        (b"{}", {"Content_Length": "-2"}),
    ],
)
def test_what_is_no_small_json_object_is_refused(
    client: Client, body: bytes, headers: dict[str, str | None]
) -> None:
    assert client.ask("x", "POST", body, **headers)[0] == 400


def test_errors_become_messages(server: LocalServer, client: Client) -> None:
    status, _, body = client.ask("refused", "POST", {})
    assert (status, json.loads(body)) == (422, {"error": "r.csv: is not right"})
    status, _, body = client.ask("disk")
    assert (status, json.loads(body)) == (500, {"error": "No space left on device"})
    assert client.ask("none")[0] == 404
    assert server.defect is None
    assert client.ask("defect")[0] == 500
    assert isinstance(server.defect, ZeroDivisionError)


def test_other_methods_are_refused(client: Client) -> None:
    assert client.ask(method="DELETE")[0] == 501


def test_a_ticket_leads_to_the_page_once(server: LocalServer, client: Client) -> None:
    ticket = urlsplit(server.ticket_url()).path
    assert client.ask(ticket, Host="evil.example")[0] == 403
    status, headers, _ = client.ask(ticket)
    assert (status, headers["Location"]) == (303, client.parts.path)
    assert client.ask(ticket)[0] == 404
    assert client.ask("/open/")[0] == 404


def test_it_listens_on_loopback_alone(client: Client) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: finds the outer address
        except OSError:
            pytest.skip("this machine has no other address")
        address = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.skip("this machine has no other address")
    with pytest.raises(OSError, match=r".+"):
        socket.create_connection((address, client.port), timeout=2)


def test_a_port_that_is_taken_is_an_error_with_the_way_out(server: LocalServer) -> None:
    port = urlsplit(server.url).port
    assert port is not None
    with pytest.raises(ConfigError, match=f"port {port} cannot be used"):
        LocalServer(Echo(), port=port)


def test_after_the_end_nobody_answers(client: Client, server: LocalServer) -> None:
    with LocalServer(Echo()) as other:
        asked = Client(other)
        assert asked.ask()[0] == 200
    with pytest.raises(OSError, match=r".+"):
        asked.ask()
