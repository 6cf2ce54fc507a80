"""A live webcam in a real browser, to which a film of a moving shape is the camera."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from aioice.ice import get_host_addresses
from av.video.frame import VideoFrame
from playwright.sync_api import Browser, FrameLocator, Page, expect

from attnviz.types import Pixels
from tests.browser.conftest import App, started
from tests.browser.pixels import bytes_of
from tests.chromium import FLAGS, PATIENCE, browser_path

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WAIT = 2 * PATIENCE
SIZE = (240, 320)
BAND = 24  # height of the stripes
SHAPE = 44  # radius
_PIXELS = """(video) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height).data;
}"""


def _scene(x: float) -> Pixels:
    """Grey stripes, and before them a disc of red stripes, around (x, the middle)."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    light = rows % BAND < BAND // 2
    pixels = np.where(light[..., None], 190, 60).repeat(3, 2).astype(np.uint8)
    inside = (rows - SIZE[0] / 2) ** 2 + (columns - x) ** 2 < SHAPE**2
    pixels[inside & light] = (250, 10, 10)
    pixels[inside & ~light] = (140, 0, 0)
    return pixels


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The camera: two seconds of the shape, to and fro."""
    path = tmp_path_factory.mktemp("camera") / "film.y4m"
    places = 160 + 40 * np.sin(np.arange(30) * 2 * np.pi / 30)
    with path.open("wb") as file:
        file.write(b"YUV4MPEG2 W%d H%d F15:1 Ip A1:1 C420jpeg\n" % SIZE[::-1])
        for x in places:
            frame = VideoFrame.from_ndarray(_scene(x), format="rgb24").reformat(format="yuv420p")
            file.write(b"FRAME\n" + frame.to_ndarray().tobytes())
    return path


@pytest.fixture
def page(chromium: Browser, film: Path) -> Iterator[Page]:
    """A window of a browser that has this camera, and lets every page have it."""
    if not get_host_addresses(use_ipv4=True, use_ipv6=True):
        pytest.skip("WebRTC needs a network interface beside the loopback, and there is none")
    fake = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    browser = chromium.browser_type.launch(executable_path=browser_path(), args=[*FLAGS, *fake])
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.set_default_timeout(WAIT)
    yield page
    browser.close()


@pytest.fixture(scope="module")
def webcam_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    script = Path(__file__).with_name("webcam_app.py")
    with started(script, tmp_path_factory.mktemp("webcam") / "log.txt") as server:
        yield server


def test_the_shape_stays_sharp_live_and_the_end_frees_the_thread(
    page: Page, webcam_app: App
) -> None:
    page.goto(webcam_app.url)
    expect(page.get_by_text("0 streams are at work")).to_be_visible(timeout=WAIT)
    frame = page.frame_locator("iframe[title*=webrtc]")
    frame.get_by_role("button", name="Start the webcam").click()
    rate = page.get_by_text(re.compile(r"[\d.]+ frames a second"))
    expect(rate).to_be_visible(timeout=WAIT)
    _frames_later(page, frame, 10)
    expect(page.get_by_text(re.compile(r"([1-9]\d*\.\d|0\.[1-9]) frames a second"))).to_be_visible(
        timeout=WAIT
    )
    _wait_until_sharp(page, frame)
    stream = frame.locator("video").evaluate("(video) => video.srcObject.id")

    page.get_by_role("radio", name="Map").click()
    _wait_for_map(page, frame)
    again = frame.locator("video").evaluate("(video) => video.srcObject.id")
    assert again == stream, "on the same connection"

    page.get_by_role("button", name="Count again").click()
    expect(page.get_by_text("1 streams are at work")).to_be_visible(timeout=WAIT)
    frame.get_by_role("button", name="Stop the webcam").click()
    expect(frame.get_by_role("button", name="Start the webcam")).to_be_visible(timeout=WAIT)
    expect(rate).to_have_count(0, timeout=WAIT)
    page.get_by_role("button", name="Count again").click()
    expect(page.get_by_text("0 streams are at work")).to_be_visible(timeout=WAIT)
    assert not webcam_app.errors()


def _frames_later(page: Page, frame: FrameLocator, count: int) -> None:
    """Wait until the browser has shown so many more frames, and its time has gone on."""
    video = frame.locator("video")
    shown = "(video) => video.getVideoPlaybackQuality().totalVideoFrames"
    before, then = video.evaluate(shown), video.evaluate("(video) => video.currentTime")
    for _ in range(WAIT // 200):
        if video.evaluate(shown) >= before + count:
            break
        page.wait_for_timeout(200)
    assert video.evaluate(shown) >= before + count
    assert video.evaluate("(video) => video.currentTime") > then


def _seen(frame: FrameLocator) -> Pixels:
    video = frame.locator("video")
    while True:
        width = int(video.evaluate("(video) => video.videoWidth"))
        pixels = bytes_of(video, _PIXELS)
        # A frame of another size may have come between the two.
        if width and width == int(video.evaluate("(video) => video.videoWidth")):
            return pixels.reshape(-1, width, 4)[..., :3]


def _wait_until_sharp(page: Page, frame: FrameLocator) -> None:
    """Wait for a picture whose stripes are there in the shape, and gone far from it.

    The first ones are coarse: coding begins with few bits.
    """
    told = ""
    for _ in range(WAIT // 300):
        pixels = _seen(frame).astype(float)
        red = pixels[..., 0] - pixels[..., 1:].mean(-1)
        inside = red > 70
        if inside.sum() > 400:
            middle = int(np.argwhere(inside)[:, 1].mean())
            share = pixels.shape[1] / SIZE[1]
            half = int(0.4 * SHAPE * share)
            shape = pixels[:, middle - half : middle + half, 0]
            rows = np.flatnonzero(inside[:, middle])
            sharp = np.ptp(shape[rows[0] + 4 : rows[-1] - 4].mean(1))
            elsewhere = np.ptp(_edge(pixels))
            told = f"{sharp:.0f} in the shape, {elsewhere:.0f} elsewhere"
            if sharp > 60 and elsewhere < 30:  # 110 and 130 as the camera sees them
                return
        page.wait_for_timeout(300)
    raise AssertionError(told or "no shape is seen")


def _wait_for_map(page: Page, frame: FrameLocator) -> None:
    """Wait for the map: the stripes are there again, under the dark of no attention."""
    told = ""
    for _ in range(WAIT // 300):
        edge = _edge(_seen(frame).astype(float))
        told = f"{np.ptp(edge):.0f} around {edge.mean():.0f} at the edge"
        if np.ptp(edge) > 35 and edge.mean() < 85:  # about 55 around 50; 0 around 125 in bokeh
            return
        page.wait_for_timeout(300)
    raise AssertionError(told)


def _edge(pixels: np.ndarray) -> np.ndarray:
    """float [rows]: brightness at the left edge, far from the shape."""
    width = 20 * pixels.shape[1] // SIZE[1]
    return np.asarray(pixels[60:-60, :width].mean((1, 2)))
