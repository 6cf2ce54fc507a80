"""Which patches of a picture are alike to a network, by the angle between their features."""

from __future__ import annotations

import numpy as np

from attnviz.errors import FocusError
from attnviz.metrics.feature_space import unit_vectors
from attnviz.types import AnyFloatArray, DoubleArray, FloatArray

MOST_PATCHES = 1500
"""More are averaged first: memory grows with the square of their number, and time with its cube."""
# Cosines that differ by less are rounding: all patches are alike, or none is.
_LEAST_SPREAD = 1e-4


def cosines_of(features: AnyFloatArray) -> DoubleArray:
    """Return the cosine of the angle between each two patches.

    Parameters
    ----------
    features
        float [h, w, C], a vector for each patch; at most 1,500 patches.

    Returns
    -------
    DoubleArray
        float64 [h w, h w].

    Raises
    ------
    FocusError
        Features are not finite [h, w, C], or there are too many of them.
    """
    if features.ndim != 3 or not features.size or not np.isfinite(features).all():
        raise FocusError(
            f"Patches are compared by finite features [h, w, C], and these are {features.shape}, "
            "or hold NaN or infinity. Choose another layer or model."
        )
    count = features.shape[0] * features.shape[1]
    if count > MOST_PATCHES:
        raise FocusError(
            f"At most {MOST_PATCHES:,} patches are compared with each other, and these are "
            f"{count:,}. Average neighbouring patches first."
        )
    units = unit_vectors(features).reshape(count, -1)
    return np.asarray(units @ units.T)


def likeness_limit(cosines: DoubleArray) -> float | None:
    """Return the cosine from which two patches are alike: Otsu's threshold of all cosines.

    Networks differ much in how alike all their patches are, so it is found for each picture.

    Parameters
    ----------
    cosines
        float64 [n, n].

    Returns
    -------
    float or None
        None where the cosines hardly differ.
    """
    if len(cosines) < 2 or float(np.ptp(cosines)) < _LEAST_SPREAD:
        return None
    from skimage.filters import threshold_otsu  # long to import, and every method would wait

    return float(threshold_otsu(cosines))


def carried_on(attention: AnyFloatArray, cosines: DoubleArray) -> FloatArray:
    """Return the attention to a patch together with that to all patches like it.

    Parameters
    ----------
    attention
        float [h, w] from 0 up.
    cosines
        float64 [h w, h w], from `cosines_of`.

    Returns
    -------
    FloatArray
        float32 [h, w]: the geometric mean of a patch's attention and of the mean attention to all
        patches that are alike to it, itself among them. Patches without attention stay without.

    Raises
    ------
    FocusError
        The attention lies on another grid.

    Examples
    --------
    >>> features = np.asarray([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
    >>> found = carried_on(np.asarray([[0.6, 0.2, 0.1]]), cosines_of(features))
    >>> [f"{value:.3f}" for value in found[0]]  # the first two are alike, with a mean of 0.4
    ['0.490', '0.283', '0.100']
    """
    if attention.size != len(cosines):
        raise FocusError(
            f"Attention to {attention.size} patches does not fit features of {len(cosines)}. "
            "Resize it to their grid first."
        )
    limit = likeness_limit(cosines)
    alike = np.ones_like(cosines) if limit is None else (cosines > limit).astype(np.float64)
    np.fill_diagonal(alike, 1)
    own = np.asarray(attention, np.float64).ravel()
    shared = alike @ own / alike.sum(1)
    return np.asarray(np.sqrt(own * shared).reshape(attention.shape), np.float32)
