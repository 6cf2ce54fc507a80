"""The rank order of a map's positions."""

from __future__ import annotations

import numpy as np

from attnviz.types import AnyFloatArray, IntArray


def descending_ranks(values: AnyFloatArray) -> IntArray:
    """Rank the positions of a map from the highest down.

    Parameters
    ----------
    values : float [h, w]

    Returns
    -------
    int64 [h, w]
        0 for the highest, then 1, 2 ...; of equal values the upper left comes first.
    """
    order = np.argsort(-values, axis=None, kind="stable")
    ranks = np.empty(values.size, np.int64)
    ranks[order] = np.arange(values.size)
    return ranks.reshape(values.shape)
