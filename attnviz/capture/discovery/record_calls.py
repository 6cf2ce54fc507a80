"""Record every attention call of one pass, with the modules that run at that time."""

from __future__ import annotations

import math
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

_MAX_PREFIX = 16


@dataclass(frozen=True)
class RecordedCall:
    """One attention call.

    Attributes
    ----------
    module
        Dotted name of the module that makes it.
    form
        How the attention is computed.
    call
        Index among that module's calls of this form.
    channels
        For a factor, whether it has a value for each channel (else for each position); None for
        self-attention.
    additive
        Whether a factor is 1 + mask.
    enclosing
        For self-attention, the module in which its geometry can be probed, if any.
    """

    module: str
    form: Form
    call: int
    channels: bool | None = None
    additive: bool = False
    enclosing: EnclosingModule | None = None


@dataclass
class _CallRecorder:
    module: nn.Module
    batch: int
    input_size: tuple[int, int]
    with_enclosing: bool
    listener: CallListener = field(init=False)
    calls: list[RecordedCall] = field(default_factory=list)
    grids: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listener = CallListener(self.on_call)

    def on_call(self, name: str, form: Form, index: int, call: Call) -> None:
        if isinstance(call, FactorCall):
            if is_attention_factor(call, self.batch, self.input_size):
                additive = not call.channels and is_additive(call)
                self.calls.append(RecordedCall(name, form, index, call.channels, additive))
            return
        if isinstance(call, SoftmaxCall) and not queries_and_keys(call):
            return
        enclosing = self._enclosing(name, form, index) if self.with_enclosing else None
        self.calls.append(RecordedCall(name, form, index, enclosing=enclosing))

    def on_convolution(self, _module: nn.Module, _args: object, output: object) -> None:
        """Record the grids of convolutions, most recent first: tokens are cells of one of them."""
        if isinstance(output, Tensor) and output.ndim == 4:
            grid = (output.shape[2], output.shape[3])
            if grid in self.grids:
                self.grids.remove(grid)
            self.grids.insert(0, grid)

    def _enclosing(self, name: str, form: Form, index: int) -> EnclosingModule | None:
        """The innermost running module whose input is the whole map, or all tokens."""
        innermost_first = list(reversed(self.listener.running))
        for exact in (True, False):
            for running in innermost_first:
                fit = self._fit(running, exact=exact)
                if fit is None:
                    continue
                shape, channels, grid, prefix = fit
                inside = name[len(running.name) :].lstrip(".") if running.name else name
                args, kwargs = _without_values(running.args, running.kwargs)
                return EnclosingModule(
                    self.module.get_submodule(running.name), args, kwargs, form,
                    inside or ".", index - running.counts_before[name, form], shape, channels,
                    grid, prefix,
                )  # fmt: skip
        return None

    def _fit(
        self, running: RunningModule, *, exact: bool
    ) -> tuple[tuple[int, ...], int, tuple[int, int], int] | None:
        """(shape, dimension of the channels, grid, prefix) of the module's input."""
        value = first_tensor(running.args, running.kwargs)
        if value is None or value.shape[:1] != (self.batch,):
            return None
        shape = tuple(value.shape)
        if exact and len(shape) == 4:
            for grid, channels in ((shape[2:], 1), (shape[1:3], 3)):
                if grid != self.input_size and grid in set(self._halved_grids()):
                    return shape, channels, (grid[0], grid[1]), 0
        if len(shape) != 3:
            return None
        for grid in self._halved_grids() if exact else self.grids:
            prefix = shape[1] - grid[0] * grid[1]
            if prefix == 0 if exact else 0 < prefix <= _MAX_PREFIX and grid != (1, 1):
                return shape, 2, grid, prefix
        return None

    def _halved_grids(self) -> Iterator[tuple[int, int]]:
        """Recorded grids and halves of them: merging tokens involves no convolution."""
        for rows, columns in self.grids:
            while rows * columns > 1:
                yield rows, columns
                rows, columns = math.ceil(rows / 2), math.ceil(columns / 2)


def _without_values(args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
    """Replace the first tensor by an expanded zero, wherever it is passed.

    Otherwise the maps of a whole pass over a large picture would stay in memory.
    """
    first = first_tensor(args, kwargs)
    if first is None:
        return args, kwargs
    return replace_tensor(args, kwargs, first, first.new_zeros(()).expand(first.shape))


def record_calls(module: nn.Module, example: Tensor, *, enclosing: bool) -> list[RecordedCall]:
    """Record all attention calls of a pass.

    Parameters
    ----------
    module
        The network; the caller holds its lock.
    example
        [N, 3, H, W]. Gates are found only with N > 1, which distinguishes them from weights.
    enclosing
        Also record where the geometry of self-attention can be probed.

    Returns
    -------
    list of RecordedCall
        In the order of the pass.
    """
    size = (example.shape[-2], example.shape[-1])
    recorder = _CallRecorder(module, len(example), size, enclosing)
    handles = [
        submodule.register_forward_hook(recorder.on_convolution)
        for submodule in module.modules()
        if isinstance(submodule, nn.Conv2d)
    ]
    with state_guard(module), torch.inference_mode(False), torch.no_grad():
        try:
            with recorder.listener.attach(module.named_modules()):
                module(example)
        finally:
            for handle in handles:
                handle.remove()
    return recorder.calls
