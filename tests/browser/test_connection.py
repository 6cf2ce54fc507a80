"""The connection between server and browser: who may open one, and that it is compressed."""

from __future__ import annotations

import zlib
from urllib.parse import urlsplit

import pytest

from attnviz.viewer.bundle import joined
from attnviz.viewer.source import FOLDER, viewer_assets
from tests.browser.conftest import App
from tests.servers import handshake

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("name", ["localhost", "evil.example", "127.0.0.1.evil.example"])
def test_a_page_elsewhere_that_took_the_servers_address_is_refused(app: App, name: str) -> None:
    """Its browser believes the address to be that of its own name, which it sends along."""
    answer = handshake(str(urlsplit(app.url).port), name)
    assert answer.status == (403 if "evil" in name else 101)


def test_the_server_agrees_to_compress_and_the_script_gains_by_it(app: App) -> None:
    """Streamlit sends a component's script with each new message to it."""
    answer = handshake(str(urlsplit(app.url).port), "127.0.0.1")
    assert answer.status == 101
    assert "permessage-deflate" in answer.headers["Sec-WebSocket-Extensions"]
    whole = joined(FOLDER, viewer_assets()).encode()
    assert len(zlib.compress(whole)) < len(whole) / 3
