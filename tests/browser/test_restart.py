"""A server that is killed and started again while a tab is open."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import SHARP, started_at
from tests.browser.test_visit import add_photo
from tests.browser.waiting import at_rest
from tests.paths import ROOT
from tests.servers import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LOSS = (
    "The server was started again; your photos are gone. "
    "What was lost has to be added or started again."
)


def test_an_open_tab_says_what_is_gone_and_goes_on(chromium: Browser, tmp_path: Path) -> None:
    port = free_port()
    script = ROOT / "app.py"
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    with started_at(script, tmp_path / "first.txt", port) as server:
        page.goto(f"{server.url}?{SHARP}")
        add_photo(page, "my cup.jpg")
    with started_at(script, tmp_path / "second.txt", port) as server:
        expect(page.get_by_text(LOSS)).to_be_visible()
        at_rest(page)
        expect(page.get_by_role("radio", name="my cup.jpg")).to_have_count(0)
        page.get_by_role("link", name="Layers", exact=True).click()
        expect(page.get_by_role("heading", name="Layers", level=1)).to_be_visible()
        expect(page.get_by_text(LOSS)).to_be_visible()
        page.get_by_role("button", name="Close", exact=True).click()
        expect(page.get_by_text(re.compile("server was started again"))).to_have_count(0)
        page.reload()  # it was told once
        expect(page.get_by_role("heading", name="Layers", level=1)).to_be_visible()
        at_rest(page)
        expect(page.get_by_text(LOSS)).to_have_count(0)
        add_photo(page, "again.jpg")
        assert server.errors() == ""
    page.close()
