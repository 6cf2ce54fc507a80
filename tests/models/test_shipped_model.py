"""The weights that come along do what their card says."""

from __future__ import annotations

import hashlib
import json
import math
import re
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from attnviz.assets import assets_folder
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.site import Kind
from attnviz.cli import cli
from attnviz.methods import METHODS
from attnviz.methods.fuse import FUSED
from attnviz.models.loading import load_model
from attnviz.models.preprocess import pixels_to_tensor
from attnviz.models.zoo_source import zoo_specs
from attnviz.pictures import open_sample
from attnviz.training.data.data import squash
from attnviz.training.recording.attention import read_attention
from attnviz.training.recording.file import Recording

FOLDER = assets_folder() / "weights"
RECORDINGS = assets_folder() / "recordings"
# `lens` was trained without labels, and has tests of its own.
NAMES = sorted({path.stem for path in FOLDER.glob("*.safetensors")} - {"lens"})
# What each network is there to show, and in how many layers.
SITES = {
    "ran-small": {Kind.SPATIAL: 3},
    "cbam-small": {Kind.SPATIAL: 5, Kind.CHANNEL: 5},
    "vit-small": {Kind.CONTEXT: 6},
    "ran-cifar": {Kind.SPATIAL: 3},
}
# Shares of held-out pictures that each has to name right, and bytes that its weights may take.
LEAST = {"ran-small": 0.88, "cbam-small": 0.88, "vit-small": 0.80, "ran-cifar": 0.90}
MOST = {"ran-cifar": 5e6}
STEP = 5  # one in five held-out pictures is looked at
RECORDED_AT = {"ran-small": 160}  # side of the recorded pictures, where it is not the network's own


def card_of(name: str) -> dict[str, Any]:
    return dict(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))


def stored_side(card: dict[str, Any]) -> int:
    """Side of the pictures that it was trained and scored on; some had a second cycle."""
    recipe = card["recipe"]
    return int((recipe if isinstance(recipe, dict) else recipe[0])["store"])


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    return card_of("ran-small")


