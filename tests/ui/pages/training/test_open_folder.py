"""Trainings of one's own on the page "Training": opened by their folder, wherever it lies."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from attnviz.assets import assets_folder
from attnviz.training.jobs.state import Job, RunPhase, RunState
from attnviz.ui.kit.file_version import file_version
from attnviz.ui.pages.training.start_run import live_recipe
from tests.ui.pages.training.test_page import open_page, shipped
from tests.ui.pages.training.training_pages import PAGE, assert_fine
from tests.ui.viewers import viewer_headers


def test_a_training_is_opened_by_its_folder_and_those_beside_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    whole = assets_folder() / "recordings" / "vit-small.attn"
    for folder in ("runs/stray", "far/mine"):
        (tmp_path / folder).mkdir(parents=True)
        shutil.copy(whole, tmp_path / folder)
    far = tmp_path / "far" / "mine"
    Job(live_recipe("vit-small", 1, 32).to_json(), "/data", 32).write(far)
    RunState(RunPhase.PAUSED, 5, 10).write(far)
    page = open_page()
    assert_fine(page)
    assert "stray, vit-small" in page.selectbox(key="run").options
    page.text_input(key="run folder").set_value(str(far)).run()
    next(one for one in page.button if one.label == "Open this training").click().run()
    assert_fine(page)
    box = page.selectbox(key="run")
    assert str(box.value).startswith("live mine ")
    assert "mine" in box.options
    assert any(one.label == "Resume" for one in page.button)
    assert len(viewer_headers(page)[0]["layers"]) == len(shipped("vit-small").snapshots)


def test_an_opened_folder_that_is_out_of_reach_breaks_no_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that no file system takes is refused as a drive is that was cut off."""
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    lost = tmp_path / ("x" * 300)
    with pytest.raises(OSError, match="too long"):
        lost.exists()
    assert file_version(lost / "run.attn") == ()
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    page.session_state["live opened"] = [str(lost)]
    page.session_state["run folder"] = str(lost)
    page.run()
    assert_fine(page)
    assert any("This folder contains no training" in one.value for one in page.caption)
