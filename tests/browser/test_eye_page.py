"""The page "Eye" in a real browser: gaze and scanpath move, and the server hears nothing of it."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from attnviz.export.png import read_provenance
from attnviz.pictures import open_sample
from attnviz.pictures.jpeg import jpeg
from attnviz.vision.foveation import foveate
from attnviz.vision.retina import Retina, ViewingGeometry
from tests.browser.conftest import App
from tests.browser.pixels import bytes_of
from tests.browser.waiting import at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 120_000
# Draws at the photo's own size and reads it back, rows from the top.
DRAW = """(canvas, [fixations, retina, perDegree]) => {
  const { renderer } = canvas.eye;
  const { gl, loaded: { width, height } } = renderer;
  Object.assign(canvas, { width, height });
  renderer.draw({ fixations, retina, perDegree }, canvas);
  return ofGl(gl, width, height);
}"""
# What the eye shows for its own settings, once all that was asked for is drawn.
STATE = """(canvas) => new Promise((done) => requestAnimationFrame(() =>
  requestAnimationFrame(() => {
  const { eye } = canvas;
  const screen = eye.showing.arrange();
  done({ look: eye.look, mode: eye.mode, at: eye.walk.at, playing: eye.walk.isPlaying,
    stops: eye.stops, fixations: eye.fixations, perDegree: screen.photoPerDegree });
})))"""
PIXELS = """(canvas) => new Promise((done) => requestAnimationFrame(() => {
  canvas.eye.refresh();
  done(canvas.toDataURL());
}))"""


def opened(chromium: Browser, app: App, sent: list[int], **options: Any) -> Page:
    page = chromium.new_page(**options)
    page.on("websocket", lambda one: one.on("framesent", lambda frame: sent.append(len(frame))))
    page.goto(f"{app.url}/Eye?picture=sample:coffee&model=ran-small")
    expect(page.locator(".stage > canvas[data-frames]")).to_have_count(1, timeout=WAIT)
    at_rest(page)
    sent.clear()
    return page


def canvas(page: Page) -> Locator:
    return page.locator(".stage > canvas")


def state(page: Page) -> Any:
    return canvas(page).evaluate(STATE)


def move(page: Page, x: float, y: float) -> None:
    box = canvas(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])


def fact(page: Page, name: str) -> str:
    return page.locator(f".facts dt:text-is('{name}') + dd").inner_text()


def photo() -> np.ndarray:
    """The photo as the browser has it: decoded from the parcel's JPEG."""
    coded = np.frombuffer(jpeg(open_sample("coffee").pixels, 90), np.uint8)
    return np.asarray(cv2.cvtColor(cv2.imdecode(coded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))


def assert_agrees(
    page: Page, looks: list[tuple[float, float]], eye: Retina, density: float
) -> None:
    """The browser's pixels and the server's are within 2 of 255, all of them."""
    pixels = photo()
    height, width = pixels.shape[:2]
    places = [{"x": x * width, "y": y * height} for y, x in looks]
    retina = {
        "leastContrast": eye.least_contrast, "decay": eye.decay, "halfAngle": eye.half_angle,
        "coarser": eye.coarser,
    }  # fmt: skip
    codes = bytes_of(canvas(page), DRAW, [places, retina, density])
    shown = codes.reshape(height, width, 4)[::-1, :, :3].astype(int)
    expected = foveate(
        pixels, [(y * height, x * width) for y, x in looks], ViewingGeometry(density), eye
    )
    assert np.abs(expected.astype(int) - pixels).mean() > 1, "there is something to agree on"
    assert np.abs(shown - expected).max() <= 2


def test_the_gaze_moves_and_plays_and_the_server_hears_nothing(
    chromium: Browser, app: App, tmp_path: Path
) -> None:
    sent: list[int] = []
    page = opened(chromium, app, sent, viewport={"width": 1280, "height": 1000})
    for retina, looks, density in (
        (Retina(), [(0.5, 0.5)], 35.0),
        (Retina(coarser=4), [(0.3, 0.6), (0.8, 0.1)], 60.0),
        (Retina(1 / 75, 0.12, 3.0, 12), [(0.0, 0.0)], 80.0),
    ):
        assert_agrees(page, looks, retina, density)

    move(page, 0.25, 0.5)
    one = state(page)
    assert one["look"]["x"] == pytest.approx(0.25, abs=0.01)
    first = canvas(page).evaluate(PIXELS)
    expect(page.locator(".facts")).to_contain_text("foveola")
    move(page, 0.75, 0.5)
    assert state(page)["look"]["x"] == pytest.approx(0.75, abs=0.01)
    assert canvas(page).evaluate(PIXELS) != first, "the sharp place has moved"

    page.mouse.down()
    page.mouse.up()
    assert state(page)["mode"] == "hold"
    move(page, 0.25, 0.5)
    expect(page.locator(".where")).to_have_text("Where you point")
    there = state(page)
    assert there["look"]["x"] == pytest.approx(0.75, abs=0.01), "the gaze is held"
    angle = float(fact(page, "On the retina").split("°")[0])
    pixels = 0.5 * photo().shape[1]
    assert angle == pytest.approx(
        float(ViewingGeometry(there["perDegree"]).degrees(pixels)), abs=0.15
    )
    assert fact(page, "On the retina").endswith("right"), "left in the picture is right in the eye"
    finest = float(Retina().finest(angle))
    assert float(fact(page, "Finest detail").split()[0]) == pytest.approx(finest, rel=0.06)
    assert fact(page, "Zone") in ("macula", "beyond the macula", "blind spot")

    canvas(page).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("f")
    assert len(state(page)["fixations"]) == 2
    page.keyboard.press("Escape")
    assert len(state(page)["fixations"]) == 1

    page.get_by_role("radio", name=re.compile("Itti-Koch")).click()
    page.locator(".speed select").select_option("5")
    slider = page.get_by_role("slider", name="Number of fixations")
    slider.fill("3")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator(".stop-text")).to_contain_text("Fixation 3 of 3", timeout=WAIT)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible(timeout=WAIT)
    played = state(page)
    assert (played["at"], played["playing"]) == (2, False)
    assert played["look"] == {"x": played["stops"][2]["x"], "y": played["stops"][2]["y"]}
    expect(page.locator(".marks .stop")).to_have_count(3)
    page.get_by_role("button", name="One fixation back").click()
    expect(page.locator(".marks .stop")).to_have_count(2)
    page.get_by_label("Keep every fovea").check()
    assert len(state(page)["fixations"]) == 2

    page.get_by_label("Viewing distance in cm").fill("0")
    page.get_by_label("Viewing distance in cm").press("Enter")
    expect(page.locator(".notice")).to_contain_text("cannot be 0: it must lie between 10 and 1000")
    page.get_by_label("Viewing distance in cm").fill("200")
    page.get_by_label("Viewing distance in cm").press("Enter")
    assert state(page)["perDegree"] == pytest.approx(played["perDegree"] * 200 / 60, rel=1e-3)
    assert sent == [], "gaze, path and settings are the browser's own business"

    asked = state(page)
    page.get_by_role("button", name="Make this picture to save").click()
    expect(page.get_by_text("has the view that you made")).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="Save", exact=True).click()
    button = page.get_by_role("button", name="This view", exact=True)
    expect(button).to_be_visible(timeout=WAIT)
    with page.expect_download(timeout=WAIT) as download:
        button.click()
    path = tmp_path / "eye.png"
    download.value.save_as(path)
    whole = open_sample("coffee").pixels
    height, width = whole.shape[:2]
    looks = [(one["y"] * height, one["x"] * width) for one in asked["fixations"]]
    expected = foveate(whole, looks, ViewingGeometry(asked["perDegree"]), Retina(coarser=4))
    saved = np.asarray(Image.open(io.BytesIO(path.read_bytes())))
    assert np.abs(saved.astype(int) - expected).max() <= 1
    facts = read_provenance(path.read_bytes())
    assert (facts["viewing distance cm"], facts["gaze led by"]) == ("200", "Itti-Koch saliency")
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    assert app.errors() == ""
    page.close()


def test_a_finger_moves_the_gaze_on_a_phone(chromium: Browser, app: App) -> None:
    sent: list[int] = []
    options = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "color_scheme": "dark"}
    page = opened(chromium, app, sent, **options)
    canvas(page).scroll_into_view_if_needed()
    box = canvas(page).bounding_box()
    assert box is not None
    for share in (0.2, 0.8):
        page.touchscreen.tap(box["x"] + share * box["width"], box["y"] + 0.5 * box["height"])
        found = state(page)
        assert found["look"]["x"] == pytest.approx(share, abs=0.02)
        assert found["mode"] == "follow", "a finger does not hold the gaze by a tap"
    assert sent == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.close()
