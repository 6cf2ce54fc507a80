"""Where a scan changes its answer: the first time, the last time, and how long it holds.

A scan goes through all its steps: what a network makes of a changed picture is not monotone, so
that halving an interval would find one crossing and never know of the others.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from attnviz.types import BoolArray, FloatArray


def first_true(kept: BoolArray, scale: npt.ArrayLike) -> FloatArray:
    """The first step of `scale` [n] at which a row of `kept` [..., n] is true; NaN if at none."""
    return _at(np.argmax(kept, axis=-1), np.asarray(kept.any(axis=-1)), scale)


def true_from(kept: BoolArray, scale: npt.ArrayLike) -> FloatArray:
    """The step from which on all are true, up to the last; NaN where the last is not."""
    count = np.logical_and.accumulate(kept[..., ::-1], axis=-1).sum(axis=-1)
    return _at(kept.shape[-1] - count, count > 0, scale)


def true_up_to(kept: BoolArray, scale: npt.ArrayLike) -> FloatArray:
    """The step up to which all are true, from the first on; NaN where the first is not."""
    count = np.logical_and.accumulate(kept, axis=-1).sum(axis=-1)
    return _at(count - 1, count > 0, scale)


def last_true(kept: BoolArray, scale: npt.ArrayLike) -> FloatArray:
    """The last step at which a row is true; NaN where none is."""
    return _at(
        kept.shape[-1] - 1 - np.argmax(kept[..., ::-1], axis=-1), np.asarray(kept.any(-1)), scale
    )


def _at(index: npt.NDArray[np.intp], known: BoolArray, scale: npt.ArrayLike) -> FloatArray:
    values = np.asarray(scale, dtype=np.float32)
    return np.where(known, values[np.clip(index, 0, len(values) - 1)], np.float32(np.nan))
