"""How alike two maps are, whatever their scales: by the order of their places."""

from __future__ import annotations

import numpy as np

from attnviz.errors import FocusError
from attnviz.types import AnyFloatArray, DoubleArray, FloatArray


def spearman(a: AnyFloatArray, b: AnyFloatArray) -> float:
    """Rank correlation (Spearman 1904) of two maps [h, w], in -1..1; ties share their mean rank.

    1: the same order of places, 0: none in common, -1: the reverse order.

    Raises FocusError for maps of different shapes, a value that is not finite, and a flat map,
    which orders nothing.
    """
    _check(a, b)
    first, second = _ranks(a), _ranks(b)
    if first.min() == first.max() or second.min() == second.max():
        raise FocusError(
            "A map has the same value everywhere and orders no places, so nothing can be said of "
            "how alike it is to another. Choose another layer or method."
        )
    first, second = first - first.mean(), second - second.mean()
    found = float(first @ second / np.sqrt((first @ first) * (second @ second)))
    return min(1.0, max(-1.0, found))


def top_overlap(a: AnyFloatArray, b: AnyFloatArray, share: float = 0.2) -> float:
    """What part of the highest places of one map [h, w] are among the highest of the other, 0..1.

    share: how much of the map counts as highest, above 0 and at most 1; at least one place does.
    Two maps without anything in common have about `share`. Of equal places the first, row by row,
    are taken, so that both maps always have as many.

    Raises FocusError for maps of different shapes, a value that is not finite, and a bad share.
    """
    _check(a, b)
    if not 0 < share <= 1:
        raise FocusError(f"The share of the highest places is {share:g}; it must be in 0..1.")
    count = max(1, round(share * a.size))
    first, second = (np.argsort(-one, axis=None, kind="stable")[:count] for one in (a, b))
    return len(np.intersect1d(first, second, assume_unique=True)) / count


def top_iou(a: AnyFloatArray, b: AnyFloatArray, share: float = 0.2) -> float:
    """Intersection over union of the highest places of two maps [h, w], 0..1.

    As `top_overlap`, of which it is o / (2 - o): maps without anything in common have about
    share / (2 - share), 0.11 for a fifth.
    """
    overlap = top_overlap(a, b, share)
    return overlap / (2 - overlap)


def normalised_ranks(values: AnyFloatArray) -> FloatArray:
    """A map [h, w] by the order of its places alone: 0 for the lowest, 1 for the highest.

    Equal values share the mean of theirs, so that a map with one value is 0.5 everywhere. Unlike
    the values, the orders of two maps with different units can be subtracted.

    Raises FocusError for a map that is no finite [h, w].
    """
    _check(values, values)
    if values.size == 1:
        return np.full(values.shape, 0.5, np.float32)
    shares = (_ranks(values) - 1) / (values.size - 1)
    return np.asarray(shares.reshape(values.shape), dtype=np.float32)


def _ranks(values: AnyFloatArray) -> DoubleArray:
    """Ranks from 1, float64 [h * w]; equal values share the mean of theirs."""
    _, place, count = np.unique(values.ravel(), return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(count) - (count - 1) / 2
    return np.asarray(mean_rank[place], dtype=np.float64)


def _check(a: AnyFloatArray, b: AnyFloatArray) -> None:
    if a.shape != b.shape or a.ndim != 2 or not a.size:
        raise FocusError(f"Maps of {a.shape} and {b.shape} cannot be compared place by place.")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise FocusError("A map with values that are not finite cannot be compared with another.")
