"""The page "Objects" run by Streamlit's own test runner; the viewer's script never runs here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest
from torch import Tensor, nn

from attnviz.analysis.class_maps import class_maps, finer_map
from attnviz.errors import ModelError, NoSitesError
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.pictures.geometry import Fit, PictureGeometry
from attnviz.render.pointed import POINTED
from attnviz.ui.kit import model_picker, picture_cache
from attnviz.ui.pages.objects import cache as kept
from attnviz.ui.pages.objects import page as objects_page
from attnviz.ui.pages.objects.cards import half_peak
from attnviz.ui.pages.objects.state import TOGETHER
from attnviz.vision.biased_competition import combined_focus
from tests.conftest import TinyCnn
from tests.paths import PAGES
from tests.ui import menus
from tests.ui.pages.layers.test_page import assert_fine, texts
from tests.ui.viewers import viewer_headers

PAGE = PAGES / "4_Objects.py"


@pytest.fixture(scope="module")
def opened() -> AppTest:
    st.cache_resource.clear()
    st.cache_data.clear()
    return AppTest.from_file(str(PAGE), default_timeout=120).run()


def small(classes: int, labels: tuple[str, ...] = (), module: nn.Module | None = None) -> Any:
    torch.manual_seed(3)
    network = module or TinyCnn(classes)
    return wrap(network.eval(), Preprocess(size=64, fit=Fit.SQUASH), labels, name="tiny <b>net</b>")


def open_page(monkeypatch: pytest.MonkeyPatch, model: Any, **address: str) -> AppTest:
    """The page with a small network instead of the catalogue's."""
    st.cache_resource.clear()
    monkeypatch.setattr(model_picker, "cached_model", lambda *_: model)
    monkeypatch.setattr(model_picker, "fetch_weights", lambda *_: None)
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    for name, value in address.items():
        page.query_params[name] = value
    return page.run()


def names(page: AppTest) -> list[str]:
    return [one["name"] for one in viewer_headers(page)[0]["layers"]]


def click(page: AppTest, x: float, y: float) -> AppTest:
    page.session_state["objects viewer"] = {"picked": {"x": x, "y": y, "layer": ""}}
    return page.run()


def test_it_opens_on_the_likeliest_classes_in_bokeh(opened: AppTest) -> None:
    assert_fine(opened)
    (sent,) = viewer_headers(opened)
    first, second, last = names(opened)
    assert first == "church"
    assert last == TOGETHER
    assert sent["view"]["mode"] == "bokeh"
    assert sent["noun"] == "Object"
    assert sent["layers"][2]["fused"] is True
    assert sent["layers"][2]["high"] == 1
    assert texts(opened).count("<figure") == 3
    assert f">{second}</span>" in texts(opened)
    assert opened.query_params["model"] == "ran-small"
    assert len(opened.query_params["objects"].split(",")) == 2


def test_maps_on_the_page_are_those_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small(4, ("disc", "square", "line", "dot"))
    things = menus.offered(monkeypatch)
    page = open_page(monkeypatch, model, objects="2,0")
    assert_fine(page)
    assert names(page) == ["line", "disc", TOGETHER]
    expected = class_maps(model, picture_cache.shown_sample("china"), [2, 0])
    sent = viewer_headers(page)[0]["layers"]
    for entry, values in zip(sent, expected.maps, strict=False):
        assert entry["high"] == pytest.approx(float(values.max()))
    source = things[-1].make()
    assert source.explanation.layers == ("line", "disc", TOGETHER)
    for one, other in zip(source.explanation.maps, expected.maps, strict=False):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert source.explanation.provenance["objects at"] == expected.layer
    assert len(source.explanation.asked) == 2
    assert b"disc" in menus.written(things[-1], "report")
    means = expected.maps.mean((1, 2))
    for selectivity in (1.0, 3.0):
        page.slider(key="objects selectivity").set_value(selectivity).run()
        assert_fine(page)
        together = combined_focus(expected.maps, means, selectivity)
        entry = viewer_headers(page)[0]["layers"][2]
        assert entry["mean"] == pytest.approx(float(together.mean()), rel=1e-5)
        share = means**selectivity / (means**selectivity).sum()
        assert f"share of the focus: {100 * share[0]:.0f} %" in texts(page)
    assert page.query_params["selective"] == "3"
    page.segmented_control(key="objects strength").set_value("probability").run()
    chances = np.asarray([one.probability for one in expected.predictions]) ** 3
    assert f"share of the focus: {100 * chances[0] / chances.sum():.0f} %" in texts(page)


