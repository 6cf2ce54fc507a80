"""The section "Sanity check": asked for, drawn, and its word kept for the other pages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from attnviz.analysis.explain import explain
from attnviz.evidence.randomisation.cascade import MapSimilarity, RandomisationStep, SanityCheck
from attnviz.models.loading import load_model
from attnviz.pictures import open_sample
from attnviz.ui.kit.picture_cache import SHOWN_SIDE
from attnviz.ui.pages.evidence import sanity as section
from attnviz.ui.pages.evidence.sanity import describe_sanity
from attnviz.ui.pages.evidence.sanity_chart import sanity_chart
from tests.ui.pages.evidence.evidence_pages import PAGE, assert_fine, evidence_page, html_of

FOCUS = PAGE.with_name("1_Focus.py")
MAP = np.outer(np.arange(4), np.arange(5)).astype(np.float32)


def sanity(
    *ranks: float | None, control: float | None = 0.1, again: tuple[float, ...] = ()
) -> SanityCheck:
    """Steps of these rank correlations, and further shuffles; None is flat."""
    alike = [None if one is None else MapSimilarity(one, one / 2, 0.3) for one in ranks]
    names = ["", "head", "<i>stem</i>"][: len(ranks)]
    steps = [RandomisationStep(name, MAP, one) for name, one in zip(names, alike, strict=True)]
    return SanityCheck(
        tuple(steps),
        None if control is None else MapSimilarity(control, 0, 0.2),
        MAP,
        tuple(MapSimilarity(one, 0, 0) for one in again),
    )


def checked(page: AppTest) -> AppTest:
    (button,) = [one for one in page.button if one.label == "Run the check"]
    return button.click().run()


def test_a_network_is_checked_on_request_and_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = evidence_page(monkeypatch, "none", evidence="sanity").run()
    assert_fine(page)
    (cost,) = page.info
    assert "12 to 18 maps" in cost.value
    assert "av-film" not in html_of(page)
    checked(page)
    assert_fine(page)
    shown = html_of(page)
    names = ["trained", "head", "features.6", "features.4", "features.1", "features.0", "control"]
    assert [name for name in names if f"<figcaption>{name}<br>" in shown] == names
    assert shown.count("<figure") == len(names)
    assert shown.count("rank correlation") + shown.count("<br>flat") >= len(names) - 1
    passes = len(page.session_state["passes"])
    page.run()
    assert len(page.session_state["passes"]) == passes
    assert "av-film" in html_of(page)


def test_what_is_found_out_is_said_above_the_sections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(section, "check_sanity", lambda *_, **__: sanity(1.0, 0.95, 0.91))
    page = evidence_page(monkeypatch, "none", evidence="sanity").run()
    checked(page)
    assert_fine(page)
    (warning,) = page.warning
    assert "insensitive to this model" in warning.value
    assert "Insensitive to the model" in html_of(page)
    assert "<i>stem" not in html_of(page)
    assert "&lt;i&gt;stem" in html_of(page)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (sanity(1.0, 0.9, 0.85), "Insensitive to the model: with all layers random"),
        (sanity(1.0, 0.6, 0.2), "The map depends on what the network learned"),
        (sanity(1.0, 0.6, 0.2), "its rank correlation is +0.20; the control is at +0.10"),
        (sanity(1.0, 0.6, 0.2), "It loses its order when head becomes random"),
        (sanity(1.0, 0.9, None), "it is flat"),
        (sanity(1.0, 0.9, 0.8, control=0.9), "The check is inconclusive"),
        (sanity(1.0, 0.9, 0.8, control=None), "Insensitive to the model"),
        (sanity(1.0, 0.9, 0.7), "A borderline case: with all layers random"),
        (sanity(1.0, 0.9, 0.7, again=(0.68, 0.75)), "is +0.71 (+0.68 to +0.75 in 3 shuffles)"),
        (sanity(1.0, 0.9, 0.85, again=(0.3, 0.8)), "A borderline case"),
        (sanity(1.0, 0.6, -0.1, again=(0.2, 0.2)), "is +0.10 (−0.10 to +0.20 in 3 shuffles)"),
        (sanity(1.0, 0.9, None, again=(0.1, 0.2)), "The map depends on what the network learned"),
    ],
)
def test_the_verdict_in_words(found: SanityCheck, words: str) -> None:
    assert words in describe_sanity(found)


def points(chart: dict[str, Any]) -> list[dict[str, Any]]:
    own = [layer["data"] for layer in chart["layer"] if "data" in layer]
    return [row for data in own or [chart["data"]] for row in data["values"]]


def test_the_chart_has_a_point_for_each_measure_and_none_for_a_flat_map() -> None:
    rows = points(sanity_chart(sanity(1.0, None, 0.4, control=0.25)).to_dict())
    ranks = [(row["step"], row["value"]) for row in rows if row["kind"] == "rank correlation"]
    assert ranks == [("trained", 1.0), ("<i>stem</i>", 0.4)]
    (level,) = [row for row in rows if row["kind"] == "control (ranks)"]
    assert level["value"] == 0.25
    without = points(sanity_chart(sanity(1.0, 0.4, control=None)).to_dict())
    assert len(without) == 6


def test_the_focus_page_says_it_too() -> None:
    page = AppTest.from_file(str(FOCUS), default_timeout=120).run()
    assert_fine(page)
    assert not page.warning
    model = load_model("ran-small", "cpu")
    explanation = explain(model, open_sample("china").reduced(SHOWN_SIDE), "auto")
    key = (model.name, model.weights_sha256, explanation.method)
    page.session_state["insensitive"] = {key: {"stage3.attention"}}
    page.run()
    (warning,) = page.warning
    assert "insensitive to this model" in warning.value
    page.session_state["look"] = "grad-cam"
    page.run()
    assert_fine(page)
    assert not page.warning
