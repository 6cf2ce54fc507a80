"""The page "You and the model" in a real browser: a whole round, and not a word until its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from attnviz.export.png import png_with_provenance
from attnviz.metrics.fixations import read_fixations
from attnviz.pictures import open_sample
from attnviz.vision.bubbleview.bubbles import BubbleCentre, blur_picture, open_bubble
from tests.browser.conftest import App
from tests.browser.pixels import canvas_pixels
from tests.browser.waiting import at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 90_000
SPOTS = [
    (0.5, 0.45),
    (0.3, 0.6),
    (0.62, 0.35),
    (0.45, 0.7),
    (0.2, 0.2),
    (0.75, 0.5),
    (0.6, 0.75),
    (0.35, 0.3),
]


def begun(page: Page, app: App, sent: list[int], query: str) -> None:
    page.on("websocket", lambda one: one.on("framesent", lambda frame: sent.append(len(frame))))
    page.goto(f"{app.url}/You_and_the_model?{query}")
    start = page.get_by_role("button", name="Start", exact=True)
    expect(start).to_be_enabled(timeout=WAIT)
    at_rest(page, WAIT)
    # Nothing of the model is on the page before the person has played.
    expect(page.locator(".replay")).to_have_count(0)
    expect(page.locator("[data-testid=stVegaLiteChart]")).to_have_count(0)
    sent.clear()
    start.click()


def shown(page: Page) -> np.ndarray:
    return canvas_pixels(page.locator(".stage canvas"))[..., :3].astype(int)


def assert_ended(page: Page, sides: int = 2) -> None:
    """Both sides, both curves and the scores are there, and nothing else went wrong."""
    expect(page.locator(".replay figure")).to_have_count(sides, timeout=WAIT)
    expect(page.get_by_text("The same in numbers")).to_be_visible(timeout=WAIT)
    at_rest(page, WAIT)
    expect(page.locator("[data-testid=stVegaLiteChart]")).to_have_count(4)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_whole_round_with_clicks(chromium: Browser, app: App, tmp_path: Path) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    sent: list[int] = []
    begun(page, app, sent, "picture=sample:chelsea&model=cbam-small&bubbles+limit=8+clicks")
    sharp = open_sample("chelsea").pixels
    soft = blur_picture(sharp)
    box = page.locator(".stage canvas").bounding_box()
    assert box is not None
    for number, (x, y) in enumerate(SPOTS, 1):
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        expect(page.locator(".play .count")).to_have_text(f"{number} of 8")
        if number in (1, 3):
            expected = open_bubble(soft, sharp, BubbleCentre(y, x)).astype(int)
            apart = np.abs(shown(page) - expected)
            assert np.quantile(apart, 0.995) <= 12, "one bubble alone, where it was clicked"
            assert apart.mean() < 2
    assert sent == [], "not a word while the round goes on"
    page.get_by_label("What is it?").fill("<b>cat</b>")
    assert sent == []
    page.get_by_role("button", name="Now the model").click()
    assert_ended(page)
    assert len(sent) == 1
    expect(page.get_by_text("Your answer: <b>cat</b>.")).to_be_visible()
    sent.clear()
    told = page.locator(".replay figcaption .p")
    page.locator(".replay .step").focus()
    page.keyboard.press("Home")
    expect(told.first).to_contain_text("0 bubbles: ")
    assert told.first.inner_text() == told.last.inner_text(), "both begin with the blurred picture"
    page.keyboard.press("ArrowRight")
    expect(told.last).to_contain_text("1 bubble: ")
    page.get_by_label("On the model's map").check()
    assert sent == []
    page.get_by_text("The same in numbers").click()
    table = page.locator(".av-clicks")
    expect(table).to_contain_text("centre prior")
    expect(table).to_contain_text("the model")
    assert "NaN" not in table.inner_text()
    keep_and_delete(page, tmp_path)
    page.get_by_role("button", name="Next picture").click()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_enabled(timeout=WAIT)
    page.close()


def keep_and_delete(page: Page, folder: Path) -> None:
    """Nothing is stored until it is asked for; what is stored is read back, and deleted."""
    expect(page.get_by_text("No round is saved on this computer.")).to_be_visible()
    page.get_by_role("button", name="Save this round").click()
    page.get_by_text("Rounds saved on this computer (1)").click(timeout=WAIT)
    at_rest(page, WAIT)
    with page.expect_download(timeout=WAIT) as download:
        page.get_by_role("button", name="Download as fixations.json").click()
    download.value.save_as(folder / "fixations.json")
    table = json.loads((folder / "fixations.json").read_bytes())
    (name,) = table
    (folder / name).write_bytes(picture_bytes())
    (looked,) = read_fixations(folder).pictures
    assert looked.observers[0].x.tolist() == pytest.approx([451 * x for x, _ in SPOTS], abs=2)
    assert looked.observers[0].y.tolist() == pytest.approx([300 * y for _, y in SPOTS], abs=2)
    page.get_by_role("button", name="Delete all").click()
    expect(page.get_by_text("No round is saved on this computer.")).to_be_visible(timeout=WAIT)


def picture_bytes() -> bytes:
    return png_with_provenance(open_sample("chelsea").pixels, {})


def test_a_round_by_keyboard_and_one_by_touch_on_a_phone(chromium: Browser, app: App) -> None:
    options: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
    context = chromium.new_context(**options, has_touch=True)
    page = context.new_page()
    sent: list[int] = []
    begun(page, app, sent, "picture=sample:rocket&model=vit-small&bubbles+task=look")
    expect(page.locator(".stage")).to_be_focused()
    for keys in (["ArrowUp"] * 3, ["Shift+ArrowLeft"] * 2):
        for key in keys:
            page.keyboard.press(key)
        page.keyboard.press("Enter")
    expect(page.locator(".play .count")).to_have_text("2 of 10")
    expect(page.locator(".play .sentence")).to_contain_text("Bubble 2, 34 % from the left")
    page.get_by_role("button", name="Start over").click()
    expect(page.locator(".play .count")).to_have_text("0 of 10")
    page.locator(".stage").scroll_into_view_if_needed()
    box = page.locator(".stage canvas").bounding_box()
    assert box is not None
    for number, (x, y) in enumerate(SPOTS[:3], 1):
        page.touchscreen.tap(box["x"] + x * box["width"], box["y"] + y * box["height"])
        expect(page.locator(".play .count")).to_have_text(f"{number} of 10")
        now = page.locator(".stage canvas").bounding_box()
        assert now == box, "the picture stays where it is while one taps on it"
    page.get_by_role("button", name="Finish now").click()
    assert sent == []
    page.get_by_role("button", name="Now the model").click()
    assert_ended(page)
    assert len(sent) == 1
    expect(page.get_by_text("shows what it attends to")).to_be_visible()
    context.close()
