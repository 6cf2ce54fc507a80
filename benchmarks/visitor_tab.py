"""A tab of the app without a browser: it speaks Streamlit's protocol and draws nothing."""

from __future__ import annotations

import asyncio
import time
import urllib.request
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import UploadedFileInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

READ = "weights read: "
"""What the server of the benchmark writes before the name of a file of weights."""
PATIENCE = 600.0  # seconds for one answer of a server that many visitors ask at once
_LONGEST = 900  # characters of a text that are kept


class VisitorTabError(Exception):
    """The server answered with an exception, or not at all."""


class VisitorTab:
    """One session of the app.

    Parameters
    ----------
    address
        Of the server.
    cookie
        Name and value of a cookie that the browser already has.

    Attributes
    ----------
    viewers
        The blobs that the viewer was sent, the latest last.
    faults
        What the page showed as exceptions.
    """

    def __init__(self, address: str, cookie: str = "") -> None:
        self.address = address
        self.viewers: list[bytes] = []
        self.faults: list[str] = []
        self._elements: dict[tuple[int, ...], tuple[Any, str]] = {}
        self._widgets: dict[str, WidgetState] = {}
        self._messages: dict[str, ForwardMsg] = {}
        self._page = self._session = self._token = ""
        self._pages: dict[str, str] = {}
        self._headers = {"Cookie": cookie} if cookie else {}
        self._news = asyncio.Condition()
        self._finished = 0
        self._closed = False

    async def open(self) -> float:
        """Open the first page; returns the seconds until it was complete."""
        started = time.monotonic()
        self._token = await asyncio.to_thread(self._forgery_token)  # a busy server answers late
        self._socket: ClientConnection = await connect(
            self.address.replace("http", "ws") + "/_stcore/stream",
            max_size=None, open_timeout=PATIENCE, ping_interval=None,
            subprotocols=[Subprotocol("streamlit")], additional_headers=self._headers,
        )  # fmt: skip
        self._reader = asyncio.create_task(self._read())
        await self.run()
        return time.monotonic() - started

    def _forgery_token(self) -> str:
        with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=PATIENCE) as answer:
            for cookie in answer.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                if name == "_streamlit_xsrf":
                    return str(value)
        return ""

    async def close(self) -> None:
        """Leave, as a closed tab does."""
        await self._socket.close()
        await self._reader

    async def go(self, page: str) -> None:
        """Turn to another page, by its name in links."""
        self._page = self._pages[page]
        self._elements.clear()
        self._widgets.clear()
        await self.run()

    async def run(self, *clicked: WidgetState) -> None:
        """Run the page with the widgets as they are, until it is complete."""
        before = self._finished
        await self.send(*clicked)
        await self.until(lambda: self._finished > before)

    async def look(self) -> tuple[float, float]:
        """Run the page; the seconds until the viewer was sent a picture, and until all was there.

        A page without a viewer takes as long for the one as for the other.
        """
        seen, before = len(self.viewers), self._finished
        await self.send()
        picture = await self.until(lambda: len(self.viewers) > seen or self._finished > before)
        return picture, picture + await self.until(lambda: self._finished > before)

    async def send(self, *clicked: WidgetState) -> None:
        """Ask for a run of the page, and do not wait for it."""
        message = BackMsg()
        asked = message.rerun_script
        asked.page_script_hash = self._page
        asked.widget_states.widgets.extend([*self._widgets.values(), *clicked])
        asked.cached_message_hashes.extend(self._messages)
        try:
            await self._socket.send(message.SerializeToString())
        except ConnectionClosed as error:
            raise VisitorTabError("the server closed the connection") from error

    async def until(self, true: Callable[[], bool], patience: float = PATIENCE) -> float:
        """Wait until something is true; returns the seconds that it took."""
        started = time.monotonic()
        async with self._news:
            there = self._news.wait_for(lambda: true() or self._closed)
            try:
                await asyncio.wait_for(there, patience)
            except TimeoutError as error:
                raise VisitorTabError(f"no answer within {patience:.0f} s") from error
        if self._closed:
            raise VisitorTabError("the server closed the connection")
        return time.monotonic() - started

    def element(self, kind: str, label: str) -> Any:
        """Return the element of a kind with a label."""
        for element, _ in list(self._elements.values()):
            found = getattr(element, kind) if element.WhichOneof("type") == kind else None
            if found is not None and found.label == label:
                return found
        raise VisitorTabError(f"The page has no {kind} {label!r}. It says: {self.texts()}")

    def texts(self) -> list[str]:
        """Return what the page says in messages and bars."""
        kinds = {"alert": "body", "progress": "text", "exception": "message"}
        named = ((one.WhichOneof("type"), one) for one, _ in list(self._elements.values()))
        return [
            str(getattr(getattr(one, kind), kinds[kind]))[:_LONGEST]
            for kind, one in named
            if kind in kinds
        ]

    def component(self, name: str) -> str:
        """Return the id of a component of ours."""
        for element, _ in list(self._elements.values()):
            shown = element.bidi_component
            if element.WhichOneof("type") == "bidi_component" and shown.component_name == name:
                return str(shown.id)
        raise VisitorTabError(f"The page has no component {name!r}. It says: {self.texts()}")

    def everything(self) -> str:
        """Return all that the page was sent, as protocol buffers print it."""
        return "\n".join(str(one) for one, _ in list(self._elements.values()))

    def choose(self, label: str, part: str) -> None:
        """Choose the option of a box that contains a text; takes effect with the next run."""
        box = self.element("selectbox", label)
        option = next((one for one in box.options if part in one), None)
        if option is None:
            raise VisitorTabError(f"{label} has no option with {part!r}: {list(box.options)[:20]}")
        self._widgets[box.id] = WidgetState(id=box.id, string_value=option)

    def click(self, label: str) -> WidgetState:
        """Return a click on a button, for `run` and `send`."""
        return WidgetState(id=self.element("button", label).id, trigger_value=True)

    async def upload(self, label: str, name: str, content: bytes) -> WidgetState:
        """Send a file and put it into a box; takes effect with the next run.

        Returns what the browser then says of the box.
        """
        box, file = self.element("file_uploader", label), str(uuid.uuid4())
        edge = uuid.uuid4().hex
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        request = urllib.request.Request(
            f"{self.address}/_stcore/upload_file/{self._session}/{file}",
            data=head.encode() + content + f"\r\n--{edge}--\r\n".encode(),
            headers={
                "Content-Type": f"multipart/form-data; boundary={edge}",
                "X-Xsrftoken": self._token,
                "Cookie": f"_streamlit_xsrf={self._token}",
            },
            method="PUT",
        )
        await asyncio.to_thread(urllib.request.urlopen, request, timeout=PATIENCE)
        state = WidgetState(id=box.id)
        info = UploadedFileInfo(name=name, size=len(content), file_id=file)
        state.file_uploader_state_value.uploaded_file_info.append(info)
        self._widgets[box.id] = state
        return state

    async def _read(self) -> None:
        try:
            with suppress(ConnectionClosed):  # whoever waits for an answer is told
                async for data in self._socket:
                    message = ForwardMsg()
                    message.ParseFromString(data if isinstance(data, bytes) else data.encode())
                    async with self._news:
                        self._take(self._whole(message))
                        self._news.notify_all()
        finally:
            async with self._news:
                self._closed = True
                self._news.notify_all()

    def _whole(self, message: ForwardMsg) -> ForwardMsg:
        """The message itself, also where the server only names one that was sent before."""
        if message.WhichOneof("type") == "ref_hash":
            known = ForwardMsg()
            known.CopyFrom(self._messages[message.ref_hash])
            known.metadata.CopyFrom(message.metadata)
            return known
        if message.metadata.cacheable:
            self._messages[message.hash] = message
        return message

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._page = message.new_session.page_script_hash
            self._session = message.new_session.initialize.session_id or self._session
        elif kind == "navigation":
            self._page = message.navigation.page_script_hash or self._page
            pages = message.navigation.app_pages
            self._pages = {one.url_pathname: one.page_script_hash for one in pages}
        elif kind == "script_finished":
            self._finished += message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            self._elements[tuple(message.metadata.delta_path)] = element, message.delta.fragment_id
            if element.WhichOneof("type") == "exception":
                self.faults.append(f"{element.exception.type}: {element.exception.message}")
            component = element.WhichOneof("type") == "bidi_component" and element.bidi_component
            if component and component.component_name == "attnviz.viewer":
                self.viewers.append(component.bytes)
