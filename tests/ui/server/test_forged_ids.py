"""Another session's widgets and files, named in the very messages that its own tab would send.

What a browser says is read by the session that it is connected to, and by no other. So an id that
leaked, or that both tabs have, must reach nothing of the tab that it was taken from.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from attnviz.training.jobs.state import RunPhase, RunState
from attnviz.ui.kit.visitor import COOKIE
from benchmarks.visitor_tab import VisitorTab
from benchmarks.visitors import own_photo, shows
from tests.servers import OFFLINE, free_port, running
from tests.ui.pages.test_hosted import waiting_run

pytestmark = pytest.mark.slow
BOX, PHOTO, RUN = "New photos or videos", "passport.jpg", "of the victim"
TOKEN = "v" * 43
EVENTS = "$$STREAMLIT_INTERNAL_KEY_{}__events"  # what a component tells, by its id


@dataclass(frozen=True)
class Server:
    """A hosted app where visitors train, and the folder of its temporary files."""

    address: str
    folder: Path

    def victims_run(self) -> Path:
        """A paused training of the visitor with `TOKEN`, who has opened the page before."""
        (folders,) = self.folder.glob("attnviz-visitors-*")
        own = folders / hashlib.sha256(TOKEN.encode()).hexdigest()[:32]
        return waiting_run(own / "runs", RUN)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    settings = {"server.port": port, "server.address": "127.0.0.1", "server.headless": True}
    own = OFFLINE | {
        "ATTNVIZ_MODE": "hosted",
        "ATTNVIZ_TRAINING_MINUTES": "5",
        "ATTNVIZ_RUNS": str(tmp_path / "runs"),
        "TMPDIR": str(tmp_path),
    }
    with running(
        [sys.executable, "-m", "attnviz.ui.server", json.dumps(settings)],
        f"{address}/_stcore/health", tmp_path / "log.txt", folder=tmp_path, own=own, patience=180,
    ):  # fmt: skip
        yield Server(address, tmp_path)


async def attack(server: Server) -> None:
    victim, hostile = VisitorTab(server.address, f"{COOKIE}={TOKEN}"), VisitorTab(server.address)
    await victim.open()
    await hostile.open()
    await take_file(victim, hostile)
    await click_on_run(server, victim, hostile)
    assert hostile.faults == []
    await victim.close()
    await hostile.close()


async def take_file(victim: VisitorTab, hostile: VisitorTab) -> None:
    """The server holds a file that the victim's page has not taken yet: its id is claimed."""
    file, fields = own_photo(7, width=640, height=480)
    box = await victim.upload(BOX, PHOTO, file)
    assert hostile.element("file_uploader", BOX).id == box.id  # the same page, the same id
    await hostile.run(box)
    assert PHOTO not in hostile.everything()
    assert not shows(hostile.viewers[-1], fields)
    await victim.run()
    assert shows(victim.viewers[-1], fields)  # and there it still is, for the one who sent it
    row = victim.component("attnviz.thumbnails")
    assert row == hostile.component("attnviz.thumbnails")
    await hostile.run(pick(row, hashlib.sha256(file).hexdigest()))
    assert not shows(hostile.viewers[-1], fields)
    before = hostile.viewers[-1]
    await hostile.run(pick(row, "sample:coffee"))  # what is offered is taken from such a message
    assert hostile.viewers[-1] != before


def pick(row: str, key: str) -> WidgetState:
    told = [{"event": "picked", "value": key}]
    return WidgetState(id=EVENTS.format(row), json_trigger_value=json.dumps(told))


async def click_on_run(server: Server, victim: VisitorTab, hostile: VisitorTab) -> None:
    """The victim's own button is clicked by somebody else, and then by the victim."""
    await victim.go("Training")
    run = server.victims_run()
    await victim.run()
    buttons = [victim.click(label) for label in ("Cancel", "Resume")]
    await hostile.go("Training")
    for click in buttons:
        await hostile.run(click)
    box = victim.element("selectbox", "Training run")
    await hostile.run(*buttons, WidgetState(id=box.id, string_value=f"live {RUN}"))
    assert RUN not in hostile.everything()
    assert RunState.read(run).phase is RunPhase.PAUSED
    assert {one.name for one in run.iterdir()} == {"job.json", "state.json"}
    await victim.run(buttons[0])
    assert RunState.read(run).phase is RunPhase.CANCELLED


def test_ids_of_another_session_reach_nothing_of_it(server: Server) -> None:
    with ThreadPoolExecutor(1) as thread:  # this one may have the event loop of a browser
        thread.submit(asyncio.run, attack(server)).result()
    assert "Traceback" not in (server.folder / "log.txt").read_text()
