"""The order in which a map's places come."""

from __future__ import annotations

import numpy as np

from attnviz.types import AnyFloatArray, IntArray


def descending_ranks(values: AnyFloatArray) -> IntArray:
    """int64 [h, w]: 0 for the highest place, then 1, 2 ...; of equal ones the upper left first."""
    order = np.argsort(-values, axis=None, kind="stable")
    ranks = np.empty(values.size, np.int64)
    ranks[order] = np.arange(values.size)
    return ranks.reshape(values.shape)
