"""The page "Compare" run by Streamlit's own test runner; the grid's script never runs here."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from attnviz.analysis.explain import explain
from attnviz.errors import WeightsUnavailableError
from attnviz.metrics.map_difference import difference
from attnviz.models.loading import load_model
from attnviz.models.spec import ModelSpec
from attnviz.pictures import open_picture, open_sample
from attnviz.ui.kit import picture_cache
from attnviz.ui.pages.compare import cells
from tests.paths import PAGES
from tests.ui.pages.layers.test_page import assert_fine, texts

PAGE = PAGES / "6_Compare.py"
CHINA = "sample:china"


def open_page(**address: str) -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    for name, value in address.items():
        page.query_params[name.replace("_", " ")] = value
    return page.run()


@pytest.fixture(scope="module")
def opened() -> AppTest:
    st.cache_resource.clear()
    st.cache_data.clear()
    return open_page()


def grid(page: AppTest, component: str = "attnviz.map_grid") -> dict[str, Any]:
    """The header of what the grid on the page was sent."""
    (part,) = [one for one in page.get("bidi_component") if one.proto.component_name == component]
    (length,) = struct.unpack("<I", part.proto.bytes[:4])
    return dict(json.loads(part.proto.bytes[4 : 4 + length]))


def pair(page: AppTest) -> dict[str, Any]:
    """The header of what was sent of the two cells that are compared; they are this grid's."""
    sent = grid(page, "attnviz.map_grid_pair")
    assert sent["grid"] == grid(page)["id"]
    return sent


def keys(page: AppTest) -> list[str]:
    return [one["key"].removeprefix(f"{CHINA}/") for one in grid(page)["cells"]]


def tell(page: AppTest, **view: Any) -> AppTest:
    """What the browser's side tells after its controls were used."""
    sent = grid(page)
    page.session_state["compare grid"] = {
        "view": {**sent["view"], **view, "viewId": sent["viewId"]}
    }
    return page.run()


def test_it_opens_on_the_shipped_models_and_both_questions(opened: AppTest) -> None:
    assert_fine(opened)
    sent = grid(opened)
    models = ("ran-small", "vit-small", "cbam-small")
    looks = ("attention", "decision")
    assert keys(opened) == [f"{model}/{look}" for model in models for look in looks]
    assert not any("sentence" in one for one in sent["cells"])
    sure, guess = (
        ["Attention", "Relevance for church"],
        ["Attention", "Relevance for church, a guess"],
    )
    assert [one["what"] for one in sent["cells"]] == [*sure, *guess, *sure], "vit-small is not sure"
    assert sent["rows"][1]["says"][1] == "not sure, perhaps"
    shown = picture_cache.shown_sample("china")
    every = [explain(load_model(model), shown, look) for model in models for look in looks]
    assert sent["stops"] == max(len(one.layers) for one in every)
    assert all(row["says"][0] == "knows 10 things" for row in sent["rows"])
    assert all(any(said.startswith("church 0.") for said in row["says"]) for row in sent["rows"])
    assert pair(opened)["a"].endswith("ran-small/attention")
    assert pair(opened)["b"].endswith("vit-small/attention")
    assert sent["view"]["best"] is True


def test_a_second_visitor_gets_the_kept_maps_of_many_passes() -> None:
    st.cache_resource.clear()
    first, second = (
        open_page(compare_models="cbam-small", compare_looks="decision") for _ in range(2)
    )
    assert_fine(second)
    assert grid(second)["cells"] == grid(first)["cells"]


def test_numbers_are_those_of_the_engine() -> None:
    page = open_page(compare_models="ran-small,cbam-small,vit-small")
    assert_fine(page)
    sent = grid(page)
    shown = picture_cache.shown_sample("china")
    one, other = (
        explain(load_model(f"{name}-small"), shown, "attention") for name in ("ran", "cbam")
    )
    first, _, second, *_ = sent["cells"]
    assert first["ranges"]["row"][-1] == pytest.approx(one.value_range, rel=1e-5)
    assert second["ranges"]["row"][-1] == pytest.approx(other.value_range, rel=1e-5)
    both = zip(one.value_range, other.value_range, strict=True)
    third = explain(load_model("vit-small"), shown, "attention").value_range
    (low, low_2), (high, high_2) = both
    expected = (min(low, low_2, third[0]), max(high, high_2, third[1]))
    assert first["ranges"]["all"][0] == pytest.approx(expected, rel=1e-5)
    layers = one.index_of(one.best_layer), other.index_of(other.best_layer)
    found = pair(page)["found"][f"{layers[0]},{layers[1]}"]
    made = difference(one.maps[layers[0]], one.geometry, other.maps[layers[1]], other.geometry)
    assert found["says"][0].startswith(f"Rank correlation {made.spearman:+.2f}: ")
    assert f"(IoU) {made.iou:.2f};" in found["says"][1]


def test_two_other_cells_are_compared_and_the_link_keeps_all_choices() -> None:
    page = open_page(
        picture=CHINA, compare_models="vit-small,ran-small,gone", compare_looks="decision"
    )
    assert_fine(page)
    assert keys(page) == ["vit-small/decision", "ran-small/decision"]
    identity = grid(page)["viewId"]
    page.multiselect(key="compare looks").set_value(["decision", "rollout"]).run()
    assert_fine(page)
    cells_now = grid(page)["cells"]
    assert cells_now[3]["sentence"].startswith(
        "Attention rollout reads self-attention, and Residual"
    )
    assert grid(page)["viewId"] != identity
    a, b = cells_now[1]["key"], cells_now[2]["key"]
    tell(page, a=a, b=b, best=False, depth=0.5, shown="focus", scale="even")
    assert_fine(page)
    assert (pair(page)["a"], pair(page)["b"]) == (a, b)
    assert "One is attention and one relevance" in pair(page)["note"]
    query = {name: page.query_params[name] for name in page.query_params}
    assert {str(value[0]) if isinstance(value, list) else value for value in query.values()} >= {
        "vit-small,ran-small", "decision,rollout", "even", "focus", "0.5", "0", a, b,
    }  # fmt: skip
    address = {name: v[0] if isinstance(v, list) else v for name, v in query.items()}
    again = open_page(**address)
    assert_fine(again)
    view = grid(again)["view"]
    assert (view["depth"], view["scale"], view["shown"], view["a"]) == (0.5, "even", "focus", a)


