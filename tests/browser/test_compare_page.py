"""The page "Compare" in a real browser: stepped without a word, compared with numbers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect

from tests.browser.conftest import App

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 60_000
# The pixel in the middle of every cell's picture.
MIDDLES = """(one) => one.board.cells.filter(({ canvas }) => canvas).map(({ canvas }) =>
  canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data.join())"""


def ready(page: Page) -> None:
    expect(page.locator(".compare[data-ready='1']")).to_have_count(1, timeout=2 * WAIT)
    idle = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    expect(idle).to_have_count(1, timeout=WAIT)


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

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: sent.append(len(frame)))

    page.on("websocket", listen)
    page.goto(f"{app.url}/Compare?compare+models=ran-small,vit-small")
    ready(page)
    cells = page.locator(".cell canvas[role=button]")
    expect(cells).to_have_count(4)
    assert layers(page) == [
        "stage2.attention", "stage3.attention", "blocks.5.attention", "blocks.5.attention",
    ]  # fmt: skip
    expect(page.locator(".pair .rho")).to_have_text(re.compile(r"^Rank correlation [+−]0\.\d\d: "))
    expect(page.locator(".pair .iou")).to_have_text(
        re.compile(r"^Top 20 % overlap \(IoU\) 0\.\d\d")
    )
    first = page.locator(".pair .rho").inner_text()

    # Depth, scale and focus picture are the browser's own work; what they say is told after a rest,
    # which never comes here.
    page.locator(".compare").evaluate("(one) => (one.board.teller.delay = 1e6)")
    best, before = middles(page), len(sent)
    cells.first.focus()
    page.keyboard.press("Home")
    at_stop(page, 0)
    assert layers(page) == [
        "stage1.attention", "stem.2", "blocks.0.attention", "blocks.0.attention",
    ]  # fmt: skip
    assert middles(page) != best
    for stop in range(1, 9):
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

    with page.expect_download(timeout=WAIT) as download:
        page.get_by_role("button", name="Save the grid").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    address = page.url
    page.close()
    again = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    again.goto(address)
    ready(again)
    at_stop(again, 8)
    expect(again.locator(".pair .rho")).to_have_text(second)
    expect(again.locator("[data-testid=stException]")).to_have_count(0)
    assert not re.search(r"Traceback|Error", app.log.read_text(errors="replace"))
    again.close()


def test_a_model_that_cannot_be_downloaded_says_so_in_its_row(chromium: Browser, app: App) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{app.url}/Compare?compare+models=ran-small,resnet18")
    ready(page)
    expect(page.locator(".cell canvas[role=button]")).to_have_count(2)
    said = page.locator(".cell .sentence")
    expect(said.first).to_contain_text("has no attention to places")
    expect(said.nth(1)).to_contain_text("could not be downloaded")
    expect(page.get_by_role("button", name="Try the failed ones again")).to_be_visible()
    page.close()
