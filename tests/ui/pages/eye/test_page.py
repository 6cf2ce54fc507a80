"""The page "Eye" run by Streamlit's own test runner, on small networks."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
import streamlit as st
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from attnviz.export.png import read_provenance
from attnviz.models.vision_model import VisionModel
from attnviz.ui.kit import model_picker
from tests.paths import PAGES
from tests.ui import menus
from tests.ui.pages.layers.layers_pages import small_network

PAGE = PAGES / "8_Eye.py"
SALIENCY = ["Itti-Koch saliency", "Spectral residual"]


def eye_page(monkeypatch: pytest.MonkeyPatch, kind: str | None = "cbam") -> AppTest:
    """The page with a small network instead of the catalogue's, or with none; not yet run."""
    st.cache_resource.clear()  # another test's network has the same name
    st.cache_data.clear()
    model: VisionModel | None = small_network(kind)[0] if kind else None
    if model is None:
        monkeypatch.setattr("attnviz.ui.kit.page_frame.pick_model", lambda: None)
    monkeypatch.setattr(model_picker, "cached_model", lambda *_: model)
    monkeypatch.setattr(model_picker, "fetch_weights", lambda *_: None)
    return AppTest.from_file(str(PAGE), default_timeout=120)


def sent(page: AppTest) -> dict[str, Any]:
    (one,) = [
        part for part in page.get("bidi_component") if part.proto.component_name == "attnviz.eye"
    ]
    (length,) = struct.unpack_from("<I", one.proto.bytes)
    header: dict[str, Any] = json.loads(one.proto.bytes[4 : 4 + length])
    return {**header, "widget": one.proto.id}


def saved(page: AppTest) -> list[str]:
    """What the menu of files offers."""
    return [one.proto.label for one in page.get("download_button")]


def assert_fine(page: AppTest) -> None:
    assert not page.exception
    assert not page.error


def html_of(page: AppTest) -> str:
    return "\n".join(one.proto.body for one in page.get("html"))


def test_the_browser_is_sent_every_map_with_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    page = eye_page(monkeypatch).run()
    assert_fine(page)
    header = sent(page)
    titles = [path["title"] for path in header["paths"]]
    assert titles == ["The model's attention", "The model's decision", *SALIENCY]
    for path in header["paths"]:
        assert bool(path["stops"]) is not bool(path["refused"]), path["title"]
        strengths = [stop["strength"] for stop in path["stops"]]
        assert strengths == [] or strengths[0] == 1
    said = html_of(page)
    assert "does not look blurred" in said
    assert "10.1093/nc/niab006" in said
    assert header["fundus"]["side"] == 1411


def test_a_network_without_attention_leads_by_its_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    things = menus.offered(monkeypatch)
    page = eye_page(monkeypatch, "none").run()
    assert_fine(page)
    (model,) = things
    assert read_provenance(menus.written(model, "focus"))["method"] == "competition"
    assert [path["title"] for path in sent(page)["paths"]] == ["The model's decision", *SALIENCY]


def test_without_a_network_the_eye_still_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    page = eye_page(monkeypatch, None).run()
    assert_fine(page)
    assert [path["title"] for path in sent(page)["paths"]] == SALIENCY


def test_a_picture_that_is_asked_for_can_be_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    page = eye_page(monkeypatch, None).run()
    assert not page.get("download_button")
    header = sent(page)
    asked = {
        "photoId": header["photoId"], "fixations": [[0.5, 0.5]], "pixelsPerDegree": 40,
        "distance": 55, "coarser": 3, "leastContrast": 1 / 64, "decay": 0.106, "halfAngle": 2.3,
    }  # fmt: skip

    def ask(value: object) -> None:
        message = WidgetState()
        message.id = f"$$STREAMLIT_INTERNAL_KEY_{header['widget']}__events"
        message.json_trigger_value = json.dumps([{"event": "save_request", "value": value}])
        states = page._tree.get_widget_states()
        states.widgets.append(message)
        page._run(states)

    ask({"fixations": "nonsense"})
    assert_fine(page)
    assert not page.get("download_button")
    ask(asked)
    assert_fine(page)
    assert saved(page) == ["This view", "This view, WebP"]
    assert any("one fixation, viewed from 55 cm, 3 × coarser" in one.value for one in page.caption)
    page.run()
    assert saved(page) == ["This view", "This view, WebP"], "while the picture is there"


def test_without_webgl_the_server_shows_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    page = eye_page(monkeypatch, None)
    page.session_state["no webgl"] = True
    page.run()
    assert_fine(page)
    assert any("no WebGL2" in one.value for one in page.caption)
    place = next(one.value for one in page.markdown if "cycles per degree" in one.value)
    assert place.startswith("**macula**: 4.8° to the left, 0.0° down of the fovea, 1.4 mm.")
    page.selectbox(key="plain eye path").set_value(SALIENCY[0]).run()
    assert_fine(page)
    page.slider(key=f"plain eye at {SALIENCY[0]}").set_value(3).run()
    assert_fine(page)
    assert saved(page) == ["This view", "This view, WebP"]


@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("plain eye distance", "viewing distance is 0"),
        ("plain eye width", "width of the screen in centimetres is 0"),
    ],
)
def test_a_distance_or_a_screen_of_zero_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, key: str, what: str
) -> None:
    page = eye_page(monkeypatch, None)
    page.session_state["no webgl"] = True
    page.run()
    page.number_input(key=key).set_value(0.0).run()
    assert not page.exception
    (error,) = page.error
    assert what in error.value.replace("\\", "")
