"""The frames of a video in a real browser: each with its own picture, and none asks the server."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import App
from tests.browser.test_viewer import QUIET, WAIT, Window
from tests.browser.viewer_content import LAYERS, SHADES

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_frames_of_a_video_are_stepped_and_played_without_a_message(
    chromium: Browser, viewer_app: App
) -> None:
    window = Window(chromium, f"{viewer_app.url}?frames=1&layer=block+0&mode=photo")
    window.still()
    page = window.page
    page.evaluate(QUIET, 600_000)
    window.sent.clear()
    window.canvas.focus()

    def shows(index: int) -> None:
        expect(window.canvas).to_have_attribute("data-layer", f"block {index}", timeout=WAIT)
        page.wait_for_function(
            "([{ viewer, dataset }, at]) => viewer.film.shown === at && dataset.final === '1'",
            arg=[window.canvas.element_handle(), index],
            timeout=WAIT,
        )
        middle = window.pixels()[100:-100, 100:-100]
        assert np.abs(middle - SHADES[index]).max() <= 3

    shows(0)
    for index in (1, 2, 3):
        page.keyboard.press("ArrowRight")
        shows(index)
    page.keyboard.press("Home")
    shows(0)
    page.keyboard.press("End")
    shows(LAYERS - 1)
    assert window.sent == []
    window.page.close()
