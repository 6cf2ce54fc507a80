"""Fine-tuning, and whether a score is better than guessing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from attnviz.errors import TrainingError
from attnviz.models.catalogue import find_model
from attnviz.models.state import read_state
from attnviz.models.zoo.registry import build_network
from attnviz.training.loop.evaluate import accuracy_interval, chance_accuracy, has_learned
from attnviz.training.loop.run import train_and_export
from attnviz.training.loop.start import start_from
from attnviz.training.recipe import Phase, Recipe


def test_all_weights_but_the_last_layers_are_those_of_the_file() -> None:
    torch.manual_seed(0)
    module = build_network("vit-small", 3)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    start_from(module, "vit-small")
    weights = find_model("vit-small").weights
    assert weights is not None
    assert weights.embedded is not None
    shipped = read_state(weights.embedded)
    kept = []
    for key, value in module.state_dict().items():
        if value.shape == shipped[key].shape:
            torch.testing.assert_close(value, shipped[key].to(value.dtype))
        else:
            kept.append(key)
            assert value.equal(before[key])
    assert kept
    assert {before[key].shape[0] for key in kept} == {3}


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(TrainingError, match="of vit-small do not belong to this network"):
        start_from(build_network("cbam-small", 3), "vit-small")


def test_a_run_starts_where_the_other_ended_and_says_if_it_only_guesses(
    shapes: Path, recipe: Recipe, tmp_path: Path
) -> None:
    """Without a step worth the name the fine-tuned network is the one that it started from."""
    still = replace(
        recipe, model="vit-small", optimizer="adamw", rate=1e-9, start="vit-small", average=0.0
    )
    still = replace(still, phases=(Phase(1, 32),))
    text = train_and_export(still, shapes, tmp_path, size=32, device="cpu", notify=lambda _: None)
    card = json.loads((tmp_path / "vit-small.json").read_text())
    assert card["recipe"]["start"] == "vit-small"
    ours = read_state(tmp_path / "vit-small.safetensors")
    weights = find_model("vit-small").weights
    assert weights is not None
    assert weights.embedded is not None
    for key, value in read_state(weights.embedded).items():
        if value.shape == ours[key].shape and value.is_floating_point() and value.ndim > 1:
            torch.testing.assert_close(ours[key].float(), value.float(), rtol=2e-3, atol=1e-4)
    guesses = not has_learned(card["top1"], card["validation_pictures"], 0.5)
    assert ("Nothing learned yet" in text) == guesses
    if guesses:
        assert "guessing gives 50%" in text


@pytest.mark.parametrize(
    ("right", "pictures", "interval"),
    [
        (2, 4, (0.150, 0.850)),
        (0, 10, (0.0, 0.278)),
        (10, 10, (0.722, 1.0)),
        (81, 263, (0.255, 0.366)),
    ],
)
def test_the_interval_is_that_of_the_tables(
    right: int, pictures: int, interval: tuple[float, float]
) -> None:
    """The last line is the example of Newcombe (1998), table I, method 3."""
    assert accuracy_interval(right / pictures, pictures) == pytest.approx(interval, abs=6e-4)


def test_chance_is_the_share_of_the_most_frequent_class() -> None:
    assert chance_accuracy(np.array([0, 1, 0, 1])) == 0.5
    assert chance_accuracy(np.array([2, 2, 2, 0])) == 0.75
    assert not has_learned(0.5, 4, 0.5)
    assert not has_learned(0.75, 8, 0.5), "six of eight happen by chance"
    assert has_learned(0.9, 10, 0.5)
    assert not has_learned(0.9, 10, 0.75)
    assert not has_learned(1.0, 0, 0.5), "nothing was measured"
