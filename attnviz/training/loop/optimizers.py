"""Optimisers: SGD, AdamW, or Muon for the filters of convolutions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from attnviz.training.recipe import Recipe

# Muon's rate is the size of a step relative to a layer's weights; SGD's is not. At twice the rate,
# norms, biases and the classifier learn as they do at the usual 0.1.
_SGD_RATE_FACTOR = 2.0
_SGD_DECAY = 5e-4


class Optimizer(Protocol):
    """Interface that the trainer and its checkpoints need."""

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Parameters that share a rate; `lr` may be set."""

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear all gradients."""

    def step(self) -> object:
        """Update the weights by their gradients."""

    def state_dict(self) -> dict[str, Any]:
        """The optimiser's state; tensors under "state"."""

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        """Restore a state from `state_dict`."""


def build_optimizer(module: nn.Module, recipe: Recipe) -> Optimizer:
    """Build the optimiser that the recipe names, at its peak rate.

    Parameters
    ----------
    module
        Network whose parameters it updates.
    recipe
        Names the optimiser, its rate and its weight decay.
    """
    if recipe.optimizer == "muon":
        return MuonAndSgd(module, recipe)
    groups = _groups(module.parameters(), recipe.weight_decay)
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=recipe.rate)
    return torch.optim.SGD(groups, lr=recipe.rate, momentum=0.9, nesterov=True)


def set_rate(optimizer: Optimizer, rate: float) -> None:
    """Set the learning rate of every group, times the group's own `share` where it has one."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get("share", 1.0)


class MuonAndSgd:
    """Muon (Jordan 2024) for filters of convolutions, Nesterov SGD for all else.

    Muon makes each step of a filter bank, read as a matrix [outputs, inputs * h * w], orthogonal:
    all directions move alike. `torch.optim.Muon` takes matrices only, so it is given views of the
    filters. The first convolution, which sees three colours, and the classifier use SGD (or are not
    trained at all), as in Jordan's training of CIFAR-10; unlike his, filters have decoupled weight
    decay rather than being scaled to a fixed norm after each step.
    """

    def __init__(self, module: nn.Module, recipe: Recipe) -> None:
        convolutions = [m.weight for m in module.modules() if isinstance(m, nn.Conv2d)]
        self._filters = convolutions[1:]
        self._matrices = [nn.Parameter(_view(weight.data)) for weight in self._filters]
        taken = {id(weight) for weight in self._filters}
        self._muon = torch.optim.Muon(
            self._matrices, lr=recipe.rate, weight_decay=recipe.weight_decay, momentum=0.9
        )
        rest = (p for p in module.parameters() if id(p) not in taken)
        groups = [group | {"share": _SGD_RATE_FACTOR} for group in _groups(rest, _SGD_DECAY)]
        self._sgd = torch.optim.SGD(groups, lr=recipe.rate, momentum=0.9, nesterov=True)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of both."""
        return [*self._muon.param_groups, *self._sgd.param_groups]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear all gradients."""
        self._sgd.zero_grad(set_to_none)
        for weight in self._filters:
            weight.grad = None

    def step(self) -> None:
        """Update the filters by Muon and all else by SGD."""
        for weight, matrix in zip(self._filters, self._matrices, strict=True):
            if weight.grad is None:
                matrix.grad = None
            else:
                matrix.grad = _rows(weight.grad, weight).reshape(matrix.shape)
        self._muon.step()  # type: ignore[no-untyped-call]
        self._sgd.step()

    def state_dict(self) -> dict[str, Any]:
        """The states of both under consecutive indices, Muon's first."""
        first, second = self._muon.state_dict(), self._sgd.state_dict()
        start = len(self._matrices)
        moved = {start + index: value for index, value in second["state"].items()}
        return {"state": first["state"] | moved, "groups": (first, second)}

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        """Restore a state from `state_dict`."""
        start = len(self._matrices)
        state = state_dict["state"]
        first, second = state_dict["groups"]
        self._muon.load_state_dict(first | {"state": {i: s for i, s in state.items() if i < start}})
        moved = {i - start: s for i, s in state.items() if i >= start}
        self._sgd.load_state_dict(second | {"state": moved})


def _groups(parameters: Iterable[nn.Parameter], decay: float) -> list[dict[str, Any]]:
    """Weight decay acts on weights of convolutions and matrices, not on norms and biases."""
    every = list(parameters)
    return [
        {"params": [p for p in every if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in every if p.ndim <= 1], "weight_decay": 0.0},
    ]


def _view(weight: Tensor) -> Tensor:
    """The memory of [outputs, inputs, h, w] as a matrix with a row for each output."""
    return _rows(weight, weight).view(len(weight), -1)


def _rows(values: Tensor, layout: Tensor) -> Tensor:
    """`values`, axes in the order in which `layout` lies in memory."""
    last = layout.is_contiguous(memory_format=torch.channels_last)
    return values.permute(0, 2, 3, 1) if last else values
