"""A black box on a page: each question takes many passes, so it is asked on request."""

from __future__ import annotations

from functools import cache

import numpy as np
from streamlit.testing.v1 import AppTest

import attnviz
from tests.targets.test_places_by_hand import LABELS, PLAIN


def left_and_right(batch: np.ndarray) -> np.ndarray:
    """How much red there is in the left half, and how much green in the right one."""
    return np.stack([batch[:, 0, :, :4].mean((1, 2)), batch[:, 1, :, 4:].mean((1, 2))], 1)


def found_halves(batch: np.ndarray) -> list[dict[str, object]]:
    """Both halves as boxes, as sure as there is red in the left one and green in the right one."""
    halves = [[0, 0, 4, 8], [4, 0, 8, 8]]
    return [{"boxes": halves, "scores": s, "labels": [1, 2]} for s in left_and_right(batch)]


@cache
def finder() -> attnviz.VisionModel:
    how = {"preprocess": PLAIN, "name": "finder", "outputs": "boxes"}
    return attnviz.black_box(found_halves, LABELS, **how)  # type: ignore[arg-type]


@cache
def box() -> attnviz.VisionModel:
    return attnviz.black_box(left_and_right, LABELS[1:], preprocess=PLAIN, name="halves")


def box_page() -> None:
    import streamlit as st

    from attnviz.ui.kit.explain_picture import explain_photo
    from attnviz.ui.kit.method_picker import pick_method
    from tests.ui.kit.test_black_boxes import box, finder
    from tests.ui.kit.test_found_picker import two_halves

    model = finder() if st.checkbox("Find", key="find") else box()
    explanation = explain_photo(two_halves(), model, pick_method(model))
    if explanation:
        (grid,) = explanation.maps
        left, right = grid[:, :4].mean(), grid[:, 4:].mean()
        st.text(f"{explanation.method} {explanation.target_text} {left > right}")


def test_a_decision_is_explained_on_request_by_hiding_parts() -> None:
    page = AppTest.from_function(box_page, default_timeout=120).run()
    assert not page.exception
    assert page.selectbox(key="look").options[0] == "What does the decision rest on?"
    assert not page.text, "nothing is computed without a click"
    assert "2,001 forward passes" in page.info[0].value
    (button,) = [one for one in page.button if one.label == "Look"]
    button.click().run()
    assert not page.exception
    assert page.text[0].value == "rise red True"
    page.selectbox(key="target").set_value("green")
    page.selectbox(key="look").set_value("occlusion").run()
    (button,) = [one for one in page.button if one.label == "Look"]
    button.click().run()
    assert page.text[0].value == "occlusion green False"


def test_what_a_detector_finds_is_asked_about_on_request_too() -> None:
    page = AppTest.from_function(box_page, default_timeout=120).run()
    page.checkbox(key="find").check().run()
    assert not page.exception
    assert page.radio(key="found thing").options == ["red 0.80", "green 0.60", "another place"]
    assert "random masks for detectors" in page.info[0].value
    page.radio(key="found thing").set_value("1").run()
    (button,) = [one for one in page.button if one.label == "Look"]
    button.click().run()
    assert not page.exception
    assert page.text[0].value == "d-rise box:.5,0,1,1,green False"
