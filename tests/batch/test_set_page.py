"""The page over a set, opened from a disk in a browser without a network."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from attnviz.batch.page_scripts import page_scripts
from attnviz.batch.parts import ResultFolder
from attnviz.batch.set_page import write_page
from attnviz.pictures.jpeg import jpeg
from tests.chromium import PATIENCE

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror='window.hacked=1'></script>\u2028"
PART = 64


def shown(index: int) -> tuple[str, int, int, str]:
    picture = jpeg(np.full((8, 12, 3), [200, 30, index % 256], np.uint8))
    return b64encode(picture).decode(), 2, 3, b64encode(bytes([255, 0, 0, 0, 0, 0])).decode()


def row(index: int) -> dict[str, Any]:
    """Of 150 pictures the last 20 are of a class of their own, in a corner; the first failed."""
    if index == 0:
        return {"index": 0, "path": f"/x/{HOSTILE}.png", "group": HOSTILE, "error": "broken"}
    chance = 0.5 + index / 400
    return {
        "index": index,
        "path": f"/photos/{index:03}.png",
        "group": "marked" if index >= 130 else "plain",
        "top1": "cat",
        "probability1": chance,
        "margin": chance - 0.1,
        "layer": "last",
        "entropy": 0.5,
        "centre_y": 0.5,
        "centre_x": 0.5,
        "flat": False,
        "sure": index % 2 == 0,
    }


def maps(index: int) -> dict[str, Any]:
    values = np.zeros((8, 8), np.float16)
    values[(0, 7) if index >= 130 else (3, 3 + index % 2)] = 1
    grid = {"rows": 8, "columns": 8, "scale": 1.0, "values": values.ravel()}
    return {"index": index, "layer": "last", **grid}


@pytest.fixture(scope="module")
def page(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = ResultFolder(tmp_path_factory.mktemp("set") / "out")
    for number in range(3):
        part = range(number * PART, min(150, (number + 1) * PART))
        scripts = page_scripts(number, [shown(index) if index else None for index in part], [])
        folder.write_part(number, [*map(row, part)], [maps(i) for i in part if i], scripts)
    folder.join()
    write_page(folder, f"What {HOSTILE} looks at", PART)
    context = chromium.new_context(viewport={"width": 390, "height": 800}, offline=True)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((folder.path / "index.html").as_uri())
    yield page
    assert complaints == []
    assert page.evaluate("window.hacked") is None
    context.close()


def names(page: Page) -> list[str]:
    return page.locator("tbody tr td:nth-child(2)").all_inner_texts()


def test_rows_are_found_sorted_and_paged(page: Page) -> None:
    expect(page.locator(".told")).to_have_text("150 pictures, 1 of which failed")
    expect(page.locator("h1")).to_contain_text(
        "What <img src=x onerror='window.hacked=1'></script>"
    )
    assert len(names(page)) == 50
    page.get_by_label("Show").select_option("most certain first")
    assert names(page)[:2] == ["photos/149.png", "photos/148.png"]
    page.get_by_role("button", name="Next").click()
    expect(page.locator("nav span")).to_have_text("Page 2 of 3")
    assert names(page)[0] == "photos/099.png"
    page.get_by_role("button", name="Probability").click()
    assert names(page)[0] == "photos/001.png"
    page.get_by_label("Find").fill("photos/14")
    expect(page.locator(".count")).to_have_text("10 pictures")
    page.get_by_label("Only").select_option("sure")
    expect(page.locator(".count")).to_have_text("5 pictures")
    page.get_by_label("Find").fill("")
    page.get_by_label("Only").select_option("error")
    expect(page.locator("tbody tr")).to_contain_text(["broken"])
    page.get_by_label("Only").select_option("")


def test_the_odd_group_comes_first_and_opens(page: Page) -> None:
    first = page.locator(".card").first
    expect(first).to_contain_text("100 % marked (13 % of all)")
    first.click()
    expect(page.locator(".count")).to_have_text("20 pictures, of a group of 20")
    page.get_by_role("button", name="Leave the group").click()
    expect(page.locator(".count")).to_have_text("150 pictures")


def test_a_picture_is_shown_with_its_focus(page: Page) -> None:
    page.get_by_label("Find").fill("photos/100")
    page.get_by_role("button", name="Look at photos/100.png").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("/photos/100.png")
    page.wait_for_function("document.querySelector('dialog canvas').width === 12")
    red = page.evaluate(
        "[...document.querySelectorAll('dialog canvas')].map((one) =>"
        " one.getContext('2d').getImageData(1, 1, 1, 1).data[0])"
    )
    assert red[0] == pytest.approx(200, abs=12)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_nothing_is_wider_than_a_phone(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
