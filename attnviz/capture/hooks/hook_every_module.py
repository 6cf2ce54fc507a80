"""One pass in which every module of a network tells what came in and what went out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from attnviz.capture.hooks.state_guard import state_guard

# Is told the module's name, the module, its inputs and its output, in the order of returning.
OnReturn = Callable[[str, nn.Module, tuple[Any, ...], object], None]


def run_with_hooks(module: nn.Module, example: Tensor, note: OnReturn) -> Any:
    """The output for `example` [N, 3, H, W]; no hook is left, also after an error."""
    handles = []
    with state_guard(module), torch.inference_mode(False), torch.no_grad():
        try:
            for name, part in module.named_modules():
                handles.append(part.register_forward_hook(partial(_tell, note, name)))
            return module(example)
        finally:
            for handle in handles:
                handle.remove()


def _tell(
    note: OnReturn, name: str, part: nn.Module, entering: tuple[Any, ...], output: object
) -> None:
    note(name, part, entering, output)
