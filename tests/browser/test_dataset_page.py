"""The page "Dataset" in a real browser: results opened, sorted, and a picture looked at."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from attnviz.batch.parts import ResultFolder
from tests.browser.conftest import App
from tests.browser.test_training_page import WAIT
from tests.browser.waiting import at_rest
from tests.ui.pages.dataset.tiny_set import tiny_set

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> ResultFolder:
    return tiny_set(tmp_path_factory.mktemp("set"))


def test_results_are_opened_sorted_and_a_picture_is_looked_at_and_taken_to_focus(
    chromium: Browser, app: App, results: ResultFolder
) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 1000})
    page.goto(f"{app.url}/Dataset")
    page.get_by_text("Open results").click(timeout=2 * WAIT)
    field = page.get_by_role("textbox", name="Folder of results on this computer")
    field.fill(str(results.path))
    field.press("Enter")
    page.get_by_role("button", name="Open these results").click(timeout=WAIT)
    rows = page.get_by_role("button", name="Look at")
    expect(rows).to_have_count(10, timeout=2 * WAIT)
    at_rest(page, WAIT)

    scores = results.scores().sort_by([("probability1", "ascending")]).to_pylist()
    page.get_by_role("button", name="Probability", exact=True).click()
    header = page.get_by_role("columnheader", name="Probability")
    expect(header).to_have_attribute("aria-sort", "ascending", timeout=WAIT)
    name = Path(scores[0]["path"]).name
    expect(rows.first).to_have_accessible_name(f"Look at {name}")
    expect(page.get_by_role("button", name="Probability ▲")).to_be_focused()
    at_rest(page, WAIT)

    rows.first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(name).first).to_be_visible(timeout=WAIT)
    canvas = dialog.locator("canvas[data-layer]")
    expect(canvas).to_have_attribute("data-layer", scores[0]["layer"], timeout=2 * WAIT)
    expect(dialog.get_by_text(scores[0]["top1"], exact=True).first).to_be_visible()
    at_rest(page, WAIT)
    page.get_by_role("button", name="Open in Focus").click()
    expect(page.get_by_role("heading", name="attnviz", level=1)).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("radio", name=name, exact=True)).to_be_checked(timeout=2 * WAIT)
    page.close()
    assert not app.errors()


def test_on_a_phone_nothing_is_wider_than_the_screen(
    chromium: Browser, app: App, results: ResultFolder
) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    page.goto(f"{app.url}/Dataset")
    page.get_by_role("button", name="Try it on the sample photos").click(timeout=2 * WAIT)
    expect(page.get_by_role("heading", name="All pictures")).to_be_visible(timeout=4 * WAIT)
    at_rest(page, WAIT)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()
