"""Blocks from which the logits are not computed are none on which a decision rests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.site import Kind
from attnviz.methods import METHODS
from attnviz.methods.inference import Inference
from tests.state import left_as_it_was

INPUTS = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
BACKBONE = ["first", "second"]


def block(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1), nn.ReLU(inplace=True))


class Net(nn.Module):
    """Two blocks, a head, and a decoder of two more; `way` says how they are joined."""

    def __init__(self, way: Callable[[Any, Tensor], Any]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second, self.head = block(3, 4, 2), block(4, 8, 2), nn.Linear(8, 3)
        self.up, self.mask = block(8, 4, 1), block(4, 1, 1)
        self.way, self.aside = way, torch.zeros(0)

    def forward(self, x: Tensor) -> Any:
        return self.way(self, x)


def decoder_aside(net: Net, x: Tensor) -> Tensor:
    features = net.second(net.first(x))
    net.aside = net.mask(net.up(features)).detach()
    return net.head(features.mean((2, 3)))


def decoder_first(net: Net, x: Tensor) -> Tensor:
    features = net.second(net.first(x))
    mask = net.mask(net.up(features))
    return net.head(features.mean((2, 3))) + 0 * mask.detach().mean()


def two_tasks(net: Net, x: Tensor) -> tuple[Tensor, Tensor]:
    features = net.second(net.first(x))
    return net.head(features.mean((2, 3))), net.mask(net.up(features))


def input_in_place(net: Net, x: Tensor) -> Tensor:
    return decoder_aside(net, x.sub_(0.5).mul_(2))


@pytest.mark.parametrize("way", [decoder_aside, decoder_first, input_in_place])
def test_a_decoder_of_something_else_is_left_out(way: Callable[..., Any]) -> None:
    net = Net(way).eval()
    with left_as_it_was(net):
        sites = find_sites(net, Kind.FEATURES, INPUTS.clone())
    assert [site.layer for site in sites] == BACKBONE


def test_the_last_block_of_a_cam_is_the_one_that_is_classified() -> None:
    net = Net(decoder_aside).eval()
    for method in ("eigen-cam", "score-cam", "grad-cam", "competition"):
        result = METHODS.get(method)().run(Inference.of(net, INPUTS))
        assert result.layers[-1] == result.last_layer == "second", method


def joined(net: Net, x: Tensor) -> Tensor:
    features = net.second(net.first(x))
    return net.head((features * net.mask(net.up(features))).mean((2, 3)))


def detached(net: Net, x: Tensor) -> Tensor:
    return net.head(net.second(net.first(x)).detach().mean((2, 3)))


def frozen(net: Net, x: Tensor) -> Tensor:
    with torch.no_grad():
        features = net.second(net.first(x))
    return net.head(features.mean((2, 3)))


@pytest.mark.parametrize(
    ("way", "layers"),
    [
        (joined, [*BACKBONE, "up", "mask"]),
        (detached, BACKBONE),
        (frozen, BACKBONE),
        (two_tasks, [*BACKBONE, "up", "mask"]),
    ],
)
def test_nothing_is_left_out_where_the_graph_does_not_say_so(
    way: Callable[..., Any], layers: list[str]
) -> None:
    """A mask that weighs features counts, and so do features that are detached before the head."""
    sites = find_sites(Net(way).eval(), Kind.FEATURES, INPUTS)
    assert [site.layer for site in sites] == layers


def test_weights_made_in_inference_mode_are_read_without_a_graph() -> None:
    with torch.inference_mode():
        net = Net(decoder_aside).eval()
    sites = find_sites(net, Kind.FEATURES, INPUTS)
    assert [site.layer for site in sites][:2] == BACKBONE


def test_inputs_made_in_inference_mode() -> None:
    net = Net(decoder_aside).eval()
    with torch.inference_mode():
        sites = find_sites(net, Kind.FEATURES, INPUTS * 2)
    assert [site.layer for site in sites] == BACKBONE
