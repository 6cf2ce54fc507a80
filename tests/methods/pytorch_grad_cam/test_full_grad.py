"""FullGrad of pytorch-grad-cam: every layer that adds an offset counts, with its own gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from attnviz.methods import METHODS, Inference
from attnviz.methods.pytorch_grad_cam.cams import LibraryCam
from attnviz.models.zoo.gain_layers import ShiftedNorm


class Branches(nn.Module):
    """Two branches; `order` is that in which their layers are written down, not that of calls."""

    def __init__(self, order: tuple[str, ...], norm: type[nn.BatchNorm2d] = nn.BatchNorm2d) -> None:
        super().__init__()
        parts = {
            "stem": nn.Conv2d(3, 6, 3, stride=2),
            "left": nn.Conv2d(6, 6, 3, padding=1),
            "norm": norm(6),
            "right": nn.Conv2d(6, 6, 1),
        }
        for name in order:
            self.add_module(name, parts[name])
        self.head = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x).relu()
        left = self.norm(self.left(x)).relu()
        return self.head((left + self.right(x).sigmoid()).mean((2, 3)))


AS_CALLED = ("stem", "left", "norm", "right")


def seeded(network: nn.Module) -> nn.Module:
    random = torch.Generator().manual_seed(0)
    state = {
        name: torch.rand(value.shape, generator=random) - 0.4 * ("var" not in name)
        for name, value in sorted(network.state_dict().items())
        if value.is_floating_point() and not name.startswith("norm.")
    }
    network.load_state_dict(state, strict=False)
    return network.eval()


def norm_of(network: nn.Module, shift: Tensor) -> nn.Module:
    norm = network.norm
    norm.running_mean.copy_(torch.linspace(-1, 1, 6))
    norm.running_var.copy_(torch.linspace(0.5, 2, 6))
    with torch.no_grad():
        if isinstance(norm, ShiftedNorm):
            norm.shift.copy_(shift)
            empty = torch.zeros(1, 6, 1, 1) + norm.running_mean[:, None, None]
            norm.shift.mul_(shift[0] / norm(empty)[0, 0, 0, 0])  # its gain taken out
        else:
            norm.bias.copy_(shift)
    return network


@pytest.fixture
def inputs() -> Tensor:
    return torch.randn(1, 3, 32, 48, generator=torch.Generator().manual_seed(1))


def full_grad(network: nn.Module, inputs: Tensor) -> np.ndarray:
    method = METHODS.get("fullgrad")()
    assert isinstance(method, LibraryCam)
    (found,) = method.run(Inference.of(network, inputs, 2)).layer_maps
    return found.values


def by_hand(network: Branches, inputs: Tensor) -> np.ndarray:
    """As the library adds up: each channel is stretched to 0..1 at the size of the input."""
    from pytorch_grad_cam.utils.image import scale_accross_batch_and_channels, scale_cam_image

    inputs = inputs.clone().requires_grad_()
    seen: dict[str, Tensor] = {}
    for name in AS_CALLED:
        network.get_submodule(name).register_forward_hook(
            lambda _part, _entering, out, name=name: seen.setdefault(name, out)
        )
    network(inputs)[0, 2].backward(inputs=[inputs], retain_graph=True)
    score = network.head((seen["norm"].relu() + seen["right"].sigmoid()).mean((2, 3)))[0, 2]
    slopes = torch.autograd.grad(score, [seen[name] for name in AS_CALLED])
    norm = network.norm
    offsets = {name: network.get_submodule(name).bias for name in ("stem", "left", "right")}
    offsets["norm"] = (
        norm.bias - norm.running_mean * norm.weight / (norm.running_var + norm.eps).sqrt()
    )
    total = scale_accross_batch_and_channels(
        (inputs.grad * inputs).abs().detach().numpy(), (48, 32)
    )
    total = total.sum(1)
    for name, slope in zip(AS_CALLED, slopes, strict=True):
        added = (offsets[name][:, None, None] * slope).abs().detach().numpy()
        total = total + scale_accross_batch_and_channels(added, (48, 32)).sum(1)
    return scale_cam_image(total)


def test_it_is_what_is_counted_by_hand_whatever_the_order_of_the_layers(inputs: Tensor) -> None:
    shift = torch.linspace(0.2, 1.2, 6)
    expected = by_hand(norm_of(seeded(Branches(AS_CALLED)), shift), inputs)
    for order in (AS_CALLED, ("right", "norm", "stem", "left")):
        found = full_grad(norm_of(seeded(Branches(order)), shift), inputs)
        np.testing.assert_allclose(found, expected, atol=2e-5)


def test_a_layer_that_calls_its_offset_otherwise_counts_as_well(inputs: Tensor) -> None:
    shift = torch.linspace(0.2, 1.2, 6)
    expected = full_grad(norm_of(seeded(Branches(AS_CALLED)), shift), inputs)
    found = full_grad(norm_of(seeded(Branches(AS_CALLED, ShiftedNorm)), shift), inputs)
    np.testing.assert_allclose(found, expected, atol=2e-5)
