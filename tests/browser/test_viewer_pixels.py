"""The browser's exact picture against the server's renderer, pixel by pixel."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from urllib.parse import urlencode

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from attnviz.focus import FocusMap, FocusSettings, focus_map
from attnviz.render.bokeh import bokeh
from attnviz.ui.viewer import pack
from tests.browser.conftest import App
from tests.browser.viewer_content import SIZE, known_content

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 60_000
DIAGONAL = math.hypot(*SIZE)
READ = """() => {
  const codes = document.querySelector("[data-testid=stBidiComponentIsolated]").shadowRoot
    .querySelector(".stage > canvas").viewer.renderer.readRefined();
  let text = "";
  for (let i = 0; i < codes.length; i += 8192) {
    text += String.fromCharCode(...codes.subarray(i, i + 8192));
  }
  return btoa(text);
}"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 900, "height": 900})
    yield page
    page.close()


def drawn(page: Page, app: App, **query: object) -> np.ndarray:
    """The viewer's exact picture for a link, uint8 [H, W, 3]."""
    page.goto(f"{app.url}?{urlencode(query)}")
    page.wait_for_selector("canvas[data-final='1']", timeout=WAIT)
    codes = np.frombuffer(base64.b64decode(page.evaluate(READ)), np.uint8)
    return codes.reshape(*SIZE, 4)[..., :3]


def photo_of(side: int, *, mattes: bool = False) -> np.ndarray:
    """The photo as the browser has it: decoded from the payload's JPEG."""
    coded = np.frombuffer(pack(known_content(side, mattes=mattes)).photo, np.uint8)
    return np.asarray(cv2.cvtColor(cv2.imdecode(coded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))


def focus_of(side: int, layer: int) -> FocusMap:
    content = known_content(side)
    return focus_map(content.layers[layer].values, content.geometry, FocusSettings())


def distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


@pytest.mark.parametrize("side", [7, 14, 56])
@pytest.mark.parametrize("radius", [4.0, 12.0, 32.0])
def test_the_shader_draws_what_the_server_draws(
    page: Page, viewer_app: App, side: int, radius: float
) -> None:
    shown = drawn(page, viewer_app, grid=side, layer="block 2", radius=radius / DIAGONAL)
    expected = bokeh(photo_of(side), focus_of(side, 2).values, radius)
    assert distance(expected, photo_of(side)) > 2, "the blur must change the picture"
    assert distance(shown, expected) <= 2


@pytest.mark.parametrize("aperture", ["hexagon", "octagon"])
def test_the_shape_of_the_opening(page: Page, viewer_app: App, aperture: str) -> None:
    shown = drawn(
        page, viewer_app, layer="block 1", radius=20 / DIAGONAL, aperture=aperture, highlights=4
    )
    photo, focus = photo_of(14), focus_of(14, 1).values
    expected = bokeh(photo, focus, 20, aperture=aperture, highlights=4)
    assert distance(shown, expected) <= 2
    assert distance(bokeh(photo, focus, 20), expected) > distance(shown, expected)


def test_an_object_with_a_steep_edge(page: Page, viewer_app: App) -> None:
    shown = drawn(
        page, viewer_app, mattes=1, layer="block 3", radius=20 / DIAGONAL, outline=1,
        threshold=0.5, softness=1,
    )  # fmt: skip
    content = known_content(14, mattes=True)
    assert content.mattes is not None
    matte = np.clip(content.mattes[3], 0, 1)
    focus = matte * matte * (3 - 2 * matte)
    expected = bokeh(photo_of(14, mattes=True), focus, 20)
    assert distance(shown, expected) <= 2
    inside = cv2.erode(matte, np.ones((9, 9))) == 1  # mattes travel at 320 px
    assert distance(shown[inside], photo_of(14, mattes=True)[inside]) < 0.5
