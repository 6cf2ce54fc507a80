"""Signing in, at a real provider and in a real browser: before it nothing of a page is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import SHARP, App, hosted_at
from tests.browser.test_visit import add_photo
from tests.browser.waiting import at_rest
from tests.oidc_provider import Provider, provider
from tests.paths import ROOT
from tests.servers import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 90_000
ANNA = {"email": "anna@example.org", "email_verified": True}
BEN = {"email": "ben@example.org", "email_verified": True}
UNKNOWN = {"email": "mallory@evil.example", "email_verified": True}
PARTS = {b"attnviz.viewer", b"Temple", b"New photos or videos"}
UNVERIFIED = {"email": "boss@example.org", "email_verified": False}


@dataclass(frozen=True)
class SignedApp:
    app: App
    provider: Provider


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignedApp]:
    """A hosted app into which people of example.org are let, once they have signed in."""
    folder = tmp_path_factory.mktemp("signed")
    port = free_port()
    with provider(ANNA, BEN, UNKNOWN, UNVERIFIED) as known:
        settings = folder / "secrets.toml"
        settings.write_text(known.secrets_toml(f"http://127.0.0.1:{port}"))
        own = {"ATTNVIZ_SIGN_IN": "required", "ATTNVIZ_SIGN_IN_ALLOWED": "@example.org"}
        more = {"secrets.files": [str(settings)]}
        with hosted_at(folder / "log.txt", port, more, **own) as app:
            yield SignedApp(app, known)


class Visit:
    """A browser with cookies of its own, and all that the server sends it on its connection."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.received: list[bytes] = []
        self.page = context.new_page()
        self.page.on("websocket", lambda one: one.on("framereceived", self._take))

    def _take(self, frame: bytes | str) -> None:
        self.received.append(frame if isinstance(frame, bytes) else frame.encode())

    def sent_parts(self) -> set[bytes]:
        """What of a page the server has sent."""
        received = b"".join(self.received)
        return {part for part in PARTS if part in received}

    def sign_in_as(self, address: str) -> None:
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.get_by_role("link", name=address).click()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield Visit(context)
    context.close()


def choose_who(page: Page) -> None:
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    at_rest(page, WAIT)


def out(page: Page) -> None:
    """Sign out, in the sidebar, which stays open where it was."""
    button = page.get_by_role("button", name="Sign out")
    opener = page.get_by_test_id("stExpandSidebarButton")
    expect(button.or_(opener).first).to_be_visible()
    at_rest(page, WAIT)
    if opener.is_visible():
        opener.click()
    button.click()
    choose_who(page)


def test_no_page_is_sent_before_signing_in_and_its_link_is_come_back_to(
    visit: Visit, signed: SignedApp
) -> None:
    page = visit.page
    for name in sorted((ROOT / "pages").glob("*.py")):
        page.goto(f"{signed.app.url}/{name.stem.partition('_')[2]}")
        choose_who(page)
        expect(page.get_by_role("heading", level=1)).to_have_text(["attnviz"])
        expect(page.locator("canvas, img, input")).to_have_count(0)
    assert visit.sent_parts() == set()
    assert signed.provider.given == []

    page.goto(f"{signed.app.url}/Focus?model=vit-small")
    choose_who(page)
    visit.sign_in_as("anna@example.org")
    expect(page.get_by_role("radio", name="Temple")).to_be_checked()
    expect(page.get_by_role("combobox", name="Model")).to_have_value(re.compile("Vision transf"))
    assert page.url.startswith(f"{signed.app.url}/Focus?")
    assert signed.provider.given == ["anna@example.org"]
    expect(page.locator("canvas").first).to_be_visible()
    assert visit.sent_parts() == PARTS
    assert signed.app.errors() == ""


def test_whoever_signs_in_next_in_the_same_browser_has_none_of_the_photos(
    visit: Visit, signed: SignedApp
) -> None:
    page = visit.page
    page.goto(f"{signed.app.url}?{SHARP}")
    visit.sign_in_as("anna@example.org")
    add_photo(page, "mine.jpg")
    out(page)
    assert not any(one["name"] == "_streamlit_user" for one in visit.context.cookies())
    visit.sign_in_as("ben@example.org")
    expect(page.get_by_role("radio", name="Temple")).to_be_visible()
    at_rest(page, WAIT)
    expect(page.get_by_role("radio", name="mine.jpg")).to_have_count(0)
    page.goto(f"{signed.app.url}?{SHARP}")
    out(page)
    visit.sign_in_as("anna@example.org")
    expect(page.get_by_role("radio", name="mine.jpg")).to_be_visible()
    assert signed.app.errors() == ""


@pytest.mark.parametrize("address", ["mallory@evil.example", "boss@example.org"])
def test_others_are_refused_in_a_sentence(visit: Visit, signed: SignedApp, address: str) -> None:
    page = visit.page
    page.goto(signed.app.url)
    visit.sign_in_as(address)
    expect(page.get_by_text(f"{address} may not use this app.")).to_be_visible()
    unverified = page.get_by_text("does not say that this address is verified")
    expect(unverified).to_have_count(1 if address.startswith("boss") else 0)
    for path in ("Layers", "Training"):
        page.goto(f"{signed.app.url}/{path}")
        expect(page.get_by_text("may not use this app")).to_be_visible()
    assert visit.sent_parts() == set()
    page.get_by_role("button", name="Sign out").last.click()
    choose_who(page)


def test_a_forged_cookie_signs_nobody_in(visit: Visit, signed: SignedApp, tmp_path: Path) -> None:
    forged = '"2|1:0|10:1700000000|15:_streamlit_user|4:e30=|' + "0" * 64 + '"'
    cookie = {"name": "_streamlit_user", "value": forged, "url": signed.app.url}
    visit.context.add_cookies([cookie])  # type: ignore[list-item]
    visit.page.goto(signed.app.url)
    choose_who(visit.page)
