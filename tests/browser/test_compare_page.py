"""The page "Compare" in a real browser: stepped without a word, compared with numbers."""

from __future__ import annotations

import base64
import math
import re
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect

from attnviz.analysis.explain import explain
from attnviz.models.catalogue import find_model
from attnviz.models.loading import load_model
from attnviz.render.bokeh import bokeh
from attnviz.ui.components.map_grid.view import Spans
from attnviz.ui.components.viewer import Content, Layer, pack
from attnviz.ui.kit import picture_cache
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.pages.compare.cells import Cell
from attnviz.ui.pages.compare.packing import RADIUS, small
from attnviz.ui.pages.compare.save import cell_focus
from tests.browser.conftest import App, stopped
from tests.browser.waiting import at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 60_000
# The pixel in the middle of every cell's picture.
MIDDLES = """(one) => one.board.cells.filter(({ canvas }) => canvas).map(({ canvas }) =>
  canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data.join())"""
# The first cell's picture, RGBA rows from the top.
FIRST = """(one) => {
  const { canvas } = one.board.cells[0];
  const codes = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let text = "";
  for (let i = 0; i < codes.length; i += 8192) {
    text += String.fromCharCode(...codes.subarray(i, i + 8192));
  }
  return [canvas.width, canvas.height, btoa(text)];
}"""
JPEG = b"\xff\xd8\xff"


def ready(page: Page) -> None:
    expect(page.locator(".compare[data-ready='1']")).to_have_count(1, timeout=2 * WAIT)
    at_rest(page)


def layers(page: Page) -> list[str]:
    shown = page.locator(".cell canvas[role=button]").all()
    return [str(one.get_attribute("data-layer")) for one in shown]


def middles(page: Page) -> list[str]:
    return list(page.locator(".compare").evaluate(MIDDLES))


def at_stop(page: Page, stop: int) -> None:
    expect(page.locator(f".compare[data-stop='{stop}']")).to_have_count(1, timeout=WAIT)


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_the_grid_steps_in_silence_and_compares_two_cells(
    chromium: Browser, app: App, width: int, theme: Any
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    sent: list[int] = []
    received: list[bytes] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: sent.append(len(frame)))
        socket.on(
            "framereceived", lambda one: received.append(one if isinstance(one, bytes) else b"")
        )

    page.on("websocket", listen)
    page.goto(f"{app.url}/Compare?compare+models=ran-small,vit-small")
    ready(page)
    cells = page.locator(".cell canvas[role=button]")
    expect(cells).to_have_count(4)
    assert layers(page) == [
        "stage2.attention", "stage3.attention", "all layers", "all layers",
    ]  # fmt: skip
    expect(page.locator(".pair .rho")).to_have_text(re.compile(r"^Rank correlation [+−]0\.\d\d: "))
    expect(page.locator(".pair .iou")).to_have_text(
        re.compile(r"^Top 20 % overlap \(IoU\) 0\.\d\d")
    )
    first = page.locator(".pair .rho").inner_text()

    # Depth, scale and focus picture are the browser's own work; what they say is told after a rest,
    # which never comes here.
    page.locator(".compare").evaluate("(one) => (one.board.reporter.delay = 1e6)")
    best, before = middles(page), len(sent)
    cells.first.focus()
    page.keyboard.press("Home")
    at_stop(page, 0)
    assert layers(page) == [
        "stage1.attention", "stem.2", "blocks.0.attention", "stem.2",
    ]  # fmt: skip
    assert middles(page) != best
    for stop in range(1, 12):  # as many blocks as the transformer has, with its stem
        page.keyboard.press("ArrowRight")
        at_stop(page, stop)
    assert layers(page)[1] == "stage4"
    last = middles(page)
    ends = page.locator(".cell .ramp > span:last-child")
    row = ends.all_inner_texts()
    page.get_by_label("Colours").select_option("all")
    assert middles(page) != last
    whole = ends.all_inner_texts()
    assert whole[0] == whole[2], "attention shares one scale"
    assert whole[1] == whole[3], "relevance another"
    assert row[2] != whole[2]
    page.get_by_role("radio", name="Focus picture").check()
    assert middles(page) != last
    page.keyboard.press("Shift+ArrowLeft")
    cells.nth(1).hover()
    expect(page.locator(".cell .cross:visible")).to_have_count(4)
    assert len(sent) == before, "stepping, scale and pointing have told the server"

    assert sum(b'"viewId":"' in one for one in received) == 1, "the grid is sent once"
    assert sum(one.count(JPEG) for one in received) >= 4, "a picture for each cell"
    first_bytes = sum(map(len, received))
    received.clear()
    cells.nth(1).focus()
    page.keyboard.press("Enter")
    other = page.locator(".cell:has(canvas[aria-pressed=true])")
    expect(other).to_have_count(2)
    expect(page.locator(".pair .rho")).not_to_have_text("", timeout=WAIT)
    expect(page.locator(".pair .rho")).not_to_have_text(first, timeout=WAIT)
    assert len(sent) > before
    expect(page).to_have_url(re.compile("compare\\+scale=all"), timeout=WAIT)
    ready(page)
    second = page.locator(".pair .rho").inner_text()
    assert not any(JPEG in one for one in received), "a new pair brings no pictures again"
    again_bytes = sum(map(len, received))
    assert 1000 < again_bytes < first_bytes / 3, (again_bytes, first_bytes)

    with page.expect_download(timeout=WAIT) as download:
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("button", name="Grid", exact=True).click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    address = page.url
    page.close()
    again = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    again.goto(address)
    ready(again)
    at_stop(again, 11)
    expect(again.locator(".pair .rho")).to_have_text(second)
    expect(again.locator("[data-testid=stException]")).to_have_count(0)
    assert app.errors() == ""
    again.close()


