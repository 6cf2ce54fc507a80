"""All pages under axe-core, wide and on a phone, light and dark: no serious finding."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from attnviz.ui.app import page_scripts
from tests.browser.conftest import SHARP, App
from tests.browser.test_focus_page import canvas, settle
from tests.browser.waiting import at_rest
from tests.paths import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
# Findings in Streamlit's own widgets that the app cannot change: rule, part of the selector, why.
NOT_OURS: tuple[tuple[str, str, str], ...] = ()

_TIMES, _PAUSE = 10, 1000
_STYLED = "getComputedStyle(document.querySelector('.av-head')).display === 'flex'"
_FINDINGS = """async () => {
  const { violations } = await axe.run({ resultTypes: ["violations"] });
  return violations.flatMap(({ id, impact, nodes }) => nodes.map(({ target, html, any }) => ({
    id, impact, target: String(target), html: html.slice(0, 200), why: any[0]?.message ?? "",
  })));
}"""
# Buttons, links, fields and switches that a finger has less than 44 px for, a pixel for rounding.
_SMALL = """(least) => {
  const parts = [document.querySelector("[data-testid=stMain]")];
  for (const host of parts[0].querySelectorAll("[data-testid^=stBidiComponent]")) {
    if (host.shadowRoot) parts.push(host.shadowRoot);
  }
  const small = [];
  const all = parts.flatMap((part) => [...part.querySelectorAll("button, select, summary")]);
  for (const one of all) {
    const { width, height } = one.getBoundingClientRect();
    if (!width || !one.checkVisibility({ visibilityProperty: true })) continue;
    if (one.tabIndex < 0 && one.closest("[role=group]")) continue; // its field opens the same
    if (height >= least && width >= least) continue;
    small.push(`${Math.round(width)} x ${Math.round(height)}: ${one.outerHTML.slice(0, 200)}`);
  }
  return small;
}"""


def names() -> list[str]:
    """The pages by the end of their address; the first one has none."""
    first, *others = (path.stem.partition("_")[2] for path in page_scripts())
    assert first == "Focus"
    return ["", *others]


def findings(page: Page) -> list[str]:
    """What axe-core finds serious or critical, in shadow roots too."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(_FINDINGS)
    return [
        f"{one['id']}: {one['target']}: {one['html']}: {one['why']}"
        for one in found
        if one["impact"] in SERIOUS
        and not any(rule == one["id"] and part in one["target"] for rule, part, _ in NOT_OURS)
    ]


def lasting_findings(page: Page) -> list[str]:
    """Findings that are still there after ten seconds; parts of a page may come one by one."""
    for _ in range(_TIMES):
        here = findings(page)
        if page.viewport_size and page.viewport_size["width"] < 640:
            here += page.evaluate(_SMALL, 43)
        if not here:
            break
        page.wait_for_timeout(_PAUSE)
    return here


@pytest.mark.parametrize(
    ("width", "theme"), [(1280, "light"), (390, "dark")], ids=["wide-light", "phone-dark"]
)
def test_no_page_has_a_serious_finding(chromium: Browser, app: App, width: int, theme: Any) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 844}, color_scheme=theme)
    seen: list[str] = []
    for name in names():
        page.goto(f"{app.url}/{name}?{SHARP}")
        expect(page.locator("h1")).to_have_count(1)
        page.wait_for_function(_STYLED)
        at_rest(page)
        seen += [f"{name or 'Focus'}: {one}" for one in lasting_findings(page)]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    page.close()
    assert not seen, "\n".join(seen)


def test_the_first_key_leads_to_the_picture_and_the_phones_menu_closes(
    chromium: Browser, app: App
) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{app.url}?{SHARP}")
    settle(page)
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to the picture")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(canvas(page)).to_be_focused()
    ring = canvas(page).evaluate("(one) => getComputedStyle(one).outlineWidth")
    assert float(ring.removesuffix("px")) >= 2
    page.get_by_role("button", name="Expand sidebar").click()
    menu = page.locator("[data-testid=stSidebar]")
    expect(menu).to_have_attribute("data-collapsed", "false")
    menu.get_by_role("link", name="Eye").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Eye")
    expect(menu).to_have_attribute("data-collapsed", "true")
    page.close()
