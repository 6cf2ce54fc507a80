"""A visit in a real browser: photos stay, and Back goes one choice back."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from attnviz.pictures import open_sample
from attnviz.ui.kit.visitor import COOKIE
from tests.browser.conftest import App
from tests.browser.waiting import at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 90_000
PAGES = ("Layers", "Evidence", "Compare", "Training", "Eye", "People", "Objects", "Focus")
WITHOUT_PHOTO = ("Training", "People")


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
    page = opened(visit, app.url)
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
