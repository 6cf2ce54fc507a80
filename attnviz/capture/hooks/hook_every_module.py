"""One pass with a forward hook on every module of a network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from attnviz.capture.hooks.state_guard import state_guard

OnBegin = Callable[[str, nn.Module, tuple[Any, ...], dict[str, Any]], None]
"""Receives a module's name, the module, and its positional and keyword arguments."""
OnReturn = Callable[[str, nn.Module, tuple[Any, ...], object], None]
"""Receives a module's name, the module, its positional inputs and its output."""


def run_with_hooks(
    module: nn.Module,
    example: Tensor,
    on_return: OnReturn,
    on_begin: OnBegin | None = None,
    *,
    graph: bool = False,
) -> Any:
    """Run a network and report every module as it returns.

    Parameters
    ----------
    module
        The network; the caller holds its lock. No hook is left, also after an error.
    example
        [N, 3, H, W], an input that the network accepts.
    on_return
        Called for each module, in the order in which they return.
    on_begin
        Called for each module, in the order in which they are called.
    graph
        Whether autograd records the pass.

    Returns
    -------
    Any
        What the network returned.
    """
    handles = []
    with state_guard(module), torch.inference_mode(False), torch.set_grad_enabled(graph):
        try:
            for name, submodule in module.named_modules():
                if on_begin is not None:
                    begin = partial(_report, on_begin, name)
                    handles.append(submodule.register_forward_pre_hook(begin, with_kwargs=True))
                handles.append(submodule.register_forward_hook(partial(_report, on_return, name)))
            return module(example)
        finally:
            for handle in handles:
                handle.remove()


def _report(report: Callable[..., None], name: str, *event: Any) -> None:
    report(name, *event)  # what it returns would replace the module's inputs or output
