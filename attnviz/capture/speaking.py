"""Which blocks still speak at their places: behind the last attention, only a class token does."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from attnviz.capture.readable import readable
from attnviz.capture.run import capture
from attnviz.capture.trace import Layout, Site

_SILENT: WeakKeyDictionary[nn.Module, frozenset[str]] = WeakKeyDictionary()


def speaking(module: nn.Module, sites: Sequence[Site], example: Tensor) -> tuple[Site, ...]:
    """The blocks `sites` less those at the end whose places the logits do not depend on.

    Where a network reads its class token alone, nothing asks the other tokens behind the last
    attention: the gradient is 0 at each place there, and so is every map that is made with it. All
    blocks where no gradient is anywhere, as with a classifier of zeros.

    example: [N, 3, H, W] that the network accepts; the first is used. For rows of tokens it takes
    one pass forwards and backwards, remembered for as long as the module lives. The caller holds
    the model's lock. Raises ModelError if the network cannot be read.
    """
    module, example = readable(module, example)
    if not sites or sites[-1].layout is not Layout.TOKENS:
        return tuple(sites)
    if module not in _SILENT:
        found = _silent(module, sites, example[:1])
        if len(found) == len(sites):
            return tuple(sites)  # and another day, with other weights, it may be otherwise
        _SILENT[module] = found
    return tuple(site for site in sites if site.layer not in _SILENT[module])


def _silent(module: nn.Module, sites: Sequence[Site], example: Tensor) -> frozenset[str]:
    """The blocks behind the last one by which the likeliest class has a derivative."""
    silent: list[str] = []
    for reading in reversed(capture(module, example, sites, gradients=True).features):
        if reading.gradient is None or bool(reading.gradient.any()):
            break
        silent.append(reading.layer)
    return frozenset(silent)
