"""What the client says of servers that are none, or gone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from attnviz.errors import ServerBusyError, ServerError, SettingError
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.serving.client import LookServer
from attnviz.serving.messages import LookRequest
from tests.serving.conftest import NAME, SIDE


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


def test_a_proxy_gets_nothing_that_is_meant_for_this_computer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with answering(502, b"") as (proxy, proxied), answering(501, b"") as (here, asked_for):
        monkeypatch.setenv("http_proxy", proxy)
        for name in ("127.0.0.1", "localhost"):
            with pytest.raises(ServerError, match="answered with 501"):
                LookServer(here.replace("127.0.0.1", name)).offered()
        assert (asked_for, proxied) == (["/v1/models"] * 2, [])
        with pytest.raises(ServerError, match="answered with 502"):
            LookServer("http://looks.example:8600").offered()
        assert proxied == ["http://looks.example:8600/v1/models"]


@pytest.mark.parametrize("answer", [b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", b""])
def test_a_refusal_before_the_picture_was_read_is_one_to_come_again(
    answer: bytes, model: VisionModel
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2500, 2500, 3), np.uint8)
    request = LookRequest(
        NAME, SIDE, "ab" * 32, "auto", "", 0.2, Picture(pixels, "large", "cd" * 32)
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def refuse() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)  # and closes, with 18 MB unread

        thread = threading.Thread(target=refuse)
        thread.start()
        with pytest.raises(ServerBusyError):
            LookServer(f"http://127.0.0.1:{listening.getsockname()[1]}").explain(model, request)
        thread.join(60)


def test_a_server_that_is_gone_is_told_with_what_to_do() -> None:
    with pytest.raises(ServerError, match=r"gives no answer: .+ Start it with `attnviz serve`, or"):
        LookServer("http://user:secret@127.0.0.1:9").offered()
    with pytest.raises(ServerError) as raised:
        LookServer("http://user:secret@127.0.0.1:9").offered()
    assert "secret" not in str(raised.value)
    for address in (
        "ftp://a",
        "file:///etc/passwd",
        "localhost:8600",
        "http://a?b=c",
        "http://[",
        "http://host/\u00e4",
        "http://host/a b",
    ):
        with pytest.raises(SettingError, match="no address of a server"):
            LookServer(address)
