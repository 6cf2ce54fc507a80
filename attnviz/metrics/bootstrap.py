"""Bootstrap intervals of a mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from attnviz.errors import VisionError
from attnviz.types import AnyFloatArray

_AT_ONCE = 1 << 20  # values resampled at once, which bounds memory


class Interval(NamedTuple):
    """A mean and the bounds of its interval."""

    mean: float
    low: float
    high: float


def bootstrap_interval(
    values: Sequence[float] | AnyFloatArray,
    *,
    confidence: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> Interval:
    """Compute the mean of `values` and its percentile bootstrap interval (Efron 1979).

    Parameters
    ----------
    values : sequence of float
        One for each picture, or, for a single picture, one for each fixation.
    confidence : float
        Coverage of the interval, in 0..1.
    draws : int
        Number of resamples, drawn with replacement.
    seed : int
        Seed of the resamples.

    Returns
    -------
    Interval
        For a single value, both bounds are that value, since nothing is known of its variation.

    Raises
    ------
    VisionError
        Without values, for values that are not finite, or a confidence outside 0..1.

    References
    ----------
    Efron, "Bootstrap methods: another look at the jackknife", 1979.
    """
    # As scipy.stats.bootstrap(method="percentile"), with the same resamples, but quicker.
    known = np.asarray(values, dtype=np.float64)
    if not known.size or not np.isfinite(known).all() or not 0 < confidence < 1 or draws < 1:
        raise VisionError("An interval needs finite values and a confidence between 0 and 1.")
    random = np.random.default_rng(seed)
    means = np.empty(draws)
    part = max(1, _AT_ONCE // len(known))
    for start in range(0, draws, part):
        count = min(part, draws - start)
        drawn = random.integers(0, len(known), (count, len(known)))
        means[start : start + count] = known[drawn].mean(1)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(known.mean()), float(low), float(high))
