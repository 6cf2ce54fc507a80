"""A server and its client over HTTP, with a real network: same maps, and who is refused."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

import attnviz
from attnviz.analysis.explanation import Explanation
from attnviz.errors import (
    AttnvizError,
    DeadlineError,
    MethodError,
    NotServedError,
    ServerBusyError,
    ServerError,
    SettingError,
)
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, open_sample
from attnviz.serving.batched_looks import LookAnswer
from attnviz.serving.client import LookServer
from attnviz.serving.listening import bound_socket
from attnviz.serving.messages import MOST_BYTES, LookRequest
from attnviz.serving.settings import ServeSettings
from attnviz.targets import Target
from attnviz.targets.text import as_targets
from tests.serving.conftest import Served

TOKEN = "a-token-of-more-than-16-signs"


@pytest.fixture(scope="module")
def pictures() -> list[Picture]:
    return [open_sample(name).reduced(200) for name in ("astronaut", "chelsea", "coffee")]


def asked(
    server: LookServer, model: VisionModel, picture: Picture, method: str, given: Any = None
) -> Explanation:
    targets: tuple[Target, ...] = as_targets(given)
    request = server.request(model, picture, method, targets)
    assert request is not None
    return server.explain(model, request, targets)


def assert_same(one: Explanation, other: Explanation) -> None:
    assert one.layers == other.layers
    for mine, theirs in zip(one.maps, other.maps, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-5 * float(abs(theirs).max()))
    for name in ("choice", "classes", "geometry", "notes", "scores", "target_text", "best_layer"):
        assert getattr(one, name) == getattr(other, name), name
    assert [p.label for p in one.predictions] == [p.label for p in other.predictions]
    np.testing.assert_allclose(
        [p.probability for p in one.predictions],
        [p.probability for p in other.predictions],
        rtol=1e-4,
    )
    assert dict(one.provenance) == dict(other.provenance)
    assert list(one.provenance) == list(other.provenance)
    assert [a.target for a in one.asked] == [a.target for a in other.asked]


def test_a_server_answers_as_one_would_here(
    serving: Served, model: VisionModel, pictures: list[Picture]
) -> None:
    with serving() as server:
        for method, given in (
            ("auto", None),
            ("grad-cam", "English springer"),
            ("grad-cam", [attnviz.Contrast("church", "gas pump"), "tench"]),
        ):
            got = asked(server, model, pictures[0], method, given)
            assert_same(got, attnviz.explain(model, pictures[0], method, given))
            assert got.picture is pictures[0]
        with pytest.raises(MethodError) as there:
            asked(server, model, pictures[0], "rollout")
        with pytest.raises(MethodError) as here:
            attnviz.explain(model, pictures[0], "rollout")
        assert str(there.value) == str(here.value)


def test_what_only_this_computer_knows_is_not_asked_for(
    serving: Served, model: VisionModel, pictures: list[Picture]
) -> None:
    with serving() as server:
        other = attnviz.load_model("cbam-small", "cpu")
        assert server.request(other, pictures[0], "auto", ()) is None
        for given in (attnviz.Alike(pictures[1]), lambda output: output[:, 0]):
            assert server.request(model, pictures[0], "grad-cam", as_targets(given)) is None
        request = server.request(model, pictures[0], "auto", ())
        assert request is not None
        for changes in ({"weights": "ab" * 32}, {"side": 130}, {"method": "no-such"}):
            with pytest.raises(NotServedError):
                server.explain(model, LookRequest(**vars(request) | changes))
        with pytest.raises(NotServedError):  # whatever asks: a server opens no file
            server.explain(model, LookRequest(**vars(request) | {"model": "/etc/passwd"}))
        words = LookRequest(**vars(request) | {"method": "grad-cam", "targets": "alike:/etc/x.png"})
        with pytest.raises(NotServedError):
            server.explain(model, words)


def test_only_who_knows_the_token_is_answered(
    serving: Served, model: VisionModel, pictures: list[Picture]
) -> None:
    with serving(TOKEN) as server:
        request = server.request(model, pictures[0], "auto", ())
        assert request is not None
        assert TOKEN not in repr(server)
        for wrong in ("", TOKEN[:-1] + "x", TOKEN + "x"):
            stranger = LookServer(server.address, wrong)
            with pytest.raises(ServerError, match="wants a token"):
                stranger.offered()
            with pytest.raises(ServerError, match="wants a token"):
                stranger.explain(model, request)
        assert len(asked(server, model, pictures[0], "auto").maps) == 3


def test_a_server_for_others_has_a_token() -> None:
    for host in ("0.0.0.0", "192.168.1.2", "photos.example.org"):
        with pytest.raises(SettingError, match="must know a token"):
            ServeSettings(host=host)
        assert not ServeSettings(host=host, token=TOKEN).on_loopback
    with pytest.raises(SettingError, match="at least 16"):
        ServeSettings(token="short")
    assert TOKEN not in repr(ServeSettings(token=TOKEN))


def test_what_cannot_be_started_is_told_before_anything_starts() -> None:
    for replicas, share, gpus in ((2, 1.0, 1), (5, 0.3, 1), (3, 1.0, 2), (4, 0.6, 3)):
        with pytest.raises(SettingError, match=r"Start with --replicas \d, or a smaller"):
            ServeSettings(replicas=replicas, gpu_share=share).check_gpus(gpus)
    for replicas, share, gpus in ((2, 0.5, 1), (10, 0.1, 1), (2, 1.0, 2), (6, 0.3, 2), (9, 1.0, 0)):
        ServeSettings(replicas=replicas, gpu_share=share).check_gpus(gpus)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = ServeSettings(port=taken.getsockname()[1])
        with pytest.raises(SettingError, match=r"Choose another --port"):
            bound_socket(settings)
    with bound_socket(settings) as free:
        assert free.getsockname() == ("127.0.0.1", settings.port)


def test_messages_that_no_client_sends_are_refused(serving: Served) -> None:
    with serving() as server:
        place = urlsplit(server.address)

        def status(body: bytes = b"", **headers: str) -> int:
            connection = http.client.HTTPConnection("127.0.0.1", place.port or 0, timeout=30)
            connection.request("POST", "/v1/looks", body, headers)
            answer = connection.getresponse()
            assert len(answer.read()) < 2000
            connection.close()
            return answer.status

        kind = {"Content-Type": "application/x-attnviz-look"}
        assert status(b"x" * 50, **kind) == 400
        assert status(b"{}", **{"Content-Type": "text/plain"}) == 400  # as a page elsewhere may
        assert status(b"", **kind, **{"Content-Length": str(MOST_BYTES + 1)}) == 400
        assert status(b"", **kind, **{"Content-Length": "9" * 30}) == 400
        # A page elsewhere that gave its own name this address is not answered.
        assert status(b"x" * 50, **kind, Host="evil.example") == 400
        connection = http.client.HTTPConnection("127.0.0.1", place.port or 0, timeout=30)
        connection.request("GET", "/v1/models", headers={"Host": "evil.example"})
        assert connection.getresponse().status == 400


def test_the_busy_say_how_many_wait_and_who_waits_too_long_is_told(
    serving: Served, model: VisionModel, pictures: list[Picture]
) -> None:
    release, begun = threading.Event(), threading.Semaphore(0)

    async def held(request: LookRequest) -> LookAnswer | AttnvizError:
        begun.release()
        while not release.is_set():
            await asyncio.sleep(0.01)
        return DeadlineError("the end")

    with serving(look=held, batch=1, chairs=1) as server:  # two slots, one chair
        request = server.request(model, pictures[0], "auto", ())
        assert request is not None

        def visit() -> None:
            with pytest.raises(DeadlineError):
                server.explain(model, request)

        visitors = [threading.Thread(target=visit) for _ in range(3)]
        for visitor in visitors:
            visitor.start()
        for _ in range(2):
            assert begun.acquire(timeout=60)
        _until(server, "waiting", 1)
        told: list[str] = []
        short = LookRequest(**vars(request) | {"seconds": 0.3})
        with pytest.raises(ServerBusyError, match="busy: 1 wait already") as busy:
            server.explain(model, short)
        assert busy.value.waiting == 1

        class ClickedError(Exception):
            pass

        def tell(text: str) -> None:
            told.append(text)
            raise ClickedError

        with pytest.raises(ClickedError):
            server.explain(model, request, waiting=tell)
        assert told == ["The server that looks is busy: 1 wait already"]
        release.set()
        for visitor in visitors:
            visitor.join(60)
        release.clear()
        with pytest.raises(DeadlineError, match="not ready within 0 s"):
            server.explain(model, short)
        release.set()


def _until(server: LookServer, name: str, value: int) -> None:
    end = time.monotonic() + 60
    place = urlsplit(server.address)
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", place.port or 0, timeout=30)
        connection.request("GET", "/v1/state")
        if json.loads(connection.getresponse().read())[name] == value:
            return
        time.sleep(0.02)
    raise AssertionError(f"{name} never became {value}")
