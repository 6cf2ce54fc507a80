"""Training on few pictures of one's own, from the form to the page "Focus"."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from attnviz.models.catalogue import find_model
from attnviz.training.data.shapes import write_shapes
from attnviz.training.jobs.runs import TrainingRun
from attnviz.training.jobs.state import Job, RunPhase, RunState
from attnviz.training.recipe import Recipe
from attnviz.ui.pages.training.live_runs import progress_text
from attnviz.ui.pages.training.start_run import live_recipe
from tests.ui.pages.training.training_pages import PAGE, assert_fine


def opened() -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    page.query_params["run"] = "cifar-naive"
    return page.run()


@pytest.mark.parametrize(("tuned", "start", "rate"), [(True, "cbam-small", 0.2), (False, "", 1.0)])
def test_thirty_pictures_get_four_hundred_steps_and_start_from_trained_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tuned: bool, start: str, rate: float
) -> None:
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    begun: list[TrainingRun] = []
    monkeypatch.setattr(TrainingRun, "_start", lambda run, **_: begun.append(run))
    write_shapes(tmp_path / "mine", per_class=15, side=32)
    for name in ("star", "triangle"):
        shutil.rmtree(tmp_path / "mine" / name)
    page = opened()
    page.radio(key="live pictures").set_value("A folder on this computer").run()
    page.text_input(key="live folder").set_value(str(tmp_path / "mine")).run()
    assert any(one.value.startswith("30 pictures of 2 classes") for one in page.caption)
    next(one for one in page.selectbox if one.label == "Network").set_value("cbam-small")
    toggle = page.toggle(key="live tuned")
    assert toggle.value is True
    toggle.set_value(tuned)
    next(one for one in page.button if one.label == "Train").click().run()
    assert_fine(page)
    (run,) = begun
    recipe = Recipe.from_json(run.job.recipe)
    # A third of each class is held out: 20 pictures, 4 batches of 5.
    assert (recipe.batch, recipe.start) == (5, start)
    assert recipe.epochs == 100
    assert recipe.rate == pytest.approx(0.03 * 5 / 16 * rate)


def test_a_network_without_trained_weights_starts_from_random_ones() -> None:
    assert live_recipe("attention-56", 4, 32, tuned=True).start == ""
    assert live_recipe("attention-56", 4, 32, tuned=True).rate == 0.03
    assert live_recipe("vit-small", 4, 32, tuned=True).rate == pytest.approx(1e-4)


def said(accuracy: float, scored: int, chance: float) -> str:
    phase = RunPhase.DONE
    return progress_text(RunState(phase, 9, 9, accuracy=accuracy, scored=scored, chance=chance))


def test_what_guessing_would_give_is_not_called_learned() -> None:
    assert said(0.5, 4, 0.5) == (
        "done, 9 of 9 steps, **nothing learned yet**: 50 % accuracy (15 to 85 %, on 4 pictures), "
        "and guessing gives 50 %"
    )
    assert "nothing learned yet" in said(0.7, 10, 0.5)
    assert "nothing learned yet" in said(0.9, 1000, 0.9), "one class is nine tenths of them"
    assert said(0.9, 10, 0.5) == ("done, 9 of 9 steps, 90 % accuracy (60 to 98 %, on 10 pictures)")
    assert said(0.15, 1000, 0.1).startswith("done, 9 of 9 steps, 15 % accuracy (13 to 17 %")
    assert said(0.5, 0, 0.0) == "done, 9 of 9 steps, 50 % accuracy", "of a run of before"


def finished(folder: Path) -> Path:
    """A run that is done, with the weights that ship as its result."""
    folder.mkdir(parents=True)
    Job(live_recipe("vit-small", 1, 32).to_json(), "/data", 32).write(folder)
    RunState(RunPhase.DONE, 9, 9, accuracy=0.9, scored=10, chance=0.5).write(folder)
    weights = find_model("vit-small").weights
    assert weights is not None
    assert weights.embedded is not None
    for path in (weights.embedded, weights.embedded.with_suffix(".json")):
        shutil.copy(path, folder)
    return folder


def test_what_has_been_trained_is_used_on_focus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    folder = finished(tmp_path / "runs" / "mine")
    turned: list[str] = []
    monkeypatch.setattr(st, "switch_page", lambda path: turned.append(Path(path).name))
    page = opened()
    next(one for one in page.button if one.label == "Use it on Focus").click().run()
    assert turned == ["1_Focus.py"]
    assert page.session_state["model"] == folder.name
    (folder / "vit-small.safetensors").unlink()
    page.run()
    assert not any(one.label == "Use it on Focus" for one in page.button)


def test_the_player_stands_above_its_choices_and_the_form_is_folded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run in progress takes one line above the player, those that ended before it none."""
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(TrainingRun, "_alive", lambda _run, _state: True)
    for number, phase in enumerate((RunPhase.DONE, RunPhase.DONE, RunPhase.WORKING)):
        folder = tmp_path / "runs" / f"2026-11-29 1{number}.00.00 ran-small"
        folder.mkdir(parents=True)
        Job(live_recipe("ran-small", 1, 32).to_json(), "/data", 32).write(folder)
        RunState(phase, 3, 9).write(folder)
    page = opened()
    assert_fine(page)
    assert not any(one.proto.expanded for one in page.expander)
    order = [one.key if one.type == "selectbox" else one.type for one in page.main]
    player = order.index("bidi_component")
    assert order.index("run") < player < order.index("run picture")
    bars = [one.proto.text.replace("\\", "") for one in page.get("progress")]
    assert [text[:20] for text in bars] == [
        "2026-11-29 11.00.00 ",
        "2026-11-29 10.00.00 ",
        "2026-11-29 12.00.00 ",
    ]


def test_the_state_of_a_run_tells_what_it_is_scored_on(tmp_path: Path) -> None:
    state = RunState(RunPhase.WORKING, 3, 9, loss=1.0, accuracy=0.5, scored=10, chance=0.5)
    state.write(tmp_path)
    assert RunState.read(tmp_path) == state
    values = json.loads((tmp_path / "state.json").read_text())
    del values["scored"], values["chance"]  # as before they were kept
    (tmp_path / "state.json").write_text(json.dumps(values))
    assert RunState.read(tmp_path).scored == 0
