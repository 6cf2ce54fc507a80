"""What holds for all pages."""

from __future__ import annotations

import subprocess
import sys

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest


def test_pandas_is_whole_before_any_page_draws_a_chart() -> None:
    code = "import sys, attnviz.ui.app; print('pandas' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "True"


@pytest.mark.parametrize(
    ("mode", "server", "said", "unsaid"),
    [
        ("local", "", "photos do not leave it", "ATTNVIZ_SERVER"),
        ("local", "http://127.0.0.1:8600", "photos do not leave it", "ATTNVIZ_SERVER"),
        ("local", "http://10.0.0.5:8600", "photos go to the server in ATTNVIZ_SERVER", "not leave"),
        ("hosted", "", "for you alone", "Another server"),
        (
            "hosted",
            "https://looks.example.org",
            "Another server gets their pixels",
            "looks.example",
        ),
    ],
)
def test_visitors_are_told_where_their_photos_travel(
    mode: str, server: str, said: str, unsaid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sidebar() -> None:
        from attnviz.hosting import Hosting
        from attnviz.ui.app import _show_mode

        _show_mode(Hosting.from_environment())

    monkeypatch.setenv("ATTNVIZ_MODE", mode)
    monkeypatch.setenv("ATTNVIZ_SERVER", server)
    st.cache_resource.clear()
    before = st.get_option("server.address")
    st.config.set_option("server.address", "127.0.0.1")
    try:
        page = AppTest.from_function(sidebar, default_timeout=120).run()
    finally:
        st.config.set_option("server.address", before)
        st.cache_resource.clear()
    assert not page.exception
    (text,) = [one.value for one in page.caption]
    assert said in text
    assert unsaid not in text
