"""All modules of a network, in one fast walk."""

from __future__ import annotations

from collections.abc import Iterator

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
    return [part for _, part in named_modules(module)]


def named_modules(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Walk over a module and all its submodules, each once, as `all_modules` lists them.

    Parameters
    ----------
    module
        The root.

    Yields
    ------
    tuple of str and nn.Module
        A path by which it is found, with a dot before each name, and a submodule.
    """
    visited: set[int] = set()
    stack = [("", module)]
    while stack:
        name, current = stack.pop()
        if id(current) not in visited:
            visited.add(id(current))
            yield name, current
            stack += [
                (f"{name}.{key}", child)
                for key, child in current._modules.items()
                if child is not None
            ]
