"""The section "Blur budget" of the page "Evidence", run by Streamlit's own test runner."""

from __future__ import annotations

import json
import struct
from functools import partial
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from attnviz.errors import EvidenceError
from attnviz.evidence.faithfulness.blur_budget import blur_budget
from attnviz.ui.kit import model_picker
from attnviz.ui.pages.evidence import budget as section
from tests.paths import PAGES
from tests.ui.pages.layers.layers_pages import small_network

PAGE = PAGES / "5_Evidence.py"
QUICK = partial(blur_budget, radii=(2.0, 12.0), shares=(0, 0.1, 0.5, 1), seeds=2)


def new_page(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page on a small network without training, with a small table."""
    st.cache_resource.clear()
    model, _ = small_network("cbam")
    monkeypatch.setattr(model_picker, "cached_model", lambda *_: model)
    monkeypatch.setattr(model_picker, "fetch_weights", lambda *_: None)
    monkeypatch.setattr(section, "blur_budget", QUICK)
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    page.session_state["evidence"] = "budget"
    return page


def tables(page: AppTest) -> list[dict[str, Any]]:
    """The headers of the tables on the page."""
    found = []
    for part in page.get("bidi_component"):
        if part.proto.component_name == "attnviz.budget_table":
            (length,) = struct.unpack("<I", part.proto.bytes[:4])
            found.append(json.loads(part.proto.bytes[4 : 4 + length]))
    return found


def html_of(page: AppTest) -> str:
    return "\n".join(one.proto.body for one in page.get("html"))


def test_it_begins_by_itself_and_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(*given: Any, **more: Any) -> Any:
        asked.append(1)
        return QUICK(*given, **more)

    page = new_page(monkeypatch)
    monkeypatch.setattr(section, "blur_budget", counted)
    page.run()
    assert not page.exception
    assert not page.error
    (table,) = tables(page)
    assert table["shares"] == [0, 0.1, 0.5, 1]
    assert table["size"] == [128, 192]
    pictures = [one for one in table["arrays"] if one["name"].startswith("picture ")]
    assert len(pictures) == 3
    assert table["recognised"][0] == [1, 1, 1, 1]
    assert "class " in table["label"]
    hidden = table["recognised"][-1][0] == 0
    assert ("Smallest sharp share that keeps the decision" in html_of(page)) is hidden
    assert "the network still says" in html_of(page)
    assert html_of(page).count("av-track") == 4
    (chart,) = page.get("arrow_vega_lite_chart") or page.get("vega_lite_chart")
    assert "Probability" in chart.proto.spec
    computed = len(asked)
    assert computed in (1, 2)  # a slow machine shows a rough answer first
    page.toggle(key="evidence budget margin").set_value(True).run()
    (chart,) = page.get("arrow_vega_lite_chart") or page.get("vega_lite_chart")
    assert "Margin, logits" in chart.proto.spec
    assert tables(page) == [table]
    assert len(asked) == computed
    assert "Save as a report" in [one.proto.label for one in page.get("download_button")]
    _, found = page.session_state["evidence found"]
    assert list(found) == ["Is the sharp region enough?"]
    assert "the network still says" in found["Is the sharp region enough?"].headline


def test_another_layer_is_asked_about_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    page = new_page(monkeypatch).run()
    (first,) = tables(page)
    layers = page.selectbox(key="evidence layer")
    other = next(one for one in layers.options if one != layers.value)
    layers.set_value(other).run()
    assert not page.exception
    (second,) = tables(page)
    assert second["id"] != first["id"]
    before, after = first["probability"], second["probability"]
    assert before[0] == after[0], "the sharp picture is the same"
    assert before[2][1:3] != after[2][1:3]


def test_a_map_that_cannot_be_asked_about_gets_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise EvidenceError("This map is *flat*.")

    page = new_page(monkeypatch)
    monkeypatch.setattr(section, "blur_budget", refuse)
    page.run()
    assert not page.exception
    (error,) = page.error
    assert "flat" in error.value
    assert tables(page) == []


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("contrast:class 3|class 5", "class 3 rather than class 5"),
        ("patch:.4,.6", "the patch 40 % from the left and 60 % from the top"),
    ],
)
def test_any_score_has_a_budget(monkeypatch: pytest.MonkeyPatch, asked: str, says: str) -> None:
    page = new_page(monkeypatch)
    page.session_state["look"] = "grad-cam"
    page.query_params["target"] = asked
    page.run()
    assert not page.exception
    assert not page.error
    (table,) = tables(page)
    assert table["label"] == says
    assert page.query_params["target"] in (asked, [asked])
    chances = table["probability"]
    if asked.startswith("patch"):
        assert chances[0] == [1, 1, 1, 1], "all of the score of the sharp picture is left"
        assert any("counts as kept while at least half is left" in c.value for c in page.caption)
    else:
        opposite = "class 5 rather than class 3"
        assert set(table["names"]) <= {says, opposite}
        kept = [name for row in table["says"] for name in row]
        ahead = [chance >= 0.5 for row in chances for chance in row]
        assert [table["names"][one] == says for one in kept] == ahead
