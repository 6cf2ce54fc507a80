"""Two pages: the viewer alone on a picture that the tests know, and one without it."""

from __future__ import annotations

import json

import streamlit as st

from attnviz.ui.components.viewer import pack, viewer
from attnviz.ui.kit.url_state import current_view, share_view
from tests.browser.viewer_content import known_content


def viewer_page() -> None:
    """The viewer, and what it has told, as JSON."""
    st.session_state["runs"] = st.session_state.get("runs", 0) + 1
    side = int(st.query_params.get("grid", "14"))
    options = {
        name: name in st.query_params for name in ("mattes", "crop", "flat", "lights", "frames")
    }
    payload = pack(known_content(side, **options))
    events = viewer(payload, key="viewer", view=current_view(), origin=f"grid {side}")
    share_view(events.view)
    picked = events.picked and [events.picked.x, events.picked.y, events.picked.layer]
    told = {"view": events.view.to_json(), "picked": picked, "webgl": events.webgl}
    st.code(json.dumps(told | {"runs": st.session_state["runs"]}), language=None)


def empty_page() -> None:
    """Somewhere else."""
    st.write("Nothing here")


st.set_page_config(layout="wide")
st.navigation([st.Page(viewer_page, title="Viewer"), st.Page(empty_page, title="Empty")]).run()
