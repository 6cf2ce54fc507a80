"""The page Focus, run by Streamlit's own test runner, where a server looks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import attnviz
from attnviz.analysis import explain as explaining
from attnviz.errors import ServerError
from attnviz.pictures import open_sample
from attnviz.ui.kit.look_server import asked_of_server
from attnviz.viewer.blob import unpack_blob
from tests.paths import PAGES
from tests.servers import free_port
from tests.serving.conftest import NAME, Served
from tests.ui.viewers import viewer_blobs


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ATTNVIZ_MODEL", NAME)
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def page(name: str = "1_Focus.py") -> AppTest:
    return AppTest.from_file(str(PAGES / name), default_timeout=300).run()


def shown(page: AppTest) -> dict[str, np.ndarray]:
    """What the viewer was sent: photo and maps."""
    assert not page.exception
    assert not page.error
    (blob,) = viewer_blobs(page)
    return unpack_blob(blob)[1]


def test_the_page_draws_the_same_maps_whoever_looks(
    serving: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = shown(page())
    st.cache_resource.clear()
    with serving() as server:
        monkeypatch.setenv("ATTNVIZ_SERVER", server.address)
        # Whatever is drawn now was not computed by the page.
        monkeypatch.setattr("attnviz.ui.kit.explanation_cache.explain", None)
        there = shown(page())
    assert sorted(here) == sorted(there)
    assert {"photo", "maps"} <= set(here), sorted(here)
    for name, values in here.items():
        if values.dtype == np.uint8:  # pictures
            np.testing.assert_array_equal(there[name], values)
        else:
            np.testing.assert_allclose(there[name], values, rtol=1e-3, atol=1e-5)
    assert callable(explaining.explain)


def test_without_its_server_a_page_says_so_and_others_live_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ATTNVIZ_SERVER", f"http://127.0.0.1:{free_port()}")
    focus = page()
    assert not focus.exception
    (error,) = focus.error
    assert "gives no answer" in error.value
    assert "attnviz serve" in error.value
    layers = page("2_Layers.py")  # reads a trace, which is computed here
    assert not layers.exception
    assert not layers.error


def test_visitors_of_a_hosted_app_are_not_told_where_its_server_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, serving: Served
) -> None:
    port = free_port()
    monkeypatch.setenv("ATTNVIZ_SERVER", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("ATTNVIZ_MODE", "hosted")
    model, picture = attnviz.load_model(NAME, "cpu"), open_sample("coffee").reduced(64)
    with pytest.raises(ServerError) as raised:
        asked_of_server(model, picture, "auto")
    assert str(raised.value) == "The maps cannot be computed now. Try again in a minute."
    assert str(port) in caplog.text
    with serving() as server:
        st.cache_resource.clear()
        monkeypatch.setenv("ATTNVIZ_SERVER", server.address)
        found = asked_of_server(model, picture, "grad-cam", "church")
        assert found is not None
        assert found.asked_text == "church"
        assert asked_of_server(model, picture, "rise") is None
