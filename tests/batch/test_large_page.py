"""The page over 5,000 pictures: offline, in order, and with the live viewer for each of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page, expect

import attnviz
from attnviz.models.preprocess import Preprocess
from attnviz.pictures import Picture
from benchmarks.large_set import write_large_set
from tests.chromium import PATIENCE
from tests.conftest import TinyCnn

pytestmark = pytest.mark.browser
COUNT = 5000


@pytest.fixture(scope="module")
def page(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    torch.manual_seed(0)
    model = attnviz.wrap(TinyCnn().eval(), Preprocess(size=32), ("a", "b", "c", "d"), name="tiny")
    random = np.random.default_rng(0)
    pictures = [
        Picture(random.integers(0, 255, (48, 64, 3)).astype(np.uint8), f"{n}.png", f"{n}" * 64)
        for n in range(3)
    ]
    folder = write_large_set(tmp_path_factory.mktemp("large") / "out", model, pictures, COUNT)
    context = chromium.new_context(viewport={"width": 1000, "height": 900}, offline=True)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((folder.path / "index.html").as_uri())
    yield page
    assert complaints == []
    context.close()


def test_all_rows_are_there_in_the_order_that_is_chosen(page: Page) -> None:
    expect(page.locator(".count")).to_have_text("5,000 pictures")
    expect(page.locator("nav span")).to_have_text("Page 1 of 100")
    chances = np.random.default_rng(0).uniform(0.5, 1, COUNT)
    page.get_by_label("Show").select_option("most certain first")
    shown = page.locator("tbody tr td:nth-child(2)").all_inner_texts()
    best = np.argsort(-chances, kind="stable")[:50]
    assert [text.split()[-1] for text in shown] == [f"{index:06}.jpg" for index in best]


def test_a_click_opens_the_viewer_whose_layers_step(page: Page) -> None:
    page.get_by_label("Find").fill("picture 00451")
    expect(page.locator(".count")).to_have_text("10 pictures")
    page.locator("tbody button.look").nth(1).click()
    canvas = page.locator("dialog canvas[data-layer]")
    best = canvas.get_attribute("data-layer")
    page.get_by_role("button", name="One layer back").click()
    expect(canvas).not_to_have_attribute("data-layer", best or "")
    expect(page.locator("dialog dd").first).to_contain_text("picture 00451")
    first = page.locator("dialog dd").first.inner_text()
    page.get_by_role("button", name="Next picture").click()
    expect(page.locator("dialog dd").first).not_to_have_text(first)
    expect(canvas).to_have_attribute("data-layer", best or "")
    page.get_by_role("radio", name="Split").click()
    expect(page.locator("dialog .wipe")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(canvas).to_have_count(0)  # its drawing context is free again
