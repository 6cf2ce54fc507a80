"""A complete run: what is fitted to the data before training, and what is written after it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from attnviz.models.preprocess import Preprocess
from attnviz.models.zoo.gain_layers import Whitening
from attnviz.models.zoo.registry import build_network
from attnviz.training.data.data import load_class_folder
from attnviz.training.loop.run import train_and_export
from attnviz.training.loop.trainer import PausedError, StepCallback
from attnviz.training.recipe import Recipe


def test_a_network_without_attention_is_trained_without_a_recording(
    shapes: Path, recipe: Recipe, tmp_path: Path
) -> None:
    messages: list[str] = []
    plain = replace(recipe, model="ran-cifar-plain")
    result = train_and_export(
        plain,
        shapes,
        tmp_path,
        size=32,
        device="cpu",
        half="off",
        probes="val",
        notify=messages.append,
    )
    assert "ran-cifar-plain has no attention to record" in messages[-1]
    assert not list(tmp_path.glob("*.attn"))
    card = json.loads((tmp_path / "ran-cifar-plain.json").read_text())
    assert f"top-1 {card['top1']:.2%}" in result
    names = load_file(tmp_path / "ran-cifar-plain.safetensors").keys()
    assert names == build_network("ran-cifar-plain", 2).state_dict().keys()
    assert not [name for name in names if "mask" in name]


def test_whitening_is_fitted_before_training(shapes: Path, recipe: Recipe, tmp_path: Path) -> None:
    """It is the same after a full run and after a resumed one."""
    plain = replace(recipe, model="ran-cifar-plain", optimizer="muon", batch=24)

    def trained(out: Path, on_step: StepCallback | None = None) -> dict[str, Tensor]:
        train_and_export(plain, shapes, out, size=32, device="cpu", half="off", on_step=on_step)
        return load_file(out / "ran-cifar-plain.safetensors")

    full = trained(tmp_path / "full")
    training = load_class_folder(shapes, side=32).training
    views = torch.from_numpy(training.pixels).permute(0, 3, 1, 2).float() / 255
    stem = Whitening()
    stem.fit([Preprocess(size=32).normalised(views)])
    torch.testing.assert_close(full["stem.0.weight"].float(), stem.weight, atol=2e-3, rtol=2e-3)
    assert float(full["stem.0.shift"].abs().max()) > 0
    with pytest.raises(PausedError):
        trained(tmp_path / "interrupted", lambda progress, _steps: progress.step < 3)
    for name, weight in trained(tmp_path / "interrupted").items():
        assert torch.equal(weight, full[name]), name
