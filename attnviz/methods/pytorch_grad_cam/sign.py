"""The sign of a principal component, which a decomposition leaves open."""

from __future__ import annotations

from enum import Enum

import numpy as np

from attnviz.types import FloatArray

_UNRELATED = 1e-2  # of the largest possible covariance; below it, rounding could decide


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
    are unrelated, the other one of signed sum and sum of magnitudes decides: before a layer norm,
    for one, G is at right angles to A, and HiResCAM is 0.

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
    features = np.nan_to_num(signed.astype(np.float64))
    turned = [
        -one if _is_reversed(one, feature, sign) else one
        for one, feature in zip(components, features, strict=True)
    ]
    return np.stack(turned)


def _is_reversed(component: FloatArray, signed: FloatArray, sign: Sign) -> bool:
    """Whether a component [h, w] falls where the strength of [C, h, w] rises."""
    magnitude = np.abs(signed).sum(0)
    relations = [_relation(component, one, magnitude) for one in (magnitude, signed.sum(0))]
    if sign is Sign.SUPPORT:
        relations.reverse()
    clear = [one for one in relations if abs(one) > _UNRELATED]
    return (clear[0] if clear else max(relations, key=abs)) < 0


def _relation(component: FloatArray, strength: FloatArray, magnitude: FloatArray) -> float:
    """Covariance of a component and a strength, relative to that of features of this magnitude."""
    covariance = float((component * (strength - strength.mean())).sum())
    largest = float(np.linalg.norm(component) * np.linalg.norm(magnitude))
    return covariance / largest if largest > 0 else 0.0
