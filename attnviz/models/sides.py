"""The input sizes that are worth offering for a network."""

from __future__ import annotations

import math

from attnviz.models.spec import ModelSpec

LARGEST = 1024
_FACTORS = (1.5, 2, 3, 4)
# Gradients through a network of so many parameters at nine times the area take tens of gigabytes.
_HEAVY = 100_000_000
_HEAVY_FACTOR = 2


def offered_sides(spec: ModelSpec) -> tuple[int, ...]:
    """Sides of the input in pixels, the network's own first, then larger ones up to 1024.

    Those at 1.5, 2, 3 and 4 times its own, the next multiple that it takes; up to twice its own for
    networks of 100 million parameters and more. Only its own where it takes no other.
    """
    wanted = spec.preprocess
    if not wanted.any_size and spec.resize is None:
        return (wanted.size,)
    most = _HEAVY_FACTOR if (spec.parameters or 0) >= _HEAVY else max(_FACTORS)
    larger = (
        math.ceil(wanted.size * factor / wanted.multiple) * wanted.multiple
        for factor in _FACTORS
        if factor <= most
    )
    return (wanted.size, *dict.fromkeys(side for side in larger if wanted.size < side <= LARGEST))
