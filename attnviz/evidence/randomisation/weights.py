"""Randomise what a network has learned, stage by stage from the output to the input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import torch
from torch import nn

LEAST_STAGES = 6
MOST_STAGES = 12

Layers = list[tuple[str, nn.Module]]


@dataclass(frozen=True, eq=False)
class Stage:
    """Layers that are randomised together. `name`: of the one nearest to the input."""

    name: str
    weights: tuple[nn.Parameter, ...]


def randomisation_stages(module: nn.Module, run: Callable[[], object]) -> tuple[Stage, ...]:
    """Divide all weights of `module` into 1 to 12 stages, those nearest to the output first.

    The order is that in which a pass calls the layers; a layer that is not called (another one
    reads its weights) counts with its parent. Stages are the network's own blocks; a block with
    more than half of all layers is split, and neighbours are joined where there would be more than
    twelve. A weight that several layers share belongs to the last one.

    Parameters
    ----------
    module : nn.Module
    run : callable
        Runs one picture through `module`.

    Returns
    -------
    tuple of Stage
    """
    groups = _group(_layers_from_input(module, run))
    assigned: set[int] = set()
    stages = []
    for name, layers in reversed(groups):
        weights = []
        for _, layer in layers:
            for weight in layer.parameters(recurse=False):
                if id(weight) not in assigned:
                    assigned.add(id(weight))
                    weights.append(weight)
        if weights:
            own = ", ".join(key for key, _ in module.named_parameters(recurse=False))
            stages.append(Stage(name or own or "all layers", tuple(weights)))
    return tuple(stages)


@torch.no_grad()
def shuffle_weights(stage: Stage, random: torch.Generator) -> None:
    """Shuffle the values of each of the stage's tensors, in place.

    What was learned is which value stands where. Mean, spread and scale of every tensor are
    preserved, whatever its layer's type, so that signals neither vanish nor explode, and the
    running statistics of norm layers, which also stay, still fit. Constant tensors and single
    values do not change.

    Parameters
    ----------
    stage : Stage
    random : torch.Generator
        On the CPU, so that all devices draw alike.
    """
    for weight in stage.weights:
        order = torch.randperm(weight.numel(), generator=random).to(weight.device)
        weight.copy_(weight.flatten()[order].view_as(weight))


def _layers_from_input(module: nn.Module, run: Callable[[], object]) -> Layers:
    """The layers with weights of their own, in the order in which a pass enters them."""
    entered: dict[str, int] = {}
    handles = []
    for name, submodule in module.named_modules():

        def record(*_: object, name: str = name) -> None:
            entered.setdefault(name, len(entered))

        handles.append(submodule.register_forward_pre_hook(record))
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    layers = [
        (name, submodule)
        for name, submodule in module.named_modules()
        if next(submodule.parameters(recurse=False), None) is not None
    ]
    return sorted(layers, key=lambda layer: _entry_order(layer[0], entered))


def _entry_order(name: str, entered: dict[str, int]) -> int:
    """When a pass enters the layer, or the nearest parent that it calls."""
    while name and name not in entered:
        name = name.rpartition(".")[0]
    return entered.get(name, 0)


def _group(layers: Layers) -> list[tuple[str, Layers]]:
    """Group neighbours by the blocks that contain them: (name, layers), from input to output."""
    groups = [("", layers)]
    while True:
        largest = max(groups, key=lambda group: len(group[1]))
        room = MOST_STAGES - len(groups) + 1
        enough = len(groups) >= LEAST_STAGES and 2 * len(largest[1]) <= len(layers)
        if enough or room < 2 or len(largest[1]) < 2:
            return groups
        at = groups.index(largest)
        groups[at : at + 1] = _join(_split(largest[1]), room)


def _split(layers: Layers) -> list[tuple[str, Layers]]:
    """Split layers into two groups or more by the submodule of their common parent."""
    paths = [name.split(".") if name else [] for name, _ in layers]
    first, last = min(paths), max(paths)
    depth = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), None)
    depth = min(len(first), len(last)) if depth is None else depth
    parts = groupby(layers, key=lambda layer: ".".join(layer[0].split(".")[: depth + 1]))
    return [(name, list(inside)) for name, inside in parts]


def _join(groups: Sequence[tuple[str, Layers]], most: int) -> list[tuple[str, Layers]]:
    """At most `most` groups; neighbours are joined as evenly as possible."""
    ends = [round(n * len(groups) / most) for n in range(most + 1)]
    if len(groups) <= most:
        return list(groups)
    return [
        (groups[start][0], [layer for _, inside in groups[start:end] for layer in inside])
        for start, end in pairwise(ends)
    ]
