"""A file that lay in a box for long is gone from the server, and the box still holds its name."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page_of_deleted_files() -> None:
    """Both boxes call back, after the server has removed what they held."""
    import streamlit as st
    from streamlit.runtime.uploaded_file_manager import DeletedFile

    from attnviz.ui.kit.own_weights import _open
    from attnviz.ui.kit.target_fields import _receive_mask

    st.session_state["mask"] = "the region"
    st.session_state["mask file"] = DeletedFile("gone")
    _receive_mask("mask")
    st.text(st.session_state["mask"])
    st.session_state["own weights file"] = DeletedFile("gone")
    _open({}, "model")
    st.text(st.session_state["own weights problem"])


def test_a_region_stays_and_weights_are_asked_for_again() -> None:
    page = AppTest.from_function(page_of_deleted_files, default_timeout=60).run()
    assert not page.exception
    texts = [one.value for one in page.text]
    assert texts == ["the region", "The file is no longer here. Add it again."]
