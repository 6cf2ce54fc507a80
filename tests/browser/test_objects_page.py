"""The page "Objects" in a real browser: the focus moves from one object to another."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from attnviz.render.pointed import POINTED
from tests.browser.conftest import App
from tests.browser.test_layers_page import canvas, click_at, maps, settle

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 60_000
# Waits until the last map that the viewer holds has a mean below the one that is given.
FALLS_BELOW = """(one, mean) => new Promise((done) => {
  const fallen = () => one.viewer.scene.header.layers.at(-1).mean < mean;
  const look = () => (fallen() ? done(true) : setTimeout(look, 100));
  look();
})"""

# Blurs no more, and says so at once. Blurred objects take seconds each where there is no GPU.
SHARPEN = "(one) => { one.viewer.change({ radius: 0 }, false); one.viewer.reporter.soon(0); }"


def shows(page: Page, name: str) -> None:
    """The viewer has turned to the object of that name, and drawn it."""
    expect(page.locator(f"canvas[data-layer='{name}']")).to_have_count(1, timeout=WAIT)
    settle(page)


def names(page: Page) -> list[str]:
    return [str(one[0]) for one in maps(page)]


def choose(page: Page, label: str, text: str) -> None:
    """Take what a selectbox offers for a text; the viewer has options of the same names."""
    box = page.get_by_role("combobox", name=label)
    box.click()
    box.fill(text)
    page.get_by_role("listbox", name=label).get_by_role("option", name=text).click()


def chip(page: Page, name: str) -> Locator:
    return page.locator(".st-key-objects-pills").get_by_role("button", name=re.compile(name))


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_the_focus_moves_to_what_is_chosen_clicked_and_set_against(
    chromium: Browser, app: App, width: int, theme: Any
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    page.goto(f"{app.url}/Objects?picture=sample:china&model=ran-small")
    shows(page, "all objects together")
    canvas(page).evaluate(SHARPEN)
    assert names(page) == ["church", "gas pump", "all objects together"]
    expect(page.locator(".av-cards figure")).to_have_count(3)

    chip(page, "golf ball").click()
    shows(page, "golf ball")
    assert names(page)[:3] == ["church", "gas pump", "golf ball"]
    expect(page.locator(".av-cards figure")).to_have_count(4)

    click_at(page, 0.36, 0.2)
    shows(page, POINTED)
    there = page.locator(".st-key-objects-there").get_by_role("button")
    expect(there.first).to_contain_text("church")
    there.filter(has_text="gas pump").click()
    shows(page, "gas pump")

    choose(page, "but not for", "gas pump")
    shows(page, "church, not gas pump")
    page.get_by_role("radio", name="Scores (Finer-CAM)").click()
    expect(page).to_have_url(re.compile("versus=scores"), timeout=WAIT)
    shows(page, "church, not gas pump")

    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0
    address, shown = page.url, names(page)
    page.close()
    again = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    again.goto(address)
    shows(again, "church, not gas pump")
    assert names(again) == [name for name in shown if name != POINTED], "a tap is not in the link"
    expect(again.locator("[data-testid=stException]")).to_have_count(0)
    assert app.errors() == ""
    again.close()


def test_any_class_is_found_by_its_name_and_selectivity_lets_one_object_win(
    chromium: Browser, app: App
) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 1400})
    page.goto(f"{app.url}/Objects?picture=sample:china&model=ran-small")
    shows(page, "all objects together")
    canvas(page).evaluate(SHARPEN)
    choose(page, "Search any class", "French horn")
    shows(page, "French horn")
    page.locator(".strip").get_by_role("option", name="all objects together").click()
    shows(page, "all objects together")
    before = maps(page)[-1]
    slider = page.get_by_role("slider", name="Selectivity")
    slider.focus()
    page.keyboard.press("End")
    expect(page).to_have_url(re.compile("selective=6"), timeout=WAIT)
    settle(page)
    canvas(page).evaluate(FALLS_BELOW, before[3])
    assert canvas(page).get_attribute("data-layer") == "all objects together"
    page.close()
