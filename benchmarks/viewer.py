"""From key press to new pixels: the viewer in the browser, beside the same step on the server.

`python -m benchmarks.viewer` starts a server and Chromium (software WebGL where there is no GPU),
steps through the layers of a picture of 1024 x 768 in turn on both, and prints the table.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.timing import HEADER, Budget

ROOT = Path(__file__).resolve().parents[1]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

# Time from the event to a frame whose pixels can be read: reading one waits for the drawing.
VIEWER_STEP = """async (key) => {
  const canvas = document.querySelector("[data-testid=stBidiComponentIsolated]").shadowRoot
    .querySelector(".stage > canvas");
  const pixel = new Uint8Array(4);
  const before = canvas.dataset.frames;
  const start = performance.now();
  canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  while (canvas.dataset.frames === before) await new Promise(requestAnimationFrame);
  const { gl } = canvas.viewer.renderer;
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
  return performance.now() - start;
}"""
SERVER_STEP = """async () => {
  const image = () => document.querySelector("img[alt^='layer ']");
  const before = image().alt;
  const start = performance.now();
  document.querySelector("[data-testid=stButton] button").click();
  while (image().alt === before || !image().complete) await new Promise(requestAnimationFrame);
  await image().decode();
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""
SIZE = """() => { const canvas = document.querySelector("[data-testid=stBidiComponentIsolated]")
  .shadowRoot.querySelector(".stage > canvas"); return [canvas.width, canvas.height]; }"""


@contextmanager
def served() -> Iterator[str]:
    """The address of a running server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "streamlit", "run", str(ROOT / "benchmarks" / "viewer_app.py"),
        f"--server.port={port}", "--server.headless=true", "--server.address=127.0.0.1",
    ]  # fmt: skip
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def measure(address: str, browser: str, rounds: int) -> tuple[list[float], list[float], list[int]]:
    """Milliseconds of each step in the viewer and on the server, and the canvas's size."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=FLAGS)
        pages = [chromium.new_page(viewport={"width": 1300, "height": 1200}) for _ in range(2)]
        ours, servers = pages
        ours.goto(f"{address}?way=viewer")
        ours.wait_for_selector("canvas[data-final='1']", timeout=120_000)
        servers.goto(f"{address}?way=server")
        servers.wait_for_selector("img[alt='layer 0']", timeout=120_000)
        size = ours.evaluate(SIZE)
        fast: list[float] = []
        slow: list[float] = []
        # In turn, a run through all layers each, so that a busy machine slows both alike.
        for _ in range(rounds):
            fast += _run(ours, VIEWER_STEP)
            slow += _run(servers, SERVER_STEP)
        chromium.close()
    return fast, slow, size


def _run(page: Page, script: str) -> list[float]:
    """Milliseconds of eleven steps, at the pace of a hand; one more before them warms up."""
    page.bring_to_front()
    page.wait_for_timeout(1000)
    keys = ["Home", *["ArrowRight"] * 11]
    times = []
    for key in keys:
        times.append(float(page.evaluate(script, key)))
        page.wait_for_timeout(100)
    return times[1:]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="runs through all layers")
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    parser.add_argument("--browser", default=found, help="path of a Chromium")
    options = parser.parse_args()
    with served() as address:
        fast, slow, size = measure(address, options.browser, options.rounds)
    ours, servers = statistics.median(fast), statistics.median(slow)
    print(f"Single steps, ms: {', '.join(f'{one:.0f}' for one in fast)}")
    print(f"Canvas of {size[0]} x {size[1]} px, {len(fast)} steps each")
    print(HEADER)
    print(Budget("layer step in the viewer, ms", ours, 100.0).line())
    print(Budget("layer step on the server over the viewer's", servers / ours, 1.0, True).line())
    print(f"| layer step on the server, ms | {servers:.2f} | | |")


if __name__ == "__main__":
    main()
