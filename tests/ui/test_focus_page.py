"""The focus page run by Streamlit's own test runner: uploads, choices, and what goes wrong."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

PAGE = Path(__file__).resolve().parents[2] / "pages" / "1_Focus.py"


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_file(str(PAGE), default_timeout=120).run()


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def assert_fine(page: AppTest) -> None:
    assert not page.exception
    assert not page.error


def test_it_opens_with_a_sample_already_looked_at(page: AppTest) -> None:
    assert_fine(page)
    assert page.session_state["picture"] == "sample:china"
    assert page.select_slider(key="layer").options == [
        "stage1.attention", "stage2.attention", "stage3.attention", "all layers",
    ]  # fmt: skip
    pieces = [str(part.proto.body) for part in page.get("html")]
    assert sum("sees a" in piece for piece in pieces) == 1
    assert sum("av-strip" in piece for piece in pieces) == 1


def test_layer_buttons_step_and_stop_at_the_ends(page: AppTest) -> None:
    layers = page.select_slider(key="layer").options
    page.select_slider(key="layer").set_value(layers[0]).run()
    page.button[0].click().run()
    assert page.session_state["layer"] == layers[0]
    for expected in (*layers[1:], layers[-1]):
        page.button[1].click().run()
        assert page.session_state["layer"] == expected
    assert_fine(page)


def test_each_question_and_method_can_be_chosen(page: AppTest) -> None:
    options = page.selectbox(key="look").options
    assert options[:2] == ["What does it attend to?", "What does the decision rest on?"]
    for look in ("decision", "mask-gradient", "layer-cam", "soft-mask"):
        page.selectbox(key="look").set_value(look).run()
        assert_fine(page)
        assert page.session_state["layer"] in page.select_slider(key="layer").options


def test_a_new_upload_is_shown_and_a_broken_one_is_named(page: AppTest) -> None:
    good = png(np.full((40, 60, 3), 120, np.uint8))
    uploader = page.get("file_uploader")[0]
    uploader.upload("even.png", good).upload("no.jpg", b"no picture").run()
    assert not page.exception
    assert len(page.error) == 1
    assert "no.jpg" in page.error[0].value
    assert page.session_state["picture"] in page.session_state["known_uploads"]


def test_one_pixel_and_a_ribbon_are_shown(page: AppTest) -> None:
    for pixels in (np.zeros((1, 1, 3), np.uint8), np.zeros((3, 20000, 3), np.uint8)):
        page.get("file_uploader")[0].upload("odd.png", png(pixels)).run()
        assert_fine(page)


def test_a_hostile_file_name_is_plain_text_everywhere(page: AppTest) -> None:
    name = "![x](http%3A__host_p.png)**b**.png"
    source = png(np.full((40, 60, 3), 120, np.uint8))
    page.get("file_uploader")[0].upload(name, source).run()
    assert_fine(page)
    cells = page.table[0].value.to_dict()
    shown = str(cells)
    assert "![x]" not in shown
    assert "**b**" not in shown


def test_a_download_shows_its_progress_and_the_page_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Weights that arrive in two pieces; afterwards the cached model draws nothing again."""
    from attnviz.ui import cache

    real, asked = cache.find_weights, []

    def slow(ref: object, progress: object) -> object:
        asked.append(ref)
        for done in (1, 2):
            progress(done, 2)  # type: ignore[operator]
        return real(ref, None)  # type: ignore[arg-type]

    monkeypatch.setattr(cache, "find_weights", slow)
    page = AppTest.from_file(str(PAGE), default_timeout=120).run()
    assert_fine(page)
    page.run()
    assert_fine(page)
    assert len(asked) == 1
