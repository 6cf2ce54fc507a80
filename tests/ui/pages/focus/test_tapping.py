"""Tapping a thing on the page "Focus": it becomes sharp, and what the model may see is named."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from attnviz.render.pointed import POINTED
from tests.ui.pages.focus.test_edges import opened, show
from tests.ui.pages.focus.test_page import LAYERS, assert_fine, header, html_of, tell


def tap(page: AppTest, x: float, y: float) -> AppTest:
    """What the browser tells of a tap, in the run that it causes."""
    page.session_state["viewer"] = {"picked": {"x": x, "y": y, "layer": ""}}
    page.run()
    page.session_state["viewer"] = {}  # a tap is told once
    assert_fine(page)
    return page


def names(page: AppTest) -> list[str]:
    return [layer["name"] for layer in header(page)["layers"]]


def test_the_thing_at_the_point_becomes_sharp_and_the_candidates_come_after() -> None:
    page = opened()
    first = header(page)["viewId"]
    tap(page, 0.36, 0.3)
    sent = header(page)
    assert names(page) == [*LAYERS, POINTED]
    assert (sent["view"]["layer"], sent["view"]["outline"]) == (POINTED, True)
    assert len(sent["mattes"]) == len(sent["layers"])
    assert sent["viewId"] != first, "the browser turns to it"
    assert sent["layers"][-1]["title"] == "Around the point"
    (said,) = [piece for piece in html_of(page) if "Here the model may see" in piece]
    assert "church" in said
    assert page.query_params["tap"] == "0.3600,0.3000"


def test_the_same_tap_told_twice_moves_nothing_and_another_does() -> None:
    page = tap(opened(), 0.36, 0.3)
    first = header(page)["viewId"]
    assert header(tap(page, 0.36, 0.3))["viewId"] == first
    maps = header(page)["id"]
    assert header(tap(page, 0.7, 0.8))["viewId"] != first
    assert header(page)["id"] != maps


def test_the_way_back_leads_to_what_was_shown_before() -> None:
    page = opened(layer=LAYERS[0], mode="heat")
    tap(page, 0.36, 0.3)
    assert header(page)["view"]["mode"] == "bokeh", "a map alone has nothing sharp"
    page.button(key="leave tap").click().run()
    assert_fine(page)
    view = header(page)["view"]
    assert (view["layer"], view["mode"], view["outline"]) == (LAYERS[0], "heat", False)
    assert names(page) == LAYERS
    assert "tap" not in page.query_params


def test_another_layer_or_photo_ends_it() -> None:
    page = tap(opened(picture="sample:flower"), 0.5, 0.5)
    tell(page, layer=LAYERS[1])
    assert page.session_state["viewer controls"].layer == LAYERS[1]
    page.run()
    assert page.session_state["viewer controls"].outline is None, "edges are the page's again"
    tap(page, 0.4, 0.5)
    show(page, "china")
    assert names(page) == LAYERS
    assert header(page)["view"]["layer"] in LAYERS
    assert not any("Where you tapped" in piece for piece in html_of(page))


def test_a_link_brings_the_point_along() -> None:
    page = opened(tap="0.36,0.3", layer=POINTED, outline="1")
    assert names(page)[-1] == POINTED
    assert header(page)["view"]["layer"] == POINTED
    assert any("Where you tapped" in piece for piece in html_of(page))


@pytest.mark.parametrize("text", ["", "1", "2,3", "nan,0.5", "0.5,inf", "a,b", "0.1,0.2,0.3"])
def test_a_point_that_is_none_is_left_out(text: str) -> None:
    page = opened(tap=text, layer=POINTED)
    assert names(page) == LAYERS
    assert header(page)["view"]["layer"] in LAYERS
