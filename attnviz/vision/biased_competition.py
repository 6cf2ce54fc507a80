"""Biased competition: several objects compete, and attention biases which of them prevail.

Biased competition (Desimone & Duncan 1995, doi 10.1146/annurev.ne.18.030195.001205) as divisive
normalisation (Reynolds & Heeger 2009, doi 10.1016/j.neuron.2009.01.002): each response is divided
by the sum of all. How it becomes a blur is a rule of this project, not theirs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from attnviz.errors import FocusError
from attnviz.types import DoubleArray, FloatArray


def response_shares(
    strengths: npt.ArrayLike, selectivity: float = 1.0, floor: float = 0.0
) -> DoubleArray:
    """Normalise the responses of several objects: `a_i^g / (sum over j of a_j^g + s)`.

    Parameters
    ----------
    strengths : float [n]
        a, 0 or more.
    selectivity : float
        g, 0 or more. 0 gives all the same share; the larger, the more the strongest gets.
    floor : float
        s, 0 or more: semi-saturation; above 0, weak objects alone get little as well.

    Returns
    -------
    float64 [n] in 0..1
        Sums to 1 where the floor is 0. An object of strength 0 gets nothing, whatever the
        selectivity.

    Raises
    ------
    FocusError
        Without objects, or for a number that is negative or not finite.
    """
    drive = np.asarray(strengths, dtype=np.float64)
    if drive.ndim != 1 or drive.size == 0:
        raise FocusError(f"Strengths must be one or more in a row [n], not {drive.shape}.")
    if not (np.isfinite(drive).all() and drive.min() >= 0):
        raise FocusError("The strength of an object must be finite, and 0 or more.")
    for name, value in (("selectivity", selectivity), ("floor", floor)):
        if not (np.isfinite(value) and value >= 0):
            raise FocusError(f"The {name} must be finite, and 0 or more, not {value}.")
    highest = drive.max()
    if highest == 0:
        return np.zeros_like(drive)
    # Relative to the strongest: the powers of large numbers would overflow.
    powers = np.where(drive > 0, (drive / highest) ** selectivity, 0.0)
    with np.errstate(over="ignore", divide="ignore"):
        saturation = floor * highest ** np.float64(-selectivity) if floor else 0.0
    return np.asarray(powers / (powers.sum() + saturation))


def relative_gains(shares: npt.ArrayLike) -> DoubleArray:
    """Shares [n] relative to the largest, 0..1: how much of its sharpness each object keeps."""
    values = np.asarray(shares, dtype=np.float64)
    highest = values.max()
    return values / highest if highest > 0 else np.zeros_like(values)


def blur_radii(shares: npt.ArrayLike, largest: float) -> DoubleArray:
    """Blur radius of each object: `R_max (1 - share_i / largest share)`."""
    return largest * (1.0 - relative_gains(shares))


def combined_focus(
    maps: npt.ArrayLike, strengths: npt.ArrayLike, selectivity: float = 1.0, floor: float = 0.0
) -> FloatArray:
    """Combine the focus of all objects: `max over i of (share_i / largest share) m_i(x)`.

    m_i is the map of object i divided by its own maximum. Blurred by R_max (1 - focus), the peak of
    each object gets the radius of `blur_radii`, and its flanks more.

    Parameters
    ----------
    maps : float [n, h, w]
        One for each object; negative values count as 0, and a map without a positive value adds
        nothing.
    strengths : float [n]
    selectivity, floor : float
        See `response_shares`.

    Returns
    -------
    float32 [h, w] in 0..1

    Raises
    ------
    FocusError
        If shapes or ranges do not fit.
    """
    values = np.maximum(np.asarray(maps, dtype=np.float32), 0)
    factors = relative_gains(response_shares(strengths, selectivity, floor))
    if values.ndim != 3 or len(values) != len(factors) or 0 in values.shape:
        raise FocusError(
            f"{len(factors)} objects need maps [{len(factors)}, h, w], not {values.shape}."
        )
    if not np.isfinite(values).all():
        raise FocusError("The maps hold NaN or infinity: their network or method has overflowed.")
    highest = values.max(axis=(1, 2), keepdims=True)
    scaled = np.divide(values, highest, out=np.zeros_like(values), where=highest > 0)
    return np.asarray((factors[:, None, None] * scaled).max(axis=0), dtype=np.float32)
