"""Hearing the calls in which attention happens, while a network runs, and whose calls they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from attnviz.capture.hooks.calls import (
    FACTORS,
    FUSED,
    PRODUCTS,
    SOFTMAXES,
    Call,
    FusedCall,
    SoftmaxCall,
    factor_calls,
    fused_call,
    product_of,
    softmax_over_keys,
)
from attnviz.capture.hooks.multihead_attention import PROJECTED, call_of_function
from attnviz.capture.site import Form

_HEARD = FUSED | SOFTMAXES | FACTORS | PRODUCTS | PROJECTED
_OTHER_CALLS = 8


@dataclass
class RunningModule:
    """A module that is being run: its name, what it was given, and calls heard before it began."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    before: Counter[tuple[str, Form]] = field(default_factory=Counter)


OnCall = Callable[[str, Form, int, Call], Tensor | None]
"""Told whose call it is, its form, how many of that form the module made before, and the call.

It returns what shall stand in place of the output (for a factor: of the factor), or None.
"""

OnValues = Callable[[Tensor, Tensor], None]
"""Told the weights of a softmax and the values that they are multiplied with."""


class CallListener(TorchFunctionMode):
    """A mode in which every call of the forms above is passed to `answer`.

    It is entered by the outermost module that it was hung on, so the rest of the network runs at
    its own speed; a call belongs to the innermost of those modules. The mode lives in its thread.
    """

    def __init__(self, answer: OnCall, values: OnValues | None = None) -> None:
        super().__init__()
        self.running: list[RunningModule] = []
        self.heard: Counter[tuple[str, Form]] = Counter()
        self._answer = answer
        self._values = values
        self._weights: Tensor | None = None
        self._products: dict[tuple[int, ...], tuple[Tensor, Tensor]] = {}

    @contextmanager
    def attach(self, modules: Iterable[tuple[str, nn.Module]]) -> Iterator[None]:
        """Listen to these modules; afterwards no hook and no mode is left, whatever happened."""
        with ExitStack() as hung:
            for name, part in modules:
                hung.callback(self._hang(name, part))
            try:
                yield
            finally:
                while self.running:
                    self._leave()

    def _hang(self, name: str, part: nn.Module) -> Callable[[], None]:
        def enter(_part: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            self.running.append(RunningModule(name, args, kwargs, Counter(self.heard)))
            if len(self.running) == 1:
                super(CallListener, self).__enter__()  # type: ignore[no-untyped-call]

        def leave(*_: object) -> None:
            if self.running and self.running[-1].name == name:
                self._leave()

        handles = (
            part.register_forward_pre_hook(enter, with_kwargs=True),
            part.register_forward_hook(leave, always_call=True),
        )

        def remove() -> None:
            for handle in handles:
                handle.remove()

        return remove

    def _leave(self) -> None:
        self.running.pop()
        if not self.running:
            self._products.clear()
            self._weights = None
            super().__exit__(None, None, None)  # type: ignore[no-untyped-call]

    def __torch_function__(
        self, func: Any, _types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """See `TorchFunctionMode`; inside, the mode is off."""
        kwargs = kwargs or {}
        if func not in _HEARD:
            return func(*args, **kwargs)
        if func in FUSED:
            output = func(*args, **kwargs)
            return self._tell(Form.FUSED, _fused(output, args, kwargs), output)
        if func in SOFTMAXES:
            output = func(*args, **kwargs)
            scores = softmax_over_keys(args, kwargs)
            if scores is None:
                return output
            product = self._products.pop(tuple(scores.shape), None)
            self._weights = self._tell(Form.SOFTMAX, SoftmaxCall(scores, output, product), output)
            return self._weights
        if func in FACTORS:
            return self._factor(func, args, kwargs)
        output = func(*args, **kwargs)
        if func in PROJECTED:
            projected = call_of_function(args, kwargs, output[0])
            if projected is None:
                return output
            return self._tell(Form.PROJECTED, projected, output[0]), output[1]
        self._remember(args, output)
        return output

    def _factor(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        in_place = func.__name__ in ("mul_", "multiply_", "__imul__")
        given = list(args)
        for call in factor_calls(*args) if len(args) == 2 else ():
            factor = call.factor
            if in_place and factor is args[0]:
                continue  # a map that is overwritten by the product can be nothing but features
            if in_place:  # what is weighed would be gone
                call.features = call.features.clone()
            heard = self._tell(Form.FACTOR, call, factor)
            given = [heard if one is factor else one for one in given]
        return func(*given, **kwargs)

    def _tell(self, form: Form, call: Call, output: Tensor) -> Tensor:
        name = self.running[-1].name
        index = self.heard[name, form]
        self.heard[name, form] += 1
        changed = self._answer(name, form, index, call)
        return output if changed is None else changed

    def _remember(self, args: tuple[Any, ...], output: object) -> None:
        operands = args[1:] if isinstance(args[0], str) else args
        if self._weights is not None and len(operands) == 2 and operands[0] is self._weights:
            if self._values is not None:
                self._values(operands[0], operands[1])
            self._weights = None
            return
        if not isinstance(output, Tensor) or len(args) < 2:
            return
        sides = product_of(args, output)
        if sides is not None:
            self._products[tuple(output.shape)] = sides
            while len(self._products) > _OTHER_CALLS:
                del self._products[next(iter(self._products))]


def _fused(output: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> FusedCall:
    names = {"query": "q", "key": "k", "value": "v"}
    return fused_call(output, *args, **{names.get(key, key): kwargs[key] for key in kwargs})
