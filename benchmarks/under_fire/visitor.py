"""A visitor without a browser: opens the app's first page as a tab does, and waits for its end."""

from __future__ import annotations

import time
import urllib.error
import urllib.request

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

PATIENCE = 300.0


def healthy(port: int, seconds: float = PATIENCE) -> bool:
    """Whether a server answers within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False


def page_errors(port: int, name: str = "") -> list[str]:
    """Open a page, and return the exceptions that it shows.

    Parameters
    ----------
    port
        Of a server on this computer.
    name
        Of the page; the first one by default.

    Raises
    ------
    OSError, websockets.exceptions.ConnectionClosed
        The server has gone.
    TimeoutError
        The page does not come to its end.
    """
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    found: list[str] = []
    with connect(address, subprotocols=["streamlit"], max_size=None, open_timeout=60) as server:  # type: ignore[list-item]
        asked = BackMsg()
        asked.rerun_script.page_name = name
        server.send(asked.SerializeToString())
        while True:
            message = ForwardMsg()
            message.ParseFromString(server.recv(timeout=PATIENCE, decode=False))
            if message.WhichOneof("type") == "script_finished":
                return found
            element = message.delta.new_element
            if element.WhichOneof("type") == "exception":
                found.append(f"{element.exception.type}: {element.exception.message}")
