"""The viewer in a real browser: it draws by itself, tells what it should, and survives."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, WebSocket, expect

from tests.browser.conftest import SHARP, App
from tests.browser.viewer_content import LAYERS
from tests.browser.waiting import at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 60_000
# A view is told one second after the last touch; by then it is there.
TOLD = 8_000


QUIET = """(delay) => {
  const { viewer } = document.querySelector("[data-testid=stBidiComponentIsolated]").shadowRoot
    .querySelector(".stage > canvas");
  viewer.reporter.delay = delay;
  if (delay < 10000) viewer.reporter.soon();
}"""


class Window:
    """A browser window with the viewer in it, and a count of what it sends to the server."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.page: Page = browser.new_page(
            **({"viewport": {"width": 1000, "height": 900}} | options)
        )
        self.sent: list[int] = []
        self.page.on("websocket", self._listen)
        self.page.goto(url)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: self.sent.append(len(frame)))

    @property
    def canvas(self) -> Locator:
        return self.page.locator(".stage > canvas")

    def still(self) -> None:
        """Wait until the exact picture is drawn and the page's script has ended."""
        expect(self.page.locator("canvas[data-final='1']")).to_have_count(1, timeout=WAIT)
        at_rest(self.page)

    def told(self) -> dict[str, Any]:
        """What Python knows, as the page writes it."""
        return dict(json.loads(self.page.locator("[data-testid=stCode] code").inner_text()))

    def pixels(self) -> np.ndarray:
        source = self.canvas.screenshot()
        return np.asarray(Image.open(io.BytesIO(source)).convert("RGB")).astype(int)


@pytest.fixture
def window(chromium: Browser, viewer_app: App, request: pytest.FixtureRequest) -> Iterator[Window]:
    """The viewer, with nothing blurred unless the test wants it so."""
    radius = getattr(request, "param", SHARP)
    window = Window(chromium, f"{viewer_app.url}?layer=block+0&{radius}")
    window.still()
    yield window
    window.page.close()


blurred = pytest.mark.parametrize("window", ["radius=0.024"], indirect=True)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).mean())


@blurred
def test_fifty_steps_moves_and_modes_send_nothing(window: Window) -> None:
    page = window.page
    frames = int(window.canvas.get_attribute("data-frames") or 0)
    first = window.pixels()
    # However slow this machine is: a view is told a second after the last touch, not between them.
    page.evaluate(QUIET, 600_000)
    window.sent.clear()
    window.canvas.focus()
    for _ in range(6):
        for _ in range(LAYERS - 1):
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Home")
    expect(window.canvas).to_have_attribute("data-layer", "block 0", timeout=WAIT)
    page.keyboard.press("End")
    radius = page.get_by_role("slider", name="Radius")
    for _ in range(9):
        radius.press("ArrowRight")
    for name in ("Focus", "Map", "Photo", "Split", "Side by side"):
        page.get_by_role("radio", name=name, exact=True).click()
    sent = list(window.sent)
    assert sent == [], "the browser draws by itself"
    expect(window.canvas).to_have_attribute("data-layer", f"block {LAYERS - 1}", timeout=WAIT)
    window.still()
    assert int(window.canvas.get_attribute("data-frames") or 0) > frames + 10
    assert difference(window.pixels(), first) > 5
    page.evaluate(QUIET, 1000)
    # One second later the view is told: once, with the last values of all that was moved.
    expect(page.locator("[data-testid=stCode]")).to_contain_text(
        f"block {LAYERS - 1}", timeout=TOLD
    )
    view = window.told()["view"]
    assert view["radius"] == pytest.approx(0.024 + 9 * 0.002)
    assert view["mode"] == "side"
    assert len(window.sent) <= 2


def test_playing_sends_nothing(window: Window) -> None:
    page = window.page
    page.locator(".speed select").select_option("4")
    page.wait_for_timeout(1500)
    window.still()
    window.sent.clear()
    page.get_by_role("button", name="Play", exact=True).click()
    for index in (1, 2, 3, 4, 5, 0, 1):  # twice round takes more than the second after a touch
        expect(window.canvas).to_have_attribute("data-layer", f"block {index}", timeout=WAIT)
    assert window.sent == []
    page.get_by_role("button", name="Pause", exact=True).click()


@blurred
def test_each_layer_and_mode_looks_different(window: Window) -> None:
    page = window.page
    seen = {}
    for mode in ("Focus", "Map", "Photo"):
        page.get_by_role("radio", name=mode, exact=True).click()
        window.still()
        seen[mode] = window.pixels()
    assert difference(seen["Focus"], seen["Photo"]) > 2
    assert difference(seen["Map"], seen["Photo"]) > 10
    page.get_by_role("radio", name="Map", exact=True).click()
    window.canvas.focus()
    page.keyboard.press("End")
    window.still()
    assert difference(window.pixels(), seen["Map"]) > 5


def test_a_click_tells_its_exact_place(window: Window) -> None:
    page = window.page
    page.get_by_role("radio", name="Photo", exact=True).click()
    window.still()
    pane = page.evaluate(
        "() => document.querySelector('[data-testid=stBidiComponentIsolated]').shadowRoot"
        ".querySelector('.stage > canvas').viewer.panes()[0]"
    )
    x, y = round(0.3 * pane["width"]), round(0.6 * pane["height"])
    window.canvas.click(position={"x": pane["x"] + x, "y": y})
    expect(page.locator("[data-testid=stCode]")).not_to_contain_text('"picked": null', timeout=TOLD)
    picked = window.told()["picked"]
    assert picked[0] == pytest.approx(x / pane["width"], abs=1e-6)
    assert picked[1] == pytest.approx(y / pane["height"], abs=1e-6)
    assert picked[2] == "block 0"


