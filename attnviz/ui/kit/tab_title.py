"""The title of the browser's tab: the photo, the page, and the app."""

from __future__ import annotations

import streamlit as st

_APP = "attnviz"
_PAGE = "tab page"


def name_page(title: str) -> None:
    """Name the page in the tab."""
    st.session_state[_PAGE] = title
    _name(title)


def page_title() -> str:
    """Title of the page that is shown; empty before any is."""
    return str(st.session_state.get(_PAGE, ""))


def name_photo(title: str) -> None:
    """Name the photo in the tab, before the page."""
    _name(title, page_title())


def _name(*parts: str) -> None:
    st.set_page_config(page_title=" · ".join(part for part in (*parts, _APP) if part))
