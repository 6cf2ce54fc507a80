"""Recorded attention of each kind of network, compared with the network's own values."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

import attnviz
from attnviz.capture.readings import SoftMaskReading
from attnviz.capture.site import Kind, Site
from attnviz.errors import TrainingError
from attnviz.models.preprocess import Preprocess
from attnviz.models.zoo.cbam_small import cbam_small
from attnviz.models.zoo.ran_small import ran_small
from attnviz.models.zoo.vit_small import vit_small
from attnviz.pictures.geometry import Fit
from attnviz.training.data.data import load_class_folder
from attnviz.training.loop.trainer import Trainer
from attnviz.training.recipe import Phase, Recipe
from attnviz.training.recording.attention import read_attention
from attnviz.training.recording.effects import gate_effect, record_block_effects
from attnviz.training.recording.file import Recording
from attnviz.training.recording.probes import choose_probes
from attnviz.training.recording.recorder import AttentionRecorder


def pictures() -> Tensor:
    torch.manual_seed(5)
    return torch.randn(2, 3, 32, 48)


def test_masks_are_recorded_with_their_effect() -> None:
    torch.manual_seed(0)
    attention = read_attention(ran_small(2, width=16), pictures())
    maps, logits = attention.maps, attention.logits
    assert {method for method, _ in maps} == {"soft-mask", "mask-effect"}
    assert {layer for _, layer in maps} == {f"stage{n}.attention" for n in (1, 2, 3)}
    assert logits.shape == (2, 2)


@torch.no_grad()
def test_recorded_gates_equal_the_applied_ones() -> None:
    torch.manual_seed(0)
    network = cbam_small(2, width=16).eval()
    x = pictures()
    attention = read_attention(network, x)
    maps, logits = attention.maps, attention.logits
    torch.testing.assert_close(logits, network(x))
    assert [layer for method, layer in maps if method == "soft-mask"] == [
        "stage1.block1.gate",
        *(f"stage{stage}.block{block}.gate" for stage in (2, 3) for block in (1, 2)),
    ]
    assert {method for method, _ in maps} == {"soft-mask", "mask-effect"}
    block = network.get_submodule("stage1.block1")
    features = block.body(network.stem(x))
    applied = block.gate(features) / (block.gate.channel(features) * features)
    positive = features[:, 0] > 0
    mask = torch.from_numpy(maps["soft-mask", "stage1.block1.gate"])
    assert mask.shape == (2, 8, 12)
    torch.testing.assert_close(mask[positive], applied[:, 0][positive], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_the_class_tokens_attention_is_recorded_on_the_patch_grid() -> None:
    torch.manual_seed(0)
    network = vit_small(2, width=32, depth=2, heads=2).eval()
    for block in network.blocks:
        nn.init.normal_(block.attention.qkv.weight)
    maps = read_attention(network, pictures()).maps
    assert list(maps) == [("raw-attention", f"blocks.{n}.attention") for n in (0, 1)]
    recorded = maps["raw-attention", "blocks.0.attention"]
    assert recorded.shape == (2, 4, 6)
    tokens = []
    network.blocks.register_forward_pre_hook(lambda _module, inputs: tokens.append(inputs[0]))
    network(pictures())
    query, key, _ = network.blocks[0].attention.qkv(network.blocks[0].norm1(tokens[0])).split(32, 2)
    for picture in (0, 1):
        heads = []
        for head in (slice(0, 16), slice(16, 32)):
            scores = key[picture][:, head] @ query[picture, 0, head] / 4
            heads.append(scores.softmax(0))
        expected = torch.stack(heads).mean(0)
        np.testing.assert_allclose(recorded[picture].ravel(), expected[1:].numpy(), atol=1e-6)


def test_reading_attention_does_not_change_the_network() -> None:
    network = cbam_small(2, width=16)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    read_attention(network, pictures())
    assert network.training
    assert all(not module._forward_hooks for module in network.modules())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_network_without_attention_is_refused(tiny_cnn: nn.Module) -> None:
    with pytest.raises(TrainingError, match="no attention to record"):
        read_attention(tiny_cnn, pictures())


def test_the_recorder_writes_the_attention(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = vit_small(2, width=32, depth=1, heads=2)
    recorder = AttentionRecorder(
        tmp_path / "run.attn", pictures(), Recording(("red", "blue"), ("one", "two"))
    )
    recorder.record(network, step=3, epoch=0.5)
    (shot,) = Recording.load(tmp_path / "run.attn").snapshots
    attention = read_attention(network, pictures())
    maps, logits = attention.maps, attention.logits
    (key,) = maps
    np.testing.assert_allclose(shot.maps[key], maps[key], atol=1e-3)
    np.testing.assert_allclose(shot.probabilities, torch.softmax(logits, 1), atol=1e-3)


@torch.no_grad()
def test_effects_are_the_relative_change_of_features_by_a_block() -> None:
    torch.manual_seed(0)
    network = vit_small(2, width=32, depth=2, heads=2).eval()
    expected_effects: dict[str, float] = {}

    def hook(_module: nn.Module, inputs: tuple[Tensor], after: Tensor) -> None:
        change = (after - inputs[0]).flatten(1).norm(dim=1) / inputs[0].flatten(1).norm(dim=1)
        expected_effects[f"blocks.{len(expected_effects)}.attention"] = float(change.mean())

    handles = [block.register_forward_hook(hook) for block in network.blocks]
    network(pictures())
    for handle in handles:
        handle.remove()
    numbers = read_attention(network, pictures()).numbers
    assert len(expected_effects) == 2
    for layer, value in expected_effects.items():
        assert float(numbers["effect", layer][0]) == pytest.approx(value, rel=1e-5)


class Tripling(nn.Module):
    """A block that returns more than its features, as many return weights or a state."""

    def __init__(self, *more: object) -> None:
        super().__init__()
        self.attention = nn.Identity()
        self.more = more

    def forward(self, x: Tensor) -> tuple[object, ...]:
        return (3 * self.attention(x), *self.more)


@pytest.mark.parametrize("more", [(), (None,), (torch.ones(1),), ((torch.ones(1), None),)])
def test_other_outputs_of_a_block_do_not_hide_its_effect(more: tuple[object, ...]) -> None:
    network = nn.Sequential(Tripling(*more))
    with record_block_effects(
        network, [Site("0.attention", Kind.CONTEXT, "0.attention")]
    ) as effects:
        network(torch.ones(2, 5, 4))
    assert effects == {"0.attention": pytest.approx(2)}


def test_the_effect_of_a_gate_by_hand() -> None:
    ones = torch.ones(1, 1, 2, 2)
    mask, trunk = 0.25 * ones, 2 * ones
    residual = SoftMaskReading("one", mask, trunk, base=4 * ones)
    naive = SoftMaskReading("one", mask, trunk, base=None)
    assert gate_effect(residual) == pytest.approx(0.5 / 4)
    assert gate_effect(naive) == pytest.approx(1.5 / 2)


@torch.no_grad()
def test_uniform_attention_has_the_entropy_and_distance_of_uniform_attention() -> None:
    """With keys of zero every query attends to all positions equally, in every head."""
    network = vit_small(2, width=32, depth=1, heads=2).eval()
    network.blocks[0].attention.qkv.weight.zero_()
    network.blocks[0].attention.qkv.bias.zero_()
    numbers = read_attention(network, pictures()).numbers
    layer = "blocks.0.attention"
    np.testing.assert_allclose(numbers["entropy", layer], [1, 1], atol=1e-5)
    centres = [(8 * y + 4, 8 * x + 4) for y in range(4) for x in range(6)]
    even = np.mean([math.dist(first, second) for first in centres for second in centres])
    np.testing.assert_allclose(numbers["distance", layer], [even, even], rtol=1e-5)
    np.testing.assert_allclose(numbers["even-distance", layer], [even], rtol=1e-5)


@pytest.mark.parametrize(
    ("build", "method"),
    [
        (lambda: ran_small(2, width=16), "soft-mask"),
        (lambda: ran_small(2, width=16), "mask-effect"),
        (lambda: cbam_small(2, width=16), "soft-mask"),
        (lambda: vit_small(2, width=32, depth=2, heads=2), "raw-attention"),
    ],
)
def test_recorded_maps_equal_those_of_explain_for_the_checkpoint(
    build: Callable[[], nn.Module], method: str, recipe: Recipe, shapes: Path, tmp_path: Path
) -> None:
    """Trained for an epoch; the weights come from the checkpoint file."""
    recipe = dataclasses.replace(recipe, phases=(Phase(1, 32),), batch=24)
    data, preprocess = load_class_folder(shapes, side=32), Preprocess(size=32, fit=Fit.SQUASH)
    probes = choose_probes("val", data, preprocess)
    recording = Recording(data.classes, probes.names)
    recorder = AttentionRecorder(tmp_path / "run.attn", probes.inputs, recording)
    torch.manual_seed(0)
    Trainer(
        build(), data, recipe, preprocess, tmp_path, torch.device("cpu"), recorder, show=False
    ).run()
    stored = load_file(tmp_path / "checkpoint.safetensors")
    network = build()
    network.load_state_dict(
        {name.removeprefix("averaged."): w for name, w in stored.items() if "averaged." in name}
    )
    model = attnviz.wrap(network, preprocess=preprocess)
    last = Recording.load(tmp_path / "run.attn").snapshots[-1]
    assert last.epoch == 1
    for number in (0, 9):
        picture = attnviz.open_picture(data.validation.pixels[number], name="probe")
        explained = attnviz.explain(model, picture, method)
        for layer, values in zip(explained.layers, explained.maps, strict=True):
            recorded = last.maps[method, layer][number].astype(np.float32)
            np.testing.assert_allclose(recorded, values, rtol=2e-3, atol=1e-4 * values.max())
