"""The trainer learns, records, and resumes to the same result as an uninterrupted run."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import attnviz
from attnviz.errors import DivergedError, TrainingError
from attnviz.models.preprocess import Preprocess
from attnviz.models.zoo.ran_small import ran_small
from attnviz.pictures.geometry import Fit
from attnviz.training.data.augment import Batch
from attnviz.training.data.data import ClassFolder, PictureSet, load_class_folder
from attnviz.training.loop.average import MovingAverage
from attnviz.training.loop.checkpoint import TrainingState, save_checkpoint
from attnviz.training.loop.evaluate import evaluate
from attnviz.training.loop.half_precision import half_precision, round_to_half
from attnviz.training.loop.run import export
from attnviz.training.loop.trainer import Trainer, TrainingResult
from attnviz.training.recipe import Phase, Recipe
from attnviz.training.recording.file import Recording
from attnviz.training.recording.probes import choose_probes
from attnviz.training.recording.recorder import AttentionRecorder

PREPROCESS = Preprocess(size=32, fit=Fit.SQUASH)


@pytest.fixture(scope="module")
def data(shapes: Path) -> ClassFolder:
    return load_class_folder(shapes, side=32)


def train(
    data: ClassFolder, recipe: Recipe, out: Path, stop_after: int | None = None, width: int = 16
) -> tuple[TrainingResult, Recording]:
    torch.manual_seed(recipe.seed)
    probes = choose_probes("val", data, PREPROCESS)
    recorder = AttentionRecorder(
        out / "run.attn", probes.inputs, Recording(data.classes, probes.names, recipe.to_json())
    )
    trainer = Trainer(
        ran_small(2, width=width), data, recipe, PREPROCESS, out, torch.device("cpu"), recorder,
        show=False, stop_after=stop_after,
    )  # fmt: skip
    return trainer.run(), recorder.recording


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "muon"])
def test_a_resumed_run_ends_with_the_same_weights(
    data: ClassFolder, recipe: Recipe, tmp_path: Path, optimizer: str
) -> None:
    recipe = dataclasses.replace(recipe, optimizer=optimizer, rate=0.003)
    full, full_recording = train(data, recipe, tmp_path / "full")
    train(data, recipe, tmp_path / "interrupted", stop_after=4)  # an epoch has 6 steps
    resumed, recording = train(data, recipe, tmp_path / "interrupted")
    assert resumed.progress.step == full.progress.step == 12
    for name, weight in full.module.state_dict().items():
        assert torch.equal(weight, resumed.module.state_dict()[name]), name
    assert [s.step for s in recording.snapshots] == [s.step for s in full_recording.snapshots]
    for first, second in zip(recording.snapshots, full_recording.snapshots, strict=True):
        for key in first.maps:
            np.testing.assert_allclose(first.maps[key], second.maps[key], atol=2e-3, rtol=2e-3)


def test_it_learns_and_records(data: ClassFolder, recipe: Recipe, tmp_path: Path) -> None:
    recipe = dataclasses.replace(recipe, phases=(Phase(10, 32),), rate=0.05)
    trained, _ = train(data, recipe, tmp_path)
    assert trained.score.top1 >= 0.75
    assert trained.score.pictures == 16
    read = Recording.load(tmp_path / "run.attn")
    assert [s.step for s in read.snapshots] == [0, *range(6, 61, 6)]
    assert read.snapshots[-1].epoch == 10
    assert read.snapshots[-1].loss < 0.8 * read.snapshots[1].loss
    assert set(read.snapshots[0].maps) == {
        (method, f"stage{n}.attention")
        for method in ("soft-mask", "mask-effect")
        for n in (1, 2, 3)
    }
    mask = read.snapshots[-1].maps["soft-mask", "stage1.attention"]
    assert mask.shape == (16, 8, 8)
    assert 0 < mask.min() < mask.max() < 1


@pytest.mark.parametrize("diverging", [6, 12])
def test_weights_that_diverge_in_the_last_step_of_an_epoch_are_not_saved(
    data: ClassFolder,
    recipe: Recipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    diverging: int,
) -> None:
    """The loss of that step is finite, so only the next one would show it."""
    with monkeypatch.context() as patch:
        original = Trainer._step

        def step(self: Trainer, batch: Batch, epoch: float) -> float:
            loss = original(self, batch, epoch)
            if round(epoch * 6) + 1 == diverging:
                next(self.module.parameters()).data[0] = torch.nan
            return loss

        patch.setattr(Trainer, "_step", step)
        for _ in range(3):  # every resumed run meets the same
            with pytest.raises(DivergedError, match=r"NaN or infinity.*another seed, or with"):
                train(data, recipe, tmp_path)
    steps = [shot.step for shot in Recording.load(tmp_path / "run.attn").snapshots]
    assert steps == list(range(0, diverging, 6))
    trained, recording = train(data, recipe, tmp_path)  # resumes before it, or starts over
    assert trained.progress.step == 12
    assert all(weight.isfinite().all() for weight in trained.module.parameters())
    assert [shot.step for shot in recording.snapshots] == [0, 6, 12]
    assert not list(tmp_path.glob("*.set-aside*"))


def test_weights_that_diverge_without_a_recording_leave_the_last_checkpoint(tmp_path: Path) -> None:
    module, averaged = nn.Linear(2, 2), nn.Linear(2, 2)
    path = tmp_path / "checkpoint.safetensors"
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    save_checkpoint(path, "one", TrainingState(3), module, averaged, optimizer)
    before = path.read_bytes()
    module.weight.data[0, 1] = torch.inf
    with pytest.raises(TrainingError, match=r"After step 4 module\.weight holds NaN or infinity"):
        save_checkpoint(path, "one", TrainingState(4), module, averaged, optimizer)
    assert path.read_bytes() == before


def test_a_checkpoint_of_another_version_of_the_network_is_refused(
    data: ClassFolder, recipe: Recipe, tmp_path: Path
) -> None:
    train(data, recipe, tmp_path, stop_after=2)
    with pytest.raises(TrainingError, match="another version of this network"):
        train(data, recipe, tmp_path, width=32)


def test_a_checkpoint_of_another_recipe_is_refused(
    data: ClassFolder, recipe: Recipe, tmp_path: Path
) -> None:
    train(data, recipe, tmp_path, stop_after=2)
    with pytest.raises(TrainingError, match="another recipe, data or size"):
        train(data, dataclasses.replace(recipe, rate=0.5), tmp_path)


def test_a_recording_of_other_layers_is_moved_aside_and_the_run_resumes(
    data: ClassFolder, recipe: Recipe, tmp_path: Path
) -> None:
    """If the next snapshot refused it instead, every resumption would lose an epoch."""
    path = tmp_path / "run.attn"
    train(data, recipe, tmp_path, stop_after=2)
    read = Recording.load(path)
    maps = {("soft-mask", "elsewhere"): np.zeros((16, 2, 2))}
    shots = [dataclasses.replace(shot, maps=maps, numbers={}) for shot in read.snapshots]
    dataclasses.replace(read, snapshots=tuple(shots)).save(path)
    before = path.read_bytes()
    trained, recording = train(data, recipe, tmp_path)
    assert trained.progress.step == 12
    assert [shot.step for shot in recording.snapshots] == [6, 12]
    assert (tmp_path / "run.set-aside.attn").read_bytes() == before


def test_a_recording_without_its_checkpoint_is_moved_aside_each_time(
    data: ClassFolder, recipe: Recipe, tmp_path: Path
) -> None:
    files = []
    for _ in range(3):
        _, recording = train(data, recipe, tmp_path, stop_after=2)
        assert [shot.step for shot in recording.snapshots] == [0]
        files.append((tmp_path / "run.attn").read_bytes())
        (tmp_path / "checkpoint.safetensors").unlink()
        recipe = dataclasses.replace(recipe, seed=recipe.seed + 1)
    assert (tmp_path / "run.set-aside.attn").read_bytes() == files[0]
    assert (tmp_path / "run.set-aside-2.attn").read_bytes() == files[1]
    assert files[0] != files[1]


@pytest.mark.parametrize(("stopped", "aside"), [(5, []), (12, ["run.set-aside.attn"])])
def test_a_recording_is_replaced_only_where_nothing_is_lost(
    data: ClassFolder, recipe: Recipe, tmp_path: Path, stopped: int, aside: list[str]
) -> None:
    """Before its first checkpoint a run records the same again; later its recording is kept."""
    train(data, recipe, tmp_path, stop_after=stopped)
    before = (tmp_path / "run.attn").read_bytes()
    first = Recording.load(tmp_path / "run.attn").snapshots[0]
    (tmp_path / "checkpoint.safetensors").unlink()
    train(data, recipe, tmp_path, stop_after=5)
    (again,) = Recording.load(tmp_path / "run.attn").snapshots
    assert again.step == first.step == 0
    for key, maps in first.maps.items():
        np.testing.assert_array_equal(again.maps[key], maps)
    assert [path.name for path in tmp_path.glob("*.set-aside*")] == aside
    if aside:
        assert (tmp_path / aside[0]).read_bytes() == before


def test_a_damaged_checkpoint_is_refused(data: ClassFolder, recipe: Recipe, tmp_path: Path) -> None:
    train(data, recipe, tmp_path, stop_after=2)
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(TrainingError, match="Remove it to start over"):
        train(data, recipe, tmp_path)


def test_export_writes_half_precision_and_a_card(
    data: ClassFolder, recipe: Recipe, tmp_path: Path
) -> None:
    trained, _ = train(data, recipe, tmp_path, stop_after=2)
    path = tmp_path / "ran-small.safetensors"
    export(trained, path, recipe, data, "shapes", torch.device("cpu"))
    stored = load_file(path)
    for name, value in trained.module.state_dict().items():
        expected = value.half() if value.is_floating_point() else value
        assert torch.equal(stored[name], expected)
    card = json.loads(path.with_suffix(".json").read_text())
    assert card["classes"] == ["red disc", "blue square"]
    assert card["input_side"] == 32
    assert card["versions"]["attnviz"] == attnviz.__version__
    assert card["top1"] == round(trained.score.top1, 5)
    assert card["recipe"]["phases"] == [{"epochs": 2, "side": 32}]


def test_moving_average_by_hand() -> None:
    module = nn.Linear(1, 1, bias=False)
    module.weight.data.fill_(1.0)
    average = MovingAverage(module, decay=0.5)
    module.weight.data.fill_(3.0)
    average.update(module, 1)  # decay min(.5, 2 / 11): 1 * 2/11 + 3 * 9/11
    assert float(average.module.weight) == pytest.approx(29 / 11)
    average.update(module, 100)  # decay .5
    assert float(average.module.weight) == pytest.approx((29 / 11 + 3) / 2)


def test_scores_by_hand(data: ClassFolder) -> None:
    """A network that always predicts class 0, with logits (2, 0)."""

    class Constant(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.tensor([2.0, 0.0]).repeat(len(x), 1)

    score = evaluate(Constant(), data.validation, PREPROCESS, side=16)
    assert score.top1 == 0.5
    low, high = np.log(1 + np.exp(-2)), np.log(1 + np.exp(2))
    assert score.loss == pytest.approx((low + high) / 2, abs=1e-5)
    assert score.margin == pytest.approx(1.96 * 0.5 / 4)


def test_a_score_over_mirrored_pictures_is_the_mean_of_both_probabilities() -> None:
    """A network that scores the left column; by hand for one white column on black."""

    class Left(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            left = 3 * x[..., 0].mean((1, 2))
            return torch.stack([torch.ones_like(left), left], 1)

    pixels = np.zeros((2, 16, 16, 3), np.uint8)
    pixels[:, :, 0] = 255
    part = PictureSet(pixels, np.array([0, 1]))
    plain = Preprocess(size=16, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    plain_score, mirror = 1 / (1 + np.exp(1 - 3)), 1 / (1 + np.exp(1 - 0))
    for mirrored, probability in (
        (False, plain_score),
        (True, (plain_score + mirror) / 2),
    ):
        score = evaluate(Left(), part, plain, side=16, mirrored=mirrored)
        assert score.top1 == 0.5
        assert score.loss == pytest.approx(
            -(np.log(probability) + np.log(1 - probability)) / 2, abs=1e-5
        )


def test_scored_weights_equal_the_exported_ones() -> None:
    module = nn.Linear(3, 2)
    before = module.weight.detach().clone()
    round_to_half(module)
    assert torch.equal(module.weight, before.half().float())
    assert not torch.equal(module.weight, before)


def test_half_precision_keeps_counters() -> None:
    module = nn.BatchNorm2d(2)
    state = half_precision(module)
    assert state["weight"].dtype is torch.float16
    assert state["num_batches_tracked"].dtype is torch.int64
