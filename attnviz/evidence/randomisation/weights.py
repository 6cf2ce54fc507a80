"""Taking what a network has learned away from it, layer by layer from the output to the input."""

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
    """Layers that lose their weights together. `name`: of the one nearest to the input."""

    name: str
    weights: tuple[nn.Parameter, ...]


def randomisation_stages(module: nn.Module, run: Callable[[], object]) -> tuple[Stage, ...]:
    """All weights of `module` in 1 to 12 stages, those nearest to the output first.

    The order is that in which a pass calls the layers; a layer that it does not call (its weights
    are read by another one) counts with what it lies in. Stages are the network's own blocks, a
    block that holds more than half of all layers being opened, and neighbours joined where there
    would be more than twelve. A weight that several layers share belongs to the last one.

    run: sends one picture through `module`.
    """
    groups = _grouped(_from_input(module, run))
    taken: set[int] = set()
    stages = []
    for name, layers in reversed(groups):
        weights = []
        for _, layer in layers:
            for weight in layer.parameters(recurse=False):
                if id(weight) not in taken:
                    taken.add(id(weight))
                    weights.append(weight)
        if weights:
            own = ", ".join(key for key, _ in module.named_parameters(recurse=False))
            stages.append(Stage(name or own or "all layers", tuple(weights)))
    return tuple(stages)


@torch.no_grad()
def shuffle_weights(stage: Stage, random: torch.Generator) -> None:
    """Shuffle the values of each of the stage's tensors among themselves, in place.

    What was learned lies in which value stands where. Mean, spread and scale of every tensor stay,
    whatever its layer's type, so that signals neither die out nor explode, and the running
    statistics of norm layers, which stay too, still fit. Values that are all equal, and single
    ones, have no order to lose. random: a generator on the CPU, so that all devices draw alike.
    """
    for weight in stage.weights:
        order = torch.randperm(weight.numel(), generator=random).to(weight.device)
        weight.copy_(weight.flatten()[order].view_as(weight))


def _from_input(module: nn.Module, run: Callable[[], object]) -> Layers:
    """The layers that hold weights themselves, in the order in which a pass begins with them."""
    begun: dict[str, int] = {}
    handles = []
    for name, part in module.named_modules():

        def note(*_: object, name: str = name) -> None:
            begun.setdefault(name, len(begun))

        handles.append(part.register_forward_pre_hook(note))
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    layers = [
        (name, part)
        for name, part in module.named_modules()
        if next(part.parameters(recurse=False), None) is not None
    ]
    return sorted(layers, key=lambda layer: _time(layer[0], begun))


def _time(name: str, begun: dict[str, int]) -> int:
    while name and name not in begun:
        name = name.rpartition(".")[0]
    return begun.get(name, 0)


def _grouped(layers: Layers) -> list[tuple[str, Layers]]:
    """Neighbours put together by the blocks they lie in: (name, layers), from input to output."""
    groups = [("", layers)]
    while True:
        largest = max(groups, key=lambda group: len(group[1]))
        room = MOST_STAGES - len(groups) + 1
        enough = len(groups) >= LEAST_STAGES and 2 * len(largest[1]) <= len(layers)
        if enough or room < 2 or len(largest[1]) < 2:
            return groups
        at = groups.index(largest)
        groups[at : at + 1] = _joined(_opened(largest[1]), room)


def _opened(layers: Layers) -> list[tuple[str, Layers]]:
    """Two groups or more, of layers that lie in different parts of what they all lie in."""
    paths = [name.split(".") if name else [] for name, _ in layers]
    first, last = min(paths), max(paths)
    depth = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), None)
    depth = min(len(first), len(last)) if depth is None else depth
    parts = groupby(layers, key=lambda layer: ".".join(layer[0].split(".")[: depth + 1]))
    return [(name, list(inside)) for name, inside in parts]


def _joined(groups: Sequence[tuple[str, Layers]], most: int) -> list[tuple[str, Layers]]:
    """At most `most` groups, neighbours joined as evenly as can be."""
    ends = [round(n * len(groups) / most) for n in range(most + 1)]
    if len(groups) <= most:
        return list(groups)
    return [
        (groups[start][0], [layer for _, inside in groups[start:end] for layer in inside])
        for start, end in pairwise(ends)
    ]
