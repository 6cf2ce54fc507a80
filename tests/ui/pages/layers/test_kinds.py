"""The three kinds of attention at the top of the page "Layers"."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from attnviz.models.catalogue import find_model, list_models
from attnviz.ui.pages.layers.kinds import KINDS, AttentionKind, kind_card

SVG = "{http://www.w3.org/2000/svg}"


def cards() -> None:
    import streamlit as st

    from attnviz.ui.pages.layers.kinds import show_kinds

    show_kinds()
    st.code(st.session_state.get("model", ""))


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("ATTNVIZ_WEIGHTS", raising=False)
    return AppTest.from_function(cards, default_timeout=60).run()


def test_each_kind_offers_the_models_here_that_show_it_best(page: AppTest) -> None:
    assert not page.exception
    offered = [one.key for one in page.button]
    assert offered == [
        "spatial ran-small",
        "spatial lens",
        "channel cbam-small",
        "context vit-small",
    ]
    page.button(key="context vit-small").click().run()
    assert page.code[0].value == "vit-small"


def test_the_rest_of_a_kind_is_counted(page: AppTest) -> None:
    texts = [one.value for one in page.caption]
    having = {kind.kind: sum(kind.kind in spec.kinds for spec in list_models()) for kind in KINDS}
    shown = {kind.kind: sum(one.key.startswith(kind.kind) for one in page.button) for kind in KINDS}
    expected = [
        f"and {having[kind] - shown[kind]} more: type *{kind}* into the box for the model"
        for kind in having
        if having[kind] > shown[kind]
    ]
    assert texts == expected
    assert find_model("cbam-small").kinds == ("spatial", "channel", "features")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_card_is_well_formed_and_its_drawing_stays_inside(kind: AttentionKind) -> None:
    card = ET.fromstring(kind_card(kind))
    (image,) = card.iter("img")
    assert image.get("alt") == "", "the sentence says it"
    svg = ET.fromstring(base64.b64decode(str(image.get("src")).partition("base64,")[2]))
    shapes = list(svg)
    assert len(shapes) > 5
    for rect in svg.iter(f"{SVG}rect"):
        x, y, width, height = (
            float(rect.get(name, "nan")) for name in ("x", "y", "width", "height")
        )
        assert 0 <= x <= x + width <= 96
        assert 0 <= y <= y + height <= 48
    assert all(0 < float(shape.get("opacity", 1)) <= 1 for shape in shapes)
    assert len({shape.get("opacity") for shape in shapes}) > 3, "weights differ"