def test_the_best_one_comes_first() -> None:
    """The measured by how close they look to where people do, the others by pixels and top-1."""
    assert "ran-small" in NAMES
    cards = [card_of(spec.name) for spec in zoo_specs()]
    measured = [card for card in cards if card["answers"]]
    assert measured
    assert cards[: len(measured)] == measured
    scores = [card["answers"]["attention"]["score"] for card in measured]
    assert scores == sorted(scores, reverse=True)
    ranks = [(card["input_side"], card["top1"]) for card in cards[len(measured) :]]
    assert ranks == sorted(ranks, reverse=True)
    assert {spec.name for spec in zoo_specs()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_card_and_file_belong_together(name: str) -> None:
    card, weights = card_of(name), FOLDER / f"{name}.safetensors"
    assert hashlib.sha256(weights.read_bytes()).hexdigest() == card["sha256"]
    assert weights.stat().st_size <= MOST.get(name, 10e6)
    assert card["top1"] >= LEAST[name]
    for entry in ("data", "recipe", "epochs", "seconds", "machine", "date", "top1"):
        assert card[entry], entry


@pytest.mark.parametrize("name", [name for name in NAMES if card_of(name)["answers"]])
def test_answers_name_methods_and_layers_that_exist(name: str) -> None:
    model = load_model(name, "cpu")
    assert set(model.spec.answers) == {"attention", "decision"}
    for answer in model.spec.answers.values():
        assert answer.method in METHODS
        kind = METHODS.get(answer.method).kind
        sites = find_sites(model.module, kind, torch.zeros(1, 3, 160, 160))
        assert answer.layer in {FUSED, *(site.layer for site in sites)}
    attention, decision = (model.spec.answers[one] for one in ("attention", "decision"))
    assert METHODS.get(attention.method).nature == "attention"
    assert attention.score is not None
    assert attention.score > 0.863  # of a plain bump in the middle, on the same photos
    assert decision.score is not None
    assert 0.5 < decision.score < 1


@pytest.mark.parametrize("name", NAMES)
def test_each_shows_its_kinds_of_attention(name: str) -> None:
    model = load_model(name, "cpu")
    side = model.preprocess.size
    for kind, count in SITES[name].items():
        assert kind in model.spec.kinds
        assert len(find_sites(model.module, kind, torch.zeros(1, 3, side, side))) == count


@pytest.mark.parametrize("name", NAMES)
def test_the_recording_tells_the_story_of_these_weights(name: str) -> None:
    path, card = RECORDINGS / f"{name}.attn", card_of(name)
    recording = Recording.load(path)
    assert path.stat().st_size <= 10e6
    assert list(recording.classes) == card["classes"]
    assert all(name.startswith("sample:") for name in recording.pictures)
    steps = [shot.step for shot in recording.snapshots]
    assert steps[0] == 0
    assert steps == sorted(steps)
    assert recording.snapshots[-1].epoch == pytest.approx(float(str(card["epochs"])), abs=1)
    assert recording.snapshots[-1].accuracy > 0.7
    layers = {layer for _, layer in recording.snapshots[0].maps}
    model = load_model(name, "cpu")
    side = model.preprocess.size
    kinds = set(SITES[name]) - {Kind.CHANNEL}  # gates are no maps
    sites = [find_sites(model.module, kind, torch.zeros(1, 3, side, side)) for kind in kinds]
    assert layers == {site.layer for some in sites for site in some}


@pytest.mark.parametrize("name", NAMES)
def test_the_recording_ends_at_these_weights(name: str) -> None:
    """The last maps are those that the shipped weights give for the recorded photos."""
    recording, model = Recording.load(RECORDINGS / f"{name}.attn"), load_model(name, "cpu")
    last = recording.snapshots[-1]
    side = RECORDED_AT.get(name, model.preprocess.size)
    photos = [open_sample(one.removeprefix("sample:")).pixels for one in recording.pictures]
    pixels = np.stack([squash(one, side) for one in photos])
    seen = read_attention(model.module, model.preprocess.normalised(pixels_to_tensor(pixels)))
    assert seen.maps.keys() == last.maps.keys()
    for key, values in last.maps.items():
        np.testing.assert_allclose(values, seen.maps[key], rtol=0, atol=0.01 * seen.maps[key].max())
    np.testing.assert_allclose(last.probabilities, seen.logits.softmax(1), atol=0.01)


def test_the_pair_differs_in_its_gate_alone_and_residual_masks_pick_more() -> None:
    """Attention residual learning against naive attention on CIFAR-10: one recipe for both."""
    pair = [Recording.load(RECORDINGS / f"cifar-{form}.attn") for form in ("residual", "naive")]
    recipes = [json.loads(one.recipe) for one in pair]
    assert [one.pop("model") for one in recipes] == ["ran-cifar", "ran-cifar-naive"]
    assert recipes[0] == recipes[1]
    assert [one.step for one in pair[0].snapshots] == [one.step for one in pair[1].snapshots]
    assert all(one.snapshots[-1].accuracy > 0.75 for one in pair)
    spread = [float(one.snapshots[-1].maps["soft-mask", "stage1.attention"].std()) for one in pair]
    assert spread[0] > 1.5 * spread[1]


@pytest.mark.parametrize(
    ("name", "other"), [("seed-1", {"seed": 1}), ("cutmix", {"cutmix": 1.0, "unmixed": 1})]
)
def test_what_stands_beside_the_pair_differs_in_one_thing(
    name: str, other: dict[str, float]
) -> None:
    first, second = (
        Recording.load(RECORDINGS / f"cifar-residual{end}.attn") for end in ("", f"-{name}")
    )
    assert json.loads(second.recipe) == json.loads(first.recipe) | other
    assert second.pictures == first.pictures
    assert [one.step for one in second.snapshots] == [one.step for one in first.snapshots]
    for key, values in first.snapshots[-1].maps.items():
        assert np.abs(second.snapshots[-1].maps[key] - values).max() > 0.01


def test_a_training_of_the_transformer_comes_along_with_all_its_numbers() -> None:
    """It begins even, and the heads of each layer come to choose."""
    recording = Recording.load(RECORDINGS / "vit-small-14-epochs.attn")
    first, last = recording.snapshots[0].numbers, recording.snapshots[-1].numbers
    layers = [f"blocks.{n}.attention" for n in range(6)]
    assert {layer for _, layer in recording.snapshots[0].maps} == set(layers)
    for layer in layers:
        even = float(first["even-distance", layer][0])
        assert np.abs(first["distance", layer] / even - 1).max() < 0.01
        assert (first["entropy", layer] > 0.98).all()
        assert (last["entropy", layer] < 0.98).all()
        assert np.abs(last["distance", layer] / even - 1).max() > 0.02
        assert last["effect", layer] > 0
    assert recording.snapshots[-1].accuracy > 0.8


@pytest.fixture(scope="module")
def held_out(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every fifth held-out picture of each data set that a card names."""
    imagenette = tmp_path_factory.mktemp("imagenette")
    with tarfile.open(data_folder / "imagenette-144.tar") as archive:
        members = {one.name: one for one in archive}
        pictures = sorted(name for name in members if "/val/" in name and members[name].isfile())
        names = [name for name in members if name.endswith("/classes.json")] + pictures[::STEP]
        for name in names:  # filters for `extractall` are missing in the first 3.11 releases
            path = imagenette / name
            path.parent.mkdir(parents=True, exist_ok=True)
            source = archive.extractfile(members[name])
            assert source is not None
            path.write_bytes(source.read())
    cifar = tmp_path_factory.mktemp("cifar")
    with zipfile.ZipFile(data_folder / "cifar10-jpeg.zip") as packed:
        names = [one for one in packed.namelist() if one.startswith("test/") and one[-1] != "/"]
        packed.extractall(cifar, sorted(names)[::STEP])
    return {"Imagenette": next(imagenette.iterdir()), "CIFAR-10": cifar}


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", NAMES)
def test_evaluate_reproduces_the_accuracy_on_the_card(name: str, held_out: dict[str, Path]) -> None:
    """As near as a fifth of the pictures can tell; the card has the figure of all of them."""
    card = card_of(name)
    asked = ["evaluate", "--data", str(held_out[card["data"]]), "--model", name]
    asked += ["--store", str(stored_side(card)), "--device", "cpu"]
    result = CliRunner().invoke(cli, asked)
    assert result.exit_code == 0, result.output
    measured = float(result.output.split("top-1 ")[1].split(" ")[0])
    count = int(re.search(r"on (\d+) pictures", result.output)[1])  # type: ignore[index]
    assert abs(count - card["validation_pictures"] / STEP) <= 1
    top1 = card["top1"]
    assert abs(measured - top1) < 3 * math.sqrt(top1 * (1 - top1) / count)
