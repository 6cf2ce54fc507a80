"""By which operation a network's output was computed.

Operations are recorded below Python, so it does not matter how the network writes them: as a
module, a function or a method. From the output one walks back through what only reshapes, averages
or shifts values.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from attnviz.capture.hooks.hook_every_module import run_with_hooks
from attnviz.capture.logits import is_embedding, logits_of
from attnviz.errors import AttnvizError, ModelError
from attnviz.models.device import is_out_of_memory

_REMEMBERED = 64  # operations at the end of a pass; tensors are kept as long
# Views and copies; sums, means and numbers added to all; logarithm and exponential.
_SAME = frozenset(
    """
    view _unsafe_view as_strided reshape _reshape_alias alias detach clone _to_copy to contiguous
    expand squeeze unsqueeze select slice permute transpose t flatten unflatten lift_fresh dropout
    native_dropout cat stack unbind split split_with_sizes chunk index index_select copy add sub
    mul rsub neg log exp
    """.split()  # noqa: SIM905 - a list of names reads better so
)
_POOLS = frozenset(
    (
        "mean",
        "sum",
        "max",
        "amax",
        "min",
        "amin",
        "adaptive_avg_pool2d",
        "_adaptive_avg_pool2d",
        "avg_pool2d",
        "adaptive_max_pool2d",
        "max_pool2d_with_indices",
    )
)
_LINEAR = frozenset(
    """
    mm addmm bmm baddbmm addbmm mv addmv dot linear convolution _convolution mkldnn_convolution
    cudnn_convolution miopen_convolution
    """.split()  # noqa: SIM905
)
_ACTIVATIONS = frozenset(("relu", "hardtanh", "silu", "gelu", "hardswish", "leaky_relu", "elu"))


@dataclass(frozen=True, eq=False)
class LastStep:
    """The output of one pass, and what computed it.

    Attributes
    ----------
    output
        [N, outputs], on the CPU.
    operations
        Names of the operations behind it, such as "addmm" or "sigmoid"; more than one where it is
        joined from several tensors, none where they are not known.
    activated
        Names of the operations behind the activation function, if one is behind the output.
    pooled
        Whether it was averaged, or its maximum taken, on the way.
    shifted
        Whether a number was added on the way.
    flat
        Whether the network returns [N], without a dimension of outputs.
    replaced
        Whether an `nn.Identity` returned last, as where a classifier was replaced by one.
    embedding
        Whether it is the embedding of an output object without logits.
    other_outputs
        The sizes of further vectors [N, outputs] that the network returns.
    """

    output: Tensor
    operations: frozenset[str]
    activated: frozenset[str]
    pooled: bool
    shifted: bool
    flat: bool
    replaced: bool
    embedding: bool
    other_outputs: tuple[int, ...]

    @property
    def linear(self) -> bool:
        """Whether a product with weights comes last: these are logits, or may be."""
        return bool(self.operations & _LINEAR)


def last_step(module: nn.Module, inputs: Tensor) -> LastStep:
    """Find how a network computes its output, with one forward pass.

    Parameters
    ----------
    module
        The network, as from `prepare_for_hooks`; the caller holds its lock.
    inputs
        [N, C, H, W], in the type of its weights.

    Returns
    -------
    LastStep

    Raises
    ------
    ModelError
        The output holds no vectors [N, outputs].
    """
    last: list[nn.Module] = []

    def on_return(_name: str, part: nn.Module, _inputs: object, _output: object) -> None:
        if next(part.children(), None) is None:
            last[:] = [part]

    def run() -> tuple[Any, Tensor]:
        returned = run_with_hooks(module, inputs, on_return)
        return returned, logits_of(returned, module, len(inputs))

    recorder = _Recorder()
    try:
        with recorder:
            returned, output = run()
    except Exception as error:
        if isinstance(error, AttnvizError) or is_out_of_memory(error):
            raise
        recorder.calls.clear()  # some operations refuse to be recorded
        returned, output = run()
    walk = _Walk(list(recorder.calls))
    walk.back(output, len(walk.calls))
    return LastStep(
        output.detach().cpu(),
        frozenset(walk.found),
        frozenset(walk.activated),
        walk.pooled,
        walk.shifted,
        _is_flat(returned, module),
        bool(last) and isinstance(last[0], nn.Identity),
        is_embedding(returned),
        tuple(one.shape[1] for one in _vectors(returned) if one is not output),
    )


def _is_flat(returned: Any, module: nn.Module) -> bool:
    try:
        logits_of(returned, module)
    except ModelError:
        return True
    return False


@dataclass(frozen=True, eq=False)
class _Operation:
    name: str
    inputs: tuple[Tensor, ...]
    numbers: tuple[float, ...]
    outputs: tuple[Tensor, ...]


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Remembers the latest operations."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: deque[_Operation] = deque(maxlen=_REMEMBERED)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        name = func._schema.name.removeprefix("aten::").rstrip("_")  # in place: the same
        values = [*args, *(kwargs or {}).values()]
        numbers = tuple(float(one) for one in values if isinstance(one, (int, float)))
        self.calls.append(
            _Operation(name, tuple(_tensors(values)), numbers, tuple(_tensors(result)))
        )
        return result


class _Walk:
    """From a tensor back to the operations that computed its values."""

    def __init__(self, calls: list[_Operation]) -> None:
        self.calls = calls
        self.found: set[str] = set()
        self.activated: set[str] = set()
        self._passed: set[int] = set()
        self.pooled = self.shifted = False

    def back(self, value: Tensor, end: int) -> None:
        """Collect the operations behind `value`, which was computed before call `end`."""
        index = next(
            (n for n in reversed(range(end)) if any(one is value for one in self.calls[n].outputs)),
            None,
        )
        if index is None or index in self._passed:
            return
        self._passed.add(index)
        call = self.calls[index]
        if not _is_through(call):
            self.found.add(_described(call))
            if call.name in _ACTIVATIONS:
                inner = _Walk(self.calls)
                inner.back(call.inputs[0], index)
                self.activated |= inner.found
            return
        self.pooled |= call.name in _POOLS
        self.shifted |= call.name in ("add", "rsub", "sub") and _scaled(call)
        sources = call.inputs[-1:] if call.name == "copy" else call.inputs
        for source in sources:
            if source.is_floating_point():
                self.back(source, index)


def _is_through(call: _Operation) -> bool:
    """Whether an operation leaves open what computed the values."""
    if call.name in ("clamp", "clamp_min", "clamp_max"):
        return not _clips(call)
    return call.name in _SAME | _POOLS or (call.name == "div" and _scaled(call))


def _clips(call: _Operation) -> bool:
    """Whether any number is brought into 0..1; other limits keep a probability off 0 and 1."""
    return call.name in ("clamp", "hardtanh") and set(call.numbers) == {0.0, 1.0}


def _scaled(call: _Operation) -> bool:
    """Whether all operands but one are numbers, or one number per output."""
    return sum(one.ndim > 1 for one in call.inputs) == 1


def _described(call: _Operation) -> str:
    """The operation's name, with what tells bounded forms of it from others."""
    if _clips(call):
        return f"{call.name} 0..1"
    return "div alike" if call.name == "div" and _alike(call.inputs) else call.name


def _alike(values: tuple[Tensor, ...]) -> bool:
    """Whether all have one shape by themselves: a norm is expanded to it, by strides of 0."""
    own = all(0 not in value.stride() or value.numel() < 2 for value in values)
    return own and len({value.shape for value in values}) == 1


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _tensors(one)


def _vectors(returned: Any) -> Iterator[Tensor]:
    """The vectors [N, outputs] in what a network returns."""
    values = list(returned.values()) if isinstance(returned, Mapping) else returned
    yield from (one for one in _tensors(values) if one.ndim == 2)
