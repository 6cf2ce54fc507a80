"""The page "Training" run by Streamlit's own test runner, on the recordings that ship."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from attnviz.assets import assets_folder
from attnviz.training.recording import Recording
from attnviz.ui.growth.runs import opened_run

PAGE = Path(__file__).resolve().parents[2] / "pages" / "6_Training.py"


def open_page(**address: str) -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    for key, value in address.items():
        page.query_params[key.replace("_", " ")] = value
    return page.run()


def assert_fine(page: AppTest) -> None:
    assert not page.exception
    assert not page.error


def shipped(name: str) -> Recording:
    return Recording.load(assets_folder() / "recordings" / f"{name}.attn")


def headers(page: AppTest) -> list[dict[str, Any]]:
    found = []
    for part in page.get("bidi_component"):
        if part.proto.component_name == "attnviz.viewer":
            (length,) = struct.unpack("<I", part.proto.bytes[:4])
            found.append(json.loads(part.proto.bytes[4 : 4 + length]))
    return found


def test_time_is_the_viewers_axis_with_every_checkpoints_own_range() -> None:
    page = open_page()
    assert_fine(page)
    (sent,) = headers(page)
    recording = shipped("ran-small")
    shots = recording.snapshots
    assert len(sent["layers"]) == len(shots)
    assert sent["layers"][0]["name"] == "untrained"
    assert sent["layers"][-1]["name"] == f"epoch 34, {100 * shots[-1].accuracy:.0f} % right"
    assert sent["view"]["scale"] == "all-layers"  # never stretched checkpoint by checkpoint
    assert sent["title"] == "Attention of stage3.attention"
    for one, shot in zip(sent["layers"], shots, strict=True):
        values = shot.maps["mask-effect", "stage3.attention"][0].astype(np.float32)
        assert abs(one["low"] - values.min()) < 1e-6
        assert abs(one["high"] - values.max()) < 1e-6


def test_the_grid_has_one_scale_over_layers_and_epochs() -> None:
    page = open_page(run="vit-small", run_picture="1")
    assert_fine(page)
    (grid,) = [one.proto.body for one in page.get("html") if "av-growth" in one.proto.body]
    recording = shipped("vit-small")
    values = np.stack([list(shot.maps.values()) for shot in recording.snapshots])[:, :, 1]
    said = re.findall(r"<span>([\d.]+)</span><img alt=\"colour scale\"", grid)
    assert abs(float(said[0]) - values.min()) < 5e-4
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
    first, second = headers(page)
    assert first["photo"] == second["photo"]
    assert len(first["layers"]) == len(shipped("ran-small").snapshots)
    assert len(second["layers"]) == len(shipped("cbam-small").snapshots)


def test_choices_are_in_the_address() -> None:
    page = open_page()
    page.selectbox(key="run").set_value("vit-small").run()
    page.selectbox(key="run layer").set_value("blocks.2.attention").run()
    assert_fine(page)
    assert headers(page)[0]["title"] == "Attention of blocks.2.attention"
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
    assert headers(page)


def test_a_growing_recording_is_read_again(tmp_path: Path) -> None:
    recording, path = shipped("vit-small"), tmp_path / "vit-small.attn"
    recording.up_to(0).save(path)
    first = opened_run(path)
    recording.up_to(100).save(path)
    second = opened_run(path)
    assert first.key != second.key
    assert first.checkpoints == ("untrained",)
    assert len(second.checkpoints) == len(recording.up_to(100).snapshots)
