"""Which picture the game is played with."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from attnviz.pictures import list_samples
from attnviz.ui.kit.pickers import SAMPLE_PREFIX
from attnviz.ui.pages.you_and_the_model.choosing import order_to_play
from tests.ui.pages.you_and_the_model.you_pages import PAGE, parts, press

TEMPLE, CAT, COFFEE = (SAMPLE_PREFIX + name for name in ("china", "chelsea", "coffee"))


def opened(model: str, seen: str = "", **link: str) -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    page.session_state["model"] = model
    if seen:
        page.session_state["picture"] = seen
    for key, value in link.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    return page


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    st.cache_data.clear()
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("ATTNVIZ_ROUNDS", str(tmp_path / "rounds"))


def test_what_the_model_knows_comes_first_and_what_was_just_seen_last() -> None:
    keys = [SAMPLE_PREFIX + sample.name for sample in list_samples()]
    assert order_to_play([], []) == keys
    assert order_to_play([CAT, COFFEE], [])[:2] == [CAT, COFFEE]
    assert order_to_play([CAT, COFFEE], [CAT])[0] == COFFEE
    assert order_to_play([CAT, COFFEE], [CAT])[-1] == CAT
    assert order_to_play([CAT], [CAT, TEMPLE])[-2:] == [CAT, TEMPLE]


@pytest.mark.parametrize(
    ("model", "seen", "chosen"),
    [("ran-cifar", TEMPLE, CAT), ("ran-small", CAT, TEMPLE), ("vit-small", "", TEMPLE)],
)
def test_the_picture_is_one_that_the_model_gets_right_and_not_that_of_focus(
    model: str, seen: str, chosen: str
) -> None:
    page = opened(model, seen)
    assert page.session_state["bubbles picture"] == chosen
    assert not page.info, "nothing has to be said"
    assert ("picture" in page.session_state) == bool(seen)
    assert not seen or page.session_state["picture"] == seen, "Focus keeps its own"
    assert len(parts(page, "play")) == 1


def test_where_the_model_knows_nothing_unseen_that_is_said_and_another_one_offered() -> None:
    """The temple is all that it knows, and stands on Focus: its side would be a guess."""
    page = opened("ran-small", TEMPLE)
    assert page.session_state["bubbles picture"] not in (TEMPLE, "")
    (info,) = page.info
    assert "does not know what this picture shows" in info.value
    page.run()
    offered = [one for one in page.button if str(one.key).startswith("play ")]
    assert [one.key for one in offered] == ["play lens chelsea", "play lens coffee"]
    offered[0].click().run()
    assert page.session_state["model"] == "lens"
    assert page.session_state["bubbles picture"] == CAT
    assert not page.info
    assert page.session_state["picture"] == TEMPLE, "Focus still shows its own"


def test_a_picture_of_a_link_or_of_the_persons_choice_stays_with_another_model() -> None:
    page = opened("ran-cifar", picture=COFFEE)
    assert page.session_state["bubbles picture"] == COFFEE
    page.selectbox(key="model").set_value("vit-small").run()
    assert page.session_state["bubbles picture"] == COFFEE
    chosen = opened("ran-cifar", TEMPLE)
    chosen.session_state["bubbles picture"] = COFFEE  # as by a click in the row
    chosen.selectbox(key="model").set_value("vit-small").run()
    assert chosen.session_state["bubbles picture"] == COFFEE


def test_another_model_gets_a_picture_that_it_knows_and_another_picture_the_next_one() -> None:
    page = opened("ran-cifar", COFFEE)
    assert page.session_state["bubbles picture"] == CAT
    page.selectbox(key="model").set_value("vit-small").run()
    assert page.session_state["bubbles picture"] == TEMPLE
    order = page.session_state["bubbles order"]
    assert order[0] == TEMPLE
    press(page, "Another picture")
    assert page.session_state["bubbles picture"] == order[1]


def test_a_photo_that_is_added_here_is_played_and_focus_keeps_its_own() -> None:
    page = opened("ran-cifar", TEMPLE)
    pixels = np.full((60, 80, 3), (200, 90, 30), np.uint8)
    pixels[20:40, 20:40] = (20, 90, 230)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    page.file_uploader[0].upload("mine.png", file.getvalue()).run()
    assert not page.exception
    checksum = hashlib.sha256(file.getvalue()).hexdigest()
    assert page.session_state["bubbles picture"] == checksum
    assert page.session_state["picture"] == TEMPLE
    assert parts(page, "play")[0]["size"] == [60, 80]
