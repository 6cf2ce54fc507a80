"""The page "Layers" in a real browser: a click asks, every layer answers, the network rests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from attnviz.viewer.bundle import joined
from attnviz.viewer.source import FOLDER, viewer_assets
from tests.browser.conftest import ROOT, SHARP, App, started
from tests.browser.waiting import at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 60_000


@pytest.fixture(scope="module")
def layers_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    script = Path(__file__).with_name("layers_app.py")
    with started(script, tmp_path_factory.mktemp("layers") / "log.txt") as running:
        yield running


def canvas(page: Page) -> Locator:
    return page.locator(".stage > canvas")


def settle(page: Page) -> None:
    """Wait until the page's script has come to its end and the exact picture is drawn."""
    at_rest(page)
    expect(page.locator("canvas[data-final='1']")).to_have_count(1, timeout=WAIT)


def maps(page: Page) -> list[Any]:
    """Name and range of every layer's map that the viewer holds."""
    layers = canvas(page).evaluate(
        "(one) => one.viewer.scene.header.layers.map((l) => [l.name, l.low, l.high, l.mean])"
    )
    return list(layers)


def header(page: Page) -> dict[str, Any]:
    """What the viewer was told of the picture and the maps that it shows."""
    return dict(canvas(page).evaluate("(one) => one.viewer.scene.header"))


def sizes(page: Page) -> dict[str, int]:
    """Bytes of the photo and of the maps in the viewer's last message."""
    return {one["name"]: one["shape"][0] for one in header(page)["arrays"]}


def cells(page: Page) -> list[str]:
    """The pictures of all layers and heads."""
    return [str(one.get_attribute("src")) for one in page.locator(".av-cell img").all()]


def passes(page: Page) -> str:
    return page.locator("[data-testid=stCode] code").inner_text()


