"""Input sizes at which a network can usefully run."""

from __future__ import annotations

import math

from attnviz.models.spec import ModelSpec

LARGEST = 1024
# Networks of feature maps store large ones near the input: with gradients DenseNet-201 takes 6 GB
# at 896 px, where ViT-S takes 2.
LARGEST_MAPS = 768
_FACTORS = (1.5, 2, 3, 4)
# Networks with at least this many parameters are slow and large even at their default size.
_LARGE_NETWORK = 100_000_000
_LARGE_FACTOR = 2


def input_sizes(spec: ModelSpec) -> tuple[int, ...]:
    """List the input sizes to offer for a network.

    Parameters
    ----------
    spec
        The network.

    Returns
    -------
    tuple of int
        Sides in pixels: the default, then 1.5, 2, 3 and 4 times as much, rounded up to a multiple
        that the network accepts, up to 1024 for tokens and 768 for feature maps. Networks with 100
        million parameters and more are offered at most twice their default; networks of a fixed
        size the default only.
    """
    preprocess = spec.preprocess
    if not preprocess.any_size and spec.resize is None:
        return (preprocess.side,)
    largest = LARGEST if spec.layout == "NTC" else LARGEST_MAPS
    most = _LARGE_FACTOR if (spec.parameters or 0) >= _LARGE_NETWORK else max(_FACTORS)
    larger = (
        math.ceil(preprocess.side * factor / preprocess.multiple) * preprocess.multiple
        for factor in _FACTORS
        if factor <= most
    )
    return (
        preprocess.side,
        *dict.fromkeys(side for side in larger if preprocess.side < side <= largest),
    )
