"""A server of looks in a thread of the test's own process: real networks and HTTP, and no Ray."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from attnviz.errors import AttnvizError
from attnviz.models.vision_model import VisionModel
from attnviz.serving.batched_looks import BatchedLooks, LookAnswer, LookOrder
from attnviz.serving.client import LookServer
from attnviz.serving.desk import Look, LookDesk
from attnviz.serving.listening import DeskServer
from attnviz.serving.messages import LookRequest
from attnviz.serving.networks import ServedNetworks, offered_networks
from attnviz.serving.settings import ServeSettings
from tests.servers import free_port

NAME, SIDE = "ran-small", 128
Served = Callable[..., AbstractContextManager[LookServer]]


@pytest.fixture(scope="module")
def networks() -> ServedNetworks:
    return ServedNetworks(offered_networks([NAME]), 2**30, "cpu")


@pytest.fixture(scope="module")
def model(networks: ServedNetworks) -> VisionModel:
    return networks.get(NAME, SIDE)


@pytest.fixture(scope="module")
def serving(networks: ServedNetworks) -> Served:
    """Starts a server; its networks are those of the test."""
    looks = BatchedLooks(networks)

    async def look_here(request: LookRequest) -> LookAnswer | AttnvizError:
        return (await asyncio.to_thread(looks, [LookOrder.received(request)]))[0]

    @contextmanager
    def served(token: str = "", look: Look = look_here, **more: int) -> Iterator[LookServer]:
        settings = ServeSettings(port=free_port(), token=token, **more)  # type: ignore[arg-type]
        listens = threading.Event()
        server = DeskServer(settings, LookDesk(settings, [NAME], look), lambda _: listens.set())
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            assert listens.wait(60)
            yield LookServer(f"http://127.0.0.1:{settings.port}", token)
        finally:
            server.should_exit = True
            thread.join(60)

    return served
