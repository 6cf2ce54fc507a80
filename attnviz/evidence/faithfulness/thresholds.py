"""Where a scan over steps changes its outcome: first time, last time, and how long it holds.

Every step is scanned, without bisection: a network's output for a changed picture is not monotone,
so bisection would find one crossing and miss the others.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from attnviz.types import BoolArray, FloatArray


def first_true(rows: BoolArray, scale: npt.ArrayLike) -> FloatArray:
    """First step of `scale` [n] at which a row of `kept` [..., n] is true; NaN if none is."""
    return _at(np.argmax(rows, axis=-1), np.asarray(rows.any(axis=-1)), scale)


def true_from(rows: BoolArray, scale: npt.ArrayLike) -> FloatArray:
    """Step from which on a row is true up to the last; NaN where the last is false."""
    count = np.logical_and.accumulate(rows[..., ::-1], axis=-1).sum(axis=-1)
    return _at(rows.shape[-1] - count, count > 0, scale)


def true_up_to(rows: BoolArray, scale: npt.ArrayLike) -> FloatArray:
    """Step up to which a row is true from the first on; NaN where the first is false."""
    count = np.logical_and.accumulate(rows, axis=-1).sum(axis=-1)
    return _at(count - 1, count > 0, scale)


def last_true(rows: BoolArray, scale: npt.ArrayLike) -> FloatArray:
    """Last step at which a row is true; NaN where none is."""
    return _at(
        rows.shape[-1] - 1 - np.argmax(rows[..., ::-1], axis=-1), np.asarray(rows.any(-1)), scale
    )


def _at(index: npt.NDArray[np.intp], known: BoolArray, scale: npt.ArrayLike) -> FloatArray:
    """The values of `scale` at `index`, NaN where not `known`."""
    values = np.asarray(scale, dtype=np.float32)
    return np.where(known, values[np.clip(index, 0, len(values) - 1)], np.float32(np.nan))
