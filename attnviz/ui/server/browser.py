"""Opening the browser once the app is there, as `streamlit run` does for pages without a server."""

from __future__ import annotations

import webbrowser
from threading import Thread

from streamlit import config
from streamlit.web.server.server_util import get_display_address, get_url


def show_in_browser() -> None:
    """Open the app in the browser, unless the settings say that nobody sits here."""
    if not config.get_option("server.headless"):
        Thread(target=webbrowser.open, args=(app_address(),), daemon=True).start()


def app_address() -> str:
    """Return the address at which this computer's browser reaches the app.

    Returns
    -------
    str
        The address of the settings, such as ``http://localhost:8501``.
    """
    for name in ("browser.serverAddress", "server.address"):
        if config.is_manually_set(name):
            return get_url(get_display_address(config.get_option(name)))
    return get_url("localhost")
