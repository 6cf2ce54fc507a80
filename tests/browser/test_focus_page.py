"""The focus page in a real browser: upload, step through the layers, move the radius."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from attnviz.pictures import open_sample
from tests.browser.conftest import SHARP, App
from tests.browser.waiting import at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 60_000
LAYERS = ("stage1.attention", "stage2.attention", "stage3.attention", "all layers")
WITHOUT_WEBGL = """
  const get = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    return kind === "webgl2" ? null : get.call(this, kind, ...rest);
  };
"""


WIDE, PHONE = (
    pytest.param((1280, "light"), id="wide-light"),
    pytest.param((390, "dark"), id="phone-dark"),
)


@pytest.fixture(params=[WIDE, PHONE])
def screen(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    """A window in which nothing is open."""
    width, theme = request.param
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    yield page
    page.close()


@pytest.fixture
def page(screen: Page, app: App) -> Page:
    """The page, with nothing blurred."""
    open_focus(screen, f"{app.url}?{SHARP}")
    return screen


def open_focus(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.get_by_text("What the model sees")).to_be_visible(timeout=WAIT)
    settle(page)


def settle(page: Page) -> None:
    """Wait until the page's script has come to its end and a picture is drawn.

    The exact one may follow; it takes seconds without a GPU, and says nothing more here.
    """
    at_rest(page)
    expect(page.locator("canvas[data-frames][data-layer]")).to_have_count(1, timeout=WAIT)


def canvas(page: Page) -> Locator:
    return page.locator(".stage > canvas")


def pixels(page: Page) -> np.ndarray:
    """What the viewer has drawn in its first pane, uint8 [H, W, 3]; whatever covers it."""
    link, pane = canvas(page).evaluate("(one) => [one.toDataURL(), one.viewer.panes()[0]]")
    drawn = Image.open(io.BytesIO(base64.b64decode(link.partition(",")[2]))).convert("RGB")
    x, y = round(pane["x"]), round(pane["y"])
    box = (x, y, x + round(pane["width"]), y + round(pane["height"]))
    return np.asarray(drawn.crop(box))


def unfold(page: Page) -> None:
    """Show layers and lens, which a phone folds away."""
    line = page.get_by_text("Layers, lens and colours")
    if line.is_visible():
        line.click()


def show_mode(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()


def assert_no_trouble(page: Page, app: App) -> None:
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    expect(page.locator("[data-testid=stAlert]")).to_have_count(0)
    assert app.errors() == ""


def test_upload_layers_and_radius(screen: Page, app: App, tmp_path: Path) -> None:
    page = screen
    open_focus(page, app.url)
    photo = tmp_path / "astronaut.jpg"
    original = open_sample("astronaut").pixels
    Image.fromarray(original).save(photo, quality=95)
    page.locator("input[type=file]").set_input_files(photo)
    expect(page.get_by_role("radio", name="astronaut.jpg")).to_be_checked(timeout=WAIT)
    settle(page)
    show_mode(page, "Focus")
    page.get_by_role("radio", name="Field", exact=True).click()
    seen = walk_through_layers(page)
    for one in range(len(seen)):
        for other in range(one):
            assert difference(seen[one], seen[other]) > 0.5, (LAYERS[one], LAYERS[other])
    unfold(page)
    page.get_by_role("slider", name="Radius").press("Home")
    expect(page.locator("canvas[data-final='1']")).to_have_count(1, timeout=WAIT)
    sharp = pixels(page)
    size = sharp.shape[1::-1]
    expected = cv2.resize(original, size, interpolation=cv2.INTER_AREA)
    assert difference(grey(sharp), grey(expected)) < 6, "the photo comes back"
    assert detail(sharp) > 1.2 * detail(seen[-1])
    show_mode(page, "Map")
    expect(page.locator("canvas[data-final='1']")).to_have_count(1, timeout=WAIT)
    assert difference(pixels(page), sharp) > 10
    # A second after the last touch the server knows, and looks at the blurred picture too.
    expect(page).to_have_url(re.compile("mode=heat"), timeout=WAIT)
    settle(page)
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 400)")
    help_button = page.locator(".st-key-help").bounding_box()
    assert help_button is not None
    assert help_button["y"] < 0, "the help scrolls away with the page"
    assert_no_trouble(page, app)


def walk_through_layers(page: Page) -> list[np.ndarray]:
    """From the first layer to the last, the focus picture of each."""
    seen = []
    for index, name in enumerate(LAYERS):
        canvas(page).press("Home" if index == 0 else "ArrowRight")
        expect(canvas(page)).to_have_attribute("data-layer", name, timeout=WAIT)
        seen.append(pixels(page))
    return seen


def test_without_webgl_the_server_draws(chromium: Browser, app: App) -> None:
    page = chromium.new_page()
    page.add_init_script(WITHOUT_WEBGL)
    page.goto(app.url)
    expect(page.get_by_text("this browser has no WebGL2")).to_be_visible(timeout=WAIT)
    image = page.locator("img[alt^='Focus picture']")
    expect(image).to_have_attribute("alt", "Focus picture, layer stage2.attention", timeout=WAIT)
    source = image.get_attribute("src")
    page.get_by_role("button", name="▶").click()
    expect(image).to_have_attribute("alt", "Focus picture, layer stage3.attention", timeout=WAIT)
    expect(image).not_to_have_attribute("src", str(source))
    expect(page.get_by_text("What the model sees")).to_be_visible(timeout=WAIT)
    assert_no_trouble(page, app)
    page.close()


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


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
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
    shape = open_sample("coffee").pixels.shape
    assert payload_size(page) == [shape[1], shape[0]]
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    assert "Traceback" not in app.log.read_text(errors="replace")


def payload_size(page: Page) -> list[int]:
    """Width and height of the photo that the viewer has."""
    return list(
        canvas(page).evaluate(
            "(one) => [one.viewer.scene.header.photo.width, one.viewer.scene.header.photo.height]"
        )
    )


def upload(name: str, source: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": source}


@pytest.mark.parametrize("screen", [WIDE], indirect=True)
def test_a_model_that_cannot_be_had_leaves_the_picture_and_others_to_choose(page: Page) -> None:
    choose(page, "Model", "resnet18")
    alert = page.locator("[data-testid=stAlert]").filter(has_text="resnet18-")
    expect(alert).to_be_visible(timeout=WAIT)
    expect(alert).to_contain_text("ATTNVIZ_WEIGHTS")
    expect(alert).to_contain_text("https://")
    expect(alert).to_contain_text("You still see Residual attention, small")
    expect(canvas(page)).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="Use Residual with CBAM, small").click()
    settle(page)
    expect(page.get_by_text("What the model sees")).to_be_visible(timeout=WAIT)
    expect(canvas(page)).to_be_visible(timeout=WAIT)
    expect(page.locator("[data-testid=stAlert]")).to_have_count(0)


def choose(page: Page, label: str, text: str) -> None:
    box = page.get_by_role("combobox", name=label)
    box.click()
    box.fill(text)
    page.keyboard.press("Enter")
