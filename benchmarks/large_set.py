"""How quickly the page over a large set opens from a disk, sorts, finds and shows a picture.

    python -m benchmarks.large_set [--pictures 60000] [--repeats 5]

The rows come from the code that writes those of a run, for a few photos that are explained once and
repeated, with probabilities of their own. The page is opened in Chromium without a network
(ATTNVIZ_BROWSER names another one); times are wall-clock, from the call to what is seen.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from attnviz.analysis.explain import explain
from attnviz.batch.engine import ExplainedPicture
from attnviz.batch.live_pictures import live_bytes, live_count, live_picture
from attnviz.batch.page_scripts import page_scripts
from attnviz.batch.parts import ResultFolder
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.rows import map_rows, score_row
from attnviz.batch.set_page import write_page
from attnviz.batch.small_pictures import TinyCopy, shown_picture
from attnviz.models.loading import load_model
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, open_sample

if TYPE_CHECKING:
    from playwright.sync_api import Page

PART = 512
PHOTOS = ("astronaut", "chelsea", "china", "flower")
PATIENCE = 120_000


def write_large_set(
    out: Path, model: VisionModel, pictures: Sequence[Picture], count: int
) -> ResultFolder:
    """Write results as of a run over `count` pictures, without its manifest."""
    known = [explain(model, picture) for picture in pictures]
    tiny = [TinyCopy.of(one.picture) for one in known]
    small = [shown_picture(*one) for one in zip(known, tiny, strict=True)]
    most = live_bytes(count)
    live = [live_picture(one, most, its) for one, its in zip(known, tiny, strict=True)]
    chances = np.random.default_rng(0).uniform(0.5, 1, count)
    folder = ResultFolder(out)
    for number, begin in enumerate(range(0, count, PART)):
        part = range(begin, min(count, begin + PART))
        results = [ExplainedPicture(at, "", known[at % len(known)]) for at in part]
        scores = []
        for at, result in zip(part, results, strict=True):
            file = PictureFile(
                f"/photos/of/all/{at % 1000:03}/picture {at:06}.jpg", group=f"{at % 7}"
            )
            row = score_row(result, file)
            scores.append({**row, "probability1": chances[at], "margin": 2 * chances[at] - 1})
        maps = [row for result in results for row in map_rows(result)]
        shown = [small[at % len(small)] for at in part]
        lives = [live[at % len(live)] if at < live_count(count) else None for at in part]
        folder.write_part(number, scores, maps, page_scripts(number, shown, lives))
    folder.join()
    write_page(folder, f"What {model.name} looks at", PART)
    return folder


def timed(page: Page, path: Path) -> dict[str, float]:
    """Open the page and use it; seconds of each step."""
    seconds = {}

    def step(name: str, work: Callable[[], object]) -> None:
        started = time.perf_counter()
        work()
        seconds[name] = time.perf_counter() - started

    def opens() -> None:
        page.goto((path / "index.html").as_uri(), wait_until="commit")
        page.locator("tbody tr").first.wait_for()

    def first_row_changes(work: Callable[[], object]) -> None:
        first = page.locator("tbody tr").first
        before = first.inner_text()
        work()
        page.wait_for_function(
            "(before) => document.querySelector('tbody tr').innerText !== before", arg=before
        )

    def looks() -> None:
        page.locator("tbody button.look").first.click()
        page.locator("dialog canvas[data-layer]").wait_for()

    order, find = page.get_by_label("Show"), page.get_by_label("Find")
    step("open", opens)
    step("sort", lambda: first_row_changes(lambda: order.select_option("most certain first")))
    step("turn", lambda: first_row_changes(page.get_by_role("button", name="Next").click))
    step("find", lambda: first_row_changes(lambda: find.fill("picture 0012")))
    step("look", looks)
    return seconds


def main() -> None:
    """Write the set, and print medians."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=60_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--model", default="ran-small")
    chosen = parser.parse_args()
    browser_path = os.environ.get("ATTNVIZ_BROWSER") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        pictures = [open_sample(name) for name in PHOTOS]
        folder = write_large_set(
            Path(place, "out"), load_model(chosen.model, "cpu"), pictures, chosen.pictures
        )
        rows = (folder.path / "index" / "rows.js").stat().st_size
        print(f"{chosen.pictures:,} pictures, rows.js {rows / 1e6:.1f} MB, load {os.getloadavg()}")
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        found = []
        for _ in range(chosen.repeats):
            context = browser.new_context(offline=True)
            context.set_default_timeout(PATIENCE)
            found.append(timed(context.new_page(), folder.path))
            context.close()
        for name in found[0]:
            times = [one[name] for one in found]
            print(f"{name:5} {statistics.median(times):.2f} s ({min(times):.2f}..{max(times):.2f})")


if __name__ == "__main__":
    main()
