"""One watched pass in which every attention call is heard, with the modules that are run then."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from attnviz.capture.discovery.gate_test import is_additive, is_attention_factor
from attnviz.capture.discovery.token_probe import EnclosingModule, queries_and_keys
from attnviz.capture.hooks.arguments import Args, Kwargs, first_tensor, replace_tensor
from attnviz.capture.hooks.call_listener import CallListener, RunningModule
from attnviz.capture.hooks.calls import Call, FactorCall, SoftmaxCall
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.site import Form

_MOST_PREFIX = 16


@dataclass(frozen=True)
class RecordedCall:
    """One call: whose it is, its form, its number among that module's calls of the form.

    channels: for a factor, whether it has a value for each channel (else for each place); None for
    attention. adds: whether that factor is 1 + mask. around: for attention, the module in which its
    geometry can be probed, if any.
    """

    module: str
    form: Form
    call: int
    channels: bool | None = None
    additive: bool = False
    around: EnclosingModule | None = None


@dataclass
class _Watch:
    module: nn.Module
    batch: int
    input_size: tuple[int, int]
    surrounds: bool
    listener: CallListener = field(init=False)
    heard: list[RecordedCall] = field(default_factory=list)
    grids: list[tuple[int, int]] = field(default_factory=list)
    projected: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.listener = CallListener(self.answer)

    def answer(self, name: str, form: Form, index: int, call: Call) -> None:
        if isinstance(call, FactorCall):
            if is_attention_factor(call, self.batch, self.input_size):
                adds_to = not call.channels and is_additive(call)
                self.heard.append(RecordedCall(name, form, index, call.channels, adds_to))
            return
        if isinstance(call, SoftmaxCall) and not queries_and_keys(call):
            return
        around = self._around(name, form, index) if self.surrounds else None
        self.heard.append(RecordedCall(name, form, index, around=around))

    def see_grid(self, _part: nn.Module, _args: object, output: object) -> None:
        """Remember the size of maps that convolutions return: rows of tokens are cells of them."""
        if isinstance(output, Tensor) and output.ndim == 4:
            grid = (output.shape[2], output.shape[3])
            if grid in self.grids:
                self.grids.remove(grid)
            self.grids.insert(0, grid)

    def _around(self, name: str, form: Form, index: int) -> EnclosingModule | None:
        """The innermost running module that is given the whole map, or a row of all tokens."""
        inner = list(reversed(self.listener.running))
        for exact in (True, False):
            for running in inner:
                found = self._fits(running, exact=exact)
                if found is None:
                    continue
                shape, channels, grid, prefix = found
                inside = name[len(running.name) :].lstrip(".") if running.name else name
                args, kwargs = _without_values(running.args, running.kwargs)
                return EnclosingModule(
                    self.module.get_submodule(running.name), args, kwargs, form,
                    inside or ".", index - running.before[name, form], shape, channels, grid,
                    prefix,
                )  # fmt: skip
        return None

    def _fits(
        self, running: RunningModule, *, exact: bool
    ) -> tuple[tuple[int, ...], int, tuple[int, int], int] | None:
        """(shape, dimension of the channels, grid, prefix) of what the module was given."""
        given = first_tensor(running.args, running.kwargs)
        if given is None or given.shape[:1] != (self.batch,):
            return None
        shape = tuple(given.shape)
        if exact and len(shape) == 4:
            for grid, channels in ((shape[2:], 1), (shape[1:3], 3)):
                if grid != self.input_size and grid in set(self._known_grids()):
                    return shape, channels, (grid[0], grid[1]), 0
        if len(shape) != 3:
            return None
        for grid in self._known_grids() if exact else self.grids:
            prefix = shape[1] - grid[0] * grid[1]
            if prefix == 0 if exact else 0 < prefix <= _MOST_PREFIX and grid != (1, 1):
                return shape, 2, grid, prefix
        return None

    def _known_grids(self) -> Iterator[tuple[int, int]]:
        """Sizes of maps, and halves of them, for merged tokens are no output of a convolution."""
        for rows, columns in self.grids:
            while rows * columns > 1:
                yield rows, columns
                rows, columns = math.ceil(rows / 2), math.ceil(columns / 2)


def _without_values(args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
    """The arguments with a stand-in without memory for the first tensor, wherever it is given.

    A pass over a large picture would otherwise be held whole, block by block.
    """
    first = first_tensor(args, kwargs)
    if first is None:
        return args, kwargs
    return replace_tensor(args, kwargs, first, first.new_zeros(()).expand(first.shape))


def record_calls(module: nn.Module, example: Tensor, *, surrounds: bool) -> list[RecordedCall]:
    """All attention calls of a pass over `example` [N, 3, H, W], in their order.

    Gates are told from weights by a batch of two or more. surrounds: also note where the geometry
    of self-attention can be probed.
    """
    size = (example.shape[-2], example.shape[-1])
    watched = _Watch(module, len(example), size, surrounds)
    handles = [
        part.register_forward_hook(watched.see_grid)
        for part in module.modules()
        if isinstance(part, nn.Conv2d)
    ]
    with state_guard(module), torch.inference_mode(False), torch.no_grad():
        try:
            with watched.listener.attach(module.named_modules()):
                module(example)
        finally:
            for handle in handles:
                handle.remove()
    return watched.heard
