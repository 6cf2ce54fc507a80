"""The page "Training" in a real browser: time is played without a word to the server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from attnviz.assets import assets_folder
from attnviz.training.data.shapes import write_shapes
from attnviz.training.recording.file import Recording
from tests.browser.conftest import App
from tests.browser.waiting import at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 90_000
STEPS = re.compile(r"([\d,]+) of [\d,]+ steps")
# The page's link does not say how much is blurred, and nothing here looks at the blur. The viewer
# remembers it and does not tell the server.
SHARPEN = """(all) => all.forEach(({ viewer }) => {
  viewer.change({ radius: 0 }, false);
  viewer.reporter.soon(0);
})"""


def opened(chromium: Browser, url: str, sent: list[int]) -> Page:
    page = chromium.new_page(viewport={"width": 1280, "height": 1000})
    page.on("websocket", lambda one: one.on("framesent", lambda frame: sent.append(len(frame))))
    page.goto(url, timeout=WAIT)
    expect(page.locator(".strip button").first).to_be_visible(timeout=WAIT)
    at_rest(page, WAIT)
    page.locator(".stage > canvas").evaluate_all(SHARPEN)
    return page


def test_playing_and_scrubbing_through_the_epochs_asks_nobody(chromium: Browser, app: App) -> None:
    sent: list[int] = []
    page = opened(chromium, f"{app.url}/Training?run=vit-small", sent)
    name = page.locator(".position b").first
    expect(name).to_contain_text("epoch 32", timeout=WAIT)
    expect(page.locator(".position .noun").first).to_have_text("Checkpoint", timeout=WAIT)
    page.wait_for_timeout(500)
    sent.clear()
    for index, text in ((0, "untrained"), (4, "epoch 1,"), (20, "epoch 17")):
        scrub(page, index)
        expect(name).to_contain_text(text, timeout=WAIT)
    page.locator("button.play").first.click()
    expect(name).to_contain_text("epoch 19", timeout=WAIT)
    assert sent == []
    page.locator("button.play").first.click()
    page.close()


def test_two_runs_stand_side_by_side(chromium: Browser, app: App) -> None:
    sent: list[int] = []
    page = opened(chromium, f"{app.url}/Training?run=ran-small&run+beside=cbam-small", sent)
    expect(page.locator(".strip")).to_have_count(2)
    names = page.locator(".position b")
    expect(names.nth(0)).to_contain_text("epoch 34", timeout=WAIT)
    expect(names.nth(1)).to_contain_text("epoch 34", timeout=WAIT)
    # One time for both: the other run goes to its nearest checkpoint, and the charts' line with it.
    chart = page.get_by_test_id("stVegaLiteChart").first
    before = chart.screenshot()
    sent.clear()
    scrub(page, 6)
    expect(names.nth(0)).to_contain_text("epoch 3,", timeout=WAIT)
    expect(names.nth(1)).to_contain_text("epoch 3,", timeout=WAIT)
    assert page.locator("#av-now").evaluate("one => Number(one.value)") == 3
    assert sent == []
    for _ in range(100):
        if chart.screenshot() != before:
            break
        page.wait_for_timeout(300)
    else:
        raise AssertionError("the line of the chart stays where it was")
    shots = len(Recording.load(assets_folder() / "recordings" / "ran-small.attn").snapshots)
    page.get_by_role("button", name="Save", exact=True).first.click()
    with Image.open(saved(page, "GIF")) as picture:
        assert picture.n_frames == shots
    with av.open(str(saved(page, "MP4"))) as container:
        frames = sum(1 for _ in container.decode(video=0))
    assert frames == shots + 4  # the last one stands for a second
    page.close()


def scrub(page: Page, index: int) -> None:
    page.locator("input.layer").first.evaluate(
        "(one, value) => { one.value = value; one.dispatchEvent(new Event('input')); }", index
    )


def saved(page: Page, kind: str) -> Path:
    save = page.get_by_role("button", name=f"All maps, {kind}", exact=True).first
    expect(save).to_be_visible(timeout=WAIT)
    with page.expect_download(timeout=WAIT) as download:
        save.click()
    name = "attnviz-ran-small-stage2.attention-"
    assert download.value.suggested_filename.startswith(name)
    assert download.value.suggested_filename.endswith(f".{kind.lower()}")
    return Path(download.value.path())


@pytest.fixture
def runs(app: App) -> Iterator[Path]:
    """The app's folder of runs; what a failed test has begun there does not go on for ever."""
    folder = app.log.parent / "runs"
    yield folder
    for state in folder.glob("*/state.json"):
        (state.parent / "cancel").touch()