def test_what_is_told_does_not_send_the_grid_again() -> None:
    page = open_page(compare_models="ran-small")
    before = grid(page)
    tell(page, best=False, depth=0.25)
    assert grid(page) == before
    assert page.query_params["compare depth"] in ("0.25", ["0.25"])


def test_a_class_that_one_network_does_not_know_is_said_in_its_cell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = load_model("ran-small")
    monkeypatch.setattr(cells, "cached_model", lambda *_: model)
    monkeypatch.setattr(cells, "fetch_weights", lambda *_: None)
    page = open_page(compare_models="ran-small,squeezenet1_0", compare_class="French horn")
    assert_fine(page)
    attention, decision, none, known = grid(page)["cells"]
    assert attention["what"] == "Attention"
    assert decision["what"] == known["what"] == "Relevance for French horn"
    assert "has no spatial attention" in none["sentence"]
    page.selectbox(key="compare class").set_value("tabby").run()
    assert_fine(page)
    assert (
        grid(page)["cells"][1]["sentence"]
        == "Residual attention, small does not know the class 'tabby'."
    )


def test_a_contrast_is_compared_and_kept_in_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_model("ran-small")
    monkeypatch.setattr(cells, "cached_model", lambda *_: model)
    asked = "contrast:French horn|church"
    page = open_page(compare_models="ran-small", compare_class=asked)
    assert_fine(page)
    attention, decision = grid(page)["cells"]
    assert attention["what"] == "Attention"
    assert decision["what"] == "Relevance for French horn rather than church"
    assert page.query_params["compare class"] in (asked, [asked])
    page.selectbox(key="compare class").set_value("").run()
    assert_fine(page)
    assert "rather than" not in grid(page)["cells"][1]["what"]


def test_likeness_to_another_photo_is_compared_by_its_checksum() -> None:
    coffee = open_sample("coffee").reduced(picture_cache.SHOWN_SIDE).sha256
    page = open_page(
        picture=CHINA, compare_models="vit-small", compare_looks="patch-similarity",
        compare_class=f"alike:{coffee}",
    )  # fmt: skip
    assert_fine(page)
    (cell,) = grid(page)["cells"]
    assert cell["what"] == "Similarity to coffee.png", cell.get("sentence")


def test_a_network_that_cannot_be_had_leaves_the_rest_and_can_be_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[str] = []
    fetch = cells.fetch_weights

    def offline(spec: ModelSpec, show: Any) -> None:
        tried.append(spec.name)
        if spec.name == "squeezenet1_0":
            raise WeightsUnavailableError("squeezenet1_0.pth could not be downloaded. Get it.")
        fetch(spec, show)

    monkeypatch.setattr(cells, "fetch_weights", offline)
    page = open_page(compare_models="ran-small,squeezenet1_0")
    assert_fine(page)
    assert "sentence" not in grid(page)["cells"][0]
    assert grid(page)["cells"][3]["sentence"].startswith(
        "squeezenet1_0.pth could not be downloaded"
    )
    count = tried.count("squeezenet1_0")
    tell(page, best=False)
    assert tried.count("squeezenet1_0") == count, "a failure is not tried again by itself"
    (button,) = [one for one in page.button if one.label == "Retry failed maps"]
    button.click().run()
    assert tried.count("squeezenet1_0") == count + 1


def test_several_pictures_have_their_rows_and_tiny_ones_work() -> None:
    page = open_page(compare_models="ran-small", compare_more="sample:coffee,nothing")
    assert_fine(page)
    assert [row["photo"] for row in grid(page)["rows"]] == ["Temple", "Coffee"]
    assert "These are two pictures" in pair(page)["note"]
    file = io.BytesIO()
    Image.fromarray(np.full((2, 3, 3), 90, np.uint8)).save(file, "PNG")
    page.file_uploader[0].upload("<b>x.png", file.getvalue()).run()
    assert_fine(page)
    assert [row["photo"] for row in grid(page)["rows"]] == ["<b>x.png", "Coffee"]
    assert open_picture(file.getvalue(), name="x").sha256 in grid(page)["cells"][0]["key"]


def test_methods_of_many_passes_wait_for_the_word_and_empty_choices_are_said() -> None:
    page = open_page(compare_models="cbam-small", compare_looks="score-cam,decision")
    assert not page.exception
    assert [
        one for one in page.get("bidi_component") if "compare" in one.proto.component_name
    ] == []
    assert "need many passes" in texts(page)
    page.multiselect(key="compare models").set_value([]).run()
    assert_fine(page)
    assert "Choose a picture, a model" in texts(page)


def test_photos_of_a_link_that_are_not_here_are_asked_for() -> None:
    gone = ",".join(("sample:coffee", "0" * 64, "1" * 64))
    page = open_page(compare_models="cbam-small", compare_looks="soft-mask", compare_more=gone)
    assert not page.exception
    assert "2 photos are missing" in page.warning[0].value
    assert [row["photo"] for row in grid(page)["rows"]] == ["Temple", "Coffee"]
