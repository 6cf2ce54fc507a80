"""A report opened from disk in a browser without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from attnviz.export.report_page.page import report_page
from tests.export.examples import HOSTILE, example_source

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 90_000
HACK = HOSTILE.replace("alert(1)", "window.hacked=1").replace("alert(2)", "window.hacked=2")


@dataclass
class Window:
    """A page, and what it asked for and complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two photos; what the first is called, knows and has as layers tries to run."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    hostile = example_source(name=HACK, label=HACK)
    other = replace(example_source(layers=2), after=example_source().explanation.predictions)
    path.write_bytes(report_page([hostile, other], title=HACK))
    return path


@pytest.fixture
def window(chromium: Browser, file: Path, request: pytest.FixtureRequest) -> Iterator[Window]:
    """The report, opened offline; a parameter is a script that runs before the page."""
    context = chromium.new_context(viewport={"width": 390, "height": 800}, offline=True)
    context.set_default_timeout(WAIT)
    opened = Window(context.new_page())
    opened.page.on("request", lambda one: opened.requests.append(one.url))
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.page.on(
        "console", lambda said: said.type == "error" and opened.complaints.append(said.text)
    )
    if script := getattr(request, "param", ""):
        opened.page.add_init_script(script)
    opened.page.goto(file.as_uri())
    yield opened
    context.close()


def test_it_steps_through_the_layers_and_asks_for_nothing(window: Window, file: Path) -> None:
    page = window.page
    canvas = page.locator(".viewer-place .stage > canvas").first
    expect(canvas).to_have_attribute("data-final", "1", timeout=WAIT)
    names = [*example_source(label=HACK).explanation.layers, "all layers"]
    expect(canvas).to_have_attribute("data-layer", names[1])
    canvas.press("Home")
    for name in names:
        expect(canvas).to_have_attribute("data-layer", name, timeout=WAIT)
        canvas.press("ArrowRight")
    page.get_by_role("radio", name="Object").first.click()
    expect(page.locator(".labels span").first).to_contain_text("object", timeout=WAIT)
    expect(page.locator(".stills").first).to_be_hidden()
    place = page.locator(".viewer-place").last
    place.scroll_into_view_if_needed()
    last = place.locator(".stage > canvas")
    expect(last).to_have_attribute("data-final", "1", timeout=WAIT)
    expect(last).to_have_attribute("data-layer", "block 1 church")
    assert window.requests == [file.as_uri()]
    assert window.complaints == []
    assert page.evaluate("window.hacked") is None
    wide, room = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= room, "a phone need not scroll sideways"


def test_on_paper_there_are_still_pictures(window: Window) -> None:
    page = window.page
    expect(page.locator(".live")).not_to_have_count(0, timeout=WAIT)
    page.emulate_media(media="print")
    for number in range(2):
        expect(page.locator(".stills").nth(number)).to_be_visible()
        expect(page.locator(".layers").nth(number)).to_be_visible()
        expect(page.locator(".viewer-place").nth(number)).to_be_hidden()
    paper = page.pdf(prefer_css_page_size=True)
    a4 = re.findall(rb"/MediaBox \[0 0 594\.9\d* 841\.9\d*\]", paper)
    assert 2 <= len(a4) <= 4, "each photo begins a sheet"


@pytest.mark.parametrize(
    "window",
    ["HTMLCanvasElement.prototype.getContext = () => null;", "delete window.IntersectionObserver;"],
    ids=["no WebGL", "old browser"],
    indirect=True,
)
def test_what_cannot_draw_shows_still_pictures(window: Window) -> None:
    page = window.page
    expect(page.locator(".live")).to_have_count(0, timeout=WAIT)
    for picture in page.locator(".stills img").all():
        expect(picture).to_be_visible()
        assert picture.evaluate("(img) => img.naturalWidth") == 96


def test_dark_where_the_reader_wants_it_dark(window: Window) -> None:
    page = window.page
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(251, 250, 248)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ground) == "rgb(18, 17, 15)"
