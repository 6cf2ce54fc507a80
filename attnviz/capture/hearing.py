"""Passing the calls of one pass to the taps that wait for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import Tensor, nn

from attnviz.capture.calls import Call, Form
from attnviz.capture.context import ContextTap
from attnviz.capture.listening import Listener
from attnviz.capture.taps import HearingTap, Tap


@contextmanager
def hearing(module: nn.Module, taps: Sequence[HearingTap], order: list[Tap]) -> Iterator[None]:
    """Inside, every tap is told its call, and put into `order` when it is."""
    waiting = {(tap.site.module, tap.site.form, tap.site.call): tap for tap in taps}
    of_softmax = [tap for tap in taps if isinstance(tap, ContextTap)]

    def answer(name: str, form: Form, index: int, call: Call) -> Tensor | None:
        tap = waiting.get((name, form, index))
        if tap is None:
            return None
        order.append(tap)
        return tap.hear(call)

    def values(weights: Tensor, values: Tensor) -> None:
        for tap in of_softmax:
            tap.hear_values(weights, values)

    parts = {tap.site.module: module.get_submodule(tap.site.module) for tap in taps}
    with Listener(answer, values).on(parts.items()):
        yield
