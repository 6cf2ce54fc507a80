"""What a detector finds can be asked about on a page, and so can another place."""

from __future__ import annotations

from functools import cache

import numpy as np
from streamlit.testing.v1 import AppTest

import attnviz
from attnviz.analysis.detect import Detection
from attnviz.pictures.png import png
from attnviz.targets.box import Box
from attnviz.targets.region import Region
from attnviz.ui.kit.found_picker import drawn, thing_at
from tests.targets.test_places_by_hand import wrapped


@cache
def detector(form: str) -> attnviz.VisionModel:
    return wrapped(form, name=form)


@cache
def two_halves() -> attnviz.Picture:
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:, :8, 0], pixels[:, 8:, 1] = 204, 153
    return attnviz.open_picture(pixels, name="two halves")


def place_page() -> None:
    import streamlit as st

    from attnviz.ui.kit.explain_picture import explain_photo
    from attnviz.ui.kit.found_picker import choose_at
    from attnviz.ui.kit.url_state import restore_link, share
    from tests.ui.kit.test_found_picker import detector, two_halves

    restore_link()
    form = st.radio("Form", ["boxes", "dense", "nothing"], key="form")
    look = st.radio("Show", ["decision", "d-rise", "patch-similarity"], key="look")
    if st.button("Tap the right half"):
        choose_at(two_halves(), detector(form), 0.8, 0.5)
        st.rerun()
    explanation = explain_photo(two_halves(), detector(form), look)
    st.text(explanation.target_text if explanation else "")
    share("target")


def opened(**link: str) -> AppTest:
    page = AppTest.from_function(place_page, default_timeout=120)
    for name, value in link.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def test_the_most_probable_thing_is_explained_until_another_is_chosen() -> None:
    page = opened()
    assert page.radio(key="found thing").options == ["red 0.80", "green 0.60", "another place"]
    assert page.text[0].value == "box:0,0,.5,1,red"
    page.radio(key="found thing").set_value("1").run()
    assert page.text[0].value == "box:.5,0,1,1,green"
    assert page.query_params["target"] in ("box:.5,0,1,1,green", ["box:.5,0,1,1,green"])


def test_likeness_is_shown_without_a_thing() -> None:
    page = opened()
    page.radio(key="look").set_value("patch-similarity").run()
    assert not page.exception
    assert not page.error
    assert page.text[0].value == "none"
    assert "found thing" not in [one.key for one in page.radio]


def test_a_tap_chooses_what_lies_there() -> None:
    page = opened()
    page.button[0].click().run()
    assert not page.exception
    assert page.text[0].value == "box:.5,0,1,1,green"


def test_a_link_names_a_thing_or_another_place() -> None:
    assert opened(target="box:.5,0,1,1,green").text[0].value == "box:.5,0,1,1,green"
    page = opened(target="box:.1,.1,.4,.9")
    assert page.radio(key="found thing").value == "another"
    assert page.text[0].value == "box:.1,.1,.4,.9"
    page.slider(key="target box x1").set_value(0.5).run()
    assert page.text[0].value == "box:.1,.1,.5,.9"


def test_regions_and_nothing() -> None:
    page = opened()
    page.radio(key="form").set_value("dense").run()
    assert not page.exception
    assert page.text[0].value.startswith("region:16x16,")
    page.radio(key="form").set_value("nothing").run()
    assert not page.exception
    assert "nothing finds nothing in this photo" in page.info[0].value


def ask_about_a_region(page: AppTest, mask: np.ndarray) -> None:
    page.file_uploader(key="target region mask file").upload("mask.png", png(mask)).run()


def test_a_picture_of_a_region_and_a_class_that_is_missed_there() -> None:
    page = opened()
    page.radio(key="form").set_value("dense").run()
    page.radio(key="found thing").set_value("another").run()
    assert page.selectbox(key="target kind").value == "region", "it begins with what was found"
    assert page.selectbox(key="target region label").value == "red"
    page.selectbox(key="target region label").set_value("").run()
    mask = np.zeros((16, 16), bool)
    mask[4:12, 4:12] = True
    ask_about_a_region(page, 255 * mask.astype(np.uint8))
    assert not page.exception
    assert page.text[0].value == f"region:{Region(mask).text()}"
    page.selectbox(key="target region label").set_value("green").run()
    assert page.text[0].value == f"region:{Region(mask, 'green').text()}"
    link = page.text[0].value
    ask_about_a_region(page, np.zeros((16, 16), np.uint8))
    assert page.text[0].value == ""
    assert "The region has no area" in page.error[0].value
    page = opened(target=link, form="dense")
    page.radio(key="form").set_value("dense").run()
    assert page.radio(key="found thing").value == "another"
    assert page.text[0].value == link


def test_a_place_of_ones_own_stays_for_another_model_and_what_was_found_does_not() -> None:
    page = opened(target="box:.1,.1,.4,.9,green")
    page.radio(key="look").set_value("d-rise").run()
    page.radio(key="form").set_value("nothing").run()
    assert page.query_params["target"] in ("box:.1,.1,.4,.9,green", ["box:.1,.1,.4,.9,green"])
    page = opened()
    page.radio(key="form").set_value("nothing").run()
    assert "target" not in page.query_params


def page_of_a_detector() -> None:
    from attnviz.ui.kit.explain_picture import explain_photo
    from attnviz.ui.kit.method_picker import pick_method
    from tests.ui.kit.test_found_picker import detector, two_halves

    explanation = explain_photo(two_halves(), detector("boxes"), pick_method(detector("boxes")))
    assert explanation


def test_what_a_detector_finds_is_asked_about_without_a_link() -> None:
    page = AppTest.from_function(page_of_a_detector, default_timeout=120).run()
    assert not page.exception
    assert page.selectbox(key="look").value == "decision"
    assert page.radio(key="found thing").options == ["red 0.80", "green 0.60", "another place"]
    page.selectbox(key="look").set_value("d-rise").run()
    assert page.radio(key="found thing").options == ["red 0.80", "green 0.60", "another place"]


def test_the_smallest_thing_at_a_point_and_its_outline() -> None:
    mask = np.zeros((10, 10), bool)
    mask[2:4, 2:4] = True
    found = (
        Detection(Box(0, 0, 0.8, 0.8), "large", 0.9),
        Detection(Region(mask), "small", 0.5),
    )
    points = [(0.3, 0.3), (0.7, 0.7), (0.9, 0.9), (0.0, 0.0)]
    assert [thing_at(found, x, y) for x, y in points] == [1, 0, None, 0]
    picture = attnviz.open_picture(np.zeros((100, 100, 3), np.uint8))
    pixels = drawn(picture, found, 1)
    assert tuple(pixels[20, 30]) == (255, 190, 60)  # the region's edge, chosen
    assert pixels[79, 40, 2] > 200  # the lower edge of the box
    assert not pixels[60, 60].any()
