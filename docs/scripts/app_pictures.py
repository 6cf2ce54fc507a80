"""The pictures of the app in the README: `python -m docs.scripts.app_pictures` starts it and looks.

They are made anew when the app looks different. Each is a page as it opens, 1280 pixels wide;
Evidence is scrolled to its answer.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import ViewportSize, sync_playwright

from tests.browser.conftest import started
from tests.browser.waiting import at_rest
from tests.chromium import FLAGS, browser_path
from tests.paths import ROOT

FOLDER = Path(__file__).resolve().parents[1]
PAGES = {  # file and address
    "app": "?picture=sample:coffee",
    "evidence": "Evidence?picture=sample:coffee&look=decision",
    "eye": "Eye?picture=sample:china",
}
TOPS = {"evidence": "Blur budget"}  # text that is scrolled to the top
BELOW_HEADER = "one => { one.style.scrollMarginTop = '90px'; one.scrollIntoView(); }"
SIZE = ViewportSize(width=1280, height=860)
PATIENCE = 300_000  # ms
SETTLING = 8_000  # ms that pictures take to be drawn after the page's script has ended


def main() -> None:
    """Write the pictures."""
    log = Path(tempfile.mkdtemp()) / "log.txt"
    with started(ROOT / "app.py", log) as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=list(FLAGS))
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        for name, path in PAGES.items():
            page.goto(f"{app.url}/{path}")
            page.locator(".av-head").wait_for(timeout=PATIENCE)
            at_rest(page, PATIENCE)
            page.get_by_role("button", name="Stop", exact=True).wait_for(
                state="detached", timeout=PATIENCE
            )
            page.get_by_text("A first answer").wait_for(state="detached", timeout=PATIENCE)
            page.wait_for_timeout(SETTLING)
            at_rest(page, PATIENCE)
            if name in TOPS:
                top = page.get_by_text(TOPS[name], exact=True).first
                for _ in range(2):  # charts are drawn when they come into sight, and move the rest
                    top.evaluate(BELOW_HEADER)
                    page.wait_for_timeout(SETTLING)
            target = FOLDER / f"{name}.webp"
            Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(target, quality=82)
            print(f"{target}: {target.stat().st_size / 1000:.0f} kB")
        browser.close()


if __name__ == "__main__":
    main()
