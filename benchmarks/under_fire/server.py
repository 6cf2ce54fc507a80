"""The app's server, killed while it starts and while somebody visits it."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from websockets.exceptions import WebSocketException

from attnviz.assets import app_script
from benchmarks.under_fire.outcome import Outcome
from benchmarks.under_fire.visitor import healthy, page_errors
from benchmarks.under_fire.whole import check_whole
from benchmarks.under_fire.work import Work


@contextmanager
def serving(
    port: int, log: Path, own: Mapping[str, str], *, hosted: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """The app's server at a port, ended with the block; `own` are more variables for it."""
    script = app_script()
    local = [
        "streamlit", "run", str(script), f"--server.port={port}", "--server.headless=true",
        "--server.address=127.0.0.1",
    ]  # fmt: skip
    public = ["attnviz", "app", "--mode=hosted", "--host=127.0.0.1", f"--port={port}"]
    variables = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(script.parent), **own}
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *(public if hosted else local)], env={**os.environ, **variables},
            stdout=file, stderr=file, cwd=log.parent,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port of this computer that nothing listens to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def kill_server(training: Work, folder: Path, times: int, chance: random.Random) -> Outcome:
    """Kill a server that has visitors, start it again, and look at its page.

    A training goes on beside it in the same folder of trainings: it must come to its end.
    """
    port, log = free_port(), folder / "server.log"
    runs = folder / "runs"
    own = {"ATTNVIZ_RUNS": str(runs), "ATTNVIZ_MODEL": "ran-small"}
    outcome = Outcome("server, killed under a visitor")
    trained = training.start(runs / "beside", own=own)
    start = time.monotonic()
    with serving(port, log, own):
        outcome.expect(healthy(port), "the server does not start")
        outcome.expect(page_errors(port) == [], "the first page fails")
    needed = time.monotonic() - start
    while outcome.times < times:
        with serving(port, log, own) as process:
            visit = threading.Thread(target=_visit, args=(port,), daemon=True)
            visit.start()
            time.sleep(chance.uniform(0.0, needed))
            process.send_signal(signal.SIGKILL)
            process.wait()
            outcome.times += 1
            visit.join(60)
    with serving(port, log, own):
        outcome.expect(healthy(port), "the server does not start any more")
        for page in ("", "Training"):
            outcome.expect(page_errors(port, page) == [], f"the page {page or 'Focus'} fails")
        outcome.ends += 1
    text, _ = trained.communicate()
    outcome.expect(trained.returncode == 0, f"the training beside it: {text[-300:]}")
    outcome.checked(lambda: check_whole(runs / "beside"))
    return outcome


def _visit(port: int) -> None:
    """Open the page for as long as the server lives."""
    with suppress(OSError, WebSocketException, EOFError):
        if healthy(port, 60):
            page_errors(port)
