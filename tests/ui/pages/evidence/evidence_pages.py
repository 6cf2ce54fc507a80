"""The page "Evidence" run by Streamlit's own test runner, on small networks."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.paths import PAGES
from tests.ui.pages.layers.layers_pages import in_place_of_the_catalogue

PAGE = PAGES / "5_Evidence.py"


def evidence_page(monkeypatch: pytest.MonkeyPatch, kind: str, **address: str) -> AppTest:
    """The page at an address, with a small network instead of the catalogue's; not yet run."""
    st.cache_resource.clear()  # another test's network has the same name
    st.cache_data.clear()
    passes = in_place_of_the_catalogue(monkeypatch, kind)
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    page.session_state["passes"] = passes
    for key, value in address.items():
        page.query_params[key.replace("_", " ")] = value
    return page


def assert_fine(page: AppTest) -> None:
    assert not page.exception
    assert not page.error


def html_of(page: AppTest) -> str:
    """All HTML of the app's own on the page."""
    return "\n".join(one.proto.body for one in page.get("html"))
