"""The modules of a network, in one quick walk."""

from __future__ import annotations

from torch import nn


def all_modules(module: nn.Module) -> list[nn.Module]:
    """The module and all inside it, each once, in no order to rely on.

    `nn.Module.modules` hands each module up through all that hold it: with a few hundred of them,
    several such walks cost as much as a layer of a small transformer.
    """
    found: dict[int, nn.Module] = {}
    waiting = [module]
    while waiting:
        part = waiting.pop()
        if id(part) not in found:
            found[id(part)] = part
            waiting += [child for child in part._modules.values() if child is not None]
    return list(found.values())
