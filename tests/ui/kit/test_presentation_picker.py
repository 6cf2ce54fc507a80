"""Channels, window and slice of a photo are chosen below the row, and shown as they were chosen."""

from __future__ import annotations

import hashlib
import io

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image
from streamlit.testing.v1 import AppTest

from attnviz.pictures.open_channels import open_channels
from tests.pictures.stacks.test_medical import STORED, dicom
from tests.ui.kit.test_uploads import add

VALUES = np.random.default_rng(1).integers(0, 4000, (5, 6, 8, 4), dtype=np.uint16)


def photo_page() -> None:
    import streamlit as st

    from attnviz.ui.kit.pickers import PICKER_KEYS, pick_picture
    from attnviz.ui.kit.url_state import share

    st.session_state["seen"] = photo = pick_picture()
    if photo is not None:
        share(*PICKER_KEYS)


def opened(**link: str) -> AppTest:
    page = AppTest.from_function(photo_page, default_timeout=60)
    for name, value in link.items():
        page.query_params[name] = value
    return page.run()


def tiff(values: np.ndarray, axes: str = "ZYXS") -> bytes:
    file = io.BytesIO()
    planar = "contig" if "S" in axes else None
    tifffile.imwrite(
        file, values, photometric="minisblack", planarconfig=planar, metadata={"axes": axes}
    )
    return file.getvalue()


def with_file(data: bytes, **link: str) -> tuple[AppTest, str]:
    """The page with a file, and the end of its widgets' keys."""
    checksum = hashlib.sha256(data).hexdigest()
    page = add(opened(**link), ("scan.tif", data))
    assert not page.exception
    assert not page.error
    return page, checksum[:16]


def pixels(page: AppTest) -> np.ndarray:
    return page.session_state["seen"].shown.pixels


