"""A visit in a real browser: photos stay, and Back goes one choice back."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from attnviz.pictures import open_sample
from attnviz.ui.kit.visitor import COOKIE
from tests.browser.conftest import SHARP, App
from tests.browser.waiting import at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 90_000
PAGES = (
    "Layers",
    "Evidence",
    "Compare",
    "Training",
    "Eye",
    "People",
    "Dataset",
    "Objects",
    "Focus",
)
WITHOUT_PHOTO = ("Training", "People", "Dataset")


@pytest.fixture
def visit(chromium: Browser, app: App) -> Iterator[BrowserContext]:
    """A browser with cookies of its own."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(WAIT)
    yield context
    context.close()


def opened(visit: BrowserContext, url: str) -> Page:
    page = visit.new_page()
    page.goto(url)
    at_rest(page, WAIT)
    return page


def add_photo(page: Page, name: str) -> None:
    file = io.BytesIO()
    Image.fromarray(open_sample("coffee").reduced(400).pixels).save(file, "JPEG")
    photo = {"name": name, "mimeType": "image/jpeg", "buffer": file.getvalue()}
    page.locator("input[type=file]").set_input_files([photo])
    expect_photo(page, name)


def expect_photo(page: Page, name: str) -> None:
    expect(page.get_by_role("radio", name=name, exact=True)).to_be_checked(timeout=WAIT)
    at_rest(page, WAIT)


def go_to(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    heading = "attnviz" if name == "Focus" else name
    expect(page.get_by_role("heading", name=heading, level=1, exact=True)).to_be_visible(
        timeout=WAIT
    )
    at_rest(page, WAIT)


def test_a_photo_stays_on_all_pages_and_after_a_reload_and_nobody_else_sees_it(
    visit: BrowserContext, chromium: Browser, app: App
) -> None:
    page = opened(visit, f"{app.url}?{SHARP}")
    add_photo(page, "my cup.jpg")
    for name in PAGES:
        go_to(page, name)
        if name not in WITHOUT_PHOTO:
            expect_photo(page, "my cup.jpg")
    page.reload()
    expect_photo(page, "my cup.jpg")
    (cookie,) = [one for one in visit.cookies() if one["name"] == COOKIE]
    assert (cookie["sameSite"], cookie["expires"]) == ("Lax", -1)
    assert cookie["value"] not in page.url
    link = page.url

    another = opened(visit, app.url)  # a second window of the same browser, without a link
    expect_photo(another, "my cup.jpg")
    stranger = chromium.new_page()
    stranger.goto(link)
    expect(stranger.get_by_text("The photo of this page is not here")).to_be_visible(timeout=WAIT)
    expect(stranger.get_by_role("radio", name="my cup.jpg")).to_have_count(0)
    expect(stranger.get_by_role("radio", checked=True)).to_have_count(0)
    stranger.close()
    assert app.errors() == ""


def choose(page: Page, label: str, option: str) -> None:
    box = page.get_by_role("combobox", name=label)
    box.click()
    box.fill(option)
    page.get_by_role("option", name=re.compile(re.escape(option))).first.click()
    at_rest(page, WAIT)


def shown(page: Page, label: str) -> str:
    """What a select box shows."""
    box = page.locator("[data-testid=stSelectbox]").filter(
        has=page.get_by_role("combobox", name=label)
    )
    return box.locator("input").input_value()


def back(page: Page) -> None:
    page.evaluate("history.back()")
    page.wait_for_timeout(500)
    at_rest(page, WAIT)


def test_back_goes_one_choice_back_and_the_class_follows_the_photo(
    visit: BrowserContext, app: App
) -> None:
    page = visit.new_page()
    page.goto("about:blank")
    page.goto(f"{app.url}/Focus?model=ran-small&{SHARP}")  # the first page by its name
    expect_photo(page, "Temple")
    expect(page).to_have_title(re.compile("Temple.*Focus"))
    choose(page, "Show", "What does the decision rest on?")
    temple = shown(page, "Class to explain")

    page.get_by_role("radio", name="Coffee").click()
    expect_photo(page, "Coffee")
    expect(page).to_have_title(re.compile("Coffee.*Focus"))
    expect(page.get_by_role("combobox", name="Class to explain")).not_to_have_value(temple)
    choose(page, "Model", "Vision transformer, small")
    model = shown(page, "Model")
    layer = page.get_by_role("slider", name="Layer")
    for key in ("ArrowLeft", "ArrowLeft", "ArrowRight"):  # refines the view: no step
        layer.press(key)
    page.wait_for_timeout(1000)
    at_rest(page, WAIT)
    go_to(page, "Layers")
    expect(page).to_have_title(re.compile("Coffee.*Layers"))

    back(page)
    expect(page.get_by_role("heading", name="attnviz", level=1)).to_be_visible()
    assert shown(page, "Model") == model
    back(page)
    expect(page.get_by_role("combobox", name="Model")).not_to_have_value(model)
    expect_photo(page, "Coffee")
    back(page)
    expect_photo(page, "Temple")
    assert shown(page, "Class to explain") == temple
    back(page)
    assert shown(page, "Show") == "What does it attend to?"
    expect_photo(page, "Temple")
    page.evaluate("history.forward()")
    expect(page.get_by_role("combobox", name="Show")).to_have_value(re.compile("decision"))
    at_rest(page, WAIT)
    back(page)
    page.evaluate("history.back()")  # past what completed the address before the script came
    page.wait_for_url("about:blank")
    assert app.errors() == ""
