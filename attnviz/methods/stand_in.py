"""What stands between a network and a library that hooks it, replaces its layers, and loops.

The library counts in float32, and much of it in NumPy, which knows no bfloat16. So it is given
float32 and gives it, whatever the type of the network's weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.capture.hooks.outputs import only_tensor, with_tensor
from attnviz.capture.logits import logits_of, target_classes
from attnviz.capture.site import Site
from attnviz.errors import MethodError
from attnviz.progress import Progress


class StandIn(nn.Module):
    """The network as a library sees it: gives logits, counts inputs, keeps its own gradients.

    Attributes
    ----------
    inputs
        Of the type of the network's weights, as from `prepare_for_hooks`; what the library asks
        with is brought to that type.
    target
        A class that must be there.
    progress
        Told after each pass how many inputs of `total` have been through. `stopped`: whether it was
        `progress` that raised.
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
        self.stopped = False
        self._target, self._progress, self._total = target, progress, total
        self._gradients = gradients
        self._done = 0
        self._logits: Tensor | None = None

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits float32 [N, classes]."""
        if self._gradients and torch.is_grad_enabled() and not inputs.requires_grad:
            inputs = inputs.detach().requires_grad_()  # the graph begins here, not at parameters
        logits = logits_of(self.network(inputs.to(self.dtype)), self.network).float()
        if self._logits is None:
            self._logits = logits.detach().cpu()
            target_classes(logits, self._target)  # raises for a class that is not there
        self._done += len(inputs)
        if self._progress is not None:
            self.stopped = True  # unless it returns
            self._progress(self._done, max(self._done, self._total))
            self.stopped = False
        return logits

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Leave the gradients of somebody else's training alone."""

    def part(self, site: Site) -> nn.Module:
        """The module that returns what a site watches.

        Where the network's own returns it in a tuple, which the library does not open, that is a
        door behind it through which the tensor goes. Call it within `as_it_was`.
        """
        own = self.network.get_submodule(site.module)
        if not site.wrapped:
            return own
        key = site.module.replace(".", "/")
        if key not in self.doors:
            self.doors[key] = nn.Identity()
            own.register_forward_hook(partial(self._through, key))
        return self.doors[key]

    def _through(self, key: str, _part: nn.Module, _entering: object, output: object) -> object:
        value = only_tensor(output)
        # Asked for by name: the library may have put another layer there.
        return output if value is None else with_tensor(output, self.doors[key](value))

    def first(self) -> Tensor:
        """Logits of the first pass, which is that of the whole pictures."""
        if self._logits is None:
            raise MethodError("The method never asked the network. Choose another one.")
        return self._logits


@contextmanager
def as_it_was(module: nn.Module) -> Iterator[None]:
    """Takes off hooks and puts back layers that the library left where it was interrupted."""
    before = [(one, dict(one._modules), set(one._forward_hooks)) for one in module.modules()]
    random = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(random)
        for part, children, hooks in before:
            part._modules.update(children)
            for key in set(part._forward_hooks) - hooks:
                del part._forward_hooks[key]
