"""The sign of a principal component, which a decomposition leaves open."""

from __future__ import annotations

from enum import Enum

import numpy as np

from attnviz.types import FloatArray

_UNRELATED = 1e-3  # of the largest possible covariance; below it, rounding could decide


class Sign(Enum):
    """What decides the sign of a method's map.

    `LIBRARY`: the method itself. `ACTIVATION`: places of strong activation are positive. `SUPPORT`:
    places that support the class are.
    """

    LIBRARY = 0
    ACTIVATION = 1
    SUPPORT = 2


def oriented(
    components: FloatArray, activation: FloatArray, gradient: FloatArray | None, sign: Sign
) -> FloatArray:
    """Return principal components with the sign that the features give them.

    With v a principal component, -v is one too, and which of them a decomposition returns depends
    on rounding: the map of a mirrored photo could be the reverse of the photo's. Here the
    covariance over positions of the component and a strength s is positive. For `ACTIVATION` s is
    the sum over c of |A_c|, for `SUPPORT` the sum over c of G_c A_c, which is HiResCAM. Where they
    are unrelated, the other one of signed sum and sum of magnitudes decides.

    Parameters
    ----------
    components
        float [N, h, w], each of mean 0.
    activation
        A, float [N, C, h, w].
    gradient
        G, in the shape of A; only `SUPPORT` needs it.
    sign
        What decides.

    Returns
    -------
    FloatArray
        float [N, h, w].

    Notes
    -----
    Bro, Acar & Kolda (J. Chemometrics 22, 2008) give a component the sign of most of the data that
    it describes; we ask the same of the summed strength. The papers of Eigen-CAM and KPCA-CAM leave
    the sign open. Seg-Eigen-CAM turns the larger extreme up, where a single place decides.

    Examples
    --------
    >>> activation = np.array([[[[4.0, 1.0, 1.0]]]])
    >>> component = np.array([[[-2.0, 1.0, 1.0]]])
    >>> oriented(component, activation, None, Sign.ACTIVATION).tolist()
    [[[2.0, -1.0, -1.0]]]
    """
    if sign is Sign.LIBRARY:
        return components
    signed = activation if sign is Sign.ACTIVATION or gradient is None else activation * gradient
    strengths = [np.abs(signed).sum(1), signed.sum(1)]
    if sign is Sign.SUPPORT:
        strengths.reverse()
    turned = [
        -one if _is_reversed(one, [strength[index] for strength in strengths]) else one
        for index, one in enumerate(components)
    ]
    return np.stack(turned)


def _is_reversed(component: FloatArray, strengths: list[FloatArray]) -> bool:
    """Whether the first strength that the component is related to falls where it rises."""
    for strength in strengths:
        centred = np.nan_to_num(strength.astype(np.float64))
        centred -= centred.mean()
        covariance = float((component * centred).sum())
        largest = float(np.linalg.norm(component) * np.linalg.norm(centred))
        if abs(covariance) > _UNRELATED * largest:
            return covariance < 0
    return False
