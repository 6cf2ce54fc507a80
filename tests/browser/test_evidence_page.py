"""The page "Evidence" in a real browser: stopped, done, looked at, and left for another section."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import App
from tests.browser.waiting import at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 120_000


def pictures(page: Page) -> list[str]:
    """What the network was given, as the browser has it: taken away, and put back."""
    return [str(one.get_attribute("src")) for one in page.locator(".av-pair img").all()]


def decoded(images: Locator) -> list[int]:
    """The width in pixels at which the browser could decode each picture; 0 for none."""
    return [int(one.evaluate("(one) => one.naturalWidth")) for one in images.all()]


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0)


def start(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def stop(page: Page) -> None:
    """Wait until the first batch is through, and stop; the question is asked again then."""
    expect(page.get_by_text(re.compile(r"[1-9]\d* of [\d,]+ pictures, \d+ s left"))).to_be_visible(
        timeout=WAIT
    )
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Run deletion and insertion", exact=True)).to_be_visible(
        timeout=WAIT
    )
    at_rest(page, WAIT)
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.locator(".av-pair")).to_have_count(0)


def look_at_shares(page: Page) -> None:
    """Another share shows other pictures, and so does another fill."""
    before = pictures(page)
    assert len(before) == 2
    assert min(decoded(page.locator(".av-pair img"))) > 60
    assert page.locator(".av-eight figure").count() == 16
    chosen = page.locator(".av-eight figure.av-on")
    expect(chosen).to_have_count(2)
    slider = page.get_by_role("slider", name="Share of the picture")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("Highest 30 % removed")).to_be_visible(timeout=WAIT)
    at_rest(page, WAIT)
    after = pictures(page)
    assert set(before).isdisjoint(after)
    expect(chosen.first).to_have_attribute("title", re.compile("^30 %: "))
    page.get_by_role("radio", name="Imputed (ROAD)").click()
    expect(page.locator(".av-pair img").first).not_to_have_attribute("src", after[0], timeout=WAIT)
    at_rest(page, WAIT)
    assert set(after).isdisjoint(pictures(page))


def test_a_map_is_taken_apart_stopped_and_looked_at(chromium: Browser, app: App) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 1000}, color_scheme="light")
    page.goto(f"{app.url}/Evidence?picture=sample:china&model=cbam-small&evidence=presence")
    expect(page.get_by_role("button", name="Run deletion and insertion", exact=True)).to_be_visible(
        timeout=WAIT
    )
    start(page, "Run deletion and insertion")
    stop(page)
    start(page, "Run deletion and insertion")
    verdict = page.locator(".av-verdict")
    expect(verdict).to_have_text(re.compile("chance"), timeout=2 * WAIT)
    at_rest(page, WAIT)
    expect(page.get_by_role("button", name="Run deletion and insertion", exact=True)).to_have_count(
        0
    )
    expect(page.locator("[data-testid=stVegaLiteChart] svg.marks")).to_have_count(3, timeout=WAIT)
    look_at_shares(page)
    assert fits(page)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 900})
    assert fits(page)
    page.set_viewport_size({"width": 1280, "height": 1000})

    page.get_by_role("radio", name="Sanity check").click()
    expect(page).to_have_url(re.compile("evidence=sanity"), timeout=WAIT)
    expect(page.get_by_role("button", name="Run the check", exact=True)).to_be_visible(timeout=WAIT)
    expect(page.locator(".av-pair")).to_have_count(0)
    page.get_by_role("radio", name="Presence and absence").click()
    expect(page.get_by_text("Highest 30 % removed")).to_be_visible(timeout=WAIT)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    assert app.errors() == ""
    page.close()
