"""What the client says of servers that are none, or gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from attnviz.errors import ServerError, SettingError
from attnviz.serving.client import LookServer


@contextmanager
def answering(status: int, body: bytes, **headers: str) -> Iterator[tuple[str, list[str]]]:
    """Something else than a server of looks, and what it was asked."""
    asked_for: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked_for.append(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked_for
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "headers", "said"),
    [
        (302, b"", {"Location": "/v1/elsewhere"}, "redirects to another address"),
        (200, b"<html>", {}, "is no server of looks"),
        (200, b'{"models": 7, "attnviz": "1", "protocol": 1}', {}, "is no server of looks"),
        (200, b'{"models": [], "attnviz": "0.0", "protocol": 1}', {}, "runs attnviz 0.0"),
        (200, b"[" * (3 * 2**20), {}, "more than 2 MB"),
        (502, b"<html>", {}, "answered with 502"),
    ],
)
def test_what_is_no_server_is_told(
    status: int, body: bytes, headers: dict[str, str], said: str
) -> None:
    with answering(status, body, **headers) as (address, asked_for):
        with pytest.raises(ServerError, match=said):
            LookServer(address).offered()
        assert asked_for == ["/v1/models"]


def test_a_server_that_is_gone_is_told_with_what_to_do() -> None:
    with pytest.raises(ServerError, match=r"gives no answer: .+ Start it with `attnviz serve`, or"):
        LookServer("http://user:secret@127.0.0.1:9").offered()
    with pytest.raises(ServerError) as raised:
        LookServer("http://user:secret@127.0.0.1:9").offered()
    assert "secret" not in str(raised.value)
    for address in ("ftp://a", "file:///etc/passwd", "localhost:8600", "http://a?b=c", "http://["):
        with pytest.raises(SettingError, match="no address of a server"):
            LookServer(address)
