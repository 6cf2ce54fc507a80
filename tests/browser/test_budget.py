"""The blur budget in a real browser: its pictures are the network's own, and it asks nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from attnviz.evidence.faithfulness.blur_budget import BlurBudget
from attnviz.render.heat import colour_map
from tests.browser.conftest import App, started
from tests.browser.pixels import canvas_pixels
from tests.browser.waiting import at_rest
from tests.ui.pages.evidence.budgets import LABELS, RADII, SHARES, known_budget

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 60_000


@pytest.fixture(scope="module")
def budget_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    script = Path(__file__).with_name("budget_app.py")
    with started(script, tmp_path_factory.mktemp("budget") / "log.txt") as running:
        yield running


@pytest.fixture(scope="module")
def budget() -> BlurBudget:
    return known_budget()


def opened(chromium: Browser, app: App, sent: list[int], width: int, theme: Any) -> Page:
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    page.on("websocket", lambda one: one.on("framesent", lambda frame: sent.append(len(frame))))
    page.goto(app.url)
    expect(page.locator(".budget .cell")).not_to_be_empty(timeout=WAIT)
    # The server has nothing more to say either: the page is as it will stay.
    at_rest(page)
    return page


def fed(page: Page) -> np.ndarray:
    """The pixels of the picture beside the table, [h, w, 4]."""
    return canvas_pixels(page.locator("canvas.fed")).astype(int)


def hover(page: Page, radius: int, share: int) -> None:
    """Move the pointer into the middle of a cell."""
    box = page.locator(".plot").bounding_box()
    assert box is not None
    x = box["x"] + box["width"] * (share + 0.5) / len(SHARES)
    y = box["y"] + box["height"] * (len(RADII) + 0.5 - radius) / (len(RADII) + 1)
    page.mouse.move(x, y)


def assert_colours(page: Page, budget: BlurBudget) -> None:
    """The table has the colours of its probabilities, and a line where the decision turns."""
    heat = page.locator(".plot canvas")
    pixels = canvas_pixels(heat)[..., :3].astype(int)
    height, width = pixels.shape[:2]
    rows, columns = budget.scores.probability.shape
    colours = colour_map(budget.scores.probability)
    for radius in range(rows):
        for share in range(columns):
            y = round(height * (rows - 0.5 - radius) / rows)
            x = round(width * (share + 0.5) / columns)
            assert np.abs(pixels[y, x] - colours[radius, share].astype(int)).max() <= 4
    edge = pixels[round(height * 0.5 / rows), round(width * 2 / columns)]
    assert edge.min() > 220, "between the second and the third share of the strongest blur"


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_every_cell_shows_what_the_network_was_given_and_asks_nobody(
    chromium: Browser, budget_app: App, budget: BlurBudget, width: int, theme: Any
) -> None:
    sent: list[int] = []
    page = opened(chromium, budget_app, sent, width, theme)
    assert np.array_equal(fed(page)[..., :3], budget.variant(3, 2)), "it begins where it counts"
    assert_colours(page, budget)
    sent.clear()
    for radius in range(len(RADII) + 1):
        for share in range(len(SHARES)):
            hover(page, radius, share)
            shown = fed(page)
            assert (shown[..., 3] == 255).all()
            np.testing.assert_array_equal(shown[..., :3], budget.variant(radius, share))
            answer = page.locator(".answer").inner_text()
            probability = budget.scores.probability[radius, share]
            recognised = bool(budget.scores.class_is_first[radius, share])
            assert answer.startswith(f"{LABELS[1]} {probability:.2f}")
            assert answer.endswith(f": the network says {LABELS[0]}") is not recognised
    assert sent == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    page.close()


def test_keys_and_touch_move_the_cell(
    chromium: Browser, budget_app: App, budget: BlurBudget
) -> None:
    sent: list[int] = []
    page = opened(chromium, budget_app, sent, 1000, "light")
    sent.clear()
    table = page.get_by_role("slider", name="Sharp share and blur")
    table.focus()
    for key, cell in (
        ("ArrowLeft", (3, 1)),
        ("ArrowDown", (2, 1)),
        ("Home", (2, 0)),
        ("ArrowLeft", (2, 0)),
        ("End", (2, 5)),
        ("PageDown", (0, 5)),
        ("PageUp", (3, 5)),
        ("ArrowLeft", (3, 4)),
    ):
        page.keyboard.press(key)
        np.testing.assert_array_equal(fed(page)[..., :3], budget.variant(*cell))
        expect(table).to_have_attribute("aria-valuenow", str(cell[0] * len(SHARES) + cell[1]))
    expect(table).to_be_focused()
    assert sent == []
    page.close()

    context = chromium.new_context(viewport={"width": 390, "height": 900}, has_touch=True)
    phone = context.new_page()
    phone.goto(budget_app.url)
    expect(phone.locator(".budget .cell")).not_to_be_empty(timeout=WAIT)
    box = phone.locator(".plot").bounding_box()
    assert box is not None
    phone.touchscreen.tap(box["x"] + 3, box["y"] + box["height"] - 3)
    expect(phone.locator(".cell")).to_have_text("All sharp")
    phone.touchscreen.tap(box["x"] + 3, box["y"] + 3)
    expect(phone.locator(".cell")).to_contain_text("All blurred by 9.0 px")
    np.testing.assert_array_equal(fed(phone)[..., :3], budget.variant(3, 0))
    context.close()
