"""A running app and a real browser."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import browser_path
from tests.paths import ROOT
from tests.servers import OFFLINE, free_port, running

SHARP = "radius=0"
"""For a link to where no blur is looked at: without a GPU each blurred picture takes seconds."""


@dataclass(frozen=True)
class App:
    """The app as a user starts it: where it answers, and what it writes."""

    url: str
    log: Path

    def errors(self) -> str:
        """The log if it holds an error, else an empty text."""
        text = self.log.read_text(errors="replace")
        return text if re.search(r"Traceback|Error", without_disconnections(text)) else ""


_START = "Traceback (most recent call last):\n"
_CHAINED = re.compile(r"^(?:During handling of|The above exception was)", re.MULTILINE)
_GONE = re.compile(r"^\S*WebSocketDisconnect.*\n?", re.MULTILINE)


def without_disconnections(log: str) -> str:
    """A server's log without the tracebacks of messages to a window that has been closed.

    Under load the server notices only when it sends, and says so; it is no error of the app.
    """
    rest, *tracebacks = log.split(_START)
    chains: list[str] = []
    before = ""
    for traceback in tracebacks:
        if _CHAINED.search(before):
            chains[-1] += _START + traceback
        else:
            chains.append(_START + traceback)
        before = traceback
    for chain in chains:
        *_, last = _GONE.split(chain) if _GONE.search(chain) else [chain]
        rest += last
    return rest


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app as a user starts it."""
    with started(ROOT / "app.py", tmp_path_factory.mktemp("app") / "log.txt") as server:
        yield server


@pytest.fixture(scope="session")
def viewer_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Nothing but the viewer, on a picture and maps that the tests know."""
    script = Path(__file__).with_name("viewer_app.py")
    with started(script, tmp_path_factory.mktemp("viewer") / "log.txt") as server:
        yield server


@contextmanager
def started(script: Path, log: Path) -> Iterator[App]:
    """A Streamlit server of its own for a script, ended when the tests are done with it."""
    with started_at(script, log, free_port()) as server:
        yield server


@contextmanager
def started_at(script: Path, log: Path, port: int, **own: str) -> Iterator[App]:
    """The same at a port, with further variables of its environment."""
    command = ["streamlit", "run", str(script)]
    command += [f"--{name}={value}" for name, value in _settings(port).items()]
    with _serving(command, log, port, own) as server:
        yield server


@contextmanager
def hosted_at(log: Path, port: int, settings: Mapping[str, object], **own: str) -> Iterator[App]:
    """The app as `attnviz app --mode hosted` serves it, but to this computer alone.

    `settings` are further ones of Streamlit.
    """
    told = json.dumps({**_settings(port), "client.showErrorDetails": "none", **settings})
    own = {"ATTNVIZ_MODE": "hosted", **own}
    with _serving(["attnviz.ui.server", told], log, port, own) as server:
        yield server


def _settings(port: int) -> dict[str, object]:
    return {"server.port": port, "server.headless": True, "server.address": "127.0.0.1"}


@contextmanager
def _serving(command: Sequence[str], log: Path, port: int, own: Mapping[str, str]) -> Iterator[App]:
    browser_path()
    url = f"http://127.0.0.1:{port}"
    # No network and an empty cache, so that "cannot be downloaded" is what happens everywhere.
    variables = OFFLINE | {"TORCH_HOME": str(log.parent), "ATTNVIZ_WEIGHTS": ""}
    variables["ATTNVIZ_RUNS"] = str(log.parent / "runs")
    variables["ATTNVIZ_ROUNDS"] = str(log.parent / "rounds")
    command, health = [sys.executable, "-m", *command], f"{url}/_stcore/health"
    with running(command, health, log, folder=ROOT, own={**variables, **own}, patience=90):
        yield App(url, log)


def stopped(page: Page, *, begin: str) -> None:
    """Begin long work by the button `begin`, stop it while it goes on, and see that it has ended.

    The work is done by the page's script: when that no longer runs, nothing goes on.
    """
    wait = 90_000
    state = page.locator("[data-testid=stApp]")
    page.get_by_role("button", name=begin, exact=True).click(timeout=2 * wait)
    counted = page.get_by_text(re.compile(r"^[\d,]+ of [\d,]+ (maps|pictures)"))
    expect(counted).to_be_visible(timeout=2 * wait)
    expect(state).to_have_attribute("data-test-script-state", "running")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("button", name=begin, exact=True)).to_be_visible(timeout=wait)
    expect(state).to_have_attribute("data-test-script-state", "notRunning", timeout=wait)
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
