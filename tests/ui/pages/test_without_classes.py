"""Pages with a network that names no classes: no verdict is made up, and what works is offered."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from attnviz.methods.base import METHODS, Nature
from attnviz.models.vision_model import VisionModel
from attnviz.ui.kit import model_picker
from attnviz.ui.pages.compare.fitting import reason_unfit
from tests.paths import PAGES
from tests.ui.pages.evidence.evidence_pages import assert_fine, html_of
from tests.ui.pages.layers.layers_pages import in_place_of_the_catalogue, without_classes


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> VisionModel:
    st.cache_resource.clear()
    st.cache_data.clear()
    in_place_of_the_catalogue(monkeypatch, "vit")
    loaded: VisionModel = model_picker.cached_model()  # type: ignore[call-arg]
    without_classes(loaded)
    return loaded


def opened(name: str, **address: str) -> AppTest:
    page = AppTest.from_file(str(PAGES / name), default_timeout=120)
    for key, value in address.items():
        page.query_params[key] = value
    return page.run()


def titles(page: AppTest) -> list[str]:
    return list(page.selectbox(key="look").options)


def test_focus_shows_attention_and_no_verdict(model: VisionModel) -> None:
    page = opened("1_Focus.py")
    assert_fine(page)
    (told,) = [one.value for one in page.info]
    assert "names no classes, so it gives no verdict" in told
    assert "av-bars" not in html_of(page)
    assert page.selectbox(key="look").value == "attention"
    assert "What does the decision rest on?" not in titles(page)
    for method in METHODS:
        offered = any(title.startswith(f"{method.title} ·") for title in titles(page))
        explains = method.nature is Nature.RELEVANCE and not method.classless
        assert not (offered and explains), method.name


def test_what_is_tapped_has_no_name(model: VisionModel) -> None:
    page = opened("1_Focus.py", tap=".4,.5")
    assert_fine(page)
    assert any("it has no name for this" in one.value for one in page.caption)


def test_evidence_asks_what_needs_no_class(model: VisionModel) -> None:
    page = opened("5_Evidence.py", evidence="budget")
    assert_fine(page)
    (told,) = [one.value for one in page.info if "names no classes" in one.value]
    assert "no decision to put to the test" in told
    assert page.segmented_control(key="evidence").options == ["Sanity check"]
    page.button(key="begin sanity").click().run()
    assert_fine(page)
    assert any("rank correlation" in one.proto.body for one in page.get("html"))


def test_compare_says_why_a_decision_is_missing(model: VisionModel) -> None:
    assert reason_unfit(model.spec, "attention", "") == ""
    for look in ("decision", "grad-cam", "rise"):
        assert "names no classes, so there is no decision" in reason_unfit(model.spec, look, "")
    assert reason_unfit(model.spec, "eigen-cam", "") == ""


def test_features_are_one_click_away(model: VisionModel, monkeypatch: pytest.MonkeyPatch) -> None:
    turned: list[str] = []
    monkeypatch.setattr(st, "switch_page", lambda path: turned.append(path.name))
    page = opened("1_Focus.py")
    page.button(key="see features").click().run()
    assert turned == ["3_Features.py"]
    assert (PAGES / turned[0]).is_file()
