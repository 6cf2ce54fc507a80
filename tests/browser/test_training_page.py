"""The page "Training" in a real browser: time is played without a word to the server."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from attnviz.training.shapes import write_shapes
from tests.browser.conftest import App

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 90_000
STILL = """() => document.querySelector('[data-testid=stApp]')
  .dataset.testScriptState === 'notRunning'"""


def opened(chromium: Browser, url: str, sent: list[int]) -> Page:
    page = chromium.new_page(viewport={"width": 1280, "height": 1000})
    page.on("websocket", lambda one: one.on("framesent", lambda frame: sent.append(len(frame))))
    page.goto(url)
    expect(page.locator(".strip button").first).to_be_visible(timeout=WAIT)
    page.wait_for_function(STILL, timeout=WAIT)
    return page


def test_playing_and_scrubbing_through_the_epochs_asks_nobody(chromium: Browser, app: App) -> None:
    sent: list[int] = []
    page = opened(chromium, f"{app.url}/Training?run=vit-small", sent)
    name = page.locator(".position b").first
    expect(name).to_contain_text("epoch 32")
    expect(page.locator(".position .noun").first).to_have_text("Checkpoint")
    page.wait_for_timeout(500)
    sent.clear()
    slider = page.locator("input.layer").first
    for index, text in ((0, "untrained"), (4, "epoch 1,"), (20, "epoch 17")):
        slider.evaluate(
            "(one, value) => { one.value = value; one.dispatchEvent(new Event('input')); }", index
        )
        expect(name).to_contain_text(text)
    page.locator("button.play").first.click()
    expect(name).to_contain_text("epoch 19", timeout=20_000)
    assert sent == []
    page.locator("button.play").first.click()
    page.close()


def test_two_runs_stand_side_by_side(chromium: Browser, app: App) -> None:
    sent: list[int] = []
    page = opened(chromium, f"{app.url}/Training?run=ran-small&run+beside=cbam-small", sent)
    expect(page.locator(".strip")).to_have_count(2)
    names = page.locator(".position b")
    expect(names.nth(0)).to_contain_text("epoch 34")
    expect(names.nth(1)).to_contain_text("epoch 34")
    with page.expect_download(timeout=WAIT) as download:
        page.get_by_role("button", name="Save as GIF").first.click()
    assert download.value.suggested_filename == "attnviz-ran-small-stage3.attention.gif"
    assert Path(download.value.path()).read_bytes()[:6] == b"GIF89a"
    page.close()


def test_a_training_is_begun_on_forty_pictures_watched_and_cancelled(
    chromium: Browser, app: App, tmp_path: Path
) -> None:
    write_shapes(tmp_path / "mine", per_class=10, side=32)
    sent: list[int] = []
    page = opened(chromium, f"{app.url}/Training", sent)
    page.get_by_text("Train a network and watch").click()
    page.get_by_text("A folder on this computer").click()
    page.get_by_role("textbox", name="The folder, if it is your own").fill(str(tmp_path / "mine"))
    page.get_by_role("button", name="Train", exact=True).click()
    status = page.get_by_text("% right").first
    expect(page.get_by_role("button", name="Cancel")).to_be_visible(timeout=WAIT)
    # Its own first checkpoint turns the page to it, and the next ones arrive while it is trained.
    expect(page.get_by_label("Training run")).to_have_value(re.compile("ran-small$"), timeout=WAIT)
    expect(page.locator(".strip button")).to_have_count(3, timeout=WAIT)
    expect(status).to_be_visible(timeout=WAIT)
    second = opened(chromium, f"{app.url}/Training", [])
    expect(second.get_by_role("button", name="Cancel")).to_be_visible(timeout=WAIT)
    second.close()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0, timeout=WAIT)
    (state,) = (app.log.parent / "runs").glob("*/state.json")
    for _ in range(100):
        if json.loads(state.read_text())["phase"] == "cancelled":
            break
        page.wait_for_timeout(300)
    assert json.loads(state.read_text())["phase"] == "cancelled"
    page.close()