def test_a_double_click_resets_the_zoom_and_picks_nothing(window: Window) -> None:
    page = window.page
    whole = window.pixels()
    box = window.canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 150, box["y"] + 120)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    window.still()
    assert difference(window.pixels(), whole) > 5
    expect(page.get_by_role("button", name="Whole picture")).to_be_visible()
    window.canvas.dblclick(position={"x": 150, "y": 120})
    expect(page.get_by_role("button", name="Whole picture")).to_be_hidden()
    page.wait_for_timeout(1500)
    assert window.told()["picked"] is None


@blurred
def test_a_lost_context_comes_back_with_the_picture(window: Window) -> None:
    before = window.pixels()
    window.page.evaluate(
        """() => {
          const canvas = document.querySelector("[data-testid=stBidiComponentIsolated]")
            .shadowRoot.querySelector(".stage > canvas");
          const lose = canvas.viewer.renderer.gl.getExtension("WEBGL_lose_context");
          lose.loseContext();
          setTimeout(() => lose.restoreContext(), 300);
        }"""
    )
    expect(window.page.locator("canvas[data-lost='1']")).to_have_count(1, timeout=WAIT)
    expect(window.page.locator("canvas[data-lost='1']")).to_have_count(0, timeout=WAIT)
    window.still()
    assert difference(window.pixels(), before) < 0.5


def test_the_view_survives_another_page_and_a_reload(window: Window) -> None:
    page = window.page
    window.canvas.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.get_by_role("radio", name="Map", exact=True).click()
    expect(page.locator("[data-testid=stCode]")).to_contain_text('"layer": "block 3"', timeout=TOLD)
    window.still()
    page.get_by_role("link", name="Empty").click()
    expect(page.get_by_text("Nothing here")).to_be_visible(timeout=WAIT)
    page.get_by_role("link", name="Viewer").click()
    expect(window.canvas).to_have_attribute("data-layer", "block 3", timeout=WAIT)
    expect(page.get_by_role("radio", name="Map", exact=True)).to_be_checked()
    window.still()
    assert "layer=block+3" in page.url
    assert "mode=heat" in page.url
    # The viewer that was left has given its context back, which is no loss.
    page.wait_for_timeout(4500)
    assert window.told()["webgl"] is True
    expect(window.canvas).to_be_visible()
    page.reload()
    expect(window.canvas).to_have_attribute("data-layer", "block 3", timeout=WAIT)
    expect(page.get_by_role("radio", name="Map", exact=True)).to_be_checked()


def test_without_webgl_python_is_told(chromium: Browser, viewer_app: App) -> None:
    page = chromium.new_page()
    page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
        "  return kind === 'webgl2' ? null : get.call(this, kind, ...rest); };"
    )
    page.goto(viewer_app.url)
    expect(page.locator("[data-testid=stCode]")).to_contain_text('"webgl": false', timeout=WAIT)
    expect(page.get_by_text("cannot draw with WebGL2")).to_be_visible()
    page.close()


def test_tab_leads_through_the_viewer_and_out_of_it(window: Window) -> None:
    """The picture and the slider take their own keys alone; the rest are the browser's."""
    window.canvas.focus()
    stops = []
    for _ in range(12):
        window.page.keyboard.press("Tab")
        stops.append(window.canvas.evaluate(
            "(one) => { const at = one.getRootNode().activeElement;"
            " return at && (at.ariaLabel || at.textContent || at.className); }"
        ))  # fmt: skip
    assert all(one != other for one, other in pairwise(filter(None, stops))), stops
    assert "Layer" in stops
    assert "Play" in stops


def test_the_picture_is_told_in_words(window: Window) -> None:
    expect(window.canvas).to_have_attribute("aria-label", re_covers(), timeout=WAIT)
    text = window.canvas.get_attribute("aria-label") or ""
    assert "block 0, layer 1 of 6" in text
    assert "below and left of the middle" in text


def re_covers() -> Any:
    import re

    return re.compile(r"focus covers \d+ % of the picture")


def test_touch_narrow_and_still(chromium: Browser, viewer_app: App) -> None:
    """A phone that wants no motion: panes stand one above the other, and playing does not fade."""
    window = Window(
        chromium, f"{viewer_app.url}?layer=block+0&speed=4&{SHARP}",
        viewport={"width": 390, "height": 800},
        has_touch=True, is_mobile=True, device_scale_factor=2, reduced_motion="reduce",
    )  # fmt: skip
    window.still()
    panes = window.page.evaluate(
        "() => document.querySelector('[data-testid=stBidiComponentIsolated]').shadowRoot"
        ".querySelector('.stage > canvas').viewer.panes()"
    )
    assert panes[1]["y"] >= panes[0]["height"]
    assert window.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    window.page.get_by_role("button", name="Play", exact=True).tap()
    positions = window.page.evaluate(
        """async () => {
          const viewer = document.querySelector("[data-testid=stBidiComponentIsolated]").shadowRoot
            .querySelector(".stage > canvas").viewer;
          const seen = new Set();
          for (let i = 0; i < 60; i++) {
            await new Promise(requestAnimationFrame);
            seen.add(viewer.position);
          }
          return [...seen];
        }"""
    )
    assert len(positions) >= 2
    assert all(float(one).is_integer() for one in positions)
    window.page.close()
