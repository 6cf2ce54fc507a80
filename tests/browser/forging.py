"""A tab whose user changes what it tells the server: values of widgets that nobody offered."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, WebSocketRoute
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState


class ForgingTab:
    """Listens to a page's connection, and sends the server what it likes.

    `session` is what the server calls the session, `widgets` the ids of what it has shown, by the
    key that the app gave them.
    """

    def __init__(self, page: Page) -> None:
        self.session = ""
        self.widgets: dict[str, str] = {}
        self._page_hash = ""
        self._server: WebSocketRoute | None = None
        page.route_web_socket("**/_stcore/stream", self._connect)

    def _connect(self, browser: WebSocketRoute) -> None:
        self._server = server = browser.connect_to_server()

        def forward(frame: str | bytes) -> None:
            if isinstance(frame, bytes):
                self._read(frame)
            browser.send(frame)

        server.on_message(forward)

    def _read(self, frame: bytes) -> None:
        message = ForwardMsg()
        message.ParseFromString(frame)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.session = message.new_session.initialize.session_id or self.session
            self._page_hash = message.new_session.page_script_hash
        elif kind == "navigation":
            self._page_hash = message.navigation.page_script_hash
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            shown = getattr(element, element.WhichOneof("type") or "", None)
            widget = str(getattr(shown, "id", ""))
            if widget.startswith("$$ID-"):
                self.widgets[widget.split("-", 2)[2]] = widget

    def claim(self, **values: Any) -> None:
        """Say that widgets, by their id or key, have these values; the server runs the page."""
        told = BackMsg()
        told.rerun_script.page_script_hash = self._page_hash
        for name, value in values.items():
            state = WidgetState(id=self.widgets.get(name, name))
            if value is True:
                state.trigger_value = True
            else:
                state.string_value = str(value)
            told.rerun_script.widget_states.widgets.append(state)
        assert self._server is not None
        self._server.send(told.SerializeToString())
