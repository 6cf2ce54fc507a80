"""The browser's exact picture against the server's renderer, pixel by pixel."""

from __future__ import annotations

import math
from collections.abc import Iterator
from urllib.parse import urlencode

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from attnviz.render.bokeh import bokeh
from attnviz.render.focus import FocusMap, FocusSettings, Scale, focus_map
from attnviz.render.heat import heat_overlay
from attnviz.ui.components.viewer import pack
from tests.browser.conftest import SHARP, App
from tests.browser.pixels import bytes_of
from tests.browser.viewer_content import SIZE, known_content

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 60_000
DIAGONAL = math.hypot(*SIZE)
# Draws a view at the photo's own size into the canvas and reads it back, rows from the top.
DRAW = """([changes, position]) => {
  const { viewer } = document.querySelector("[data-testid=stBidiComponentIsolated]").shadowRoot
    .querySelector(".stage > canvas");
  const { renderer, view } = viewer;
  const { gl } = renderer;
  const [width, height] = [renderer.loaded.width, renderer.loaded.height];
  Object.assign(gl.canvas, { width, height });
  const panes = [{ x: 0, y: 0, width, height }];
  renderer.restart();
  renderer.draw({ ...view, ...changes }, position, { scale: 1, x: 0.5, y: 0.5 }, panes, gl.canvas);
  return ofGl(gl, width, height);
}"""
CHANGE = """(changes) => document.querySelector("[data-testid=stBidiComponentIsolated]").shadowRoot
  .querySelector(".stage > canvas").viewer.change(changes, false)"""
READ = """() => document.querySelector("[data-testid=stBidiComponentIsolated]").shadowRoot
  .querySelector(".stage > canvas").viewer.renderer.readRefined()"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 900, "height": 900})
    yield page
    page.close()


def drawn(page: Page, app: App, **query: object) -> np.ndarray:
    """The viewer's exact picture for a link, uint8 [H, W, 3]."""
    page.goto(f"{app.url}?{urlencode(query)}")
    return exact(page)


def open_sharp(page: Page, app: App, **query: object) -> None:
    """Follow a link with nothing blurred: what is compared is drawn afterwards."""
    page.goto(f"{app.url}?{urlencode(query)}&{SHARP}")
    page.wait_for_selector("canvas[data-final='1']", timeout=WAIT)


def changed(page: Page, **changes: object) -> np.ndarray:
    """The exact picture after the controls of an open viewer were moved."""
    page.evaluate(CHANGE, changes)
    return exact(page)


def exact(page: Page) -> np.ndarray:
    """The exact picture, once it is drawn, uint8 [H, W, 3]."""
    page.wait_for_selector("canvas[data-final='1']", timeout=WAIT)
    return bytes_of(page, READ).reshape(*SIZE, 4)[..., :3]


def surface(page: Page, position: float, **changes: object) -> np.ndarray:
    """What the browser draws at once for a view, uint8 [H, W, 3]."""
    return bytes_of(page, DRAW, [changes, position]).reshape(*SIZE, 4)[::-1, :, :3]


