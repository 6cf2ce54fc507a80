"""The focus page in a real browser: upload, step through the layers, move the radius."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect, sync_playwright

from attnviz.pictures import open_sample
from tests.browser.conftest import FLAGS, App, browser_path

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 60_000
LAYERS = ("stage1.attention", "stage2.attention", "stage3.attention", "all layers")


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=["wide-light", "phone-dark"])
def page(request: pytest.FixtureRequest, app: App) -> Iterator[Page]:
    width, theme = request.param
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=list(FLAGS))
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
        page.goto(app.url)
        expect(page.get_by_text("What it sees")).to_be_visible(timeout=WAIT)
        settle(page)
        yield page
        browser.close()


def settle(page: Page) -> None:
    """Wait until the page's script has come to its end and nothing is stale."""
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]')"
        ".dataset.testScriptState === 'notRunning'"
        " && !document.querySelector('[data-stale=true]')",
        timeout=WAIT,
    )


def pixels(image: Locator) -> np.ndarray:
    """The pixels of an <img>, fetched as the browser has them, uint8 [H, W, 3]."""
    source = image.get_attribute("src")
    assert source is not None
    page = image.page
    answer = page.request.get(source if "://" in source else page.url.rstrip("/") + source)
    assert answer.ok, source
    return np.asarray(Image.open(io.BytesIO(answer.body())).convert("RGB"))


def focus_image(page: Page) -> Locator:
    return page.locator("img[alt^='Focus picture']")


def map_image(page: Page) -> Locator:
    return page.locator("img[alt^='Map of layer']")


def assert_no_trouble(page: Page, app: App) -> None:
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    expect(page.locator("[data-testid=stAlert]")).to_have_count(0)
    assert not re.search(r"Traceback|Error", app.log.read_text(errors="replace")), app.log


def test_upload_layers_and_radius(page: Page, app: App, tmp_path: Path) -> None:
    photo = tmp_path / "astronaut.jpg"
    original = open_sample("astronaut").pixels
    Image.fromarray(original).save(photo, quality=95)

    before = pixels(focus_image(page))
    page.locator("input[type=file]").set_input_files(photo)
    expect(page.get_by_role("radio", name="astronaut.jpg")).to_be_checked(timeout=WAIT)
    settle(page)
    uploaded = pixels(focus_image(page))
    assert uploaded.shape == original.shape
    assert uploaded.shape != before.shape or difference(uploaded, before) > 10

    seen = walk_through_layers(page)
    for one in range(len(seen)):
        for other in range(one):
            assert difference(seen[one][0], seen[other][0]) > 0.5, (LAYERS[one], LAYERS[other])
            assert difference(seen[one][1], seen[other][1]) > 2, (LAYERS[one], LAYERS[other])

    soft = pixels(focus_image(page))
    radius = page.get_by_role("slider", name="Radius")
    source = focus_image(page).get_attribute("src") or ""
    press(page, radius, "Home")
    expect(focus_image(page)).not_to_have_attribute("src", source, timeout=WAIT)
    settle(page)
    sharp = pixels(focus_image(page))
    assert difference(grey(sharp), grey(original)) < 2, "without radius the photo comes back"
    assert detail(sharp) > 1.2 * detail(soft)
    assert_no_trouble(page, app)


def walk_through_layers(page: Page) -> list[tuple[np.ndarray, np.ndarray]]:
    """From the first layer to the last, (focus picture, map) of each."""
    slider = page.get_by_role("slider", name="Layer")
    seen = []
    for index, name in enumerate(LAYERS):
        press(page, slider, "Home" if index == 0 else "ArrowRight")
        expect(map_image(page)).to_have_attribute("alt", f"Map of layer {name}", timeout=WAIT)
        settle(page)
        seen.append((pixels(focus_image(page)), pixels(map_image(page))))
    return seen


def press(page: Page, slider: Locator, key: str) -> None:
    slider.focus()
    page.keyboard.press(key)
    page.wait_for_timeout(500)  # Streamlit sends a slider's value a moment after the last key
    settle(page)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Mean absolute difference of two pictures, 0..255."""
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def grey(picture: np.ndarray) -> np.ndarray:
    """Brightness alone: JPEG keeps colours at half the resolution."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))


def detail(picture: np.ndarray) -> float:
    """Mean squared Laplacian: how much fine detail a picture has."""
    brightness = grey(picture).astype(np.float32)
    return float((cv2.Laplacian(brightness, cv2.CV_32F) ** 2).mean())


def test_bad_uploads_get_a_sentence_and_the_good_one_stays(
    page: Page, app: App, tmp_path: Path
) -> None:
    good = tmp_path / "good.png"
    Image.fromarray(open_sample("coffee").pixels).save(good)
    uploads = [
        upload("good.png", good.read_bytes()),
        upload("text.jpg", b"This is no picture."),
        upload("empty.png", b""),
        upload("<img src=x onerror=alert(1)>.jpg", b"neither"),
    ]
    page.locator("input[type=file]").set_input_files(uploads)
    expect(page.locator("[data-testid=stAlert]")).to_have_count(3, timeout=WAIT)
    settle(page)
    alerts = page.locator("[data-testid=stAlert]")
    for part in ("text.jpg", "empty.png", "onerror=alert(1)"):
        expect(alerts.filter(has_text=part)).to_have_count(1)
    expect(page.locator("img[onerror]")).to_have_count(0)
    expect(page.get_by_role("radio", name="good.png")).to_be_checked()
    assert difference(pixels(focus_image(page)), open_sample("coffee").pixels) < 40
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    assert "Traceback" not in app.log.read_text(errors="replace")


def upload(name: str, source: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": source}


def test_a_model_that_cannot_be_had_leaves_the_page_usable(page: Page) -> None:
    choose(page, "Model", "resnet18")
    alert = page.locator("[data-testid=stAlert]").filter(has_text="resnet18-")
    expect(alert).to_be_visible(timeout=WAIT)
    expect(alert).to_contain_text("ATTNVIZ_WEIGHTS")
    expect(alert).to_contain_text("https://")
    choose(page, "Model", "Residual attention, small")
    expect(page.get_by_text("What it sees")).to_be_visible(timeout=WAIT)
    expect(focus_image(page)).to_be_visible(timeout=WAIT)
    expect(page.locator("[data-testid=stAlert]")).to_have_count(0)


def choose(page: Page, label: str, text: str) -> None:
    box = page.get_by_role("combobox", name=label)
    box.click()
    box.fill(text)
    page.keyboard.press("Enter")
