"""Passing the calls of one pass to the taps that wait for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import Tensor, nn

from attnviz.capture.hooks.call_listener import CallListener
from attnviz.capture.hooks.calls import Call
from attnviz.capture.site import Form, Site
from attnviz.capture.taps.base import CallTap, Tap
from attnviz.capture.taps.self_attention import ContextTap


def _listened(module: nn.Module, site: Site) -> dict[str, nn.Module]:
    """The modules to listen to for one site.

    Products are made in many modules, so those inside the site's are told apart from its own. Where
    a bare softmax is the site, the values are weighed by the module around it.
    """
    part = module.get_submodule(site.module)
    found = {site.module: part}
    if site.form is Form.FACTOR:
        inside = part.named_modules(prefix=site.module)
        found |= {name.lstrip("."): one for name, one in inside}
    if site.form is Form.SOFTMAX and isinstance(part, nn.Softmax):
        around = site.module.rpartition(".")[0]
        found[around] = module.get_submodule(around)
    return found


@contextmanager
def dispatch_calls(module: nn.Module, taps: Sequence[CallTap], order: list[Tap]) -> Iterator[None]:
    """Inside, every tap is told its call, and put into `order` when it is."""
    waiting = {(tap.site.module, tap.site.form, tap.site.call): tap for tap in taps}
    of_softmax = [tap for tap in taps if isinstance(tap, ContextTap)]

    def answer(name: str, form: Form, index: int, call: Call) -> Tensor | None:
        tap = waiting.get((name, form, index))
        if tap is None:
            return None
        order.append(tap)
        return tap.receive(call)

    def values(weights: Tensor, values: Tensor) -> None:
        for tap in of_softmax:
            tap.receive_values(weights, values)

    parts: dict[str, nn.Module] = {}
    for tap in taps:
        parts |= _listened(module, tap.site)
    with CallListener(answer, values).attach(parts.items()):
        yield
