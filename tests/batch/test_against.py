"""Another network's results on the page over a set: in words, in rows, and in focus."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Browser, Page, expect

import attnviz
from attnviz.analysis.explain_together import Asked
from attnviz.batch.against import write_against
from attnviz.batch.disagreements import SetComparison
from attnviz.batch.parts import ResultFolder
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.run import BatchRun
from attnviz.batch.set_findings import findings_of
from attnviz.batch.set_page import rewrite_page
from attnviz.models.preprocess import Preprocess
from tests.chromium import PATIENCE
from tests.conftest import TinyCnn


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[ResultFolder, SetComparison]:
    """Twelve pictures of all colours by two networks; the second has not seen the last one."""
    place = tmp_path_factory.mktemp("against")
    random, files = np.random.default_rng(1), []
    for number in range(12):
        pixels = random.integers(0, 255, 3) + random.normal(0, 25, (32, 48, 3))
        path = place / f"{number:02}.png"
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
        files.append(PictureFile(str(path)))
    folders = []
    for seed, some in ((0, files), (3, files[:-1])):
        torch.manual_seed(seed)
        model = attnviz.wrap(
            TinyCnn().eval(), Preprocess(size=32), tuple("abcd"), name=f"network {seed}"
        )
        run = BatchRun(model, some, Asked("grad-cam"))
        folders.append(run(place / f"out {seed}"))
    found = write_against(*folders)
    rewrite_page(folders[0])
    return folders[0], found


def test_the_manifest_says_it_in_words(compared: tuple[ResultFolder, SetComparison]) -> None:
    folder, found = compared
    assert {row.same_top for row in found.rows} == {True, False}
    told = next(findings_of(folder.manifest()))
    assert told.title == "network 0 and network 3"
    assert told.text.startswith(
        f"Pictures in both sets: 11. In {found.agreement:.0%} of them both see the same class."
    )
    assert f"they share {found.overlap:.0%} on average" in told.text
    assert told.text.endswith("Pictures in one of them alone: 1 in this one, 0 in the other.")


@pytest.fixture
def page(chromium: Browser, compared: tuple[ResultFolder, SetComparison]) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1300, "height": 900}, offline=True)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto((compared[0].path / "index.html").as_uri())
    yield page
    context.close()


@pytest.mark.browser
def test_disagreements_come_first_and_both_networks_are_seen(
    page: Page, compared: tuple[ResultFolder, SetComparison]
) -> None:
    rows = compared[1].rows
    expect(page.locator(".finding")).to_contain_text("Pictures in both sets: 11.")
    page.get_by_role("button", name="Show disagreements first").click()
    shown = page.locator("tbody tr td:nth-child(2)").all_inner_texts()
    assert [text.split("/")[-1] for text in shown[:11]] == [Path(row.path).name for row in rows]
    page.get_by_label("Only").select_option("differ")
    count = sum(not row.same_top for row in rows)
    expect(page.locator(".count")).to_have_text(f"{count} picture{'s' * (count > 1)}")
    page.locator("tbody button.look").first.click()
    expect(page.locator("dialog dl")).to_contain_text(f"Class by the other{rows[0].other_top}")
    expect(page.locator("dialog figcaption")).to_have_text(
        ["In focus for network 0", "In focus for network 3"]
    )
    page.wait_for_function("document.querySelectorAll('dialog figure canvas')[1].width === 48")


def test_what_is_not_known_is_not_said(compared: tuple[ResultFolder, SetComparison]) -> None:
    summary: dict[str, Any] = replace(compared[1], rows=(), alone=(0, 0)).summary()
    assert json.loads(json.dumps(summary))["overlap"] is None
    told = next(findings_of({"against": summary}))
    assert told.text == "Pictures in both sets: 0."