@pytest.mark.timeout(600)  # two starts of a process of its own, on a computer that has other work
def test_a_training_outlives_its_tab_and_is_paused_gone_on_with_and_cancelled_in_another(
    chromium: Browser, app: App, runs: Path, tmp_path: Path
) -> None:
    write_shapes(tmp_path / "mine", per_class=10, side=32)
    page = opened(chromium, f"{app.url}/Training", [])
    begin_on(page, tmp_path / "mine", "40 pictures of 4 classes")
    # Its own first checkpoint turns the page to it, and the next one arrives while it is trained.
    run = re.compile(r"\d ran-small, fine-tuned$")
    expect(page.get_by_label("Training run")).to_have_value(run, timeout=WAIT)
    page.locator(".stage > canvas").evaluate_all(SHARPEN)
    arrived = re.compile(r"· \d+ of ([2-9]|1\d|2\d)$")
    expect(page.locator(".position b").first).to_contain_text(arrived, timeout=WAIT)
    expect(page.get_by_text("% accuracy").first).to_be_visible(timeout=WAIT)
    second = opened(chromium, f"{app.url}/Training", [])
    expect(button(second, "Cancel")).to_be_visible(timeout=WAIT)
    # A second training is asked about, never begun by itself.
    second.get_by_text("Train a network and watch").click()
    button(second, "Train").click()
    expect(second.get_by_text("takes about twice as long")).to_be_visible(timeout=WAIT)
    button(second, "Not now").click()
    expect(button(second, "Not now")).to_have_count(0, timeout=WAIT)
    page.close()
    (state,) = runs.glob("*/state.json")
    rises(second, steps_done(second))
    button(second, "Pause").click()
    expect(button(second, "Resume")).to_be_visible(timeout=WAIT)
    expect(button(second, "Pause")).to_have_count(0, timeout=WAIT)  # once the page is drawn
    assert json.loads(state.read_text())["phase"] == "paused"
    paused = steps_done(second)
    button(second, "Resume").click()
    expect(button(second, "Pause")).to_be_visible(timeout=WAIT)
    again = steps_done(second)
    assert again >= paused > 0  # not from the beginning
    rises(second, again)
    button(second, "Cancel").click()
    expect(button(second, "Cancel")).to_have_count(0, timeout=WAIT)
    for _ in range(100):
        if json.loads(state.read_text())["phase"] == "cancelled":
            break
        second.wait_for_timeout(300)
    assert json.loads(state.read_text())["phase"] == "cancelled"
    second.close()


def begin_on(page: Page, folder: Path, counted: str) -> None:
    """Choose the folder, see its pictures counted, and train for as long as the page offers.

    Few pictures are soon looked at: only with all epochs, and more pixels, does it last until it is
    cancelled.
    """
    page.get_by_text("Train a network and watch").click()
    page.get_by_text("A folder on this computer").click()
    path = page.get_by_role("textbox", name="Folder with a subfolder for each class")
    path.fill(str(folder))
    path.press("Enter")
    expect(page.get_by_text(counted)).to_be_visible(timeout=WAIT)
    page.get_by_role("slider", name="Epochs").press("End")
    page.get_by_role("slider", name="Picture side, px").press("ArrowRight")
    button(page, "Train").click()
    expect(button(page, "Cancel")).to_be_visible(timeout=WAIT)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def steps_done(page: Page) -> int:
    """As the run's own line says, once it says it."""
    line = page.get_by_text(STEPS).first
    expect(line).to_be_visible(timeout=WAIT)
    found = STEPS.search(line.inner_text())
    assert found is not None
    return int(found[1].replace(",", ""))


def rises(page: Page, step: int) -> None:
    """Wait until the line tells of more steps."""
    for _ in range(WAIT // 300):
        if steps_done(page) > step:
            return
        page.wait_for_timeout(300)
    raise AssertionError(f"the page says {step} steps for ever")
