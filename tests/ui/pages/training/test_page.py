"""The page "Training" run by Streamlit's own test runner, on the recordings that ship."""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from attnviz.assets import assets_folder
from attnviz.jobs import background_run
from attnviz.models.zoo.registry import zoo_networks
from attnviz.training.data.shapes import write_shapes
from attnviz.training.jobs.runs import TrainingRun, start_run
from attnviz.training.jobs.state import RunPhase, RunState
from attnviz.training.recipe import Recipe
from attnviz.training.recording.file import Recording, Snapshot
from attnviz.ui.pages.training.runs import open_recording
from attnviz.ui.pages.training.start_run import live_recipe
from tests.ui.pages.training.training_pages import CORNER, EVEN, PAGE, assert_fine, made, opened
from tests.ui.viewers import viewer_headers


def open_page(**address: str) -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    for key, value in address.items():
        page.query_params[key.replace("_", " ")] = value
    return page.run()


def shipped(name: str) -> Recording:
    return Recording.load(assets_folder() / "recordings" / f"{name}.attn")


def test_time_is_the_viewers_axis_with_every_checkpoints_own_range() -> None:
    page = open_page()
    assert_fine(page)
    (sent,) = viewer_headers(page)
    recording = shipped("ran-small")
    shots = recording.snapshots
    assert len(sent["layers"]) == len(shots)
    assert sent["layers"][0]["name"] == "untrained"
    assert sent["layers"][-1]["name"] == f"epoch 34, {100 * shots[-1].accuracy:.0f} % accuracy"
    assert sent["view"]["scale"] == "all-layers"  # never stretched checkpoint by checkpoint
    assert sent["title"] == "Attention of stage2.attention"  # the one that picks most
    temple = recording.pictures.index("sample:china")
    for one, shot in zip(sent["layers"], shots, strict=True):
        values = shot.maps["mask-effect", "stage2.attention"][temple].astype(np.float32)
        assert abs(one["low"] - values.min()) < 1e-6
        assert abs(one["high"] - values.max()) < 1e-6


def test_the_grid_has_one_scale_over_layers_and_epochs() -> None:
    page = open_page(run="vit-small", run_picture="1")
    assert_fine(page)
    (grid,) = [one.proto.body for one in page.get("html") if "av-growth" in one.proto.body]
    recording = shipped("vit-small")
    values = np.stack([list(shot.maps.values()) for shot in recording.snapshots])[:, :, 1]
    said = re.search(
        r"<span>([\d.]+)</span><img alt=\"colour scale\".*?<span>([\d.]+)</span>", grid
    )
    assert said is not None
    assert float(said[1]) == 0
    assert float(said[2]) == pytest.approx(float(np.quantile(values, 0.99)), abs=5e-4)
    assert "untrained" in grid
    assert grid.count("<img alt=") == 12 * 6 + 1
    toggle = next(one for one in page.toggle if "checkpoints" in one.label)
    toggle.set_value(True).run()
    assert_fine(page)
    (grid,) = [one.proto.body for one in page.get("html") if "av-growth" in one.proto.body]
    assert grid.count("<img alt=") == len(recording.snapshots) * 6 + 1


def test_two_runs_stand_side_by_side_on_the_same_picture() -> None:
    page = open_page(run="ran-small", run_beside="cbam-small", run_picture="3")
    assert_fine(page)
    first, second = viewer_headers(page)
    assert first["photo"] == second["photo"]
    assert len(first["layers"]) == len(shipped("ran-small").snapshots)
    assert len(second["layers"]) == len(shipped("cbam-small").snapshots)


def test_recorded_relevance_is_not_called_attention(tmp_path: Path) -> None:
    maps = {("grad-cam", "layer4"): [EVEN, CORNER]}
    page = opened(made(tmp_path / "plain.attn", maps))
    assert viewer_headers(page)[0]["title"] == "Relevance of layer4"


