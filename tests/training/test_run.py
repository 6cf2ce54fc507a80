"""A whole run by its recipe: what it writes, and for a network without attention what it does not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from safetensors.torch import load_file

from attnviz.training.recipe import Recipe
from attnviz.training.run import train_and_export


def test_a_network_without_attention_is_trained_without_a_recording(
    shapes: Path, recipe: Recipe, tmp_path: Path
) -> None:
    said: list[str] = []
    plain = replace(recipe, model="ran-cifar-plain", noise=0.5)
    result = train_and_export(
        plain, shapes, tmp_path, size=32, device="cpu", half="off", probes="val", say=said.append
    )
    assert "ran-cifar-plain has no attention to record" in said[-1]
    assert not list(tmp_path.glob("*.attn"))
    card = json.loads((tmp_path / "ran-cifar-plain.json").read_text())
    assert f"top-1 {card['top1']:.2%}" in result
    weights = load_file(tmp_path / "ran-cifar-plain.safetensors")
    assert sum(value.numel() for name, value in weights.items() if "weight" in name) > 1e6
    assert not [name for name in weights if "mask" in name]
