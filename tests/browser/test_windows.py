"""Windows of the tests have nothing of each other, although they use the same browser again."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import App

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FOUND = "[localStorage.kept, sessionStorage.kept, document.cookie.match(/kept=1/)?.[0]]"
LEFT = "localStorage.kept = sessionStorage.kept = document.cookie = 'kept=1'"
LOOKS = "[innerWidth, screen.width, matchMedia('(prefers-color-scheme: dark)').matches]"


def opened(chromium: Browser, app: App, **options: Any) -> Page:
    page = chromium.new_page(**options)
    page.goto(f"{app.url}/_stcore/health")
    return page


def test_nothing_is_found_of_the_window_before_or_of_one_that_is_open(
    chromium: Browser, app: App
) -> None:
    first = opened(chromium, app, viewport={"width": 390, "height": 844}, color_scheme="dark")
    assert first.evaluate(LOOKS) == [390, 390, True]
    first.evaluate(LEFT)
    assert first.evaluate(FOUND) == ["kept=1", "kept=1", "kept=1"]
    beside = opened(chromium, app)
    assert beside.evaluate(FOUND) == [None, None, None]
    beside.close()
    kept = first.context
    first.close()
    after = opened(chromium, app, viewport={"width": 1000, "height": 900}, color_scheme="light")
    assert after.evaluate(LOOKS) == [1000, 1000, False]
    assert after.evaluate(FOUND) == [None, None, None]
    again = opened(chromium, app)
    assert kept in (after.context, again.context), "it is used again, with its scripts"
    again.close()
    after.close()
