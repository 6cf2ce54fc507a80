"""Blocks are what a pass calls: in containers that are stepped through, and each time anew."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from attnviz.capture.discovery.blocks import find_blocks
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from attnviz.methods import METHODS, Inference

SIZE = (32, 48)


def block(entering: int, channels: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(entering, channels, 3, 2, 1), nn.ReLU())


class Backbone(nn.Module):
    """Its own forward, which classifies, is never called."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last, self.head = block(3, 8), block(8, 12), nn.Linear(12, 1000)

    def forward_features(self, x: Tensor) -> Tensor:
        return self.last(self.first(x))

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError


class OwnHead(nn.Module):
    def __init__(self, parts: nn.Module, step: Callable[[nn.Module, Tensor], Tensor]) -> None:
        super().__init__()
        self.parts, self.head, self.step = parts, nn.Linear(12, 4), step

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.step(self.parts, x).mean((2, 3)))


def one_by_one(parts: nn.Module, x: Tensor) -> Tensor:
    for part in parts.children():
        x = part(x)
    return x


def nested(parts: nn.Module, x: Tensor) -> Tensor:
    for stage in parts.children():
        x = one_by_one(stage, x)
    return x


def stages() -> nn.ModuleList:
    return nn.ModuleList([nn.ModuleList([block(3, 8)]), nn.ModuleDict({"deep": block(8, 12)})])


STYLES: dict[str, tuple[nn.Module, Callable[[nn.Module, Tensor], Tensor], str]] = {
    "forward_features": (Backbone(), lambda parts, x: parts.forward_features(x), "parts.last"),
    "loop over nn.Sequential": (
        nn.Sequential(block(3, 8), block(8, 12)), one_by_one, "parts.1",
    ),
    "loop over the layers of nn.Sequential": (
        nn.Sequential(*block(3, 8), *block(8, 12)), one_by_one, "parts.3",
    ),
    "slices of nn.Sequential": (
        nn.Sequential(block(3, 8), block(8, 12)), lambda parts, x: parts[1:](parts[:1](x)),
        "parts.1",
    ),
    "lists in a list": (stages(), nested, "parts.1.deep"),
}  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
def test_the_last_block_is_found_however_it_is_called(style: str) -> None:
    """Grad-CAM of the block by hand, from a hook of the test's own."""
    torch.manual_seed(0)
    parts, step, last = STYLES[style]
    net = OwnHead(parts, step).eval()
    inputs = torch.randn(1, 3, *SIZE)
    result = METHODS.get("grad-cam")().run(Inference.of(net, inputs, target=2))
    assert len(result.layers) == 2
    assert result.last_layer == last
    outputs: list[Tensor] = []
    net.get_submodule(last).register_forward_hook(lambda _m, _i, out: outputs.append(out))
    slope = torch.autograd.grad(net(inputs)[0, 2], outputs[0])[0]
    expected = (slope.mean((2, 3), keepdim=True) * outputs[0]).sum(1).relu()
    np.testing.assert_allclose(
        result.layer_maps[-1].values, expected.detach().numpy(), rtol=1e-4, atol=1e-7
    )


class Recurrent(nn.Module):
    """One block, applied three times: by itself, as a residual, or after a stem that is shared."""

    def __init__(self, style: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.style, self.stem = style, nn.Conv2d(3, 8, 3, 2, 1)
        shared = nn.Sequential(nn.Conv2d(8, 8, 3, 1, 1), nn.Softplus())
        self.steps = nn.ModuleList([shared] * 3 if style == "listed" else [shared])
        self.act = nn.Softplus()
        self.head = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for turn in range(3):
            step = self.steps[turn % len(self.steps)]
            x = self.act(step[0](x)) if self.style == "layers" else step(x)
        return self.head(x.mean((2, 3)))


@pytest.mark.parametrize(
    ("style", "names"),
    [
        ("called", ["steps.0", "steps.0 (call 2)", "steps.0 (call 3)"]),
        ("listed", ["steps.0", "steps.0 (call 2)", "steps.0 (call 3)"]),
        ("layers", ["act", "act (call 2)", "act (call 3)"]),
    ],
)
def test_every_call_of_a_shared_block_is_read(style: str, names: list[str]) -> None:
    net, inputs = Recurrent(style).eval(), torch.randn(2, 3, *SIZE)
    trace = capture(net, inputs, find_blocks(net, inputs[:1]), gradients=True, target=1)
    assert [one.layer for one in trace.features] == ["stem", *names]
    outputs: list[Tensor] = []
    shared = net.act if style == "layers" else net.steps[0]
    handle = shared.register_forward_hook(lambda _m, _i, out: outputs.append(out))
    slopes = torch.autograd.grad(net(inputs)[:, 1].sum(), outputs)
    handle.remove()
    for one, output, slope in zip(trace.features[1:], outputs, slopes, strict=True):
        torch.testing.assert_close(one.activation, output.detach())
        torch.testing.assert_close(one.gradient, slope)


@pytest.mark.parametrize("name", ["grad-cam-elementwise", "eigen-grad-cam"])
def test_the_library_reads_the_call_that_is_meant(name: str) -> None:
    """The same network with three blocks of the same weights is read alike."""
    shared, inputs = Recurrent("called").eval(), torch.randn(1, 3, *SIZE)
    apart = Recurrent("called").eval()
    apart.steps = nn.ModuleList(
        nn.Sequential(nn.Conv2d(8, 8, 3, 1, 1), nn.Softplus()) for _ in range(3)
    )
    for step in apart.steps:
        step.load_state_dict(shared.steps[0].state_dict())
    found, expected = (
        METHODS.get(name)().run(Inference.of(net, inputs, 1)) for net in (shared, apart)
    )
    assert len(found.layer_maps) == len(expected.layer_maps)
    for one, other in zip(found.layer_maps, expected.layer_maps, strict=True):
        np.testing.assert_allclose(one.values, other.values, rtol=1e-5, atol=1e-8)
    assert not any(part._forward_hooks for part in shared.modules())


def shrinking() -> nn.Module:
    """Five halvings: 32 pixels end in a single cell, which is no map."""
    torch.manual_seed(0)
    blocks = [block(3 if n == 0 else 8, 8) for n in range(5)]
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4)).eval()


@pytest.mark.parametrize("name", ["grad-cam", "competition"])
@pytest.mark.parametrize("first", [(32, 32), (48, 96)])
def test_no_earlier_look_changes_a_later_one(name: str, first: tuple[int, int]) -> None:
    later = torch.randn(1, 3, 96, 96)
    fresh, used = shrinking(), shrinking()
    METHODS.get(name)().run(Inference.of(used, torch.randn(1, 3, *first), 1))
    found, expected = (
        METHODS.get(name)().run(Inference.of(net, later, 1)) for net in (used, fresh)
    )
    assert found.layers == expected.layers
    for one, other in zip(found.layer_maps, expected.layer_maps, strict=True):
        np.testing.assert_array_equal(one.values, other.values)


def test_a_network_whose_parts_are_exchanged_is_looked_at_again() -> None:
    net, inputs = shrinking(), torch.randn(1, 3, 96, 96)
    assert len(find_sites(net, Kind.FEATURES, inputs)) == 5
    net[4] = nn.Identity()
    assert [site.layer for site in find_sites(net, Kind.FEATURES, inputs)] == ["0", "1", "2", "3"]
    assert find_sites(net.double(), Kind.FEATURES, inputs.double())[-1].layer == "3"
