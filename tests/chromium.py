"""The browser of the tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.windows import Windows

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# Without these Chromium asks the network for updates, and as root it does not start.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PATIENCE = 90_000
"""Milliseconds that a step may take: a loaded machine may need ten times those of a quiet one."""


def browser_path() -> str:
    """An installed Chromium; without one the test is skipped, or fails where one is required."""
    path = os.environ.get("ATTNVIZ_BROWSER") or next(
        (found for name in NAMES if (found := shutil.which(name))), None
    )
    if path is None:
        reason = (
            "no Chromium is installed (Debian: apt install chromium); ATTNVIZ_BROWSER names one"
        )
        if os.environ.get("ATTNVIZ_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a process; each test opens a window of its own.

    There is this one fixture only: Playwright refuses to start a second time in a process.
    """
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=list(FLAGS))
        _make_patient(browser)
        yield browser
        browser.close()


def _make_patient(browser: Browser) -> None:
    """Give clicks and readings of all its pages the same patience; Playwright sets it per page."""
    open_context = browser.new_context

    def new_context(**options: Any) -> BrowserContext:
        context = open_context(**options)
        context.set_default_timeout(PATIENCE)
        return context

    browser.new_context = new_context  # type: ignore[method-assign]
    browser.new_page = Windows(browser).open  # type: ignore[method-assign]
