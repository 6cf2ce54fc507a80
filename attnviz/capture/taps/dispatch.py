"""Dispatch the intercepted calls of one pass to the taps at their sites."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import Tensor, nn

from attnviz.capture.hooks.call_listener import CallListener
from attnviz.capture.hooks.calls import Call
from attnviz.capture.site import Form, Site
from attnviz.capture.taps.base import CallTap, Tap
from attnviz.capture.taps.self_attention import ContextTap


def _modules_of(module: nn.Module, site: Site) -> dict[str, nn.Module]:
    """The modules to listen to for one site.

    Products occur in many modules, so those inside the site's module are attributed separately.
    Where the site is a bare softmax, its parent multiplies the weights with the values.
    """
    submodule = module.get_submodule(site.module)
    modules = {site.module: submodule}
    if site.form is Form.FACTOR:
        inside = submodule.named_modules(prefix=site.module)
        modules |= {name.lstrip("."): child for name, child in inside}
    if site.form is Form.SOFTMAX and isinstance(submodule, nn.Softmax):
        parent = site.module.rpartition(".")[0]
        modules[parent] = module.get_submodule(parent)
    return modules


@contextmanager
def dispatch_calls(
    module: nn.Module, taps: Sequence[CallTap], reached: list[Tap]
) -> Iterator[None]:
    """Pass each tap its call while the network runs inside the block.

    Parameters
    ----------
    module
        The network.
    taps
        Taps whose sites are calls.
    reached
        Receives each tap when its call occurs.

    Yields
    ------
    None
    """
    tap_of_call = {(tap.site.module, tap.site.form, tap.site.call): tap for tap in taps}
    context_taps = [tap for tap in taps if isinstance(tap, ContextTap)]

    def on_call(name: str, form: Form, index: int, call: Call) -> Tensor | None:
        tap = tap_of_call.get((name, form, index))
        if tap is None:
            return None
        reached.append(tap)
        return tap.receive(call)

    def on_values(weights: Tensor, values: Tensor) -> None:
        for tap in context_taps:
            tap.receive_values(weights, values)

    modules: dict[str, nn.Module] = {}
    for tap in taps:
        modules |= _modules_of(module, tap.site)
    with CallListener(on_call, on_values).attach(modules.items()):
        yield
