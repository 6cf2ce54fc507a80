"""All modules of a network, in one fast walk."""

from __future__ import annotations

from torch import nn


def all_modules(module: nn.Module) -> list[nn.Module]:
    """List a module and all its submodules, each once.

    Parameters
    ----------
    module
        The root.

    Returns
    -------
    list of nn.Module
        In an order that callers must not rely on.

    Notes
    -----
    `nn.Module.modules` passes each module up through all generators above it. With a few hundred
    modules, several such walks cost as much as a layer of a small transformer.
    """
    visited: dict[int, nn.Module] = {}
    stack = [module]
    while stack:
        current = stack.pop()
        if id(current) not in visited:
            visited[id(current)] = current
            stack += [child for child in current._modules.values() if child is not None]
    return list(visited.values())
