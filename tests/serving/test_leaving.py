"""Who leaves a server frees their place, and who must not be there takes none."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from attnviz.errors import AttnvizError, DeadlineError, ServerError
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, open_sample
from attnviz.serving.batched_looks import LookAnswer
from attnviz.serving.client import LookServer
from attnviz.serving.messages import MESSAGE_TYPE, MOST_BYTES, LookRequest
from tests.serving.conftest import Served

TOKEN = "a-token-of-more-than-16-signs"


class HeldNetworks:
    """Looks that end when the test says so."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.begun: list[str] = []

    async def look(self, request: LookRequest) -> LookAnswer | AttnvizError:
        self.begun.append(request.method)
        while not self.release.is_set():
            await asyncio.sleep(0.01)
        return DeadlineError("the end")


@pytest.fixture(scope="module")
def picture() -> Picture:
    return open_sample("coffee").reduced(200)


def port_of(server: LookServer) -> int:
    return urlsplit(server.address).port or 0


def state(server: LookServer) -> dict[str, int]:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server), timeout=60)
    headers = {"Authorization": f"Bearer {server.token}"}
    connection.request("GET", "/v1/state", headers=headers)
    found: dict[str, int] = json.loads(connection.getresponse().read())
    connection.close()
    return found


def until(server: LookServer, **wanted: int) -> None:
    end = time.monotonic() + 60
    while not wanted.items() <= (now := state(server)).items():
        assert time.monotonic() < end, now
        time.sleep(0.02)


@contextmanager
def sent(server: LookServer, *parts: bytes) -> Iterator[socket.socket]:
    """A connection on which bytes were sent, and nothing is read yet."""
    with socket.create_connection(("127.0.0.1", port_of(server)), 60) as connection:
        for part in parts:
            connection.sendall(part)
        yield connection


def head(size: int, *more: str) -> bytes:
    lines = ("POST /v1/looks HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {MESSAGE_TYPE}")
    return "\r\n".join((*lines, f"Content-Length: {size}", *more, "", "")).encode()


def test_who_leaves_frees_slot_and_chair(
    serving: Served, model: VisionModel, picture: Picture
) -> None:
    networks = HeldNetworks()
    with serving(look=networks.look, batch=1, chairs=4) as server, ExitStack() as gone:
        request = server.request(model, picture, "auto", ())
        assert request is not None
        message = request.message()
        for _ in range(4):
            gone.enter_context(sent(server, head(len(message)), message))
        until(server, running=2, waiting=2)
        gone.close()
        until(server, running=0, waiting=0)
        networks.release.set()


def test_a_click_ends_the_wait_in_a_chair(
    serving: Served, model: VisionModel, picture: Picture
) -> None:
    networks, told = HeldNetworks(), list[str]()

    class ClickedError(BaseException):
        """As Streamlit ends a run."""

    def tell(text: str) -> None:
        told.append(text)
        if len(told) == 2:
            raise ClickedError

    with serving(look=networks.look) as server:
        request = server.request(model, picture, "auto", ())
        assert request is not None
        with pytest.raises(ClickedError):
            server.explain(model, request, waiting=tell)
        assert networks.begun == ["auto"]
        assert "others are before you" in told[0]
        until(server, running=0, waiting=0)  # the networks were never released


def test_methods_of_many_passes_hold_up_nobody_else(
    serving: Served, model: VisionModel, picture: Picture
) -> None:
    networks = HeldNetworks()
    with serving(look=networks.look, batch=1, chairs=4) as server, ExitStack() as visits:
        for method, count in (("rise", 4), ("auto", 1)):
            request = server.request(model, picture, method, ())
            assert request is not None
            message = request.message()
            for _ in range(count):
                visits.enter_context(sent(server, head(len(message)), message))
            if method == "rise":
                until(server, running=1, waiting=3)
        until(server, running=2, waiting=3)
        assert networks.begun == ["rise", "auto"]


def test_strangers_take_no_room_of_those_who_know_the_token(
    serving: Served, model: VisionModel, picture: Picture
) -> None:
    networks = HeldNetworks()
    networks.release.set()
    with serving(TOKEN, networks.look) as server, ExitStack() as strangers:
        request = server.request(model, picture, "auto", ())
        assert request is not None
        open_ones = [
            strangers.enter_context(sent(server, head(MOST_BYTES), b"x" * 1000)) for _ in range(12)
        ]
        with pytest.raises(DeadlineError, match="the end"):  # what these networks answer
            server.explain(model, request)
        for one in open_ones:
            assert one.recv(100).startswith(b"HTTP/1.1 401")  # though they never sent the rest


def test_no_more_is_kept_than_a_message_says_it_has(serving: Served) -> None:
    with (
        serving() as server,
        sent(server, head(10, "Transfer-Encoding: chunked"), b"64\r\n") as one,
    ):
        assert one.recv(100).startswith(b"HTTP/1.1 400")  # before the chunk has come


def test_a_failure_is_told_as_one_and_explained_in_the_log(
    serving: Served, model: VisionModel, picture: Picture, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(request: LookRequest) -> LookAnswer | AttnvizError:
        raise ZeroDivisionError(f"no {request.method}")

    with serving(look=fails) as server:
        request = server.request(model, picture, "auto", ())
        assert request is not None
        with pytest.raises(
            ServerError, match=r"failed on the look \(ZeroDivisionError\)"
        ) as raised:
            server.explain(model, request)
        assert "Traceback" not in str(raised.value)
        assert "ZeroDivisionError: no auto" in caplog.text
        assert "in fails" in caplog.text
        message = request.message()
        with sent(server, head(len(message)), message) as one:
            assert one.recv(100).startswith(b"HTTP/1.1 500")


def test_a_message_that_comes_too_late_is_not_looked_at(
    serving: Served, model: VisionModel, picture: Picture
) -> None:
    async def looks(request: LookRequest) -> LookAnswer | AttnvizError:
        return LookAnswer(b"maps", 1, 1)

    with serving(look=looks) as server:
        request = server.request(model, picture, "auto", ())
        assert request is not None
        for seconds, status in ((60.0, b"200"), (0.3, b"504")):
            message = replace(request, seconds=seconds).message()
            with sent(server, head(len(message))) as one:
                time.sleep(0.6)
                one.sendall(message)
                assert one.recv(100).startswith(b"HTTP/1.1 " + status)
