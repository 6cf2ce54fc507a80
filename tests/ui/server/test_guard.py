"""A real server, and a client that sends files past the boxes of the pages."""

from __future__ import annotations

import http.client
import re
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from tests.servers import OFFLINE, free_port, running

MB = 2**20
HEAD = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
TAIL = b"\r\n--x--\r\n"
START = """
import sys
from pathlib import Path
from streamlit.starlette import App
from attnviz.ui.server.guards import GUARDS
from attnviz.ui.server.uploads import upkeep
script, port = Path(sys.argv[1]), int(sys.argv[2])
app = App(script, middleware=GUARDS, lifespan=upkeep)
app.run(config={"server.port": port, "server.headless": True})
"""
PAGE = """
import streamlit as st
from uuid import uuid4
st.text(st.cache_data(lambda: str(uuid4()))())
"""


class ServedTab:
    """A tab of a browser that has opened the page."""

    def __init__(self, port: int, socket: ClientConnection) -> None:
        self.port, self._socket = port, socket
        self.session = ""
        self.shown = self.look()
        cookies = self._ask("GET", "/_stcore/health", b"", {})[2]
        self.token = re.findall(r"_streamlit_xsrf=([^;]+)", cookies)[0]

    def look(self) -> str:
        """Run the page; returns the text that it shows."""
        self.say(rerun_script=ClientState())
        text = ""
        while True:
            message = ForwardMsg()
            message.ParseFromString(self._socket.recv(60))  # type: ignore[arg-type]
            self.session = message.new_session.initialize.session_id or self.session
            text = message.delta.new_element.text.body or text
            if message.WhichOneof("type") == "script_finished":
                return text

    def say(self, **message: ClientState | bool) -> None:
        """Send one message of Streamlit's protocol."""
        self._socket.send(BackMsg(**message).SerializeToString())  # type: ignore[arg-type]

    def get(self, path: str) -> int:
        """Ask for an address; returns the code of the answer."""
        return self._ask("GET", path, b"", {})[0]

    def put(self, size: int) -> int:
        """Send a file; returns the code of the answer."""
        body = HEAD + bytes(size) + TAIL
        return self._ask("PUT", self._address(), body, self._headers())[0]

    def announce(self, size: int | None) -> tuple[int, str]:
        """Say that a file of a size comes, and send nothing yet; returns the answer."""
        headers = self._headers()
        if size is None:
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers["Content-Length"] = str(size)
        return self._ask("PUT", self._address(), None, headers)[:2]

    def _address(self) -> str:
        return f"/_stcore/upload_file/{self.session}/{uuid.uuid4()}"

    def _headers(self) -> dict[str, str]:
        return {
            "Content-Type": "multipart/form-data; boundary=x",
            "X-Xsrftoken": self.token,
            "Cookie": f"_streamlit_xsrf={self.token}",
        }

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, str, str]:
        """Code, text and cookies of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        cookies = response.getheader("Set-Cookie", "")
        answer = response.status, response.read().decode(), cookies
        connection.close()
        return answer


@contextmanager
def tab(port: int) -> Iterator[ServedTab]:
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    with connect(address, subprotocols=["streamlit"], max_size=None) as socket:  # type: ignore[list-item]
        yield ServedTab(port, socket)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder: Path = tmp_path_factory.mktemp("server")
    (folder / "page.py").write_text(PAGE)
    number = free_port()
    command = [sys.executable, "-c", START, str(folder / "page.py"), str(number)]
    own = OFFLINE | {"ATTNVIZ_MODE": "hosted", "ATTNVIZ_UPLOAD_MB": "4", "HOME": str(folder)}
    address = f"http://127.0.0.1:{number}/_stcore/health"
    with running(
        command, address, folder / "log.txt", folder=folder, own=own, patience=180
    ):  # fmt: skip
        yield number


def test_a_tab_sends_so_much_and_another_as_much(port: int) -> None:
    with tab(port) as first, tab(port) as second:
        assert first.session != second.session
        assert first.put(2 * MB) == 204
        assert first.announce(5 * MB) == (413, "A file may have 4 MB here.")
        code, text = first.announce(2 * MB + 1)
        assert (code, text[:27]) == (413, "This tab has sent more than")
        assert first.put(MB) == 204
        assert second.put(3 * MB) == 204
        assert second.announce(None) == (411, "Uploads say how long they are.")


def test_nobody_clears_the_caches_of_all_or_reads_their_figures(port: int) -> None:
    with tab(port) as first, tab(port) as hostile:
        assert hostile.shown == first.shown
        hostile.say(clear_cache=True)
        hostile.say(load_git_info=True)
        assert hostile.look() == first.look() == first.shown
        assert [first.get(f"/_stcore/{name}") for name in ("metrics", "metrics/")] == [404, 404]
        assert first.get("/_stcore/health") == 200
