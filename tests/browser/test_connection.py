"""What goes between server and browser is compressed."""

from __future__ import annotations

import base64
import http.client
import zlib
from urllib.parse import urlsplit

import pytest

from attnviz.viewer.bundle import joined
from attnviz.viewer.source import FOLDER, viewer_assets
from tests.browser.conftest import App

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_server_agrees_to_compress_and_the_script_gains_by_it(app: App) -> None:
    """Streamlit sends a component's script with each new message to it."""
    connection = http.client.HTTPConnection(urlsplit(app.url).netloc, timeout=30)
    connection.request(
        "GET",
        "/_stcore/stream",
        headers={
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Origin": app.url,
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
            "Sec-WebSocket-Protocol": "streamlit",
            "Sec-WebSocket-Extensions": "permessage-deflate",
        },
    )
    answer = connection.getresponse()
    assert answer.status == 101
    assert "permessage-deflate" in answer.headers["Sec-WebSocket-Extensions"]
    connection.close()
    whole = joined(FOLDER, viewer_assets()).encode()
    assert len(zlib.compress(whole)) < len(whole) / 3