def test_choices_are_in_the_address() -> None:
    page = open_page()
    page.selectbox(key="run").set_value("vit-small").run()
    page.selectbox(key="run layer").set_value("blocks.2.attention").run()
    assert_fine(page)
    assert viewer_headers(page)[0]["title"] == "Attention of blocks.2.attention"
    assert page.query_params["run"] == "vit-small"
    assert page.query_params["run layer"] == "blocks.2.attention"


def test_a_broken_upload_is_named_and_the_rest_stays(tmp_path: Path) -> None:
    page = AppTest.from_file(str(PAGE), default_timeout=120).run()
    whole = (assets_folder() / "recordings" / "vit-small.attn").read_bytes()
    page.file_uploader(key="recordings").set_value(
        [("cut<b>.attn", whole[:-9], "application/octet-stream"),
         ("mine.attn", whole, "application/octet-stream")]
    ).run()  # fmt: skip
    assert not page.exception
    (error,) = page.error
    assert "cannot be read as a recording" in error.value
    assert "<b>" not in error.value
    assert "mine" in page.selectbox(key="run").options
    assert viewer_headers(page)


def test_a_growing_recording_is_read_again(tmp_path: Path) -> None:
    recording, path = shipped("vit-small"), tmp_path / "vit-small.attn"
    recording.up_to(0).save(path)
    first = open_recording(path)
    recording.up_to(100).save(path)
    second = open_recording(path)
    assert first.key != second.key
    assert first.checkpoints == ("untrained",)
    assert len(second.checkpoints) == len(recording.up_to(100).snapshots)


def run_of(path: Path, seed: int, strength: float) -> Path:
    """A recording of two layers, written as a training writes it; `strength` is its largest map."""
    random = np.random.default_rng(seed)
    held = Recording(("a", "b"), ("one",), pixels=np.full((1, 32, 32, 3), 128, np.uint8))
    for step in range(3):
        maps = {
            ("soft-mask", f"stage{n}.gate"): (strength * random.random((1, 8, 8))).astype("f")
            for n in (1, 2)
        }
        numbers = {("effect", f"stage{n}.gate"): np.array([n / 10], "f") for n in (1, 2)}
        held = held.with_snapshot(
            Snapshot(step, step / 2, maps, np.full((1, 2), 0.5, "f"), 0.5, 1.0, numbers)
        )
    held.save(path)
    return path


def test_two_runs_of_one_network_share_every_scale(tmp_path: Path) -> None:
    files = [
        run_of(tmp_path / f"{name}.attn", seed, strength)
        for name, seed, strength in (("weak", 0, 0.2), ("strong", 1, 0.9))
    ]
    page = opened(*files)
    assert viewer_headers(page)[0]["layers"][0]["name"] == "untrained, 50 % accuracy"
    first, second = viewer_headers(page)
    held = [Recording.load(path) for path in files]
    both = [shot.maps["soft-mask", "stage2.gate"] for one in held for shot in one.snapshots]
    top = float(np.quantile(np.concatenate([one.ravel() for one in both]).astype("f"), 0.99))
    for header in (first, second):
        assert header["times"] == [0, 0.5, 1]
        for layer in header["layers"]:
            assert layer["span"] == pytest.approx([0, top], abs=1e-6)
    grids = [one.proto.body for one in page.get("html") if "av-growth" in one.proto.body]
    ends = [re.findall(r"<span>([\d.]+)</span>", grid)[-1] for grid in grids]
    assert len(ends) == 2
    assert ends[0] == ends[1]


def test_every_chart_has_the_line_of_the_time_that_the_viewer_stands_at() -> None:
    page = open_page(run="vit-small")
    assert_fine(page)
    charts = [json.loads(one.proto.spec) for one in page.get("vega_lite_chart")]
    assert len(charts) >= 6
    for chart in charts:
        (param,) = chart["params"]
        assert param["bind"] == {"element": "#av-now", "event": "input"}
    clocks = [one for one in page.get("html") if 'id="av-now"' in one.proto.body]
    assert len(clocks) == 1


