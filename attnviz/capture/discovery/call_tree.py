"""Record which modules one pass really calls, in order, and which of them call which others.

The tree of calls is not the tree of modules: a container whose parts are used one by one is never
called itself, a shared block is called several times, and a module may call one that is registered
elsewhere. What a network does to a picture is seen in its calls alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from torch import Tensor, nn

from attnviz.capture.hooks.arguments import Args, Kwargs, first_tensor
from attnviz.capture.hooks.hook_every_module import run_with_hooks
from attnviz.capture.hooks.outputs import only_tensor


@dataclass(eq=False)
class ModuleCall:
    """One call of a module.

    Attributes
    ----------
    name
        Dotted name of the module; empty for the network itself.
    module
        The module.
    index
        How often it was called before in the same pass.
    input_shape
        Of its first tensor; empty without one.
    output
        The tensor that represents what it returned, or None, see `only_tensor`.
    wrapped
        Whether that tensor was inside a tuple.
    version
        Of `output` when it was returned; later in-place changes raise the tensor's own.
    node
        Of `output` in the graph when it was returned; None in a pass without a graph.
    children
        The calls that it made, in order.
    """

    name: str
    module: nn.Module
    index: int
    input_shape: tuple[int, ...] = ()
    output: Tensor | None = None
    wrapped: bool = False
    version: int = 0
    node: object = None
    children: list[ModuleCall] = field(default_factory=list)

    @property
    def layer(self) -> str:
        """The name to show: from the second call of a module on, with the number of the call."""
        return f"{self.name} (call {self.index + 1})" if self.index else self.name

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of `output`; empty without one."""
        return () if self.output is None else tuple(self.output.shape)

    @property
    def overwritten(self) -> bool:
        """Whether `output` was changed in place after it was returned."""
        if self.output is None:
            return False
        # Tensors made in inference mode count no versions, so they may have been.
        return self.output.is_inference() or self.output._version > self.version


def all_calls(call: ModuleCall) -> Iterator[ModuleCall]:
    """Return a call and all that were made inside it, in the order in which they began.

    Parameters
    ----------
    call
        The outermost of them.

    Yields
    ------
    ModuleCall
    """
    yield call
    for child in call.children:
        yield from all_calls(child)


def returned_calls(call: ModuleCall) -> Iterator[ModuleCall]:
    """Return a call and all that were made inside it, in the order in which they returned.

    Parameters
    ----------
    call
        The outermost of them.

    Yields
    ------
    ModuleCall
    """
    for child in call.children:
        yield from returned_calls(child)
    yield call


OnCallEnd = Callable[[ModuleCall], None]
"""Receives each call as it returns, its own calls before it."""


def record_call_tree(
    module: nn.Module, example: Tensor, on_end: OnCallEnd | None = None, *, graph: bool = False
) -> ModuleCall:
    """Run a network once and return the tree of its calls.

    Parameters
    ----------
    module
        The network; the caller holds its lock. No hook is left, also after an error.
    example
        [N, C, H, W], an input that the network accepts.
    on_end
        Called at the end of each call.
    graph
        Whether autograd records the pass.

    Returns
    -------
    ModuleCall
        The call of the network itself.
    """
    recorder = _TreeRecorder(on_end)
    run_with_hooks(module, example, recorder.end, recorder.begin, graph=graph)
    return recorder.root.children[0]


class _TreeRecorder:
    def __init__(self, on_end: OnCallEnd | None) -> None:
        self.root = ModuleCall("", nn.Identity(), 0)
        self._on_end = on_end
        self._running = [self.root]
        self._counts: Counter[str] = Counter()

    def begin(self, name: str, module: nn.Module, args: Args, kwargs: Kwargs) -> None:
        first = first_tensor(args, kwargs)
        call = ModuleCall(name, module, self._counts[name])
        call.input_shape = () if first is None else tuple(first.shape)
        self._running[-1].children.append(call)
        self._running.append(call)

    def end(self, _name: str, module: nn.Module, _inputs: Args, output: object) -> None:
        while self._running[-1].module is not module:  # left by an error that was caught
            self._running.pop()
        call = self._running.pop()
        call.index = self._counts[call.name]  # calls that failed do not count
        self._counts[call.name] += 1
        call.output = only_tensor(output)
        if call.output is not None:
            call.wrapped = call.output is not output
            call.node = call.output.grad_fn
            call.version = 0 if call.output.is_inference() else call.output._version
        if self._on_end is not None:
            self._on_end(call)
