"""Activation checkpointing, of both kinds, changes no map and is left as it was."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import (
    CheckpointImpl,
    checkpoint_wrapper,
)
from torch.utils import checkpoint as library
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

from attnviz.analysis.class_maps import class_maps
from attnviz.analysis.explain import explain
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.hooks.recomputation import without_recomputation
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from attnviz.errors import GradientError
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.pictures import Picture, open_picture
from tests.state import left_as_it_was

Run = Callable[[nn.Module, Tensor], Tensor]

WAYS: dict[str, Run] = {
    "reentrant": lambda part, x: checkpoint(part, x, use_reentrant=True),
    "not reentrant": lambda part, x: checkpoint(part, x, use_reentrant=False),
    "nested": lambda part, x: checkpoint(
        lambda y: checkpoint(part, y, use_reentrant=False), x, use_reentrant=True
    ),
    "by name": lambda part, x: library.checkpoint(lambda *, y: part(y), y=x, use_reentrant=False),
    "function itself": lambda part, x: library.CheckpointFunction.apply(part, True, x),
    "in segments": lambda part, x: checkpoint_sequential(part, 2, x, use_reentrant=False),
}


class Convolutions(nn.Module):
    """Two parts and a linear head; `run` runs a part."""

    def __init__(self, run: Run | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.run = run
        self.a = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU(inplace=True))
        self.b = nn.Sequential(nn.Conv2d(6, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 1), nn.ReLU())
        self.head = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        for part in (self.a, self.b):
            x = part(x) if self.run is None else self.run(part, x)
        return self.head(x.mean((2, 3)))


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(8, 24)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (one[:, None] for one in self.qkv(x).chunk(3, 2))
        return x + F.scaled_dot_product_attention(4 * q, 4 * k, v)[:, 0]


class Attending(nn.Module):
    """One block of self-attention that is used twice, so that calls must be counted right."""

    def __init__(self, run: Run | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.run = run
        self.patches, self.block, self.head = nn.Conv2d(3, 8, 8, 8), Attention(), nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        for _ in range(2):
            x = self.block(x) if self.run is None else self.run(self.block, x)
        return self.head(x.mean(1))


@pytest.fixture
def picture() -> Picture:
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    return open_picture(pixels, name="noise")


def assert_same_maps(network: nn.Module, usual: nn.Module, picture: Picture, method: str) -> None:
    models = [wrap(one.eval(), Preprocess(size=64)) for one in (network, usual)]
    with left_as_it_was(network):
        found, expected = (explain(model, picture, method, target=1) for model in models)
    assert found.method == expected.method
    # A sequence that runs in segments is not called itself, so its name may be missing.
    own = [layer.split(".")[0] for layer in found.layers]
    assert own == [layer.split(".")[0] for layer in expected.layers]
    for one, other in zip(found.maps, expected.maps, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5 * float(np.abs(other).max()))


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize("way", WAYS)
def test_convolutions(way: str, picture: Picture) -> None:
    for method in ("auto", "grad-cam", "layer-cam", "competition", "eigen-grad-cam", "fullgrad"):
        assert_same_maps(Convolutions(WAYS[way]), Convolutions(), picture, method)


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize("way", ["reentrant", "not reentrant", "by name"])
def test_attention(way: str, picture: Picture) -> None:
    for method in ("auto", "rollout", "legrad", "chefer", "grad-cam", "decision"):
        assert_same_maps(Attending(WAYS[way]), Attending(), picture, method)


@pytest.mark.parametrize("kind", list(CheckpointImpl))
def test_wrapped_blocks(kind: CheckpointImpl, picture: Picture) -> None:
    """As networks that were trained in shards are; the wrapper adds to the names of layers."""
    network = Convolutions().eval()
    network.b = checkpoint_wrapper(network.b, checkpoint_impl=kind)
    found = explain(wrap(network, Preprocess(size=64)), picture, "grad-cam", target=1)
    expected = explain(wrap(Convolutions(), Preprocess(size=64)), picture, "grad-cam", target=1)
    np.testing.assert_allclose(found.maps[-1], expected.maps[-1], rtol=1e-4, atol=1e-6)


@pytest.mark.filterwarnings("ignore:torch.utils.checkpoint")
def test_a_timm_network_with_checkpointing_left_on(picture: Picture) -> None:
    torch.manual_seed(0)
    network = timm.create_model(
        "vit_tiny_patch16_224", pretrained=False, num_classes=4, img_size=64, embed_dim=16,
        depth=2, num_heads=2,
    ).eval()  # fmt: skip
    usual = wrap(network, Preprocess(size=64))
    expected = {name: explain(usual, picture, name, target=1) for name in ("legrad", "grad-cam")}
    network.set_grad_checkpointing(True)
    for name, one in expected.items():
        found = explain(usual, picture, name, target=1)
        for new, old in zip(found.maps, one.maps, strict=True):
            np.testing.assert_allclose(new, old, rtol=1e-4, atol=1e-7)


def test_maps_of_several_classes_from_one_pass(picture: Picture) -> None:
    networks = (Convolutions(WAYS["not reentrant"]), Convolutions())
    models = [wrap(network.eval(), Preprocess(size=64)) for network in networks]
    found, expected = (class_maps(model, picture, [0, 3], "grad-cam").maps for model in models)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_a_part_runs_once_forward_and_backward() -> None:
    calls: list[str] = []
    network = Convolutions(WAYS["not reentrant"]).eval()
    network.b[0].register_forward_hook(lambda *_: calls.append("b"))
    inputs = torch.rand(1, 3, 64, 64)
    sites = find_sites(network, Kind.FEATURES, inputs)
    calls.clear()
    trace = capture(network, inputs, sites, gradients=True)
    assert calls == ["b"]
    assert [one.layer for one in trace.features] == [site.layer for site in sites]


def trained(network: nn.Module) -> int:
    """How often the last part runs in one step of a training."""
    calls: list[str] = []
    handle = network.b[0].register_forward_hook(lambda *_: calls.append("b"))
    network(torch.rand(1, 3, 16, 16, requires_grad=True)).sum().backward()
    handle.remove()
    return len(calls)


@pytest.mark.parametrize("way", ["reentrant", "not reentrant"])
def test_others_keep_their_checkpoints(way: str) -> None:
    """Another thread meanwhile, and this one afterwards, also after an error."""
    network = Convolutions(WAYS[way])
    before: Any = (library.CheckpointFunction.apply, library._checkpoint_hook)
    runs: list[int] = []

    def meanwhile() -> None:
        with without_recomputation(), without_recomputation():
            thread = threading.Thread(target=lambda: runs.append(trained(network)))
            thread.start()
            thread.join()
            runs.append(trained(network))
            raise KeyError

    with pytest.raises(KeyError):
        meanwhile()
    assert (library.CheckpointFunction.apply, library._checkpoint_hook) == before
    assert "apply" not in vars(library.CheckpointFunction)
    assert [*runs, trained(network)] == [2, 1, 2]


class Own(torch.autograd.Function):
    """Checkpointing of another library, which cannot be switched off from outside."""

    @staticmethod
    def forward(_context: Any, part: nn.Module, x: Tensor) -> Tensor:
        return part(x)


def test_other_checkpointing_is_told(picture: Picture) -> None:
    network = Convolutions(lambda part, x: Own.apply(part, x)).eval()
    with pytest.raises(GradientError, match="another library's checkpointing") as caught:
        explain(wrap(network, Preprocess(size=64)), picture, "grad-cam")
    assert "preprocessing" not in str(caught.value)
