"""What Streamlit answers to anybody and no visitor of a hosted app has use for: kept from it."""

from __future__ import annotations

from google.protobuf.message import DecodeError
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from attnviz.hosting import Hosting

REQUESTS = frozenset(
    {
        "app_heartbeat",
        "backend_operation_request",
        "file_urls_request",
        "rerun_script",
        "stop_script",
    }
)
"""What the pages' own script sends; the others clear the caches of all, and serve developers."""
_METRICS = "/_stcore/metrics"


class RequestGuard:
    """Lets visitors ask for pages, and neither clear the caches of all nor read their figures.

    In local mode everything is let through.

    Parameters
    ----------
    app
        What answers requests that are let through.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or all messages of a tab."""
        if not Hosting.from_environment().hosted:
            await self._app(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].rstrip("/").endswith(_METRICS):
            await PlainTextResponse("Not found.", 404)(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._app(scope, _pages_only(receive), send)
        else:
            await self._app(scope, receive, send)


def _pages_only(receive: Receive) -> Receive:
    """The messages of a tab but those that no page sends."""

    async def received() -> Message:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive" or _from_a_page(message.get("bytes")):
                return message

    return received


def _from_a_page(content: bytes | None) -> bool:
    """Whether a page sends such a message; what is none, Streamlit refuses itself."""
    asked = BackMsg()
    try:
        asked.ParseFromString(content or b"")
    except DecodeError:
        return True
    return asked.WhichOneof("type") in {*REQUESTS, None}
