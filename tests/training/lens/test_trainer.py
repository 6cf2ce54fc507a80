"""Training of `lens`: the decoder learns, the trunk stays, and an interrupted run goes on."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from attnviz.models.lens_source import build_lens
from attnviz.models.lite0_source import build_lite0
from attnviz.models.preprocess import Preprocess
from attnviz.training.lens.folding import fold_batch_norms, unstride_depthwise
from attnviz.training.lens.pictures import LensPictures
from attnviz.training.lens.trainer import LensRecipe, LensTrainer, decoder_state

RECIPE = LensRecipe(steps=4, batch=2, sides=(64,), last_sides=(96,), mosaics=0.5, minutes=60)


def trainer(folder: Path, recipe: LensRecipe = RECIPE) -> LensTrainer:
    torch.manual_seed(0)
    lens = build_lens()
    lens.trunk.eval()
    random = np.random.default_rng(0)
    photos = [random.integers(0, 256, (70, 80, 3), dtype=np.uint8) for _ in range(4)]
    preprocess = Preprocess(size=64, mean=(0.5,) * 3, std=(0.5,) * 3)
    pictures = LensPictures([(1.0, photos)], recipe.seed)
    return LensTrainer(lens, pictures, preprocess, recipe, folder)


def test_a_folded_trunk_computes_the_same_and_has_the_same_derivative() -> None:
    torch.manual_seed(1)
    trunk = build_lite0().eval().requires_grad_(False)
    for module in trunk.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.2)  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 2)  # type: ignore[union-attr]
    folded = unstride_depthwise(fold_batch_norms(copy.deepcopy(trunk)))
    inputs = torch.randn(1, 3, 75, 64)
    gradients = []
    for network in (trunk, folded):
        given = inputs.clone().requires_grad_()
        logits = network(given)
        logits[0, 3].backward()
        gradients.append((logits.detach(), given.grad))
    (one, of_one), (other, of_other) = gradients
    torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(of_one, of_other, rtol=1e-2, atol=1e-3 * float(of_one.abs().max()))
    assert not any(isinstance(one, torch.nn.BatchNorm2d) for one in folded.modules())


def test_pictures_are_as_large_as_in_use_in_the_last_quarter(tmp_path: Path) -> None:
    run = trainer(tmp_path)
    shapes: list[tuple[int, ...]] = []
    run.lens.trunk.conv_stem.register_forward_pre_hook(
        lambda _module, given: shapes.append(tuple(given[0].shape[-2:]))
    )
    sides = []
    for _ in range(RECIPE.steps):
        run.one_step()
        sides.append(max(shapes))  # cells of mosaics are half as large
        shapes.clear()
    assert sides == [(64, 64)] * 3 + [(96, 96)]


@pytest.mark.slow
def test_the_decoder_learns_and_the_trunk_stays(tmp_path: Path) -> None:
    run = trainer(tmp_path)
    before = {name: value.clone() for name, value in run.lens.state_dict().items()}
    reports: list[tuple[int, float, dict[str, float]]] = []
    run.run(lambda *report: reports.append(report), every=2)
    assert [step for step, _, _ in reports] == [2, 4]
    assert reports[-1][1] == 1.0
    assert all(np.isfinite(list(terms.values())).all() for _, _, terms in reports)
    after = run.lens.state_dict()
    same = {name for name, value in before.items() if torch.equal(value, after[name])}
    trunk = {name for name in before if name.startswith("trunk.")}
    assert same >= trunk
    assert "stride4.score.weight" not in same


@pytest.mark.slow
def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    whole = trainer(tmp_path / "whole")
    whole.checkpoint.parent.mkdir()
    whole.run(lambda *_: None, every=4)
    half = trainer(tmp_path / "half")
    half.checkpoint.parent.mkdir()
    for _ in range(2):  # as `run` does, at the rates of four steps
        for group in half.optimizer.param_groups:
            group["lr"] = half.rate_at(half.step / RECIPE.steps)
        half.one_step()
    half.save()
    again = trainer(tmp_path / "half")
    again.resume()
    assert again.step == 2
    again.run(lambda *_: None, every=2)
    for name, value in decoder_state(whole.average.module).items():
        torch.testing.assert_close(
            decoder_state(again.average.module)[name], value, rtol=1e-2, atol=1e-3
        )
