"""The page "Objects" with a network that names no classes."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.objects import FoundObjects, objects
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.geometry import PictureGeometry
from attnviz.render.pointed import POINTED
from attnviz.ui.kit.picture_cache import shown_sample
from attnviz.ui.pages.objects import unlabelled
from attnviz.ui.pages.objects.state import TOGETHER
from tests.analysis.test_objects import Patches
from tests.ui import menus
from tests.ui.pages.layers.test_page import assert_fine, texts
from tests.ui.pages.objects.test_page import click, names, open_page
from tests.ui.viewers import viewer_headers


@pytest.fixture
def model() -> VisionModel:
    plain = Preprocess(size=128, multiple=8, mean=(0, 0, 0), std=(1, 1, 1))
    return wrap(Patches(), plain, name="tiny <b>net</b>", scores="none")


def test_objects_on_the_page_are_those_of_the_engine(
    monkeypatch: pytest.MonkeyPatch, model: VisionModel
) -> None:
    things = menus.offered(monkeypatch)
    page = open_page(monkeypatch, model)
    assert_fine(page)
    masks = [one.mask for one in objects(model, shown_sample("china"), 3).objects]
    assert len(masks) > 1
    expected = [f"object {number}" for number in range(1, len(masks) + 1)]
    assert names(page) == [*expected, TOGETHER]
    (sent,) = viewer_headers(page)
    assert (sent["noun"], sent["view"]["mode"], sent["view"]["outline"]) == (
        "Object",
        "bokeh",
        True,
    )
    means = [one["mean"] for one in sent["layers"]]
    np.testing.assert_allclose(means[:-1], [one.mean() for one in masks], rtol=1e-5)
    assert means[-1] == pytest.approx(np.logical_or.reduce(masks).mean(), rel=1e-5)
    assert texts(page).count("<figure") == 1 + len(masks)
    assert f"{100 * masks[0].mean():.0f} % of what the model sees." in texts(page)
    assert any("names no classes" in one.value for one in page.caption)
    assert not page.pills
    source = things[-1].make()
    assert source.explanation.layers == (*expected, TOGETHER)
    assert (source.explanation.maps[0] == masks[0]).all()
    assert source.explanation.method == "normalised-cut"
    assert menus.written(things[-1], "gif").startswith(b"GIF89a")


def test_how_many_are_looked_for_is_chosen_and_linked(
    monkeypatch: pytest.MonkeyPatch, model: VisionModel
) -> None:
    page = open_page(monkeypatch, model, **{unlabelled.COUNT: "1"})
    assert names(page) == ["object 1"]
    page.segmented_control(key=unlabelled.COUNT).set_value("2").run()
    assert_fine(page)
    assert names(page) == ["object 1", "object 2", TOGETHER]
    assert page.query_params[unlabelled.COUNT] == "2"


def test_what_is_tapped_is_sharp(monkeypatch: pytest.MonkeyPatch, model: VisionModel) -> None:
    page = click(open_page(monkeypatch, model), 0.4, 0.6)
    assert_fine(page)
    assert names(page)[-1] == POINTED
    assert viewer_headers(page)[0]["view"]["layer"] == POINTED


def test_nothing_to_cut_out_is_said(monkeypatch: pytest.MonkeyPatch, model: VisionModel) -> None:
    nothing = FoundObjects((), PictureGeometry((8, 8), (0, 0, 8, 8), (8, 8)))
    monkeypatch.setattr(unlabelled, "objects_of", lambda *_: nothing)
    page = open_page(monkeypatch, model)
    assert_fine(page)
    assert any("no object to cut out" in one.value for one in page.info)
    assert "<figure" not in texts(page)
