"""The weights that come along do what their card says."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from attnviz.assets import assets_folder
from attnviz.capture.sites import find_sites
from attnviz.capture.soft_masks import find_soft_masks
from attnviz.commands import cli
from attnviz.methods import METHODS
from attnviz.methods.fuse import FUSED
from attnviz.models.loading import load_model
from attnviz.training.recording import Recording

WEIGHTS = assets_folder() / "weights" / "ran-small.safetensors"
RECORDING = assets_folder() / "recordings" / "ran-small.attn"


@pytest.fixture(scope="module")
def card() -> dict[str, object]:
    return dict(json.loads(WEIGHTS.with_suffix(".json").read_text(encoding="utf-8")))


def test_card_and_file_belong_together(card: dict[str, object]) -> None:
    assert hashlib.sha256(WEIGHTS.read_bytes()).hexdigest() == card["sha256"]
    assert WEIGHTS.stat().st_size <= 10e6
    for entry in ("data", "recipe", "epochs", "seconds", "machine", "date", "top1"):
        assert card[entry], entry


def test_answers_name_methods_and_layers_that_exist(card: dict[str, object]) -> None:
    model = load_model("ran-small", "cpu")
    assert set(model.spec.answers) == {"attention", "decision"}
    for answer in model.spec.answers.values():
        assert answer.method in METHODS
        kind = METHODS.get(answer.method).kind
        sites = find_sites(model.module, kind, torch.zeros(1, 3, 160, 160))
        assert answer.layer in {FUSED, *(site.layer for site in sites)}
    attention = METHODS.get(model.spec.answers["attention"].method)
    assert attention.nature == "attention"


def test_the_recording_tells_the_story_of_these_weights(card: dict[str, object]) -> None:
    recording = Recording.load(RECORDING)
    assert RECORDING.stat().st_size <= 10e6
    assert list(recording.classes) == card["classes"]
    assert all(name.startswith("sample:") for name in recording.pictures)
    steps = [shot.step for shot in recording.snapshots]
    assert steps[0] == 0
    assert steps == sorted(steps)
    assert recording.snapshots[-1].epoch == card["epochs"]
    assert recording.snapshots[-1].accuracy > 0.8
    layers = {layer for _, layer in recording.snapshots[0].maps}
    model = load_model("ran-small", "cpu")
    assert layers == {site.layer for site in find_soft_masks(model.module)}


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_evaluate_reproduces_the_accuracy_on_the_card(
    data_folder: Path, tmp_path: Path, card: dict[str, object]
) -> None:
    with tarfile.open(data_folder / "imagenette-144.tar") as archive:
        wanted = ("/val/", "/classes.json")
        held_out = [one for one in archive if any(part in one.name for part in wanted)]
        archive.extractall(tmp_path, held_out, filter="data")
    root = next(tmp_path.iterdir())
    result = CliRunner().invoke(cli, ["evaluate", "--data", str(root), "--device", "cpu"])
    assert result.exit_code == 0, result.output
    measured = float(result.output.split("top-1 ")[1].split(" ")[0])
    # The order of sums differs between processors, which may move a picture or two.
    assert measured == pytest.approx(float(str(card["top1"])), abs=0.001)
    assert "on 3925 pictures" in result.output
