"""Field or object on the page "Focus", and what is saved there."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import attnviz
from attnviz.export.base import exports
from attnviz.pictures import open_sample
from attnviz.render.patchiness import is_patchy, patchiness
from attnviz.ui.kit import save_menu
from attnviz.ui.kit.picture_cache import SHOWN_SIDE
from tests.ui.pages.focus.test_page import PAGE, assert_fine, header, png, tell

WHOLE, PATCHES = "flower", "coffee"


def opened(**link: str) -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    for name, value in link.items():
        page.query_params[name] = value
    page.run()
    assert_fine(page)
    return page


def show(page: AppTest, sample: str) -> AppTest:
    page.session_state["picture"] = f"sample:{sample}"
    page.run()
    assert_fine(page)
    return page


def shown(page: AppTest) -> tuple[bool, bool]:
    """Whether the viewer was told to follow the object, and whether it was sent objects."""
    sent = header(page)
    return bool(sent["view"]["outline"]), sent["mattes"] is not None


@pytest.mark.parametrize("sample", [WHOLE, PATCHES])
def test_samples_are_what_this_file_takes_them_for(sample: str) -> None:
    model = attnviz.load_model("ran-small", "cpu")
    focus = attnviz.explain(model, open_sample(sample).reduced(SHOWN_SIDE)).focus()
    assert is_patchy(focus) == (sample == PATCHES)
    assert abs(patchiness(focus) - 2) > 0.5, "not by a hair"


def test_a_focus_in_patches_begins_with_the_object_and_one_in_one_piece_with_the_field() -> None:
    page = opened(picture=f"sample:{PATCHES}")
    assert shown(page) == (True, True)
    assert "outline" not in page.query_params, "nobody has chosen it"
    assert shown(show(page, WHOLE)) == (False, False)
    assert shown(show(page, PATCHES)) == (True, True)
    assert page.session_state["viewer controls"].outline is None


def test_what_is_chosen_stays_for_other_photos_and_is_in_the_link() -> None:
    page = opened(picture=f"sample:{PATCHES}")
    tell(page, outline=False)
    assert page.query_params["outline"] == "0"
    assert header(page)["viewId"] == header(tell(page, outline=False))["viewId"], "no new view"
    show(page, WHOLE)
    assert page.session_state["viewer controls"].outline is False
    tell(page, outline=True)
    show(page, PATCHES)
    assert page.session_state["viewer controls"].outline is True
    assert page.query_params["outline"] == "1"


@pytest.mark.parametrize(("sample", "outline"), [(PATCHES, "0"), (WHOLE, "1")])
def test_a_link_with_a_choice_is_followed(sample: str, outline: str) -> None:
    page = opened(picture=f"sample:{sample}", outline=outline)
    assert shown(page) == (outline == "1", outline == "1")
    assert page.query_params["outline"] == outline


def test_other_controls_leave_the_edges_to_the_page() -> None:
    page = opened(picture=f"sample:{PATCHES}")
    tell(page, radius=0.01)
    assert page.session_state["viewer controls"].outline is None
    assert "outline" not in page.query_params


def test_files_carry_the_photos_name(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    monkeypatch.setattr(
        save_menu.st, "download_button", lambda *_, file_name, **__: names.append(file_name)
    )
    page = AppTest.from_file(str(PAGE), default_timeout=120).run()
    assert names[0] == "Temple-focus.png"  # the first of the menu
    names.clear()
    source = png(np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8))
    page.get("file_uploader")[0].upload("My giraffe: 1.png", source).run()
    assert_fine(page)
    assert names[0] == "My giraffe- 1-focus.png"
    assert len(set(names)) == len(names) == len(list(exports()))
    assert header(page)["name"] == "My giraffe- 1"