def windowed(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.rint(np.clip((values.astype(float) - low) / (high - low), 0, 1) * 255)


def link_of(page: AppTest) -> dict[str, str]:
    keys = ("channels", "window", "slice")
    return {key: page.query_params[key] for key in keys if key in page.query_params}


def test_a_stack_is_stepped_through_and_looked_at_in_any_window() -> None:
    data = tiff(VALUES)
    page, name = with_file(data)
    usual = page.session_state["seen"].shown
    assert "Slice 3 of 5." in usual.notes
    assert link_of(page) == {}
    assert page.slider(key=f"slice {name}").value == 3
    page.slider(key=f"slice {name}").set_value(1).run()
    np.testing.assert_array_equal(pixels(page), open_channels(data, place=0).pixels)
    assert link_of(page) == {"slice": "1"}
    for title, index in (("red", 3), ("green", 2), ("blue", 1)):
        page.selectbox(key=f"{title} {name}").set_value(index)
    page.selectbox(key=f"window {name}").set_value("level").run()
    page.number_input(key=f"level {name}").set_value(1000.0)
    page.number_input(key=f"width {name}").set_value(1000.0).run()
    np.testing.assert_array_equal(pixels(page), windowed(VALUES[0][..., [3, 2, 1]], 500, 1500))
    assert link_of(page) == {"channels": "4,3,2", "window": "1000,1000", "slice": "1"}
    whole = page.session_state["seen"].whole()
    np.testing.assert_array_equal(whole.pixels, pixels(page))
    assert whole.sha256 == page.session_state["seen"].shown.sha256 != usual.sha256
    page.selectbox(key=f"window {name}").set_value("whole").run()
    planes = [VALUES[0][..., one] for one in (3, 2, 1)]
    wanted = np.stack([windowed(one, one.min(), one.max()) for one in planes], -1)
    np.testing.assert_array_equal(pixels(page), wanted)


def test_a_link_opens_what_it_was_copied_from() -> None:
    data = tiff(VALUES)
    link = {"picture": hashlib.sha256(data).hexdigest(), "channels": "2", "slice": "5"}
    page, name = with_file(data, **link, window="2000,500")
    wanted = windowed(VALUES[4][..., 1], 1750, 2250)
    np.testing.assert_array_equal(pixels(page), wanted[..., None].repeat(3, 2))
    assert page.slider(key=f"slice {name}").value == 5
    assert [page.selectbox(key=f"{one} {name}").value for one in ("red", "green", "blue")] == [
        1
    ] * 3
    assert link_of(page) == {"channels": "2", "window": "2000,500", "slice": "5"}
    page.run()
    np.testing.assert_array_equal(pixels(page), wanted[..., None].repeat(3, 2))


@pytest.mark.parametrize(
    "link", [{"slice": "6"}, {"channels": "5"}, {"window": "<b>"}, {"slice": "9" * 99}]
)
def test_what_a_link_makes_up_is_shown_as_usual(link: dict[str, str]) -> None:
    data = tiff(VALUES)
    page, _ = with_file(data, picture=hashlib.sha256(data).hexdigest(), **link)
    np.testing.assert_array_equal(pixels(page), open_channels(data).pixels)
    assert link_of(page) == {}


def test_the_files_own_window_is_the_usual_one() -> None:
    data = dicom(
        STORED, RescaleSlope="2", RescaleIntercept="-1024", WindowCenter="40", WindowWidth="400"
    )
    page, name = with_file(data)
    units = STORED * 2.0 - 1024
    np.testing.assert_array_equal(pixels(page)[..., 0], windowed(units, -160, 239))
    picker = page.selectbox(key=f"window {name}")
    assert picker.options[0] == "The file's own"
    picker.set_value("level").run()
    # It begins where the file's own window is.
    assert page.number_input(key=f"level {name}").value == 39.5
    assert page.number_input(key=f"width {name}").value == 399
    page.number_input(key=f"level {name}").set_value(300.0)
    page.number_input(key=f"width {name}").set_value(1500.0).run()
    np.testing.assert_array_equal(pixels(page)[..., 0], windowed(units, -450, 1050))


def test_each_photo_keeps_its_own_choice_and_a_plain_one_has_none() -> None:
    first, second = tiff(VALUES), tiff(VALUES[::-1].copy())
    page, name = with_file(first)
    page.slider(key=f"slice {name}").set_value(2).run()
    chosen = pixels(page)
    add(page, ("other.tif", second))
    assert link_of(page) == {}
    np.testing.assert_array_equal(pixels(page), open_channels(second).pixels)
    page.session_state["picture"] = hashlib.sha256(first).hexdigest()
    page.run()
    np.testing.assert_array_equal(pixels(page), chosen)
    assert link_of(page) == {"slice": "2"}
    file = io.BytesIO()
    Image.fromarray(np.full((6, 8, 3), 70, np.uint8)).save(file, "TIFF")
    add(page, ("photo.tif", file.getvalue()))
    assert (pixels(page) == 70).all()
    assert not [one for one in page.selectbox if str(one.key).startswith("window")]
    assert link_of(page) == {}


def test_pages_of_a_plain_file_begin_with_the_first() -> None:
    values = np.random.default_rng(2).integers(0, 255, (2, 6, 8), dtype=np.uint8)
    page, name = with_file(tiff(values, "ZYX"))
    np.testing.assert_array_equal(pixels(page)[..., 0], values[0])
    first = page.session_state["seen"].shown.sha256
    page.slider(key=f"slice {name}").set_value(2).run()
    np.testing.assert_array_equal(pixels(page)[..., 0], values[1])
    assert page.session_state["seen"].shown.sha256 != first


def test_a_photo_of_16_bits_is_opened_as_one_until_a_window_is_chosen() -> None:
    colours = VALUES[0][..., :3]
    done, data = cv2.imencode(".png", colours[..., ::-1])
    assert done
    page, name = with_file(data.tobytes())
    np.testing.assert_array_equal(pixels(page), colours >> 8)
    assert page.selectbox(key=f"window {name}").options[0] == "As a photo"
    page.selectbox(key=f"window {name}").set_value("level").run()
    page.number_input(key=f"level {name}").set_value(2000.0)
    page.number_input(key=f"width {name}").set_value(4000.0).run()
    np.testing.assert_array_equal(pixels(page), windowed(colours, 0, 4000))
    assert link_of(page) == {"channels": "1,2,3", "window": "2000,4000", "slice": "1"}
