"""A hook on what a network returns, for the duration of a block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn


@contextmanager
def output_hook(
    module: nn.Module, hook: Callable[..., Any], *, first: bool = False
) -> Iterator[None]:
    """Call a hook whenever a network returns, also a compiled one; it is gone afterwards.

    Parameters
    ----------
    module
        The network; the caller holds its lock.
    hook
        A forward hook: what it returns takes the place of what the network returned, unless None.
    first
        Whether it comes before the hooks that are there, and not after them.

    Yields
    ------
    None
    """
    eager = getattr(module, "_orig_mod", module)  # compiled code calls no hooks
    handle = eager.register_forward_hook(hook, prepend=first)
    try:
        yield
    finally:
        handle.remove()
