"""What the page "Evidence" answers where there is little or nothing to answer; every section."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

from attnviz.evidence.faithfulness.blur_budget import blur_budget
from attnviz.evidence.faithfulness.verdict import measure_faithfulness
from attnviz.export.png import png_with_provenance
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.pictures import open_picture
from attnviz.ui.kit import model_picker
from attnviz.ui.pages.evidence import budget as budget_section
from attnviz.ui.pages.evidence import presence_run
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest
from tests.conftest import TinyCnn
from tests.ui.pages.evidence.evidence_pages import assert_fine, evidence_page, html_of

SECTIONS = ("budget", "presence", "regions", "sanity")
BEGIN = {"presence": "Run deletion and insertion", "sanity": "Run the check"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few pictures for each question."""
    few = partial(blur_budget, radii=(2.0, 12.0), shares=(0, 0.1, 0.5, 1), seeds=1)
    monkeypatch.setattr(budget_section, "blur_budget", few)
    monkeypatch.setattr(
        presence_run, "measure_faithfulness", partial(measure_faithfulness, controls=1)
    )


def answered(page: AppTest, section: str) -> AppTest:
    """The section after its button was pressed, if it has one."""
    page.run()
    for button in page.button:
        if button.label == BEGIN.get(section):
            return button.click().run()
    return page


@pytest.mark.parametrize("section", SECTIONS)
def test_a_network_with_one_class(monkeypatch: pytest.MonkeyPatch, section: str) -> None:
    """Its probability is 1 whatever it sees; only the logit can answer."""
    page = evidence_page(monkeypatch, "none", evidence=section)
    torch.manual_seed(4)
    model = wrap(TinyCnn(1).eval(), Preprocess(size=64, multiple=8), name="one")
    model.spec = replace(model.spec, labels=("thing",))
    monkeypatch.setattr(model_picker, "cached_model", lambda *_: model)
    answered(page, section)
    assert_fine(page)
    shown = re.sub('base64,[^"]*', "", html_of(page)).lower()
    assert not re.search(r"\bnan\b", shown)
    assert "av-verdict" in html_of(page)
    if section == "presence":
        assert "chance" in html_of(page)
        assert len(page.get("vega_lite_chart") or page.get("arrow_vega_lite_chart")) == 3


@pytest.mark.parametrize("section", SECTIONS)
def test_a_uniform_map(monkeypatch: pytest.MonkeyPatch, section: str) -> None:
    """No place comes before another: said in one sentence where the map is what is asked about."""
    monkeypatch.setattr(MapUnderTest, "values", property(lambda _: np.ones((8, 12), np.float32)))
    page = answered(evidence_page(monkeypatch, "none", evidence=section), section)
    assert not page.exception
    if section in ("budget", "presence"):
        (error,) = page.error
        assert "This map is flat" in error.value
        assert "Choose another layer or method" in error.value
    else:
        assert_fine(page)  # these make maps or regions of their own


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (2, 60)])
@pytest.mark.parametrize("section", SECTIONS)
def test_a_picture_smaller_than_a_patch(
    monkeypatch: pytest.MonkeyPatch, section: str, size: tuple[int, int]
) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (*size, 3)).astype(np.uint8)
    source = png_with_provenance(pixels, {})
    assert open_picture(source).pixels.shape == pixels.shape
    page = evidence_page(monkeypatch, "none", evidence=section)
    page.run()
    page.get("file_uploader")[0].upload("tiny.png", source)
    answered(page, section)
    assert not page.exception
    said = [one.value for one in page.error]
    assert said or "av-verdict" in html_of(page)
    for sentence in said:  # a picture of one colour may leave a flat map, or nothing to cut
        assert "Choose another" in sentence or "Divide it by a grid" in sentence


def test_what_stops_the_work_leaves_the_page_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that ends in the middle keeps nothing by halves, and the question stands again."""
    told: list[int] = []

    def ending(subject: Any, values: Any, fills: Any, *, steps: int, progress: Any) -> Any:
        def stop(done: int, total: int) -> None:
            progress(done, total)
            told.append(done)
            raise KeyboardInterrupt

        try:
            return measure_faithfulness(
                subject, values, fills, steps=steps, controls=1, progress=stop
            )
        except KeyboardInterrupt:
            return st.stop()  # ends the run as a click does

    page = evidence_page(monkeypatch, "none", evidence="presence").run()
    monkeypatch.setattr(presence_run, "measure_faithfulness", ending)
    (button,) = [one for one in page.button if one.label == "Run deletion and insertion"]
    button.click().run()
    assert not page.exception
    assert len(told) == 1
    assert "av-pair" not in html_of(page)
    monkeypatch.setattr(
        presence_run, "measure_faithfulness", partial(measure_faithfulness, controls=1)
    )
    page.run()
    assert "av-pair" not in html_of(page)
    (button,) = [one for one in page.button if one.label == "Run deletion and insertion"]
    button.click().run()
    assert_fine(page)
    assert "av-pair" in html_of(page)