def test_all_networks_of_the_zoo_can_be_trained_those_that_ship_first() -> None:
    page = open_page()
    box = next(one for one in page.selectbox if one.label == "Network")
    ship = ("ran-small", "vit-small", "cbam-small", "ran-cifar")
    assert box.options[:4] == [zoo_networks().get(name).title for name in ship]
    watchable = [one.title for one in zoo_networks() if one.name != "ran-cifar-plain"]
    assert sorted(box.options) == sorted(watchable)
    assert live_recipe("vit-small", 4, 32).optimizer == "adamw"
    assert live_recipe("ran-cifar", 4, 32).optimizer == "sgd"


@pytest.mark.parametrize(
    ("epochs", "without"), [(1, 0), (2, 1), (3, 1), (4, 1), (5, 2), (12, 3), (60, 15)]
)
def test_the_last_quarter_of_the_epochs_is_without_cutmix(epochs: int, without: int) -> None:
    """As the help says; a single epoch would else be named CutMix and have none."""
    assert live_recipe("ran-small", epochs, 32, mixed=True).unmixed == without
    assert live_recipe("ran-small", epochs, 32).unmixed == 0


def test_a_folder_is_found_by_browsing_and_its_classes_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for home in ("HOME", "USERPROFILE"):  # the second on Windows
        monkeypatch.setenv(home, str(tmp_path))
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    write_shapes(tmp_path / "a*b", per_class=3, side=32)
    page = open_page()
    page.radio(key="live pictures").set_value("A folder on this computer").run()
    assert_fine(page)
    assert page.text_input(key="live folder").value == str(tmp_path)
    assert any("class folders with pictures" in one.value for one in page.info)
    page.selectbox(key="live folder below").set_value("a*b").run()
    assert_fine(page)
    assert page.text_input(key="live folder").value == str(tmp_path / "a*b")
    said = [one.value for one in page.caption]
    assert any(one.startswith("12 pictures of 4 classes") for one in said)
    next(one for one in page.button if one.label == "Up").click().run()
    assert page.text_input(key="live folder").value == str(tmp_path)
    next(one for one in page.button if one.label == "Train").click().run()
    assert not page.exception
    (error,) = page.error
    assert "No pictures were chosen" in error.value


def test_a_second_training_is_asked_about_also_while_the_first_one_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint that arrives with the press of the button must not swallow it."""
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    begun: list[TrainingRun] = []

    def start(run: TrainingRun, *, concurrent: bool) -> None:
        assert concurrent == bool(begun)
        begun.append(run)

    monkeypatch.setattr(TrainingRun, "_start", start)
    monkeypatch.setattr(background_run, "is_alive", lambda _folder, _state: True)
    write_shapes(tmp_path / "shapes", per_class=3, side=32)
    first = start_run(live_recipe("ran-small", 1, 32), tmp_path / "shapes", size=32)
    RunState(RunPhase.WORKING, 1, 9, notes="One file is left out: a*b.jpg.").write(first.folder)
    page = open_page()
    assert_fine(page)
    assert any("a\\*b" in one.value for one in page.caption)
    shutil.copy(assets_folder() / "recordings" / "vit-small.attn", first.recording)
    next(one for one in page.number_input if one.label == "Seed").set_value(3)
    next(one for one in page.toggle if one.label == "CutMix").set_value(True)
    train = next(one for one in page.button if one.label == "Train")
    train.click().run()
    assert_fine(page)
    (warning,) = page.warning
    assert "side by side" in warning.value
    assert begun == [first]
    next(one for one in page.button if one.label.endswith("anyway")).click().run()
    assert_fine(page)
    assert not page.warning
    assert len(begun) == 2
    assert begun[1].job.data == str(tmp_path / "shapes")
    recipe = Recipe.from_json(begun[1].job.recipe)
    assert (recipe.seed, recipe.cutmix, recipe.start) == (3, 1.0, "ran-small")
    assert recipe.epochs * (216 // recipe.batch) >= 400  # of 240 shapes a tenth is held out
    assert recipe.unmixed == math.ceil(recipe.epochs / 4)
    assert begun[1].folder.name.endswith("ran-small, fine-tuned, CutMix, seed 3")
