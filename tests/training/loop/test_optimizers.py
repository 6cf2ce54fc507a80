"""Steps of Muon on the filters, and of SGD on all other parameters."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from attnviz.errors import UnknownNameError
from attnviz.training.loop.optimizers import MuonAndSgd, build_optimizer, set_rate
from attnviz.training.recipe import Recipe, parse_optimizer

RATE, DECAY = 0.1, 0.02
RECIPE = Recipe(optimizer="muon", rate=RATE, weight_decay=DECAY)


def network(layout: torch.memory_format = torch.contiguous_format) -> nn.Sequential:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 12, 3), nn.Conv2d(12, 4, 1),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2),
    )  # fmt: skip
    return module.to(memory_format=layout)


def set_gradients(module: nn.Module) -> None:
    """Set gradients that depend on the shapes of the weights only."""
    generator = torch.Generator().manual_seed(1)
    for weight in module.parameters():
        weight.grad = torch.randn(weight.shape, generator=generator)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_steps_of_filters_are_nearly_orthogonal(layout: torch.memory_format) -> None:
    module = network(layout)
    before = copy.deepcopy(module)
    set_gradients(module)
    build_optimizer(module, RECIPE).step()
    for index in (2, 3):
        old, new = (net[index].weight.detach().flatten(1) for net in (before, module))
        step = ((1 - RATE * DECAY) * old - new) / RATE
        left, _, right = torch.linalg.svd(module[index].weight.grad.flatten(1), full_matrices=False)
        turned = left.T @ step @ right.T
        sizes = turned.diagonal()
        # The range that five iterations reach.
        assert sizes.min() > 0.5, sizes
        assert sizes.max() < 1.4, sizes
        torch.testing.assert_close(turned, torch.diag(sizes), atol=0.05, rtol=0)


def test_layout_does_not_matter() -> None:
    weights = []
    for layout in (torch.contiguous_format, torch.channels_last):
        module = network(layout)
        optimizer = build_optimizer(module, RECIPE)
        for _ in range(3):
            set_gradients(module)
            optimizer.step()
        weights.append(module[2].weight.detach())
    torch.testing.assert_close(weights[0], weights[1], atol=5e-3, rtol=0)  # it computes in bfloat16


def test_other_parameters_take_steps_of_sgd() -> None:
    module, other = network(), network()
    optimizer = build_optimizer(module, RECIPE)
    taken = {"2.weight", "3.weight"}
    named = dict(other.named_parameters())
    rest = [weight for name, weight in named.items() if name not in taken]
    plain = torch.optim.SGD(
        [
            {"params": [p for p in rest if p.ndim > 1], "weight_decay": 5e-4},
            {"params": [p for p in rest if p.ndim == 1]},
        ],
        lr=2 * 0.03, momentum=0.9, nesterov=True,
    )  # fmt: skip
    set_rate(optimizer, 0.03)
    for _ in range(2):
        set_gradients(module)
        set_gradients(other)
        optimizer.step()
        plain.step()
    for name, weight in module.named_parameters():
        if name not in taken:
            assert torch.equal(weight, named[name]), name


def test_without_gradients_weights_do_not_change() -> None:
    module = network()
    optimizer = MuonAndSgd(module, RECIPE)
    set_gradients(module)
    optimizer.zero_grad()
    optimizer.step()
    assert all(weight.grad is None for weight in module.parameters())
    for name, weight in network().named_parameters():
        assert torch.equal(module.get_parameter(name), weight), name


def test_an_unknown_optimizer_is_named() -> None:
    assert parse_optimizer("muon") == "muon"
    with pytest.raises(UnknownNameError, match=r"adagrad.*sgd"):
        parse_optimizer("adagrad")
