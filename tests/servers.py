"""A server that a test starts, asks and ends."""

from __future__ import annotations

import base64
import http.client
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.paths import ROOT

OFFLINE = {
    "PYTHONPATH": str(ROOT),
    "no_proxy": "127.0.0.1",
    **dict.fromkeys(("https_proxy", "http_proxy"), "http://127.0.0.1:9"),
}
"""For a server that has this checkout, and reaches this computer alone."""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextmanager
def running(
    command: Sequence[str], address: str, log: Path, *, folder: Path, own: Mapping[str, str],
    patience: float,
) -> Iterator[None]:  # fmt: skip
    """A server from when it answers at an address, within so many seconds, to the block's end.

    `own` are variables of its environment beside those of the tests.
    """
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=folder, env=os.environ | own, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(address, process, log, patience)
        yield
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path, patience: float) -> None:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        assert process.poll() is None, "it ended: " + log.read_text(errors="replace")
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(f"no answer within {patience:.0f} s: " + log.read_text(errors="replace"))


def handshake(port: int | str, host: str) -> http.client.HTTPResponse:
    """What an app at a port answers to a browser that opens a page of it under the name `host`."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)
    connection.request(
        "GET",
        "/_stcore/stream",
        headers={
            "Host": f"{host}:{port}",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Origin": f"http://{host}:{port}",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
            "Sec-WebSocket-Protocol": "streamlit",
            "Sec-WebSocket-Extensions": "permessage-deflate",
        },
    )
    answer = connection.getresponse()
    connection.close()
    return answer