def click_at(page: Page, x: float, y: float) -> None:
    pane = canvas(page).evaluate("(one) => one.viewer.panes()[0]")
    place = {"x": pane["x"] + x * pane["width"], "y": pane["y"] + y * pane["height"]}
    canvas(page).click(position=place)  # type: ignore[arg-type]


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_a_clicked_patch_asks_in_all_layers_without_a_new_pass(
    chromium: Browser, layers_app: App, width: int, theme: Any
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    page.goto(f"{layers_app.url}?{SHARP}")
    settle(page)
    expect(page.locator(".av-cell img")).to_have_count(6, timeout=WAIT)
    before, pictures, counted = maps(page), cells(page), passes(page)
    assert [one[0] for one in before] == [f"blocks.{n}.attention" for n in range(3)]
    for x, y in ((0.3, 0.6), (0.8, 0.2)):
        click_at(page, x, y)
        said = re.compile(rf"{100 * x:.0f} % from the left and {100 * y:.0f} % from the top")
        expect(page.get_by_text(said)).to_be_visible(timeout=WAIT)
        settle(page)
        expect(page.get_by_role("radio", name="Clicked point")).to_be_checked()
        expect(page.locator(".av-cell i")).to_have_count(6)
        after, fresh = maps(page), cells(page)
        for one, other in zip(before, after, strict=True):
            assert one != other, f"{one[0]} has answered the new point"
        for one, other in zip(pictures, fresh, strict=True):
            assert one != other, "each head has answered the new point"
        before, pictures = after, fresh
    page.wait_for_timeout(3500)  # the count is written every three seconds
    assert passes(page) == counted
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    assert layers_app.errors() == ""
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0, "nothing but the grid scrolls sideways"
    page.close()


def test_the_vision_transformer_is_picked_in_the_app_and_a_patch_asks_all_its_layers(
    chromium: Browser, app: App
) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{app.url}/Layers?picture=sample:china&{SHARP}", timeout=WAIT)
    box = page.get_by_role("combobox", name="Model")
    expect(box).to_be_visible(timeout=WAIT)
    box.click()
    page.get_by_role("option", name="Vision transformer, small").click()
    expect(page.locator(".av-cell img")).to_have_count(6 * 4, timeout=WAIT)
    settle(page)
    page.wait_for_function("(one) => one.viewer.count === 6", arg=canvas(page).element_handle())
    before, pictures = maps(page), cells(page)
    assert [one[0] for one in before] == [f"blocks.{n}.attention" for n in range(6)]
    click_at(page, 0.3, 0.6)
    expect(page.get_by_text("the network did not run again")).to_be_visible(timeout=WAIT)
    expect(page.locator(".av-cell i")).to_have_count(6 * 4, timeout=WAIT)
    page.wait_for_function(
        "(one) => one.viewer.scene.header.point !== null",
        arg=canvas(page).element_handle(),
        timeout=WAIT,
    )
    for one, other in zip(before, maps(page), strict=True):
        assert one != other, f"{one[0]} has answered the point"
    for one, other in zip(pictures, cells(page), strict=True):
        assert one != other, "each head has answered the point"
    page.close()


def test_a_second_click_sends_the_maps_and_not_the_photo(
    chromium: Browser, layers_app: App
) -> None:
    """What comes over the line, in bytes; the photo alone would be more than is allowed.

    Streamlit sends a component's script with each new message to it, whatever that holds.
    """
    came: list[int] = []
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.on("websocket", lambda one: one.on("framereceived", lambda frame: came.append(len(frame))))
    page.goto(f"{layers_app.url}/?photo=large&{SHARP}", timeout=WAIT)
    settle(page)
    expect(page.locator(".av-cell img")).to_have_count(6, timeout=WAIT)
    photo, size = header(page)["photo"], sizes(page)["photo"]
    assert size > 300_000
    assert sum(came) > size
    for x, y in ((0.3, 0.6), (0.8, 0.2)):
        page.wait_for_timeout(700)  # what the first run, or the click before, has still to say
        came.clear()
        click_at(page, x, y)
        said = re.compile(rf"{100 * x:.0f} % from the left and {100 * y:.0f} % from the top")
        expect(page.get_by_text(said)).to_be_visible(timeout=WAIT)
        page.wait_for_function(
            "([one, x]) => Math.abs((one.viewer.scene.header.point?.x ?? 9) - x) < 0.01",
            arg=[canvas(page).element_handle(), x],
            timeout=WAIT,
        )
        settle(page)
        assert header(page)["photo"] == photo
        assert sizes(page)["photo"] == 0, "the same photo, which did not come again"
        most = sizes(page)["maps"] + len(joined(FOLDER, viewer_assets())) + 60_000
        assert sum(came) < most < size
        expect(page.locator(".crosses .picked")).to_have_count(1)
    page.close()


def test_a_viewer_that_has_lost_the_photo_asks_for_it(chromium: Browser, layers_app: App) -> None:
    """Asked for at once, the message told the server that the class token asks, as before."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{layers_app.url}?{SHARP}", timeout=WAIT)
    settle(page)
    expect(page.locator(".av-cell img")).to_have_count(6, timeout=WAIT)
    before = header(page)["photo"]
    canvas(page).evaluate("(one) => { one.viewer.photo.id = null; }")
    click_at(page, 0.3, 0.6)
    page.wait_for_function(
        "(one) => one.viewer.scene.header.point !== null",
        arg=canvas(page).element_handle(),
        timeout=WAIT,
    )
    assert header(page)["photo"] == before, "it has come once more, with the maps of the click"
    expect(page.get_by_role("radio", name="Clicked point")).to_be_checked()
    page.close()


def test_a_link_to_the_page_opens_it_on_a_fresh_server(chromium: Browser, tmp_path: Path) -> None:
    with started(ROOT / "app.py", tmp_path / "log.txt") as fresh:
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{fresh.url}/Layers?picture=sample:coffee&{SHARP}")
        settle(page)
        expect(page.get_by_role("radio", name="Coffee")).to_be_checked()
        expect(page.get_by_text("Contribution of each mask")).to_be_visible(timeout=WAIT)
        assert [one[0] for one in maps(page)] == [f"stage{n}.attention" for n in (1, 2, 3)]
        expect(page.get_by_role("link", name="app", exact=True)).to_have_count(0)
        page.get_by_role("link", name="Focus").click()
        expect(page.get_by_text("What the model sees")).to_be_visible(timeout=WAIT)
        expect(page.get_by_role("radio", name="Coffee")).to_be_checked()
        expect(page.locator("[data-testid=stException]")).to_have_count(0)
        assert fresh.errors() == ""
        page.close()
