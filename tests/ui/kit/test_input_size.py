"""The box for the size at which a model sees the picture, on the page "Focus" and by itself."""

from __future__ import annotations

import zlib

import pytest
from streamlit.testing.v1 import AppTest

from attnviz.viewer.blob import unpack_blob
from tests.paths import PAGES
from tests.ui.viewers import viewer_blobs

PAGE = PAGES / "1_Focus.py"


def picker() -> None:
    import streamlit as st

    from attnviz.models.catalogue import find_model
    from attnviz.ui.kit.input_size import pick_side
    from attnviz.ui.kit.url_state import share

    names = ["ran-small", "resnet50", "cait_xxs24_224.fb_dist_in1k"]
    side = pick_side(find_model(st.selectbox("Model", names, key="model")))
    share("size")
    st.code(side)


def picked(page: AppTest) -> str:
    assert not page.exception
    return page.code[0].value


def test_the_models_own_size_comes_first_and_stays_out_of_the_link() -> None:
    page = AppTest.from_function(picker, default_timeout=60).run()
    titles = ["128 px (default)", "192 px", "256 px", "384 px", "512 px"]
    assert page.selectbox(key="size").options == titles
    assert picked(page) == "None"
    assert not page.query_params
    page.selectbox(key="size").set_value("384").run()
    assert picked(page) == "384"
    assert page.query_params["size"] == "384"
    page.selectbox(key="size").set_value("").run()
    assert picked(page) == "None"
    assert not page.query_params


def test_a_size_that_another_model_does_not_take_becomes_its_own() -> None:
    page = AppTest.from_function(picker, default_timeout=60).run()
    page.selectbox(key="size").set_value("384").run()
    page.selectbox(key="model").set_value("resnet50").run()
    assert page.selectbox(key="size").value == ""
    assert picked(page) == "None"


def test_nothing_is_offered_for_a_network_of_one_size() -> None:
    page = AppTest.from_function(picker, default_timeout=60).run()
    page.selectbox(key="size").set_value("256").run()
    page.selectbox(key="model").set_value("cait_xxs24_224.fb_dist_in1k").run()
    assert [one.key for one in page.selectbox] == ["model"]
    assert picked(page) == "None"
    assert not page.query_params


@pytest.mark.parametrize("size", ["", "0", "-256", "128", "257", "1e9", "256.0", "<b>256</b>"])
def test_a_size_in_a_link_that_is_not_offered_is_the_models_own(size: str) -> None:
    page = AppTest.from_function(picker, default_timeout=60)
    page.query_params["size"] = size
    page.run()
    assert page.selectbox(key="size").value == ""
    assert picked(page) == "None"


def grids(page: AppTest) -> list[tuple[int, int]]:
    """Rows and columns of each layer's map that the viewer was sent."""
    assert not page.exception
    assert not page.error
    (blob,) = viewer_blobs(page)
    header, arrays = unpack_blob(blob)
    _, maps = unpack_blob(zlib.decompress(arrays["maps"].tobytes()))
    return [maps[layer["values"]].shape for layer in header["layers"]]


def test_a_larger_input_gives_finer_maps_and_the_way_back_those_of_before() -> None:
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    page.query_params["size"] = "256"
    page.query_params["look"] = "soft-mask"
    page.run()
    larger = grids(page)
    assert page.query_params["size"] == "256"
    page.selectbox(key="size").set_value("").run()
    own = grids(page)
    assert larger != own
    assert [(2 * rows, 2 * columns) for rows, columns in own] == larger
    assert "size" not in page.query_params
    page.selectbox(key="size").set_value("256").run()
    assert grids(page) == larger


def test_the_box_shows_the_number_of_the_model_that_is_chosen_now() -> None:
    page = AppTest.from_function(picker, default_timeout=60).run()
    for name, title in (("resnet50", "224 px (default)"), ("ran-small", "128 px (default)")):
        page.selectbox(key="model").set_value(name).run()
        sent = page.selectbox(key="size").proto
        assert sent.options[0] == title
        # The browser shows what it showed before, unless it is told.
        assert (sent.set_value, sent.raw_value) == (True, title)
        page.run()
        assert not page.selectbox(key="size").proto.set_value, "a choice made meanwhile stands"
