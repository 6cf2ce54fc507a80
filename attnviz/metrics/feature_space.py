"""Features of patches as vectors: how alike two of them are, and along what they differ most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnviz.errors import FocusError
from attnviz.types import AnyFloatArray, DoubleArray, FloatArray, Pixels

_STRETCH = (1.0, 99.0)  # percentiles: a few outliers would leave all other patches grey


def unit_vectors(values: AnyFloatArray) -> DoubleArray:
    """Return vectors [..., C] at length 1; vectors of zeros stay as they are."""
    exact = values.astype(np.float64)
    lengths = np.linalg.norm(exact, axis=-1, keepdims=True)
    return np.asarray(exact / np.where(lengths > 0, lengths, 1))


def cosine_similarity(vector: AnyFloatArray, values: AnyFloatArray) -> FloatArray:
    """Return the cosine of the angle between one vector and each of many.

    Parameters
    ----------
    vector
        float [C].
    values
        float [..., C].

    Returns
    -------
    FloatArray
        float32 [...] in -1..1; 0 where either is a vector of zeros.

    Raises
    ------
    FocusError
        The vectors have different lengths: they come from different networks or layers.

    Examples
    --------
    >>> cosine_similarity(np.array([3.0, 4.0]), np.array([[6.0, 8.0], [-6.0, -8.0]])).tolist()
    [1.0, -1.0]
    """
    if vector.shape != values.shape[-1:]:
        raise FocusError(
            f"A feature of {vector.shape[-1]} numbers cannot be compared with features of "
            f"{values.shape[-1]}. Take both from the same layer of the same model."
        )
    found = unit_vectors(values) @ unit_vectors(vector)
    return np.asarray(found.clip(-1, 1), np.float32)


@dataclass(frozen=True, eq=False)
class PrincipalBasis:
    """The directions along which features differ most (Pearson 1901), the strongest first.

    Attributes
    ----------
    mean
        float64 [C].
    axes
        float64 [k, C], of length 1 and at right angles. The sign of each is such that its number
        with the largest magnitude is positive, so that it does not depend on the computation.
    shares
        float64 [k], the share of the variance that lies along each.
    """

    mean: DoubleArray
    axes: DoubleArray
    shares: DoubleArray

    def components(self, values: AnyFloatArray) -> FloatArray:
        """Return where features lie along the axes: float32 [..., k] for float [..., C]."""
        return np.asarray((values - self.mean) @ self.axes.T, np.float32)


def principal_basis(values: AnyFloatArray, count: int = 3) -> PrincipalBasis:
    """Find the principal axes of features.

    Parameters
    ----------
    values
        float [n, C], of all pictures that are to be compared.
    count
        How many axes.

    Returns
    -------
    PrincipalBasis
        Where the features span fewer dimensions than `count`, the axes beyond them are zeros.

    Raises
    ------
    FocusError
        There are no features, or one of them is NaN or infinite, or `count` is below 1.

    Examples
    --------
    >>> points = np.array([[0.0, 0.0], [2.0, 2.0], [4.0, 4.0]])
    >>> basis = principal_basis(points, 1)
    >>> basis.components(points)[:, 0].astype(int).tolist()
    [-2, 0, 2]
    >>> basis.shares.round(3).tolist()
    [1.0]
    """
    if values.ndim != 2 or values.size == 0 or not np.isfinite(values).all():
        raise FocusError(
            f"Principal components need finite features [n, C], and these are {values.shape}, or "
            "hold NaN or infinity. Choose another layer or model."
        )
    if count < 1:
        raise FocusError(f"There are no {count} principal components. Ask for 1 or more.")
    exact = values.astype(np.float64)
    mean = exact.mean(0)
    centred = exact - mean
    variances, axes = _axes(centred)
    total = float((centred**2).sum())
    axes, variances = axes[:count], variances[:count]
    missing = max(count - len(axes), 0)
    axes = np.pad(axes, ((0, missing), (0, 0)))
    variances = np.pad(variances, (0, missing))
    largest = np.take_along_axis(axes, np.abs(axes).argmax(1)[:, None], 1)
    axes = axes * np.where(largest < 0, -1.0, 1.0)
    return PrincipalBasis(mean, axes, variances / total if total > 0 else variances)


def _axes(centred: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """Sums of squares along the principal axes, and the axes [k, C] that are not all rounding."""
    rows, columns = centred.shape
    if rows >= columns:
        squares, vectors = np.linalg.eigh(centred.T @ centred)
        axes = vectors.T
    else:  # as many axes as features at most: those of the smaller matrix
        squares, vectors = np.linalg.eigh(centred @ centred.T)
        axes = vectors.T @ centred
    squares, axes = squares[::-1].clip(0), axes[::-1]
    real = squares > squares[0] * max(rows, columns) * np.finfo(np.float64).eps
    axes = axes[real]
    return squares[real], axes / np.linalg.norm(axes, axis=1, keepdims=True)


def principal_colours(*components: FloatArray) -> tuple[Pixels, ...]:
    """Return the first three components as red, green and blue.

    Each is stretched between its 1st and 99th percentile over all pictures, so that equal colours
    mean equal components within one call, and nothing between two calls.

    Parameters
    ----------
    *components
        float [h, w, 3] of each picture, on one basis.

    Returns
    -------
    tuple of Pixels
        uint8 [h, w, 3] of each picture; a component that is the same everywhere is 128.
    """
    low, high = np.percentile(
        np.concatenate([one.reshape(-1, 3) for one in components]), _STRETCH, 0
    )
    span = np.where(high > low, high - low, np.inf)
    return tuple(
        np.rint(np.where(high > low, ((one - low) / span).clip(0, 1), 128 / 255) * 255).astype(
            np.uint8
        )
        for one in components
    )
