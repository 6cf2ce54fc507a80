"""Record every attention call of one pass, with the modules that run at that time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from attnviz.capture.discovery.gate_test import is_additive, is_attention_factor
from attnviz.capture.discovery.picture_trace import CallKey, PlacedTensor
from attnviz.capture.discovery.token_probe import EnclosingModule, queries_and_keys
from attnviz.capture.grids import MAX_PREFIX, cut_grid, is_spatial_grid
from attnviz.capture.hooks.arguments import Args, Kwargs, first_tensor, replace_tensor
from attnviz.capture.hooks.call_listener import CallListener, RunningModule
from attnviz.capture.hooks.calls import Call, FactorCall
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.site import Form


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
    asked
        For self-attention, whether queries and keys are known, and not scores alone.
    source
        For self-attention, the tensor over the picture from which its tokens are made.
    """

    module: str
    form: Form
    call: int
    channels: bool | None = None
    additive: bool = False
    enclosing: EnclosingModule | None = None
    source: PlacedTensor | None = None
    asked: bool = True

    @property
    def key(self) -> CallKey:
        """What tells it from the other calls of a pass."""
        return self.module, self.form, self.call


@dataclass(frozen=True)
class RecordedPass:
    """The attention calls of one pass.

    Attributes
    ----------
    calls
        In the order of the pass.
    products
        Whether it had any product of features with what, by its shape, may be a mask or a gate.
    """

    calls: list[RecordedCall]
    products: bool

    @property
    def attends(self) -> bool:
        """Whether any of the calls is self-attention."""
        return any(call.channels is None for call in self.calls)


@dataclass
class _CallRecorder:
    module: nn.Module
    batch: int
    input_size: tuple[int, int]
    with_enclosing: bool
    listener: CallListener = field(init=False)
    calls: list[RecordedCall] = field(default_factory=list)
    grids: list[tuple[int, int]] = field(default_factory=list)
    sources: list[PlacedTensor] = field(default_factory=list)
    began_after: dict[str, int] = field(default_factory=dict)
    convolved: Counter[str] = field(default_factory=Counter)
    products: bool = False

    def __post_init__(self) -> None:
        self.listener = CallListener(self.on_call)

    def on_call(self, name: str, form: Form, index: int, call: Call) -> None:
        if isinstance(call, FactorCall):
            self.products = True
            if is_attention_factor(call, self.batch, self.input_size):
                additive = not call.channels and is_additive(call)
                self.calls.append(RecordedCall(name, form, index, call.channels, additive))
            return
        sides = queries_and_keys(call)
        if not sides or (len(sides) == 1 and not self._are_tokens(sides[0].shape[-2])):
            return
        enclosing = self._enclosing(name, form, index) if self.with_enclosing else None
        self.calls.append(
            RecordedCall(
                name, form, index, enclosing=enclosing, source=self._source(), asked=len(sides) > 1
            )
        )

    def _are_tokens(self, count: int) -> bool:
        """Whether so many scores can be of tokens, and not of classes."""
        known = any(0 <= count - math.prod(grid) <= MAX_PREFIX for grid in self._halved_grids())
        return known or cut_grid((1, count, 1), self.input_size) is not None

    def on_begin(self, name: str, *_: object) -> None:
        """Record how many maps there were when a module began."""
        self.began_after[name] = len(self.sources)

    def on_convolution(self, name: str, _module: nn.Module, _args: object, output: object) -> None:
        """Record the grids of convolutions, most recent first: tokens are cells of one of them."""
        index = self.convolved[name]
        self.convolved[name] += 1
        if isinstance(output, Tensor) and output.ndim == 4:
            grid = (output.shape[2], output.shape[3])
            if grid in self.grids:
                self.grids.remove(grid)
            self.grids.insert(0, grid)
            if is_spatial_grid(grid, self.input_size):
                self.sources.append(PlacedTensor(grid, name, index))

    def _source(self) -> PlacedTensor:
        """The last map before the outermost running module that is given something made from one.

        Later maps may be made from keys alone.
        """
        counts = (self.began_after[running.name] for running in self.listener.running)
        count = next((count for count in counts if count), len(self.sources))
        return self.sources[count - 1] if count else PlacedTensor((1, 1))

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
            if prefix == 0 if exact else 0 < prefix <= MAX_PREFIX and grid != (1, 1):
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


def record_calls(module: nn.Module, example: Tensor, *, enclosing: bool) -> RecordedPass:
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
    RecordedPass
    """
    size = (example.shape[-2], example.shape[-1])
    recorder = _CallRecorder(module, len(example), size, enclosing)
    handles: list[RemovableHandle] = []
    for name, submodule in module.named_modules():
        handles.append(submodule.register_forward_pre_hook(partial(recorder.on_begin, name)))
        if isinstance(submodule, nn.Conv2d):
            on_convolution = partial(recorder.on_convolution, name)
            handles.append(submodule.register_forward_hook(on_convolution))
    with state_guard(module), torch.inference_mode(False), torch.no_grad():
        try:
            with recorder.listener.attach(module.named_modules()):
                module(example)
        finally:
            for handle in handles:
                handle.remove()
    return RecordedPass(recorder.calls, recorder.products)
