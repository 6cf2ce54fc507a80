"""The input sizes that are worth offering for a network."""

from __future__ import annotations

import math

from attnviz.models.spec import ModelSpec

LARGEST = 1024
# Networks of feature maps keep large ones near the input: with gradients DenseNet-201 takes 6 GB at
# 896 px, where ViT-S takes 2.
LARGEST_MAPS = 768
_FACTORS = (1.5, 2, 3, 4)
# Networks of so many parameters are slow and large at their own size already.
_HEAVY = 100_000_000
_HEAVY_FACTOR = 2


def input_sizes(spec: ModelSpec) -> tuple[int, ...]:
    """Sides of the input in pixels, the network's own first, then larger ones.

    Up to 1024 for tokens and 768 for feature maps: 1.5, 2, 3 and 4 times its own, rounded up to a
    multiple that it takes; up to twice its own for networks of 100 million parameters and more.
    Only its own where it takes no other.
    """
    wanted = spec.preprocess
    if not wanted.any_size and spec.resize is None:
        return (wanted.size,)
    largest = LARGEST if spec.layout == "NTC" else LARGEST_MAPS
    most = _HEAVY_FACTOR if (spec.parameters or 0) >= _HEAVY else max(_FACTORS)
    larger = (
        math.ceil(wanted.size * factor / wanted.multiple) * wanted.multiple
        for factor in _FACTORS
        if factor <= most
    )
    return (wanted.size, *dict.fromkeys(side for side in larger if wanted.size < side <= largest))
