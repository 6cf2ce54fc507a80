"""The row of thumbnails in a real browser: mouse, keyboard, uploads, and what must not happen."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.conftest import App
from tests.browser.test_focus_page import WAIT, assert_no_trouble, page, screen, settle

__all__ = ["page", "screen"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]


def radio(page: Page, name: str) -> Locator:
    return page.get_by_role("radiogroup", name="Picture").get_by_role("radio", name=name)


def credit(page: Page, text: str) -> Locator:
    """The credit of the picture that the page shows; it stands in a closed expander."""
    return page.locator("[data-testid=stExpander]").get_by_text(text)


def test_click_and_keys_choose_a_picture(page: Page, app: App) -> None:
    expect(radio(page, "Temple")).to_be_checked()
    expect(credit(page, "Pikolo")).to_have_count(0)
    radio(page, "Coffee").click()
    expect(radio(page, "Coffee")).to_be_checked()
    expect(credit(page, "Pikolo")).to_have_count(1, timeout=WAIT)
    settle(page)
    expect(page.get_by_role("radio", checked=True).and_(radio(page, ""))).to_have_count(1)

    radio(page, "Coffee").focus()
    page.keyboard.press("ArrowRight")
    expect(radio(page, "Flower")).to_be_checked()
    expect(radio(page, "Flower")).to_be_focused()
    expect(credit(page, "vultilion")).to_have_count(1, timeout=WAIT)
    settle(page)
    expect(radio(page, "Flower")).to_be_focused()
    expect(radio(page, "Flower")).to_be_checked()

    page.keyboard.press("Home")
    expect(radio(page, "Temple")).to_be_checked()
    page.keyboard.press("ArrowLeft")  # round to the last one, which may lie outside the row
    last = page.get_by_role("radiogroup", name="Picture").get_by_role("radio").last
    expect(last).to_be_checked()
    expect(last).to_be_in_viewport(ratio=0.9)
    settle(page)
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert_no_trouble(page, app)


def test_a_hostile_name_is_text_and_a_removed_upload_gives_way(page: Page, app: App) -> None:
    page.evaluate("window.hit = 0")
    name = "<img src=x onerror=hit=1>.png"
    pixels = np.random.default_rng(5).integers(0, 255, (60, 90, 3), np.uint8)
    page.locator("input[type=file]").set_input_files([upload(name, pixels)])
    expect(radio(page, name)).to_be_checked(timeout=WAIT)
    settle(page)
    picture = radio(page, name).locator("img")
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") == 60
    expect(page.locator("img[onerror]")).to_have_count(0)
    assert page.evaluate("window.hit") == 0

    radio(page, "Rocket").click()
    expect(credit(page, "DSCOVR")).to_have_count(1, timeout=WAIT)
    settle(page)
    radio(page, name).click()
    expect(credit(page, "DSCOVR")).to_have_count(0, timeout=WAIT)
    settle(page)
    page.get_by_role("button", name="Remove this photo").click()
    expect(radio(page, name)).to_have_count(0, timeout=WAIT)
    expect(radio(page, "Temple")).to_be_checked()
    assert_no_trouble(page, app)


def upload(name: str, pixels: np.ndarray) -> FilePayload:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": file.getvalue()}
