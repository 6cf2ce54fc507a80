"""What a recording keeps of each kind of network, against the networks' own values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from attnviz.errors import TrainingError
from attnviz.models.zoo.cbam_small import cbam_small
from attnviz.models.zoo.ran_small import ran_small
from attnviz.models.zoo.vit_small import vit_small
from attnviz.training.attention import read_attention
from attnviz.training.recorder import AttentionRecorder
from attnviz.training.recording import Recording


def pictures() -> Tensor:
    torch.manual_seed(5)
    return torch.randn(2, 3, 32, 48)


def test_masks_are_kept_with_their_effect() -> None:
    torch.manual_seed(0)
    seen = read_attention(ran_small(2, width=16), pictures())
    maps, logits = seen.maps, seen.logits
    assert {method for method, _ in maps} == {"soft-mask", "mask-effect"}
    assert {layer for _, layer in maps} == {f"stage{n}.attention" for n in (1, 2, 3)}
    assert logits.shape == (2, 2)


@torch.no_grad()
def test_spatial_gates_are_kept_as_they_act() -> None:
    torch.manual_seed(0)
    network = cbam_small(2, width=16).eval()
    x = pictures()
    seen = read_attention(network, x)
    maps, logits = seen.maps, seen.logits
    torch.testing.assert_close(logits, network(x))
    assert [layer for method, layer in maps if method == "soft-mask"] == [
        "stage1.block1.gate",
        *(f"stage{stage}.block{block}.gate" for stage in (2, 3) for block in (1, 2)),
    ]
    assert {method for method, _ in maps} == {"soft-mask", "mask-effect"}
    block = network.get_submodule("stage1.block1")
    features = block.body(network.stem(x))
    acted = block.gate(features) / (block.gate.channel(features) * features)
    there = features[:, 0] > 0
    mask = torch.from_numpy(maps["soft-mask", "stage1.block1.gate"])
    assert mask.shape == (2, 8, 12)
    torch.testing.assert_close(mask[there], acted[:, 0][there], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_the_class_token_s_attention_is_kept_on_the_grid_of_cells() -> None:
    torch.manual_seed(0)
    network = vit_small(2, width=32, depth=2, heads=2).eval()
    for block in network.blocks:
        nn.init.normal_(block.attention.qkv.weight)
    maps = read_attention(network, pictures()).maps
    assert list(maps) == [("raw-attention", f"blocks.{n}.attention") for n in (0, 1)]
    found = maps["raw-attention", "blocks.0.attention"]
    assert found.shape == (2, 4, 6)
    tokens = []
    network.blocks.register_forward_pre_hook(lambda _module, inputs: tokens.append(inputs[0]))
    network(pictures())
    query, key, _ = network.blocks[0].attention.qkv(network.blocks[0].norm1(tokens[0])).split(32, 2)
    for picture in (0, 1):
        heads = []
        for mine in (slice(0, 16), slice(16, 32)):
            scores = key[picture][:, mine] @ query[picture, 0, mine] / 4
            heads.append(scores.softmax(0))
        wanted = torch.stack(heads).mean(0)
        np.testing.assert_allclose(found[picture].ravel(), wanted[1:].numpy(), atol=1e-6)


def test_a_reading_leaves_the_network_as_it_was() -> None:
    network = cbam_small(2, width=16)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    read_attention(network, pictures())
    assert network.training
    assert all(not part._forward_hooks for part in network.modules())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_network_without_attention_is_refused(tiny_cnn: nn.Module) -> None:
    with pytest.raises(TrainingError, match="no attention to record"):
        read_attention(tiny_cnn, pictures())


def test_the_recorder_writes_what_was_read(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = vit_small(2, width=32, depth=1, heads=2)
    recorder = AttentionRecorder(
        tmp_path / "run.attn", pictures(), Recording(("red", "blue"), ("one", "two"))
    )
    recorder.record(network, step=3, epoch=0.5)
    (shot,) = Recording.load(tmp_path / "run.attn").snapshots
    seen = read_attention(network, pictures())
    maps, logits = seen.maps, seen.logits
    (key,) = maps
    np.testing.assert_allclose(shot.maps[key], maps[key], atol=1e-3)
    np.testing.assert_allclose(shot.probabilities, torch.softmax(logits, 1), atol=1e-3)