def test_a_model_that_cannot_be_downloaded_says_so_in_its_row(chromium: Browser, app: App) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{app.url}/Compare?compare+models=ran-small,resnet18")
    ready(page)
    expect(page.locator(".cell canvas[role=button]")).to_have_count(2)
    said = page.locator(".cell .sentence")
    expect(said.first).to_contain_text("has no spatial attention")
    expect(said.nth(1)).to_contain_text("could not be downloaded")
    expect(page.get_by_role("button", name="Retry failed maps")).to_be_visible()
    page.close()


def test_a_focus_picture_is_the_servers(chromium: Browser, app: App) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(
        f"{app.url}/Compare?compare+models=ran-small&compare+looks=attention&compare+shown=focus"
        "&compare+scale=cell&compare+best=0&compare+depth=0"
    )
    ready(page)
    expect(page.locator(".compare[data-final='1']")).to_have_count(1, timeout=WAIT)
    width, height, text = page.locator(".compare").evaluate(FIRST)
    shown = np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)[..., :3]
    page.close()

    seen = explain(load_model("ran-small"), picture_cache.shown_sample("china"), "attention")
    photo = Photo(seen.picture, lambda: seen.picture, "China")
    layer = seen.layers[0]
    values = seen.map_of(layer)
    ends = float(values.min()), float(values.max())
    spec = find_model("ran-small")
    focus = cell_focus(Cell("", photo, spec, "attention", seen), layer, ends, Spans.CELL)
    sent = small(seen.picture)
    geometry = seen.geometry.resized(sent.shape[:2])
    coded = pack(Content(sent, geometry, [Layer(layer, values)], "")).photo
    pixels = np.asarray(cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_COLOR)[..., ::-1])
    assert pixels.shape == shown.shape
    expected = bokeh(
        np.ascontiguousarray(pixels), focus.values, RADIUS * math.hypot(*pixels.shape[:2])
    )

    def apart(one: np.ndarray, other: np.ndarray) -> float:
        return float(np.abs(one.astype(int) - other.astype(int)).mean())

    assert apart(expected, pixels) > 4, "the blur must change the picture"
    assert apart(shown, expected) <= 2


def test_stop_ends_the_work_and_the_page_asks_again(chromium: Browser, app: App) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(
        f"{app.url}/Compare?compare+models=ran-small,cbam-small&compare+looks=score-cam,ablation-cam"
    )
    stopped(page, begin="Look")
    expect(page.get_by_text("Some of the methods need many passes")).to_be_visible()
    expect(page.locator(".compare")).to_have_count(0)
    page.close()
