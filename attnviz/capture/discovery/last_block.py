"""Which blocks still speak at their places: behind the last attention, only a class token does."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.readings import FeatureReading
from attnviz.capture.run import capture
from attnviz.capture.site import Layout, Site

_SILENT: WeakKeyDictionary[nn.Module, frozenset[str]] = WeakKeyDictionary()


def influential_blocks(
    module: nn.Module, sites: Sequence[Site], example: Tensor
) -> tuple[Site, ...]:
    """The blocks `sites` less those at the end whose places the logits do not depend on.

    Where a network reads its class token alone, nothing asks the other tokens behind the last
    attention: the gradient is 0 at each place there, and so is every map that is made with it. All
    blocks where no gradient is anywhere, as with a classifier of zeros.

    example: [N, 3, H, W] that the network accepts; the first is used. For rows of tokens it takes
    one pass forwards and backwards, remembered for as long as the module lives. The caller holds
    the model's lock. Raises ModelError if the network cannot be read.
    """
    module, example = prepare_for_hooks(module, example)
    if not sites or sites[-1].layout is not Layout.TOKENS:
        return tuple(sites)
    if module not in _SILENT:
        read = capture(module, example[:1], sites, gradients=True).features
        last = last_influential(read)
        if last is None:
            return tuple(sites)  # and another day, with other weights, it may be otherwise
        layers = [one.layer for one in read]
        _SILENT[module] = frozenset(layers[layers.index(last) + 1 :])
    return tuple(site for site in sites if site.layer not in _SILENT[module])


def last_influential(readings: Sequence[FeatureReading]) -> str | None:
    """The last block by which the score has a derivative, of a pass in its order; None if none."""
    spoken = (one.layer for one in reversed(readings) if one.gradient is None or one.gradient.any())
    return next(spoken, None)
