"""The page "People" in a real browser, on a folder of five photos."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import App, stopped
from tests.browser.pixels import canvas_pixels
from tests.browser.test_training_page import WAIT
from tests.browser.waiting import at_rest
from tests.ui.looked import five_photos

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_folder_is_opened_a_photo_chosen_and_a_viewer_played(
    chromium: Browser, app: App, tmp_path: Path
) -> None:
    sent: list[int] = []
    page = chromium.new_page(viewport={"width": 1280, "height": 1000})
    page.on("websocket", lambda one: one.on("framesent", lambda frame: sent.append(len(frame))))
    page.goto(f"{app.url}/People")
    # Without a folder the page shows what was measured.
    expect(page.get_by_role("heading", name="AUC-Judd")).to_be_visible(timeout=2 * WAIT)

    field = page.get_by_role("textbox", name="A folder on the computer that runs attnviz")
    field.fill(str(tmp_path / "nowhere"))
    field.press("Enter")
    expect(page.get_by_text("does not exist")).to_be_visible(timeout=WAIT)
    page.get_by_text("Choose another folder").click()
    field.fill(str(five_photos(tmp_path / "five")))
    field.press("Enter")
    row = page.get_by_role("radiogroup", name="Picture").get_by_role("radio")
    expect(row).to_have_count(5, timeout=WAIT)
    verdict = page.get_by_text("Closest map")
    expect(verdict).to_be_visible(timeout=WAIT)
    first = verdict.inner_text()

    row.nth(3).click()
    expect(page.get_by_role("heading", name="coffee.png, 4 viewers")).to_be_visible(timeout=WAIT)
    expect(verdict).not_to_have_text(first, timeout=WAIT)
    for score in ("NSS", "AUC-Judd", "shuffled AUC", "CC", "SIM", "KL", "Information gain"):
        expect(page.get_by_role("heading", name=score, exact=True)).to_be_visible(timeout=WAIT)
    expect(page.locator(".av-people-maps figure")).to_have_count(7)
    assert page.locator(".av-score").first.get_by_text("ran-small, attention").is_visible()
    at_rest(page, WAIT)

    # One viewer's path is chosen and played in the browser alone.
    page.wait_for_timeout(500)
    sent.clear()
    page.locator(".who").select_option("1")
    clock = page.locator(".clock")
    expect(clock).to_have_text("0.8 s of 0.8 s, fixation 3 of 3")
    page.locator("button.play").click()
    expect(clock).to_have_text("0.8 s of 0.8 s, fixation 3 of 3")
    page.locator("input.time").evaluate(
        "one => { one.value = 400; one.dispatchEvent(new Event('input')); }"
    )
    expect(clock).to_have_text("0.3 s of 0.8 s, fixation 2 of 3")
    alpha = canvas_pixels(page.locator("canvas.marks"))[..., 3]
    assert (alpha > 0).sum() > 200
    assert sent == []
    page.close()


def test_stop_ends_the_comparison_and_the_page_asks_again(
    chromium: Browser, app: App, tmp_path: Path
) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 1000})
    page.goto(f"{app.url}/People")
    field = page.get_by_role("textbox", name="A folder on the computer that runs attnviz")
    field.fill(str(five_photos(tmp_path / "many", copies=24)), timeout=2 * WAIT)
    field.press("Enter")
    stopped(page, begin="Compare all pictures")
    expect(page.get_by_text("120 pictures, every map against all viewers")).to_be_visible()
    expect(page.get_by_text("Mean over 120 pictures")).to_have_count(0)
    # What was there before the work still is, and can be used.
    expect(page.get_by_text("Closest map")).to_be_visible(timeout=WAIT)
    page.close()
