"""Which blocks influence the logits at their positions.

After the last attention, only the class token does.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from attnviz.capture.discovery.structure import StructureCache, build_key
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.score_columns import columns_key
from attnviz.capture.readings import FeatureReading
from attnviz.capture.run import capture
from attnviz.capture.site import Site

_WITHOUT_INFLUENCE = StructureCache[frozenset[str]]()


def influential_blocks(
    module: nn.Module, sites: Sequence[Site], example: Tensor
) -> tuple[Site, ...]:
    """Drop the blocks at the end on whose positions the logits do not depend.

    Where a network classifies its class token, no query attends to the other tokens after the last
    attention: the gradient is 0 at each position there, and so is every map computed with it.

    For tokens this takes one forward and one backward pass; the result is cached for as long as the
    module lives, for inputs of any size. The caller holds the model's lock.

    Parameters
    ----------
    module
        The network.
    sites
        Its blocks, in order.
    example
        [N, 3, H, W] that the network accepts; only the first input is used.

    Returns
    -------
    tuple of Site
        All of `sites` if no gradient is nonzero anywhere, as with a classifier of zeros.

    Raises
    ------
    ModelError
        The network cannot be hooked.
    """
    module, example = prepare_for_hooks(module, example)
    if not sites or not sites[-1].layout.is_sequence:
        return tuple(sites)
    key = build_key(module, example), columns_key(module)
    without = _WITHOUT_INFLUENCE.get(module, key)
    if without is None:
        readings = capture(module, example[:1], sites, gradients=True).features
        last = last_influential(readings)
        if last is None:
            return tuple(sites)  # not cached: with other weights it may differ
        layers = [reading.layer for reading in readings]
        without = frozenset(layers[layers.index(last) + 1 :])
        _WITHOUT_INFLUENCE.store(module, key, without)
    return tuple(site for site in sites if site.layer not in without)


def last_influential(readings: Sequence[FeatureReading]) -> str | None:
    """Return the last block with respect to which the score has a nonzero gradient.

    Parameters
    ----------
    readings
        Of one pass, in its order.

    Returns
    -------
    str or None
        Name of the layer; None if all gradients are zero.
    """
    layers = (
        reading.layer
        for reading in reversed(readings)
        if reading.gradient is None or reading.gradient.any()
    )
    return next(layers, None)
