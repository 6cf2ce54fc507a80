"""Intercept the calls in which attention is computed, and attribute them to modules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
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
    softmax_over_tokens,
)
from attnviz.capture.hooks.multihead_attention import PROJECTED, call_of_function
from attnviz.capture.site import Form

_INTERCEPTED = FUSED | SOFTMAXES | FACTORS | PRODUCTS | PROJECTED
_MAX_PRODUCTS = 8


@dataclass
class RunningModule:
    """A module whose forward pass has begun and not ended.

    Attributes
    ----------
    name
        Its dotted name.
    args, kwargs
        Its arguments.
    counts_before
        Calls by module name and form that were intercepted before it began.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    counts_before: Counter[tuple[str, Form]] = field(default_factory=Counter)


OnCall = Callable[[str, Form, int, Call], Tensor | None]
"""Receives the module's name, the call's form, its index among that module's calls of the form, and
the call. Returns a replacement for the call's output (for a product: of its factor), or None."""

OnValues = Callable[[Tensor, Tensor], None]
"""Receives the weights of a softmax and the values that they are multiplied with."""


class CallListener(TorchFunctionMode):
    """Function mode that reports every call of the intercepted forms.

    The mode is active only while one of the modules runs to which it is attached, so the rest of
    the network runs at full speed. A call belongs to the innermost of those modules. The mode
    affects its own thread only.

    Parameters
    ----------
    on_call
        Called for each intercepted call.
    on_values
        Called for each product of softmax weights with values.
    """

    def __init__(self, on_call: OnCall, on_values: OnValues | None = None) -> None:
        super().__init__()
        self.running: list[RunningModule] = []
        self.counts: Counter[tuple[str, Form]] = Counter()
        self._on_call = on_call
        self._on_values = on_values
        self._weights: Tensor | None = None
        self._products: dict[tuple[int, ...], tuple[Tensor, Tensor]] = {}

    @contextmanager
    def attach(self, modules: Iterable[tuple[str, nn.Module]]) -> Iterator[None]:
        """Listen to named modules; on exit no hook and no mode is left, also after an error.

        Parameters
        ----------
        modules
            Names, by which calls are reported, and modules.

        Yields
        ------
        None
        """
        with ExitStack() as hooks:
            for name, module in modules:
                hooks.callback(self._register(name, module))
            try:
                yield
            finally:
                while self.running:
                    self._leave()

    def _register(self, name: str, module: nn.Module) -> Callable[[], None]:
        def enter(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            self.running.append(RunningModule(name, args, kwargs, Counter(self.counts)))
            if len(self.running) == 1:
                super(CallListener, self).__enter__()  # type: ignore[no-untyped-call]

        def leave(*_: object) -> None:
            if self.running and self.running[-1].name == name:
                self._leave()

        handles = (
            module.register_forward_pre_hook(enter, with_kwargs=True),
            module.register_forward_hook(leave, always_call=True),
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
        if func not in _INTERCEPTED:
            return func(*args, **kwargs)
        if func in FUSED:
            return self._report_fused(_fused(partial(func, *args, **kwargs), args, kwargs))
        if func in SOFTMAXES:
            output = func(*args, **kwargs)
            scores = softmax_over_keys(args, kwargs)
            if scores is None:
                pooling = softmax_over_tokens(args, kwargs)
                return output if pooling is None else self._pooled(*pooling, output)
            product = self._products.pop(tuple(scores.shape), None)
            call = SoftmaxCall(scores, output, product)
            self._weights = self._report(Form.SOFTMAX, call, output)
            return self._weights
        if func in FACTORS:
            return self._factor(func, args, kwargs)
        output = func(*args, **kwargs)
        if func in PROJECTED:
            projected = call_of_function(args, kwargs, output[0])
            if projected is None:
                return output
            return self._report(Form.PROJECTED, projected, output[0]), output[1]
        self._store_product(args, output)
        return output

    def _pooled(self, given: Tensor, dim: int, output: Tensor) -> Tensor:
        """Report a softmax along `dim` as that of one query, [..., 1, S]."""
        scores, weights = (one.movedim(dim, -1).unsqueeze(-2) for one in (given, output))
        replacement = self._report(Form.SOFTMAX, SoftmaxCall(scores, weights, None), weights)
        return output if replacement is weights else replacement.squeeze(-2).movedim(-1, dim)

    def _factor(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        in_place = func.__name__ in ("mul_", "multiply_", "__imul__")
        operands = list(args)
        for call in factor_calls(*args) if len(args) == 2 else ():
            factor = call.factor
            if in_place and factor is args[0]:
                continue  # the product overwrites this operand, so it can only be the features
            if in_place:  # keep the features, which the product overwrites
                call.features = call.features.clone()
            replacement = self._report(Form.FACTOR, call, factor)
            operands = [replacement if value is factor else value for value in operands]
        return func(*operands, **kwargs)

    def _report_fused(self, call: FusedCall) -> Tensor:
        """Report a fused call; it is not computed where its output is replaced unread."""
        replacement = self._asked(Form.FUSED, call)
        return call.output if replacement is None else replacement

    def _report(self, form: Form, call: Call, output: Tensor) -> Tensor:
        replacement = self._asked(form, call)
        return output if replacement is None else replacement

    def _asked(self, form: Form, call: Call) -> Tensor | None:
        name = self.running[-1].name
        index = self.counts[name, form]
        self.counts[name, form] += 1
        return self._on_call(name, form, index, call)

    def _store_product(self, args: tuple[Any, ...], output: object) -> None:
        """Store queries and keys for a softmax that may follow, or report a softmax's values."""
        operands = args[1:] if isinstance(args[0], str) else args
        if self._weights is not None and len(operands) == 2 and operands[0] is self._weights:
            if self._on_values is not None:
                self._on_values(operands[0], operands[1])
            self._weights = None
            return
        if not isinstance(output, Tensor) or len(args) < 2:
            return
        sides = product_of(args, output)
        if sides is not None:
            self._products[tuple(output.shape)] = sides
            while len(self._products) > _MAX_PRODUCTS:
                del self._products[next(iter(self._products))]


def _fused(run: Callable[[], Tensor], args: tuple[Any, ...], kwargs: dict[str, Any]) -> FusedCall:
    names = {"query": "q", "key": "k", "value": "v"}
    return fused_call(run, *args, **{names.get(key, key): kwargs[key] for key in kwargs})
