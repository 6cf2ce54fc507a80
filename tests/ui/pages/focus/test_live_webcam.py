"""The live webcam on the focus page: what is offered, refused and asked of the browser."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from attnviz.ui.kit.live_streams import LIVE_STREAMS
from attnviz.ui.kit.live_streams import VARIABLE as MOST
from attnviz.video.live.stream import LiveStream
from attnviz.viewer.view import Mode
from tests.ui.pages.focus.test_page import PAGE, assert_fine


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit's test runner has no session of a server; the browser test has one."""
    monkeypatch.setattr("streamlit_webrtc.component.get_this_session_info", lambda: None)


def _opened() -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=120).run()
    page.button(key="webcam button").click().run()
    assert_fine(page)
    return page


def _camera(page: AppTest) -> dict[str, Any]:
    """What the browser's part is told."""
    (part,) = page.get("component_instance")
    return dict(json.loads(part.proto.json_args))


def _asked(page: AppTest) -> tuple[Any, Any]:
    live: LiveStream = page.session_state["webcam stream"]
    return live._asked


def test_it_opens_on_request_and_follows_the_controls_without_a_new_connection() -> None:
    page = _opened()
    told = _camera(page)
    assert told["rtc_configuration"] == {"iceServers": []}, "no server of others is asked"
    assert told["media_stream_constraints"]["audio"] is False
    assert not page.get("bidi_component") or all(
        one.proto.component_name != "attnviz.viewer" for one in page.get("bidi_component")
    )
    live = page.session_state["webcam stream"]
    assert not live.working, "nothing runs before there are frames"
    question, view = _asked(page)
    layers = page.select_slider(key="layer").options
    page.select_slider(key="layer").set_value(layers[0])
    page.slider(key="plain radius").set_value(5.0)
    page.segmented_control(key="webcam shows").set_value("heat").run()
    assert_fine(page)
    assert page.session_state["webcam stream"] is live
    assert question.layer != layers[0] == _asked(page)[0].layer
    assert (_asked(page)[1].mode, _asked(page)[1].radius) == (Mode.HEAT, 0.05)
    assert view.mode is not Mode.HEAT

    page.selectbox(key="look").set_value("decision").run()
    assert _asked(page)[0].method != question.method
    page.button(key="webcam button").click().run()
    assert_fine(page)
    assert live.closed
    assert not page.get("component_instance")


def test_a_method_of_many_passes_is_refused_by_name() -> None:
    page = _opened()
    page.selectbox(key="look").set_value("occlusion").run()
    assert_fine(page)
    assert any("Occlusion" in one.value and "not shown live" in one.value for one in page.info)
    assert not page.get("component_instance")
    assert not [one for one in page.button if one.label == "Look"], "nor is it computed"


def test_without_the_extra_it_is_named_and_visitors_are_not_told_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "streamlit_webrtc", None)
    page = _opened()
    assert any("pip install 'attnviz[camera]'" in one.value for one in page.info)
    monkeypatch.setenv("ATTNVIZ_MODE", "hosted")
    page = AppTest.from_file(str(PAGE), default_timeout=120).run()
    assert "webcam button" not in {one.key for one in page.button}


def test_there_are_no_more_than_the_server_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MOST, "1")
    page = _opened()
    other = LiveStream(*_asked(page))
    assert LIVE_STREAMS.admit(other)
    try:
        page.run()
        assert any("takes at a time (1)" in one.value for one in page.info)
        assert not page.get("component_instance")
    finally:
        LIVE_STREAMS.leave(other)
    page.run()
    assert len(page.get("component_instance")) == 1
