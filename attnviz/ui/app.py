"""Page-wide settings and the way between pages; every file in `pages/` is one page."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.pages_manager import PagesManager

from attnviz.assets import assets_folder, pages_folder
from attnviz.hosting import LOOPBACK, Hosting
from attnviz.ui.kit.counting_server import require_counting
from attnviz.ui.kit.garbage import COLLECTOR
from attnviz.ui.kit.guard import guarded
from attnviz.ui.kit.look_server import looks_elsewhere
from attnviz.ui.kit.open_tab import know_tab
from attnviz.ui.kit.sign_in import admitted, require_sign_in, show_identity
from attnviz.ui.kit.style import use_style
from attnviz.ui.kit.tab_title import name_page
from attnviz.ui.kit.turns import offer_notice, one_slot
from attnviz.ui.kit.url_state import restore_link

# The charts look into pandas as soon as another thread has begun to import it: a second page opened
# while the first still started found half of it. Here all threads wait until it is whole.
import_module("pandas")


def run() -> None:
    """Show the chosen page."""
    st.set_page_config(
        page_icon=str(assets_folder() / "icons" / "attnviz.png"),
        layout="wide",
        initial_sidebar_state="collapsed",
    )
    use_style()
    with guarded():
        require_counting()
    offer_notice()
    restore_link()
    with guarded():
        signed_in = admitted()
    know_tab(admitted=signed_in)
    page = st.navigation(_pages(), position="top" if signed_in else "hidden")
    name_page(page.title)
    with guarded():
        _show_mode(Hosting.from_environment())
    try:
        with one_slot():
            page.run()
    finally:
        COLLECTOR.ask()


def _show_mode(hosting: Hosting) -> None:
    """Say in the sidebar whom the app serves, and what that means for one's photos."""
    with st.sidebar.container(key="av-mode"):
        if hosting.hosted:
            passed_on = (
                " Another server gets their pixels to compute maps, and keeps none."
                if looks_elsewhere()
                else ""
            )
            st.caption(
                "**Hosted**: photos go to the server that runs this app, stay in its memory for "
                "you alone, and are gone a quarter of an hour after you close the page, or two "
                f"hours after your last click.{passed_on}"
            )
        elif st.get_option("server.address") in LOOPBACK:
            st.caption(
                "**Local**: only this computer reaches the app. The pixels of photos go to the "
                "server in ATTNVIZ_SERVER, which computes maps and keeps no photo."
                if looks_elsewhere()
                else "**Local**: only this computer reaches the app; photos do not leave it."
            )
        else:
            st.warning(
                "Other computers reach this app, and whoever does may open this computer's folders "
                "and train on it. To serve other people: `attnviz app --mode hosted`"
            )
        show_identity()


def _pages() -> list[StreamlitPage]:
    """The pages; the first one answers at its own name as well as at the root."""
    first, *others = page_scripts()
    start = st.Page(first, url_path="start", default=True)
    again = st.Page(first, title=start.title, visibility="hidden")
    return [start, again, *(st.Page(path) for path in others)]


def page_scripts() -> list[Path]:
    """The scripts in `pages`, in the order of the numbers that their names begin with."""
    return sorted(
        pages_folder().glob("[0-9]*_*.py"), key=lambda path: int(path.name.partition("_")[0])
    )


def open_page(show: Callable[[], None]) -> None:
    """Show a page to whoever may see it.

    It is shown through `run` if Streamlit runs its file without `app.py`.

    A new server does so for a link to a page: until the first call of `st.navigation` Streamlit
    treats the folder `pages` as a list of pages.
    """
    if getattr(PagesManager, "uses_pages_directory", False):
        run()
    else:
        with guarded():
            require_counting()
        require_sign_in()
        show()
