"""The row of thumbnails: what travels to the browser, and what a click does to the page."""

from __future__ import annotations

import json
from typing import Any

import cv2
import numpy as np
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from attnviz.ui.components.thumbnails import Thumbnail, pack, thumbnail_jpeg
from attnviz.viewer.blob import unpack_blob
from tests.ui.pages.focus.test_page import PAGE, assert_fine, png

ROW = [
    Thumbnail("a", "first.jpg", b"\xff\xd8one"),
    Thumbnail("b", "<b>é\u202e.png", b""),
    Thumbnail("c", "third", b"\x00" * 7),
]


def unpacked(blob: bytes) -> tuple[dict[str, object], list[bytes]]:
    """The header, and the pictures in the order of its items."""
    header, arrays = unpack_blob(blob)
    return header, [arrays[f"thumbnail {i}"].tobytes() for i in range(len(header["items"]))]


def test_a_row_comes_back_from_its_blob() -> None:
    blob = pack(ROW, "b")
    header, pictures = unpacked(blob)
    assert [(one["key"], one["name"]) for one in header["items"]] == [
        (item.key, item.name) for item in ROW
    ]
    assert pictures == [item.jpeg for item in ROW]
    assert header["chosen"] == "b"
    assert len(unpack_blob(blob)[1]) == len(ROW)


def test_the_id_says_whether_the_pictures_are_the_same_whatever_is_chosen() -> None:
    ids = [unpacked(pack(row, row[0].key))[0]["id"] for row in (ROW, ROW[::-1], ROW[:2])]
    assert len(set(ids)) == 3
    assert unpacked(pack(ROW, "c"))[0]["id"] == ids[0]
    assert pack(ROW, "a") == pack(list(ROW), "a")
    # Bytes that move from one picture to the next make another row.
    moved = [Thumbnail("a", "n", b"xy"), Thumbnail("b", "n", b"z")]
    other = [Thumbnail("a", "n", b"x"), Thumbnail("b", "n", b"yz")]
    assert unpacked(pack(moved, "a"))[0]["id"] != unpacked(pack(other, "a"))[0]["id"]


def test_keys_differ_and_the_chosen_one_is_among_them() -> None:
    with pytest.raises(ValueError, match="same key"):
        pack([ROW[0], ROW[0]], "a")
    with pytest.raises(ValueError, match="'x' is not in the row"):
        pack(ROW, "x")
    assert unpacked(pack(ROW, ""))[0]["chosen"] == ""


def test_a_thumbnail_is_the_middle_square() -> None:
    pixels = np.zeros((200, 600, 3), np.uint8)
    pixels[:, 200:400] = (250, 40, 10)
    shown = cv2.imdecode(np.frombuffer(thumbnail_jpeg(pixels), np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (160, 160, 3)
    assert np.abs(shown[..., ::-1].astype(int) - (250, 40, 10)).max() < 8


@pytest.mark.parametrize("size", [(1, 1), (3, 20000), (20000, 3), (90, 70)])
def test_a_small_picture_is_not_enlarged(size: tuple[int, int]) -> None:
    coded = thumbnail_jpeg(np.full((*size, 3), 128, np.uint8))
    shown = cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (min(size), min(size), 3)


def row_element(page: AppTest) -> Any:
    (row,) = [
        one.proto
        for one in page.get("bidi_component")
        if one.proto.component_name == "attnviz.thumbnails"
    ]
    return row


def row_of(page: AppTest) -> dict[str, object]:
    return unpacked(row_element(page).bytes)[0]


def click(page: AppTest, key: str) -> None:
    """What the browser sends when a thumbnail is clicked; AppTest runs no JavaScript."""
    state = WidgetState()
    element = row_element(page).id
    state.id = f"$$STREAMLIT_INTERNAL_KEY_{element}__events"
    state.json_trigger_value = json.dumps([{"event": "picked", "value": key}])
    states = page._tree.get_widget_states()
    states.widgets.append(state)
    page._run(states)


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_file(str(PAGE), default_timeout=120).run()


def test_samples_stand_in_the_row_and_a_click_chooses(page: AppTest) -> None:
    row = row_of(page)
    assert row["chosen"] == "sample:china"
    assert [one["key"] for one in row["items"]][:2] == ["sample:china", "sample:chelsea"]
    click(page, "sample:coffee")
    assert_fine(page)
    assert page.session_state["picture"] == "sample:coffee"
    assert row_of(page)["chosen"] == "sample:coffee"
    assert row_of(page)["id"] == row["id"]
    page.run()  # the click is over, the choice stays
    assert page.session_state["picture"] == "sample:coffee"


def test_a_click_on_what_is_not_there_changes_nothing(page: AppTest) -> None:
    for key in ("sample:gone", "", "visitor token"):
        click(page, key)
        assert_fine(page)
        assert page.session_state["picture"] == "sample:china"


def test_uploads_come_first_keep_their_results_and_can_be_removed(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from attnviz.ui.kit import explanation_cache

    real, looked = explanation_cache.explain, []

    def counted(*given: object) -> object:
        looked.append(given)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(explanation_cache, "explain", counted)
    random = np.random.default_rng(3)
    one, two = (png(random.integers(0, 255, (50, 60, 3), np.uint8)) for _ in range(2))
    page.get("file_uploader")[0].upload("<b>one.png", one).upload("two.png", two).run()
    assert_fine(page)
    first, second = (one["key"] for one in row_of(page)["items"][:2])
    assert [one["name"] for one in row_of(page)["items"][:2]] == ["<b>one.png", "two.png"]
    assert page.session_state["picture"] == first

    click(page, second)
    assert (page.session_state["picture"], len(looked)) == (second, 2)
    for key in (first, "sample:china", second):
        click(page, key)
        assert_fine(page)
        assert page.session_state["picture"] == row_of(page)["chosen"] == key
    assert len(looked) == 2, "switching analyses nothing again"

    page.get("file_uploader")[0].upload("again.png", one).run()  # it is here already
    assert_fine(page)
    assert page.session_state["picture"] == row_of(page)["chosen"] == first
    assert [one["name"] for one in row_of(page)["items"][:2]] == ["<b>one.png", "two.png"]
    page.button(key="remove photo").click().run()
    assert_fine(page)
    assert page.session_state["picture"] == row_of(page)["chosen"] == second
    assert first not in [one["key"] for one in row_of(page)["items"]]
    assert len(looked) == 2
