"""Questions in a real browser: asked beside the map, answered, named by the link."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import attnviz
from attnviz import Box, Region
from attnviz.pictures import open_sample
from attnviz.pictures.png import png
from attnviz.targets.text import format_target
from attnviz.ui.kit.picture_cache import SHOWN_SIDE
from tests.browser.conftest import SHARP, App, started
from tests.browser.questions_app import finder_of_boxes, finder_of_regions
from tests.browser.test_layers_page import canvas, click_at, header, maps
from tests.browser.waiting import at_rest
from tests.chromium import PATIENCE
from tests.targets.test_words import reader

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def questions_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    script = Path(__file__).with_name("questions_app.py")
    with started(script, tmp_path_factory.mktemp("questions") / "log.txt") as running:
        yield running


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    yield page
    page.close()


@cache
def photo(name: str) -> attnviz.Picture:
    return open_sample(name).reduced(SHOWN_SIDE)


_HALVES = """(one) => {
  const { planes, columns } = one.viewer.scene;
  const sums = [0, 0];
  planes[0].forEach((value, place) => (sums[place % columns < columns / 2 ? 0 : 1] += value));
  return sums.map((sum) => (2 * sum) / planes[0].length);
}"""


def halves(page: Page) -> tuple[float, float]:
    """The mean of the map left and right of the middle, in 0..1 of its range."""
    left, right = canvas(page).evaluate(_HALVES)
    return left, right


def choose(page: Page, label: str, title: str) -> None:
    """Take what a selectbox offers; a script that still runs would close its list again."""
    at_rest(page, PATIENCE)
    page.get_by_role("combobox", name=label, exact=True).click()
    options = page.get_by_role("listbox")
    options.get_by_role("option", name=title, exact=True).click()


def ask_class(page: Page) -> None:
    choose(page, "Class to explain", "gas pump")


def ask_contrast(page: Page) -> None:
    choose(page, "Explain", "one thing rather than another")
    choose(page, "rather than", "gas pump")


def ask_patch(page: Page) -> None:
    choose(page, "Explain", "a patch of the picture")
    expect(page.get_by_role("slider", name="From the left")).to_be_visible()
    at_rest(page, PATIENCE)
    click_at(page, 0.7, 0.4)
    page.wait_for_url(lambda url: asked_by(url) == "patch:.7,.4", timeout=PATIENCE)
    at_rest(page, PATIENCE)
    assert header(page)["point"] == {"x": 0.7, "y": 0.4}, "it is marked on the picture"
    page.get_by_role("slider", name="From the left").press("Home")


def ask_box(page: Page) -> None:
    left, right = halves(page)
    assert right > 10 * left, "the focus is in the other box"
    click_at(page, 0.3, 0.5)
    expect(page.get_by_role("radio", name=re.compile("^red"))).to_be_checked(timeout=PATIENCE)


def ask_region(page: Page) -> None:
    page.get_by_text("another place", exact=True).click()
    explained = page.get_by_role(
        "combobox", name="Explain", exact=True
    )  # begins with what was found
    expect(explained).to_have_value("a region of the picture", timeout=PATIENCE)
    at_rest(page, PATIENCE)
    rows, columns = photo("china").pixels.shape[:2]
    drawn = np.zeros((rows, columns, 3), np.uint8)
    drawn[:, : columns // 4] = 255
    mask = {"name": "left.png", "mimeType": "image/png", "buffer": png(drawn)}
    page.get_by_label("Picture of the region").locator("input").set_input_files(mask)  # type: ignore[arg-type]
    box = page.get_by_role("combobox", name="Class", exact=True)
    expect(box).to_have_value("green", timeout=PATIENCE)


def ask_alike(page: Page) -> None:
    choose(page, "Explain", "likeness to another picture")
    choose(page, "Photo to compare with", "Coffee")


def ask_words(page: Page) -> None:
    field = page.get_by_role("textbox", name="Look for")
    field.fill("something red")
    field.press("Enter")


@dataclass(frozen=True)
class Asked:
    """How a kind of question is asked on the page, and what that is in Python."""

    ask: Callable[[Page], None]
    target: Callable[[], Any]
    model: str
    load: Callable[[], attnviz.VisionModel] | None = None

    @property
    def network(self) -> attnviz.VisionModel:
        return self.load() if self.load else attnviz.load_model(self.model, "cpu")


def left_quarter() -> Region:
    mask = np.zeros((43, 64), bool)
    mask[:, :16] = True
    return Region(mask, "green")


KINDS = {
    "class": Asked(ask_class, lambda: attnviz.Class("gas pump"), "ran-small"),
    "contrast": Asked(ask_contrast, lambda: attnviz.Contrast("church", "gas pump"), "ran-small"),
    "patch": Asked(ask_patch, lambda: attnviz.Patch(0, 0.4), "vit-small"),
    "alike": Asked(ask_alike, lambda: attnviz.Alike(photo("coffee")), "vit-small"),
    "box": Asked(ask_box, lambda: Box(0, 0, 0.5, 1, "red"), "halves", finder_of_boxes),
    "region": Asked(ask_region, left_quarter, "regions", finder_of_regions),
    "words": Asked(ask_words, lambda: attnviz.Words("something red"), "colours", reader),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_is_asked_answered_and_linked(page: Page, questions_app: App, kind: str) -> None:
    case = KINDS[kind]
    target = case.target()
    answer = attnviz.explain(case.network, photo("china"), "decision", target)
    asks = f"picture=sample:china&model={case.model}&look=decision"
    page.goto(f"{questions_app.url}/?{asks}&{SHARP}")
    expect(page.locator(".stage > canvas")).to_have_count(1, timeout=PATIENCE)
    at_rest(page, PATIENCE)
    before = maps(page)
    case.ask(page)
    page.wait_for_url(lambda url: asked_by(url) == format_target(target), timeout=PATIENCE)
    shows(page, answer)
    assert maps(page) != before
    page.goto(page.url)
    shows(page, answer)
    assert asked_by(page.url) == format_target(target)
    if isinstance(target, Box):
        left, right = halves(page)
        assert left > 10 * right, "the focus has moved into it"
    assert questions_app.errors() == ""


def asked_by(url: str) -> str:
    """The question that a link names."""
    return parse_qs(urlsplit(url).query).get("target", [""])[0]


def shows(page: Page, answer: attnviz.Explanation) -> None:
    """The page says what was asked with its value, and holds the maps of the answer."""
    of_class = answer.explained_class
    if of_class is None:
        (asked,) = answer.asked
        label, value = asked.prediction
        heading = page.get_by_role("heading", name="What you asked")
        expect(heading).to_be_visible(timeout=PATIENCE)
        said = page.get_by_text(re.compile(rf"^{re.escape(label)}: (value|probability) [-\d.]+$"))
        expect(said).to_have_count(1, timeout=PATIENCE)
    at_rest(page, PATIENCE)
    if of_class is None:
        assert float(said.inner_text().split()[-1]) == pytest.approx(value, abs=0.011)
    else:
        chosen = page.get_by_role("combobox", name="Class to explain")
        expect(chosen).to_have_value(of_class.label)
    drawn = {name: (low, high) for name, low, high, _ in maps(page)}
    for layer in answer.layers:
        grid = answer.map_of(layer)
        assert drawn[layer] == pytest.approx((grid.min(), grid.max()), rel=1e-2, abs=1e-4)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
