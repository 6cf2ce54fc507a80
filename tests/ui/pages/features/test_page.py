"""The page "Features" with small networks: what the board is sent, and what controls change."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from attnviz.analysis.features import features, shared_basis
from attnviz.export.components_picture import ComponentsPicture
from attnviz.export.feature_files import components_png
from attnviz.export.feature_values import FeatureValues
from attnviz.metrics.feature_space import principal_colours
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.types import AnyArray
from attnviz.ui.components.feature_board.packing import directions
from attnviz.ui.kit.picture_cache import shown_sample
from attnviz.ui.pages.features.saving import painted
from attnviz.viewer.blob import unpack_blob
from tests.ui import menus
from tests.ui.pages.layers.layers_pages import in_place_of_the_catalogue, without_classes
from tests.ui.pages.layers.test_page import PAGES, assert_fine

PAGE = PAGES / "3_Features.py"
FIRST, SECOND = "sample:china", "sample:coffee"


def board(page: AppTest) -> tuple[dict[str, Any], dict[str, AnyArray]]:
    (found,) = [
        one.proto
        for one in page.get("bidi_component")
        if one.proto.component_name == "attnviz.feature_board"
    ]
    return unpack_blob(found.bytes)


@pytest.fixture
def page(model: VisionModel) -> AppTest:
    return AppTest.from_file(str(PAGE), default_timeout=120).run()


def colours(model: VisionModel, *photos: Picture, layer: str | None = None) -> list[AnyArray]:
    found = [features(model, photo, layer) for photo in photos]
    basis = shared_basis(found)
    return list(principal_colours(*(basis.components(one.values) for one in found)))


def test_the_board_has_the_features_of_the_picture(page: AppTest, model: VisionModel) -> None:
    assert_fine(page)
    header, arrays = board(page)
    assert [one["name"] for one in header["pictures"]] == ["Temple"]
    photo = shown_sample("china")
    expected = features(model, photo)
    assert (arrays["features 0"] == directions(expected.values)).all()
    assert (arrays["colours 0"] == colours(model, photo)[0]).all()
    (told,) = [one.value for one in page.caption if "patches, each a vector" in one.value]
    rows, columns, width = expected.values.shape
    assert told.startswith(f"{rows} × {columns} patches, each a vector of {width} numbers.")
    shares = [f"{100 * share:.0f} %" for share in shared_basis([expected]).shares]
    assert f"{shares[0]}, {shares[1]} and {shares[2]} of the variance" in told
    assert "names no classes" not in told


def test_pictures_share_one_basis_or_have_each_their_own(page: AppTest, model: VisionModel) -> None:
    page.multiselect(key="feature pictures").select(SECOND).run()
    assert_fine(page)
    photos = shown_sample("china"), shown_sample("coffee")
    _, arrays = board(page)
    for index, expected in enumerate(colours(model, *photos)):
        assert (arrays[f"colours {index}"] == expected).all()
    assert page.query_params["feature pictures"] == SECOND
    page.segmented_control(key="feature basis").set_value("each").run()
    assert_fine(page)
    _, arrays = board(page)
    for index, photo in enumerate(photos):
        assert (arrays[f"colours {index}"] == colours(model, photo)[0]).all()
    assert page.query_params["feature basis"] == "each"


def test_an_earlier_layer_can_be_chosen(page: AppTest, model: VisionModel) -> None:
    layers = page.selectbox(key="feature layer").options
    assert layers[-3:] == ["blocks.0", "blocks.1", "blocks.2 (the last)"]
    page.selectbox(key="feature layer").select("blocks.0").run()
    assert_fine(page)
    expected = features(model, shown_sample("china"), "blocks.0")
    assert (board(page)[1]["features 0"] == directions(expected.values)).all()
    assert page.query_params["feature layer"] == "blocks.0"


def test_a_network_without_classes_is_called_so(model: VisionModel) -> None:
    without_classes(model)
    page = AppTest.from_file(str(PAGE), default_timeout=120).run()
    assert_fine(page)
    assert any("names no classes: features are what it gives" in one.value for one in page.caption)


def test_a_coarse_grid_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    in_place_of_the_catalogue(monkeypatch, "cbam")
    page = AppTest.from_file(str(PAGE), default_timeout=120).run()
    assert_fine(page)
    _, arrays = board(page)
    cells = np.prod(arrays["features 0"].shape[:2])
    assert any("is coarse" in one.value for one in page.caption) == (cells < 150)
    page.selectbox(key="feature layer").select_index(0).run()
    assert np.prod(board(page)[1]["features 0"].shape[:2]) > cells


def test_what_is_shown_can_be_saved(monkeypatch: pytest.MonkeyPatch, model: VisionModel) -> None:
    things = menus.offered(monkeypatch)
    AppTest.from_file(str(PAGE), default_timeout=120).run()
    assert [one.title for one in things] == ["Temple", "Report"]
    assert menus.written(things[0], "components").startswith(b"\x89PNG")
    (looked,) = things[1].make().sources
    assert looked.picture.sha256 == shown_sample("china").sha256
    photos = [shown_sample("china"), shown_sample("coffee")]
    found = [features(model, photo) for photo in photos]
    shared = shared_basis(found)
    own = [shared_basis([one]) for one in found]
    for bases, group in (([shared], found), (own, found[1:])):
        source = painted(1, found, bases)
        basis = bases[-1]
        colours = principal_colours(*(basis.components(one.values) for one in group))[-1]
        facts = found[1].provenance | {"basis": "its own" if bases is own else "of 2 pictures"}
        content = ComponentsPicture().write(source)
        assert content == components_png(colours, found[1].geometry, facts)
        numbers = np.load(io.BytesIO(FeatureValues().write(source)))
        assert (numbers["features"] == found[1].values).all()
        assert (numbers["components"] == basis.components(found[1].values)).all()
