"""The viewer in a real JupyterLab: it draws, steps, and hands layer and click back to Python."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import browser_path
from tests.servers import OFFLINE, free_port, running

for name in ("anywidget", "jupyterlab"):  # not imported: every process that lists tests would wait
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed", allow_module_level=True)
pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 180_000
CELLS = (
    "from tests.export.examples import example_source\n"
    "result = example_source().explanation\nviewer = result.show()\nviewer",
    "print('shown:', viewer.layer, viewer.picked)",
    "viewer.layer = 'block 0 church'",
    "result",
)


def notebook() -> dict[str, object]:
    cells = [
        {
            "cell_type": "code", "id": f"cell-{number}", "metadata": {}, "source": source,
            "outputs": [], "execution_count": None,
        }
        for number, source in enumerate(CELLS)
    ]  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {
        "cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5
    }  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A JupyterLab of its own, with nothing of this user's settings."""
    browser_path()
    home = tmp_path_factory.mktemp("jupyter")
    (home / "viewer.ipynb").write_text(json.dumps(notebook()), encoding="utf-8")
    port = free_port()
    own = {
        **OFFLINE,
        "IPYTHONDIR": str(home / "ipython"),
        **{f"JUPYTER_{name}_DIR": str(home / name) for name in ("CONFIG", "DATA", "RUNTIME")},
    }
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
        "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", f"--ServerApp.root_dir={home}",
        "--IdentityProvider.token=",
    ]  # fmt: skip
    url, patience = f"http://127.0.0.1:{port}", WAIT / 1000
    with running(command, f"{url}/api", home / "log.txt", folder=home, own=own, patience=patience):
        yield f"{url}/lab/tree/viewer.ipynb?reset"


def run(page: Page, number: int) -> None:
    """Run a cell; its output comes when it comes."""
    page.locator(".jp-Notebook .jp-Cell").nth(number).locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")


@pytest.mark.timeout(1500)
def test_the_viewer_lives_in_a_notebook(chromium: Browser, address: str) -> None:
    context = chromium.new_context(viewport={"width": 1200, "height": 1600})
    context.set_default_timeout(WAIT)
    page = context.new_page()
    page.goto(address)
    cells = page.locator(".jp-Notebook .jp-Cell")
    expect(cells).to_have_count(len(CELLS), timeout=WAIT)
    expect(page.locator(".jp-Toolbar-kernelName", has_text="Python 3")).to_be_visible(timeout=WAIT)
    # A cell that is run before its kernel answers is passed over.
    expect(page.get_by_role("button", name="| Idle")).to_be_visible(timeout=WAIT)
    run(page, 0)
    canvas = cells.nth(0).locator(".jp-OutputArea .stage > canvas")
    expect(canvas).to_have_attribute("data-layer", "block 2 church", timeout=WAIT)
    canvas.press("End")
    expect(canvas).to_have_attribute("data-layer", "all layers", timeout=WAIT)
    canvas.press("ArrowLeft")
    expect(canvas).to_have_attribute("data-layer", "block 2 church", timeout=WAIT)
    canvas.press("ArrowLeft")
    expect(canvas).to_have_attribute("data-layer", "block 1 church", timeout=WAIT)
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": box["width"] / 4, "y": box["height"] / 2})
    expect(cells.nth(0).locator(".crosses i.picked")).to_have_count(2, timeout=WAIT)
    run(page, 1)
    told = cells.nth(1).locator(".jp-OutputArea-output")
    expect(told).to_contain_text("shown: block 1 church {'x': 0.", timeout=WAIT)
    expect(told).to_contain_text("'layer': 'block 1 church'}")
    run(page, 2)
    expect(canvas).to_have_attribute("data-layer", "block 0 church", timeout=WAIT)
    run(page, 3)
    pictures = cells.nth(3).locator(".jp-OutputArea-output img")
    expect(pictures).to_have_count(2, timeout=WAIT)
    context.close()
