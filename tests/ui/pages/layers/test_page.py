"""The page "Layers" run by Streamlit's own test runner, on networks of each kind."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest
import streamlit as st
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from attnviz.analysis import layer_trace
from attnviz.analysis.layer_trace import head_maps, trace_layers
from attnviz.export.png import read_provenance
from attnviz.ui.kit import model_picker, picture_cache
from attnviz.ui.kit.save_menu import Savable
from attnviz.ui.pages.layers import page as layers_page
from attnviz.ui.pages.layers.self_attention import parse_point
from tests.paths import PAGES
from tests.ui.menus import offered, written
from tests.ui.pages.layers.layers_pages import small_network
from tests.ui.viewers import viewer_headers

PAGE = PAGES / "2_Layers.py"
BLOCKS = [f"blocks.{n}.attention" for n in range(3)]


def open_page(
    monkeypatch: pytest.MonkeyPatch | None = None,
    kind: str = "",
    link: dict[str, str] | None = None,
) -> AppTest:
    """The page, with a small network instead of the catalogue's where `kind` is given.

    link: what the address says when the page is opened.
    """
    st.cache_resource.clear()  # a trace of another test would hide a pass
    if monkeypatch is not None:
        model, passes = small_network(kind)
        monkeypatch.setattr(model_picker, "cached_model", lambda *_: model)
        monkeypatch.setattr(model_picker, "fetch_weights", lambda *_: None)
        page = AppTest.from_file(str(PAGE), default_timeout=120)
        page.session_state["passes"] = passes
        for key, value in (link or {}).items():
            page.query_params[key] = value
        return page.run()
    return AppTest.from_file(str(PAGE), default_timeout=120).run()


def assert_fine(page: AppTest) -> None:
    assert not page.exception
    assert not page.error


def texts(page: AppTest) -> str:
    parts = [*page.caption, *page.markdown, *page.subheader, *page.info]
    return "\n".join(
        [*(str(one.value) for one in parts), *(one.proto.body for one in page.get("html"))]
    )


def test_soft_masks_of_the_shipped_network_are_shown_with_spread_and_share() -> None:
    page = open_page()
    assert_fine(page)
    (sent,) = viewer_headers(page)
    assert [one["name"] for one in sent["layers"]] == [f"stage{n}.attention" for n in (1, 2, 3)]
    assert sent["shares"] is True
    assert sent["title"] == "Attention"
    assert all(0 <= one["low"] <= one["high"] <= 1 for one in sent["layers"])
    assert "does not make them important" in texts(page)
    page.selectbox(key="layers mask").set_value("mask-effect").run()
    assert_fine(page)
    assert viewer_headers(page)[0]["legend"] == "Effect of the mask."
    assert viewer_headers(page)[0]["shares"] is False
    assert "does not make them important" not in texts(page)
    assert "ran-small" in page.query_params["model"]
    assert "sample:china" in page.query_params["picture"]


def test_masks_of_a_class_are_not_said_to_weigh_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNVIZ_MODEL", "lens")
    page = open_page()
    assert_fine(page)
    (sent,) = viewer_headers(page)
    strides = [f"stride{n}" for n in (32, 16, 8, 4)]
    assert [one["name"] for one in sent["layers"]] == [*strides, "necessary"]
    assert "whose answers they do not change" in texts(page)
    assert "Contribution of each mask" not in texts(page)


def test_a_clicked_point_asks_in_every_layer_without_a_new_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    things = offered(monkeypatch)
    page = open_page(monkeypatch, "vit")
    assert_fine(page)
    passes = len(page.session_state["passes"])
    assert passes > 0
    before = viewer_headers(page)[0]
    assert [one["name"] for one in before["layers"]] == BLOCKS
    assert page.radio(key="layers query").value == "class"
    sha = picture_cache.shown_sample("china").sha256
    seen = []
    for x, y in ((0.3, 0.6), (0.9, 0.2)):
        page.session_state["layers point"] = (sha, x, y)
        page.radio(key="layers query").set_value("point").run()
        assert_fine(page)
        seen.append(viewer_headers(page)[0])
        assert f"The query is the point {100 * x:.0f} % from the left" in texts(page)
        assert "the marked point" in seen[-1]["legend"]
    for one, other in ((before, seen[0]), (seen[0], seen[1])):
        for a, b in zip(one["layers"], other["layers"], strict=True):
            assert (a["low"], a["high"]) != (b["low"], b["high"])
    assert len(page.session_state["passes"]) == passes
    assert_saved(things[-2:], "the marked point")


def assert_saved(things: list[Savable], query: str) -> None:
    """Files hold the maps that the viewer shows, and those of all heads of one layer."""
    shown, heads = things
    assert (shown.title, heads.title) == ("Self-attention", f"Heads of {BLOCKS[-1]}")
    source, series = shown.make(), heads.make()
    assert source.explanation.layers == tuple(BLOCKS)
    assert len(series.maps) == 2
    # The viewer shows the mean of the heads.
    np.testing.assert_allclose(source.explanation.maps[-1], np.mean(series.maps, 0), atol=1e-6)
    assert query in read_provenance(written(shown, "overlay"))["query"]
    facts = json.loads(Image.open(io.BytesIO(written(heads, "gif"))).info["comment"])
    assert facts["layer"] == BLOCKS[-1]
    assert query in facts["query"]
    for name in ("model", "weights sha256", "input", "picture", "picture sha256"):
        assert facts[name] == source.explanation.provenance[name]
    assert b"Relevance" not in written(shown, "report")


def test_heads_and_queries_are_kept_and_fused(monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page(monkeypatch, "vit")
    assert page.selectbox(key="layers head").options[-1] == "Head 2"
    highs = {}
    for head in ("mean", "max", "0", "1"):
        page.selectbox(key="layers head").set_value(head).run()
        assert_fine(page)
        highs[head] = viewer_headers(page)[0]["layers"][2]["high"]
    assert highs["max"] == pytest.approx(max(highs["0"], highs["1"]))
    assert highs["mean"] < highs["max"]
    assert page.query_params["layers head"] == "1"
    assert "av-grid" in texts(page)
    assert "cannot be compared" in texts(page)
    page.toggle(key="layers stretched").set_value(False).run()
    assert "one scale for all" in texts(page)
    page.segmented_control(key="layers artefacts").set_value("mark").run()
    assert_fine(page)
    assert re.search(r"of (the )?\d+ tokens", texts(page))


def test_artefact_tokens_are_marked_on_the_photo_or_masked_in_every_map(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    traced = trace_layers(small_network("vit")[0], picture_cache.shown_sample("china"))
    before = head_maps(traced, "class")[2].values.mean(0)
    row, column = np.unravel_index(before[1:-1, 1:-1].argmax(), before[1:-1, 1:-1].shape)
    spot = np.zeros(before.shape, bool)
    spot[row + 1, column + 1] = True
    monkeypatch.setattr(
        layer_trace, "artefact_tokens", lambda _features: torch.from_numpy(spot)[None]
    )
    around = before[row : row + 3, column : column + 3]
    masked = np.where(spot, (around.sum() - around[1, 1]) / 8, before)
    assert masked.max() < before.max(), "or the highest value would not tell"
    page = open_page(monkeypatch, "vit")
    sent, cells = {}, {}
    for choice in ("show", "mark", "mask"):
        page.segmented_control(key="layers artefacts").set_value(choice).run()
        assert_fine(page)
        (sent[choice],) = viewer_headers(page)
        (cells[choice],) = [
            one.proto.body for one in page.get("html") if "av-grid" in one.proto.body
        ]
    highs = {choice: one["layers"][2]["high"] for choice, one in sent.items()}
    assert highs["show"] == highs["mark"] == pytest.approx(float(before.max()), rel=1e-3)
    assert highs["mask"] == pytest.approx(float(masked.max()), rel=1e-3)
    assert sent["mark"]["photo"]["id"] != sent["show"]["photo"]["id"] == sent["mask"]["photo"]["id"]
    assert cells["show"] == cells["mark"] != cells["mask"]
    assert (
        f"1 of {spot.size} tokens: the network stores global information there, filled in"
        in texts(page)
    )


def test_a_link_keeps_the_point_and_the_head(monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page(monkeypatch, "vit")
    sha = picture_cache.shown_sample("china").sha256
    page.session_state["layers point"] = (sha, 0.3, 0.62)
    page.selectbox(key="layers head").set_value("1")
    page.radio(key="layers query").set_value("point").run()
    link = {key: page.query_params[key] for key in page.query_params}
    assert link["layers point"] == "0.300,0.620"
    shown = viewer_headers(page)[0]["layers"]
    again = open_page(monkeypatch, "vit", link)
    assert_fine(again)
    assert again.radio(key="layers query").value == "point"
    assert "The query is the point 30 % from the left and 62 % from the top" in texts(again)
    assert viewer_headers(again)[0]["layers"] == shown


@pytest.mark.parametrize(
    "told", ["", "0.5", "nan,0.2", "1.5,0.2", "-0.1,0.2", "0.1,0.2;x", "٠.1,0.2"]
)
def test_a_point_that_makes_no_sense_is_the_middle(told: str) -> None:
    assert parse_point(told) == (0.5, 0.5)
    assert parse_point("0.250,1.000") == (0.25, 1.0)


def test_gates_and_masks_of_one_network_stand_on_one_page(monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page(monkeypatch, "cbam")
    assert_fine(page)
    (sent,) = viewer_headers(page)
    assert len(sent["layers"]) == 5
    assert "All 16 gates" in texts(page)
    page.selectbox(key="layers gate").set_value("stage3.block2.gate").run()
    assert_fine(page)
    assert "All 64 gates" in texts(page)
    assert texts(page).count("<figure") == 8


def test_a_network_without_attention_is_told_where_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page(monkeypatch, "none")
    assert_fine(page)
    assert viewer_headers(page) == []
    (info,) = page.info
    assert "has no attention" in info.value
    assert "What does the decision rest on?" in info.value
    assert "<b>" not in info.value


def test_without_webgl_there_are_pictures_and_a_point_by_hand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = open_page(monkeypatch, "vit")
    page.session_state["layers viewer"] = {"webgl": False}
    page.run()
    page.run()
    assert_fine(page)
    assert viewer_headers(page) == []
    (images,) = page.get("image") or page.get("imgs")
    assert len(images.proto.imgs) == 3
    assert images.proto.imgs[0].caption.startswith("blocks.0.attention\\: 0.00")
    page.radio(key="layers query").set_value("point").run()
    page.slider[0].set_value(20).run()
    assert_fine(page)
    assert page.session_state["layers point"][1:] == (0.2, 0.5)
    assert "The query is the point 20 % from the left and 50 % from the top" in texts(page)


def test_a_network_that_fails_gets_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from attnviz.errors import ModelError

    def fail(*_: object) -> None:
        raise ModelError("*broken* network. Choose another one.")

    monkeypatch.setattr(layers_page, "trace_photo", fail)
    page = open_page()
    assert not page.exception
    (error,) = page.error
    assert "broken" in error.value
    assert "*broken" not in error.value.replace("\\*", "")
