"""A wrapper between a network and a library that hooks it, replaces its layers, and loops.

The library computes in float32, and much of it in NumPy, which has no bfloat16. So its inputs and
outputs are float32, whatever the type of the network's weights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.capture.gradients import require_graph
from attnviz.capture.hooks.outputs import only_tensor, with_tensor
from attnviz.capture.logits import logits_of, target_classes
from attnviz.capture.site import Layout, Site
from attnviz.errors import MethodError
from attnviz.progress import Progress, report_progress


class StandIn(nn.Module):
    """The network as a library sees it: returns logits, counts inputs, protects gradients.

    Parameters
    ----------
    network
        The network that the library runs.
    inputs
        Inputs of the type and on the device of the network's weights, as from `prepare_for_hooks`;
        the library's inputs are converted to that type.
    target
        Index of a class that must exist; None if none is needed.
    progress
        Called after each pass with the number of inputs so far and `total`.
    total
        How many inputs are expected.
    gradients
        Whether the library takes backward passes.
    """

    def __init__(
        self,
        network: nn.Module,
        inputs: Tensor,
        target: int | None,
        progress: Progress | None,
        total: int,
        *,
        gradients: bool,
    ) -> None:
        super().__init__()
        # The library takes the device of the first parameter, and a network may have none.
        self.place = nn.Parameter(torch.empty(0, device=inputs.device), requires_grad=False)
        self.network = network
        self.doors = nn.ModuleDict()
        self.dtype = inputs.dtype
        self._target, self._progress, self._total = target, progress, total
        self._gradients = gradients
        self._done = 0
        self._calls: Counter[str] = Counter()
        self._logits: Tensor | None = None

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits float32 [N, classes] of inputs [N, C, H, W]."""
        if self._gradients and torch.is_grad_enabled() and not inputs.requires_grad:
            inputs = inputs.detach().requires_grad_()  # the graph begins here, not at parameters
        self._calls.clear()
        logits = logits_of(self.network(inputs.to(self.dtype)), self.network).float()
        if self._logits is None:
            self._logits = logits.detach().cpu()
            target_classes(logits, self._target)  # raises for a class that does not exist
        if self._gradients and torch.is_grad_enabled():
            require_graph(logits, self.network)
        self._done += len(inputs)
        report_progress(self._progress, self._done, max(self._done, self._total))
        return logits

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Do nothing: the parameters' gradients may belong to a training."""

    def part(self, site: Site) -> nn.Module:
        """Return the module whose output is the tensor of a site.

        Where the network's module returns it in a tuple, which the library does not unpack, or is
        called several times, which the library does not tell apart, or returns the sequence first,
        the tensor is passed, batch first, through an identity module behind it, and that one is
        returned. Its hook is removed at the end of
        `as_it_was`, in which this must be called.

        Parameters
        ----------
        site
            A site of features.

        Returns
        -------
        nn.Module
            The module for the library to hook.
        """
        module = self.network.get_submodule(site.module)
        swapped = site.layout is Layout.SEQUENCE_FIRST
        if not (site.wrapped or site.repeated or swapped):
            return module
        key = f"{site.module.replace('.', '/')}#{site.call}"
        if key not in self.doors:
            self.doors[key] = nn.Identity()
            module.register_forward_hook(partial(self._through, key, site.call, swapped))
        return self.doors[key]

    def _through(
        self,
        key: str,
        call: int,
        swapped: bool,
        _part: nn.Module,
        _entering: object,
        output: object,
    ) -> object:
        index = self._calls[key]
        self._calls[key] += 1
        if index != call:
            return output
        value = only_tensor(output)
        if value is None:
            return output
        door = self.doors[key]  # looked up by name: the library may have replaced the module
        passed = door(value.transpose(0, 1)).transpose(0, 1) if swapped else door(value)
        return with_tensor(output, passed)

    def first(self) -> Tensor:
        """Return the logits of the first pass, whose inputs are the unchanged pictures.

        Returns
        -------
        Tensor
            float32 [N, classes], on the CPU.

        Raises
        ------
        MethodError
            The library has not run the network.
        """
        if self._logits is None:
            raise MethodError("The method never ran the network. Choose another one.")
        return self._logits


@contextmanager
def as_it_was(module: nn.Module) -> Iterator[None]:
    """Remove hooks and restore layers that an interrupted library has left behind.

    The state of NumPy's global generator is restored too.

    Parameters
    ----------
    module
        The network.
    """
    before = [
        (submodule, dict(submodule._modules), set(submodule._forward_hooks))
        for submodule in module.modules()
    ]
    random = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(random)
        for submodule, children, hooks in before:
            submodule._modules.update(children)
            for key in set(submodule._forward_hooks) - hooks:
                del submodule._forward_hooks[key]
