"""The row of photos: what is added stays, for its visitor alone, until it is removed."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from PIL import Image
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from attnviz.ui.kit import photo_store, uploads
from attnviz.ui.kit.picture_cache import shown_upload
from attnviz.ui.kit.visitor import COOKIE, new_token


def pictures_page() -> None:
    import streamlit as st

    from attnviz.ui.kit.pickers import pick_from_row
    from attnviz.ui.kit.url_state import share

    found = pick_from_row()
    st.text(" | ".join(photo.title for photo in found.values()))
    if found:
        share("picture")


def opened(**link: str) -> AppTest:
    page = AppTest.from_function(pictures_page, default_timeout=60)
    for name, value in link.items():
        page.query_params[name] = value
    return page.run()


def png(shade: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((6, 8, 3), shade, np.uint8)).save(file, "PNG")
    return file.getvalue()


def add(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    box = page.get("file_uploader")[0]
    for name, source in files:
        box.upload(name, source)
    return page.run()


def titles(page: AppTest) -> list[str]:
    """Titles of the photos that the visitor has added, the chosen one first."""
    every = page.text[0].value.split(" | ")
    return [title for title in every if title.endswith(".png")]


def key(shade: int) -> str:
    return hashlib.sha256(png(shade)).hexdigest()


@pytest.fixture
def cookies(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The cookies of the browser that opens the page."""
    jar: dict[str, str] = {}
    monkeypatch.setattr(ContextProxy, "cookies", property(lambda _: jar))
    return jar


def test_photos_added_later_join_those_that_are_there_and_the_first_new_one_is_shown() -> None:
    page = add(opened(), ("one.png", png(1)), ("two.png", png(2)))
    assert titles(page) == ["one.png", "two.png"]
    assert page.query_params["picture"] == key(1)
    add(page, ("three.png", png(3)))
    assert titles(page) == ["three.png", "one.png", "two.png"]
    page.run()
    assert titles(page) == ["three.png", "one.png", "two.png"]


def test_a_reload_finds_the_photos_by_the_cookie_and_nobody_else_does(
    cookies: dict[str, str],
) -> None:
    cookies[COOKIE] = new_token()
    add(opened(), ("mine.png", png(4)))
    assert titles(opened(picture=key(4))) == ["mine.png"]
    assert titles(opened()) == ["mine.png"], "without a link too"
    for other in (new_token(), "", "../x", "a" * 42, "a" * 4000):
        cookies[COOKIE] = other
        assert titles(opened()) == []
        assert "not here" in opened(picture=key(4)).warning[0].value


def test_a_link_to_a_photo_that_is_not_here_asks_for_it_and_shows_no_other() -> None:
    page = opened(picture=key(7))
    assert "not here" in page.warning[0].value
    assert page.text[0].value == ""
    assert page.query_params["picture"] == key(7), "the link stays as it was"
    add(page, ("other.png", png(8)), ("asked.png", png(7)))
    assert titles(page)[0] == "asked.png"
    assert not page.warning


@pytest.mark.parametrize("picture", ["sample:gone", "<b>", "0" * 64])
def test_whatever_a_link_asks_for_in_vain_is_not_repeated(picture: str) -> None:
    page = opened(picture=picture)
    assert len(page.warning) == 1
    assert picture not in page.warning[0].value
    assert not page.exception


def test_a_removed_photo_gives_way_to_its_neighbour_and_comes_back() -> None:
    page = add(opened(), ("one.png", png(11)), ("two.png", png(12)))
    page.button(key="remove photo").click().run()
    assert titles(page) == ["two.png"]
    page.button(key="remove photo").click().run()
    assert titles(page) == []
    assert page.query_params["picture"] == "sample:china"
    assert all(one.key != "remove photo" for one in page.button), "samples cannot be removed"
    page.button(key="undo removal").click().run()
    assert titles(page) == ["two.png"]
    assert page.query_params["picture"] == key(12)
    assert all(one.key != "undo removal" for one in page.button)


def test_what_cannot_be_opened_is_named_until_the_next_choice_and_not_kept() -> None:
    page = add(opened(), ("no.png", b"no picture"), ("good.png", png(20)))
    assert ["no.png" in error.value for error in page.error] == [True]
    assert titles(page) == ["good.png"]
    page.run()
    assert page.error
    add(page, ("next.png", png(21)))
    assert not page.error


def test_photos_beyond_the_limit_go_and_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    small = photo_store.PhotoStore(photo_store.StoreLimits(photos=2))
    monkeypatch.setattr(uploads, "PHOTOS", small)
    page = add(opened(), *((f"{shade}.png", png(shade)) for shade in (31, 32, 33)))
    assert titles(page) == ["32.png", "33.png"]
    assert "31" in page.error[0].value
    assert "newest" in page.error[0].value


def interrupted_page() -> None:
    """Receives its files twice, as where the browser cuts the first run short."""
    import streamlit as st
    from streamlit.runtime.uploaded_file_manager import DeletedFile

    from attnviz.ui.kit.uploads import _receive, kept_photos, show_messages

    if st.session_state.get("uploads"):
        _receive("again")
    st.session_state["again"] = [DeletedFile("gone")]
    st.text(" | ".join(photo.name for photo in kept_photos()))
    show_messages()
    st.session_state["uploads"] = "here"


def test_files_that_are_received_twice_are_kept_once_with_their_messages() -> None:
    page = AppTest.from_function(interrupted_page, default_timeout=60)
    page.session_state["uploads messages"] = ["no.png cannot be opened."]
    page.session_state["uploads turn"] = 1
    page.run()
    page.run()
    assert not page.exception
    assert [error.value for error in page.error] == ["no.png cannot be opened."]
    assert page.session_state["uploads turn"] == 1


def test_scenes_and_scans_are_added_like_photos() -> None:
    import gzip

    import nibabel
    import tifffile

    file = io.BytesIO()
    scene = np.random.default_rng(0).integers(0, 3000, (8, 9, 13), dtype=np.uint16)
    tifffile.imwrite(file, scene, planarconfig="contig", photometric="minisblack")
    volume = np.zeros((1300, 1300, 3), np.float32)
    volume[::2] = 1
    scan = gzip.compress(nibabel.Nifti1Image(volume, np.eye(4)).to_bytes(), 1)
    page = add(opened(), ("scene.tif", file.getvalue()), ("scan.nii.gz", scan))
    assert not page.error
    assert page.text[0].value.startswith("scene.tif | scan.nii.gz | ")
    shown = [
        shown_upload(hashlib.sha256(data).hexdigest(), name, data)
        for name, data in (("scene.tif", file.getvalue()), ("scan.nii.gz", scan))
    ]
    assert shown[0].channels is not None
    np.testing.assert_array_equal(shown[0].channels.values, scene)
    assert (shown[1].height, shown[1].width) == (1280, 1280)
    assert "Slice 2 of 3." in shown[1].notes
