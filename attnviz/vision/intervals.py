"""How sure a mean is: bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.errors import VisionError

_AT_ONCE = 1 << 20  # values drawn together: the draws of very many would not fit into memory


class Interval(NamedTuple):
    """A mean and the bounds of its interval."""

    mean: float
    low: float
    high: float


def bootstrap(
    values: Sequence[float] | npt.NDArray[np.floating],
    *,
    confidence: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> Interval:
    """The mean of `values` and its percentile interval (Efron 1979).

    values: one for each picture (for a single picture, one for each fixation), drawn anew with
    replacement `draws` times. Of one value the bounds are the value itself: nothing is known.

    Raises VisionError without values, for ones that are not finite, or a confidence not in 0..1.
    """
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
    return Interval(float(known.mean()), *_bounds(means, confidence))


def bootstrap_shares(
    count: int,
    statistic: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
    *,
    confidence: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> Interval:
    """As `bootstrap`, of what is no mean: a number that follows from how much each value counts.

    Args:
        count: of the values.
        statistic: takes rows of shares that sum to 1, float64 [d, count], to numbers [d].
        confidence: of the interval, in 0..1.
        draws: how often the values are drawn anew.
        seed: of the draws.
    """
    if count < 1:
        raise VisionError("An interval needs values, and there are none.")
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), draws)
    (whole,) = statistic(np.full((1, count), 1 / count))
    return Interval(float(whole), *_bounds(statistic(drawn / count), confidence))


def _bounds(drawn: npt.NDArray[np.float64], confidence: float) -> tuple[float, float]:
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
