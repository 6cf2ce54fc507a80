"""Similarity of two maps by the ranks of their positions, whatever their scales."""

from __future__ import annotations

import numpy as np

from attnviz.errors import FocusError
from attnviz.types import AnyFloatArray, DoubleArray, FloatArray


def spearman(a: AnyFloatArray, b: AnyFloatArray) -> float:
    """Rank correlation (Spearman 1904) of two maps [h, w]; ties share their mean rank.

    Parameters
    ----------
    a, b : float [h, w]

    Returns
    -------
    float
        1: same order of positions, 0: unrelated, -1: reverse order.

    Raises
    ------
    FocusError
        For maps of different shapes, values that are not finite, and a constant map, which has no
        order.
    """
    _check(a, b)
    first, second = _ranks(a), _ranks(b)
    if first.min() == first.max() or second.min() == second.max():
        raise FocusError(
            "A map has the same value everywhere, so it has no rank order to compare. "
            "Choose another layer or method."
        )
    first, second = first - first.mean(), second - second.mean()
    found = float(first @ second / np.sqrt((first @ first) * (second @ second)))
    return min(1.0, max(-1.0, found))


def top_overlap(a: AnyFloatArray, b: AnyFloatArray, share: float = 0.2) -> float:
    """Share of the highest positions that two maps have in common.

    Of equal values the first are taken, row by row, so that both maps have as many.

    Parameters
    ----------
    a, b : float [h, w]
    share : float
        Share of the map that counts as highest, above 0 and at most 1; at least one position does.

    Returns
    -------
    float
        0..1; about `share` for unrelated maps.

    Raises
    ------
    FocusError
        For maps of different shapes, values that are not finite, and a share outside 0..1.
    """
    _check(a, b)
    if not 0 < share <= 1:
        raise FocusError(f"The share of the highest places is {share:g}; it must be in 0..1.")
    count = max(1, round(share * a.size))
    first, second = (np.argsort(-one, axis=None, kind="stable")[:count] for one in (a, b))
    return len(np.intersect1d(first, second, assume_unique=True)) / count


def top_iou(a: AnyFloatArray, b: AnyFloatArray, share: float = 0.2) -> float:
    """Intersection over union of the highest positions of two maps.

    With `top_overlap` o it is o / (2 - o): unrelated maps have about share / (2 - share), 0.11 for
    a fifth.

    Parameters
    ----------
    a, b : float [h, w]
    share : float
        As for `top_overlap`.

    Returns
    -------
    float
        0..1.
    """
    overlap = top_overlap(a, b, share)
    return overlap / (2 - overlap)


def normalised_ranks(values: AnyFloatArray) -> FloatArray:
    """Ranks of a map's positions: 0 for the lowest, 1 for the highest.

    Equal values share their mean rank, so a constant map is 0.5 everywhere. Unlike the values, the
    ranks of two maps with different units can be subtracted.

    Parameters
    ----------
    values : float [h, w]

    Returns
    -------
    float32 [h, w] in 0..1

    Raises
    ------
    FocusError
        For a map that is no finite [h, w].
    """
    _check(values, values)
    if values.size == 1:
        return np.full(values.shape, 0.5, np.float32)
    shares = (_ranks(values) - 1) / (values.size - 1)
    return np.asarray(shares.reshape(values.shape), dtype=np.float32)


def _ranks(values: AnyFloatArray) -> DoubleArray:
    """Ranks from 1, float64 [h * w]; as scipy.stats.rankdata, but quicker."""
    _, place, count = np.unique(values.ravel(), return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(count) - (count - 1) / 2
    return np.asarray(mean_rank[place], dtype=np.float64)


def _check(a: AnyFloatArray, b: AnyFloatArray) -> None:
    """Raise FocusError for maps that cannot be compared."""
    if a.shape != b.shape or a.ndim != 2 or not a.size:
        raise FocusError(
            f"Maps of {a.shape} and {b.shape} cannot be compared position by position."
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise FocusError("A map with values that are not finite cannot be compared with another.")
