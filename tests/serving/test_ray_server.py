"""`attnviz serve` itself: a process with Ray, asked by several clients at once."""

from __future__ import annotations

import http.client
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlsplit

import numpy as np
import pytest

import attnviz
from attnviz.errors import DeadlineError, ServerBusyError
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, open_sample
from attnviz.serving.client import LookServer
from tests.paths import ROOT
from tests.servers import OFFLINE, free_port, running
from tests.serving.conftest import NAME

pytest.importorskip("ray.serve", reason="attnviz[ray] is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
BATCH = 2


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LookServer]:
    folder = tmp_path_factory.mktemp("serve")
    address = f"http://127.0.0.1:{free_port()}"
    command = [
        *(sys.executable, "-m", "attnviz", "serve", "--model", NAME, "--queue", "1"),
        *("--batch-size", str(BATCH), "--port", address.rpartition(":")[2]),
    ]
    with running(
        command, f"{address}/v1/models", folder / "log", folder=ROOT, own=OFFLINE, patience=600
    ):
        yield LookServer(address)


@pytest.fixture(scope="module")
def here() -> VisionModel:
    return attnviz.load_model(NAME, "cpu")


@pytest.fixture(scope="module")
def photo() -> Picture:
    return open_sample("china").reduced(300)


def test_its_maps_are_those_of_this_process(
    server: LookServer, here: VisionModel, photo: Picture
) -> None:
    for method in ("auto", "grad-cam"):
        request = server.request(here, photo, method, ())
        assert request is not None
        there, local = server.explain(here, request), attnviz.explain(here, photo, method)
        assert there.layers == local.layers
        for one, other in zip(there.maps, local.maps, strict=True):
            atol = 1e-5 * float(np.abs(other).max())
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=atol)
        assert dict(there.provenance) == dict(local.provenance)


def test_looks_of_several_clients_share_a_pass(
    server: LookServer, here: VisionModel, photo: Picture
) -> None:
    messages = []
    for name in ("astronaut", "chelsea", "coffee", "flower"):
        request = server.request(here, open_sample(name).reduced(300), "auto", ())
        assert request is not None
        messages.append(request.message())

    def shared(message: bytes) -> tuple[int, int]:
        connection = _connected(server)
        kind = {"Content-Type": "application/x-attnviz-look"}
        connection.request("POST", "/v1/looks", message, kind)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        return tuple(int(answer.headers[f"Attnviz-{one}"]) for one in ("Together", "Passes"))  # type: ignore[return-value]

    shared(messages[0])
    with ThreadPoolExecutor(4) as clients:
        for _ in range(20):  # on a busy computer they may miss each other
            found = list(clients.map(shared, messages))
            if (BATCH, 1) in found:
                break
    assert (BATCH, 1) in found  # two looks, and the network ran once
    assert max(together for together, _ in found) <= BATCH


def test_the_busy_say_how_many_wait_and_no_look_outlives_its_deadline(
    server: LookServer, photo: Picture
) -> None:
    large = attnviz.load_model(NAME, "cpu", input_size=512)
    request = server.request(large, photo, "rise", ())  # thousands of passes
    assert request is not None

    def look() -> None:
        with pytest.raises(DeadlineError, match="Try again later"):
            server.explain(large, replace(request, seconds=8.0))

    with ThreadPoolExecutor(2) as visitors:  # a slot of the slow methods' own, and a chair
        visits = [visitors.submit(look) for _ in range(2)]
        _wait_for(server, running=1, waiting=1)
        with pytest.raises(ServerBusyError, match="busy: 1 wait already"):
            server.explain(large, replace(request, seconds=0.4))
        for visit in visits:
            visit.result(120)
    _wait_for(server, running=0, waiting=0)
    small = attnviz.load_model(NAME, "cpu")
    quick = server.request(small, photo, "auto", ())
    assert quick is not None
    assert server.explain(small, quick).layers  # it goes on


def _connected(server: LookServer) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", urlsplit(server.address).port or 0, timeout=300)


def _wait_for(server: LookServer, **state: int) -> None:
    end, now = time.monotonic() + 120, {}
    while time.monotonic() < end:
        connection = _connected(server)
        connection.request("GET", "/v1/state")
        now = json.loads(connection.getresponse().read())
        if state.items() <= now.items():
            return
        time.sleep(0.02)
    raise AssertionError(f"it is {now}, and never {state}")
