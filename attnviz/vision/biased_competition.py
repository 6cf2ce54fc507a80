"""Several objects in one picture compete: what attention chooses stays, the rest loses influence.

Biased competition (Desimone & Duncan 1995, doi 10.1146/annurev.ne.18.030195.001205) as divisive
normalisation (Reynolds & Heeger 2009, doi 10.1016/j.neuron.2009.01.002): each response is divided
by the sum of all. How it becomes a blur is our own rule, not theirs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from attnviz.errors import FocusError
from attnviz.types import DoubleArray, FloatArray


def response_shares(
    strengths: npt.ArrayLike, selectivity: float = 1.0, floor: float = 0.0
) -> DoubleArray:
    """What each of several objects gets: `a_i^g / (sum over j of a_j^g + s)`.

    Args:
        strengths: a, float [n], from 0 up.
        selectivity: g, from 0 up. 0 gives all the same; the larger, the more the strongest takes.
        floor: s, from 0 up: what the objects must be strong against; above 0, weak objects alone
            get little as well.

    Returns:
        float64 [n] in 0..1; they sum to 1 where the floor is 0. An object without strength gets
        nothing, whatever the selectivity.

    Raises:
        FocusError: no object, or a number that is negative or not finite.
    """
    drive = np.asarray(strengths, dtype=np.float64)
    if drive.ndim != 1 or drive.size == 0:
        raise FocusError(f"Strengths must be a row [n] of one or more, not {drive.shape}.")
    if not (np.isfinite(drive).all() and drive.min() >= 0):
        raise FocusError("The strength of an object must be finite, and 0 or more.")
    for what, value in (("selectivity", selectivity), ("floor", floor)):
        if not (np.isfinite(value) and value >= 0):
            raise FocusError(f"The {what} must be finite, and 0 or more, not {value}.")
    highest = drive.max()
    if highest == 0:
        return np.zeros_like(drive)
    # By the strongest first: the powers of large numbers would overflow.
    powers = np.where(drive > 0, (drive / highest) ** selectivity, 0.0)
    with np.errstate(over="ignore", divide="ignore"):
        against = floor * highest ** np.float64(-selectivity) if floor else 0.0
    return np.asarray(powers / (powers.sum() + against))


def relative_gains(won: npt.ArrayLike) -> DoubleArray:
    """Shares [n] relative to the largest, 0..1: how much of its sharpness each object keeps."""
    values = np.asarray(won, dtype=np.float64)
    highest = values.max()
    return values / highest if highest > 0 else np.zeros_like(values)


def blur_radii(won: npt.ArrayLike, largest: float) -> DoubleArray:
    """The radius of each object's blur: `R_max (1 - share_i / largest share)`."""
    return largest * (1.0 - relative_gains(won))


def combined_focus(
    maps: npt.ArrayLike, strengths: npt.ArrayLike, selectivity: float = 1.0, floor: float = 0.0
) -> FloatArray:
    """The focus of all objects at once: `max over i of (share_i / largest share) m_i(x)`.

    m_i is the map of object i divided by its own maximum. Blurred by R_max (1 - focus), the peak of
    each object gets the radius of `blur_radii`, and its flanks more.

    Args:
        maps: float [n, h, w], one for each object; negative values count as 0, and a map without a
            positive value brings nothing.
        strengths: float [n], see `response_shares`; so are `selectivity` and `floor`.

    Returns:
        float32 [h, w] in 0..1.

    Raises:
        FocusError: shapes or ranges do not fit.
    """
    values = np.maximum(np.asarray(maps, dtype=np.float32), 0)
    kept = relative_gains(response_shares(strengths, selectivity, floor))
    if values.ndim != 3 or len(values) != len(kept) or 0 in values.shape:
        raise FocusError(f"{len(kept)} objects need maps [{len(kept)}, h, w], not {values.shape}.")
    if not np.isfinite(values).all():
        raise FocusError("The maps hold NaN or infinity: their network or method has overflowed.")
    highest = values.max(axis=(1, 2), keepdims=True)
    scaled = np.divide(values, highest, out=np.zeros_like(values), where=highest > 0)
    return np.asarray((kept[:, None, None] * scaled).max(axis=0), dtype=np.float32)