def photo_of(side: int, *, lights: bool = False) -> np.ndarray:
    """The photo as the browser has it: decoded from the payload's JPEG."""
    coded = np.frombuffer(pack(known_content(side, lights=lights)).photo, np.uint8)
    return np.asarray(cv2.cvtColor(cv2.imdecode(coded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))


def focus_of(side: int, layer: int) -> FocusMap:
    content = known_content(side)
    return focus_map(content.layers[layer].values, content.geometry, FocusSettings())


def distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


@pytest.mark.parametrize("side", [7, 14, 56])
def test_the_shader_draws_what_the_server_draws(page: Page, viewer_app: App, side: int) -> None:
    open_sharp(page, viewer_app, grid=side, layer="block 2")
    for radius in (4.0, 12.0, 32.0):
        shown = changed(page, radius=radius / DIAGONAL)
        expected = bokeh(photo_of(side), focus_of(side, 2).values, radius)
        assert distance(expected, photo_of(side)) > 2, "the blur must change the picture"
        assert distance(shown, expected) <= 2, radius


@pytest.mark.parametrize("aperture", ["disc", "hexagon", "octagon"])
def test_lights_take_the_shape_of_the_opening(page: Page, viewer_app: App, aperture: str) -> None:
    shown = drawn(
        page, viewer_app, lights=1, layer="block 0", radius=32 / DIAGONAL, aperture=aperture,
        highlights=4,
    )  # fmt: skip
    photo, focus = photo_of(14, lights=True), focus_of(14, 0).values

    def lit(picture: np.ndarray) -> np.ndarray:
        return np.asarray(picture[..., 1] > 25)

    def overlap(shape: str) -> float:
        expected = lit(bokeh(photo, focus, 32, aperture=shape, highlights=4))
        assert expected.mean() > 0.02
        return float((lit(shown) & expected).sum() / (lit(shown) | expected).sum())

    assert overlap(aperture) > 0.9
    others = [overlap(one) for one in ("disc", "hexagon", "octagon") if one != aperture]
    assert max(others) < overlap(aperture)


def test_the_quick_picture_is_near_the_exact_one(page: Page, viewer_app: App) -> None:
    exact = drawn(page, viewer_app, layer="block 2", radius=24 / DIAGONAL)
    assert distance(surface(page, 2, mode="bokeh"), exact) < 4
    assert distance(surface(page, 2, mode="photo"), photo_of(14)) < 0.5


@pytest.mark.parametrize("option", ["", "crop", "flat"])
def test_the_heat_is_the_servers(page: Page, viewer_app: App, option: str) -> None:
    open_sharp(page, viewer_app, **({option: 1} if option else {}))
    content = known_content(14, **({option: True} if option else {}))
    values = [one.values for one in content.layers]
    span = (min(float(v.min()) for v in values), max(float(v.max()) for v in values))
    for layer, scale in ((1, "layer"), (1, "all-layers"), (4, "layer"), (4, "all-layers")):
        focus = focus_map(
            values[layer], content.geometry, FocusSettings(scale=Scale(scale)), value_range=span
        )
        expected = heat_overlay(photo_of(14), focus.scaled, 0.8, "viridis")
        shown = surface(page, layer, mode="heat", scale=scale, opacity=0.8, colours="viridis")
        assert distance(shown, expected) <= 1


def test_between_two_layers_the_maps_are_mixed(page: Page, viewer_app: App) -> None:
    open_sharp(page, viewer_app)
    both = 0.75 * focus_of(14, 1).scaled + 0.25 * focus_of(14, 2).scaled
    expected = heat_overlay(photo_of(14), both, 0.6, "inferno")
    shown = surface(page, 1.25, mode="heat")
    assert distance(shown, expected) <= 1
    assert distance(surface(page, 1, mode="heat"), expected) > 2


def test_a_flat_map_is_half_sharp_everywhere(page: Page, viewer_app: App) -> None:
    shown = drawn(page, viewer_app, flat=1, layer="block 4", radius=16 / DIAGONAL)
    assert distance(shown, bokeh(photo_of(14), np.full(SIZE, 0.5, np.float32), 16)) <= 2


def test_an_object_with_a_steep_edge(page: Page, viewer_app: App) -> None:
    shown = drawn(
        page, viewer_app, mattes=1, layer="block 3", radius=20 / DIAGONAL, outline=1,
        threshold=0.5, softness=1,
    )  # fmt: skip
    content = known_content(14, mattes=True)
    assert content.mattes is not None
    matte = np.clip(content.mattes[3], 0, 1)
    focus = matte * matte * (3 - 2 * matte)
    expected = bokeh(photo_of(14), focus, 20)
    assert distance(shown, expected) <= 2
    inside = cv2.erode(matte, np.ones((9, 9))) == 1  # mattes travel at 320 px
    assert distance(shown[inside], photo_of(14)[inside]) < 0.5