def test_a_chosen_class_gets_the_focus_and_a_place_in_the_link(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = open_page(monkeypatch, small(8), objects="2,0")
    page.pills(key="objects pills").set_value([0, 2, 5]).run()
    assert_fine(page)
    assert names(page) == ["class 2", "class 0", "class 5", TOGETHER]
    assert viewer_headers(page)[0]["view"]["layer"] == "class 5"
    page.selectbox(key="objects search").set_value(7).run()
    assert_fine(page)
    assert page.selectbox(key="objects search").value is None
    assert viewer_headers(page)[0]["view"]["layer"] == "class 7"
    assert page.query_params["objects"] == "2,0,5,7"
    assert page.query_params["focus"] == "class 7"
    page.pills(key="objects pills").set_value([]).run()
    assert_fine(page)
    assert viewer_headers(page) == []
    assert "Choose an object, or search for one" in texts(page)


def test_one_class_against_another(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small(4, ("disc", "square", "line", "dot"))
    page = open_page(monkeypatch, model, objects="0,1,2,3")
    picture = picture_cache.shown_sample("china")
    maps = class_maps(model, picture, [0, 1, 2, 3])
    rest = {(a, b): np.maximum(maps.maps[a] - maps.maps[b], 0) for a in range(4) for b in range(4)}
    wanted, against = max(rest, key=lambda pair: float(rest[pair].max()))
    page.selectbox(key="objects wanted").set_value(wanted).run()
    page.selectbox(key="objects against").set_value(against).run()
    assert_fine(page)
    labels = model.labels
    name = f"{labels[wanted]}, not {labels[against]}"
    (entry,) = [one for one in viewer_headers(page)[0]["layers"] if one["name"] == name]
    assert entry["high"] == pytest.approx(float(rest[wanted, against].max()), rel=1e-5)
    assert viewer_headers(page)[0]["view"]["layer"] == name
    page.segmented_control(key="objects versus").set_value("scores").run()
    assert_fine(page)
    (entry,) = [one for one in viewer_headers(page)[0]["layers"] if one["name"] == name]
    finer = finer_map(model, picture, wanted, [against]).maps[0]
    assert entry["high"] == pytest.approx(float(finer.max()), rel=1e-5)
    assert page.query_params["against"] == str(against)
    assert page.query_params["versus"] == "scores"


def test_a_tapped_thing_is_sharp_and_the_classes_there_move_the_focus(opened: AppTest) -> None:
    page = click(opened, 0.36, 0.2)
    assert_fine(page)
    assert "36 % from the left and 20 % from the top" in texts(page)
    (sent,) = viewer_headers(page)
    assert (sent["view"]["layer"], sent["view"]["outline"]) == (POINTED, True)
    assert names(page)[-1] == POINTED
    assert len(sent["mattes"]) == len(sent["layers"])
    page.session_state["objects viewer"] = {}  # a tap is told once
    offered = [one for one in page.button if (one.key or "").startswith("there ")]
    assert offered[0].label.startswith("church")
    assert len(offered) > 1
    offered[-1].click().run()
    assert_fine(page)
    name = offered[-1].label.partition(" ·")[0].replace("\\", "")
    assert viewer_headers(page)[0]["view"]["layer"] == name
    assert name in names(page)


def test_a_class_that_is_not_seen_is_said_to_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    network = TinyCnn(3)
    network.head.bias.data = torch.tensor([9.0, 0.0, -9.0])
    page = open_page(monkeypatch, small(3, ("owl", "<i>cat</i>", "ape"), network), objects="0,1")
    assert_fine(page)
    unseen = "The network does not recognise a &lt;i&gt;cat&lt;/i&gt; here (under 0.001)"
    assert unseen in texts(page)
    assert "the regions most like one" in texts(page)
    assert "<i>cat" not in texts(page)


class Blind(nn.Module):
    """Its score for the second class rests on no place."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), nn.ReLU())
        self.again = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU())
        self.head = nn.Linear(4, 2)
        self.head.weight.data[1] = 0

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.again(self.block(x)).mean((2, 3)))


def test_a_map_without_places_and_a_contrast_without_rest_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    network = Blind()
    network.head.weight.data[0] = 1
    page = open_page(monkeypatch, small(2, ("owl", "cat"), network), objects="1,0")
    assert_fine(page)
    assert "No region of this picture supports cat." in texts(page)
    page.selectbox(key="objects against").set_value(0).run()
    assert_fine(page)
    assert "no region supports the first more than the second" in texts(page).replace("\\", "")
    assert names(page) == ["cat", "owl", TOGETHER]


def test_scores_that_cannot_be_traced_leave_the_rest_of_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise NoSitesError("tiny has no blocks. Choose another network.")

    monkeypatch.setattr(kept, "finer_map", fail)
    page = open_page(monkeypatch, small(3), objects="0,1", wanted="0", against="1", versus="scores")
    assert_fine(page)
    assert "tiny has no blocks" in texts(page)
    assert names(page) == ["class 0", "class 1", TOGETHER]
    assert page.segmented_control(key="objects versus").value == "scores"


def test_a_network_of_one_class_has_nothing_to_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page(monkeypatch, small(1, ("face",)))
    assert_fine(page)
    assert "one class only" in texts(page)
    assert names(page) == ["face"]


def test_labels_that_are_used_twice_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page(monkeypatch, small(3, ("crane", "ship", "crane")), objects="0,1,2")
    assert_fine(page)
    assert names(page) == ["crane (0)", "ship", "crane (2)", TOGETHER]


def test_choices_are_kept_for_each_picture_and_over_a_change_of_page(opened: AppTest) -> None:
    page = opened
    before = page.query_params["objects"]
    page.session_state["picture"] = "sample:coffee"
    page.run()
    assert_fine(page)
    page.session_state["picture"] = "sample:china"
    page.run()
    assert page.query_params["objects"] == before
    assert len(page.pills(key="objects pills").value) == len(before.split(","))


def test_a_network_that_fails_gets_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ModelError("*broken* network. Choose another one.")

    monkeypatch.setattr(objects_page, "compute_competition", fail)
    page = open_page(monkeypatch, small(4))
    assert not page.exception
    (error,) = page.error
    assert "broken" in error.value
    assert "*broken" not in error.value.replace("\\*", "")


def test_regions_end_at_half_of_the_peak() -> None:
    whole = PictureGeometry((4, 4), (0, 0, 4, 4), (4, 4))
    values = np.asarray([[4, 3, 1, 0]] * 4, np.float32)
    np.testing.assert_array_equal(half_peak(values, whole), [[True, True, False, False]] * 4)
    assert not half_peak(np.ones((2, 2), np.float32), whole).any()
    assert not half_peak(np.full((2, 2), -3, np.float32), whole).any()
