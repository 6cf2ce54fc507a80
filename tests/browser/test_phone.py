"""The first screen of a phone: photos, the whole picture, and what can be done with it."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from attnviz.render.pointed import POINTED
from tests.browser.conftest import SHARP, App
from tests.browser.test_focus_page import WAIT, canvas, settle, unfold

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WIDTH, HEIGHT = 390, 844


@pytest.fixture
def phone(chromium: Browser, app: App) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="dark")
    page.goto(f"{app.url}?{SHARP}")
    settle(page)
    yield page
    page.close()


def bounds(part: Locator) -> tuple[float, float]:
    """Top and bottom in px of the screen."""
    box = part.bounding_box()
    assert box is not None
    return box["y"], box["y"] + box["height"]


def assert_picture_first(page: Page) -> None:
    """Photos, picture, edges and files stand below each other, on one screen."""
    top = 0.0
    row = page.get_by_role("radiogroup", name="Picture")
    edges = page.get_by_role("radiogroup", name="Focus follows")
    save = page.get_by_role("button", name="Save", exact=True)
    for part in (page.locator("h1"), row, canvas(page), edges, save):
        above, below = bounds(part)
        assert top <= above + 1, part
        top = below
    assert top <= HEIGHT
    assert bounds(edges)[0] - bounds(canvas(page))[1] < 20, "no gap below the picture"
    assert bounds(page.get_by_role("combobox", name="Model"))[0] > top
    share = page.get_by_role("button", name="Share")
    assert bounds(share)[0] == pytest.approx(bounds(edges)[0], abs=4)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_whole_picture_and_its_buttons_are_on_the_first_screen(phone: Page) -> None:
    assert_picture_first(phone)
    radius = phone.get_by_role("slider", name="Radius")
    expect(radius).to_be_hidden()
    unfold(phone)
    expect(radius).to_be_visible()


def test_five_photos_of_ones_own_leave_the_picture_its_place(phone: Page) -> None:
    row = phone.get_by_role("radiogroup", name="Picture")
    phone.locator("input[type=file]").set_input_files([photo(index) for index in range(5)])
    expect(row.get_by_role("radio", name="photo 4.png")).to_have_count(1, timeout=WAIT)
    settle(phone)
    assert_picture_first(phone)
    wide, shown = row.evaluate("(one) => [one.scrollWidth, one.clientWidth]")
    assert wide > shown, "the row scrolls sideways"
    box = row.bounding_box()
    for name in ("Upload", "Take a photo", "Remove this photo"):
        button = phone.locator("button").filter(has_text=name).bounding_box()
        assert button is not None
        assert box is not None
        assert button["x"] + button["width"] <= box["x"], f"{name} stands beside the photos"
        assert min(button["width"], button["height"]) >= 44, "room for a finger"


def test_a_tapped_thing_is_sharp_and_so_is_one_chosen_by_keys(chromium: Browser, app: App) -> None:
    page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT}, has_touch=True)
    page.goto(app.url)
    settle(page)
    place = canvas(page).evaluate("(one) => one.viewer.panes()[0]")
    shift = {"x": place["x"] + 0.4 * place["width"], "y": place["y"] + 0.4 * place["height"]}
    canvas(page).tap(position=shift)
    expect(canvas(page)).to_have_attribute("data-layer", POINTED, timeout=WAIT)
    expect(page.get_by_text("Here the model may see")).to_be_visible()
    settle(page)
    before = page.url
    canvas(page).focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != before and "tap=" in url, timeout=WAIT)
    page.get_by_role("button", name="Back to the model's own focus").click()
    expect(canvas(page)).not_to_have_attribute("data-layer", POINTED)
    expect(page.get_by_text("Here the model may see")).to_have_count(0)
    page.close()


HANDED_OVER = """
navigator.canShare = ({ files }) => files?.[0]?.type === "image/png";
navigator.share = async ({ files, title }) => {
  const bytes = new Uint8Array(await files[0].arrayBuffer());
  window.handed = { title, name: files[0].name, bytes: Array.from(bytes) };
};
"""
IN_CLIPBOARD = """async () => {
  const [item] = await navigator.clipboard.read();
  const blob = await item.getType("image/png");
  return Array.from(new Uint8Array(await blob.arrayBuffer()));
}"""


def drawn(page: Page) -> np.ndarray:
    """What the viewer's canvas shows."""
    code = canvas(page).evaluate("(one) => one.toDataURL('image/png').split(',')[1]")
    return pixels(base64.b64decode(code))


def pixels(source: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(source)).convert("RGB"))


def test_the_picture_is_copied_and_handed_to_the_share_sheet(chromium: Browser, app: App) -> None:
    context = chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.add_init_script(HANDED_OVER)  # headless, there is no sheet to open
    page = context.new_page()
    page.goto(app.url)
    settle(page)
    # The exact picture, which changes no more: what is handed over is compared pixel by pixel.
    expect(page.locator("canvas[data-final='1']")).to_have_count(1, timeout=WAIT)
    shown = drawn(page)
    assert shown.std() > 10
    page.get_by_role("button", name="Copy picture").click()
    expect(page.get_by_text("The picture is copied.")).to_be_visible()
    np.testing.assert_array_equal(pixels(bytes(page.evaluate(IN_CLIPBOARD))), shown)
    page.get_by_role("button", name="Share").click()
    page.wait_for_function("window.handed", timeout=WAIT)
    handed = page.evaluate("window.handed")
    assert (handed["title"], handed["name"]) == ("china", "china.png")
    np.testing.assert_array_equal(pixels(bytes(handed["bytes"])), drawn(page))
    context.close()


def photo(index: int) -> FilePayload:
    """A portrait for odd numbers, a landscape for even ones; no two alike."""
    pixels = np.random.default_rng(index).integers(0, 255, (120, 160, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels if index % 2 == 0 else pixels.transpose(1, 0, 2)).save(file, "PNG")
    return {"name": f"photo {index}.png", "mimeType": "image/png", "buffer": file.getvalue()}
