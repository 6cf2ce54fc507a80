"""Objects without labels: patches that look alike to a network, cut off from the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnviz.errors import FocusError
from attnviz.metrics.patch_likeness import cosines_of, likeness_limit
from attnviz.types import AnyFloatArray, BoolArray, DoubleArray

# Patches that are not alike stay connected, weakly, so that there is always a cut (as TokenCut).
_APART = 1e-5
# Objects of fewer patches, as a share of all, are specks.
_LEAST_SHARE = 0.01


@dataclass(frozen=True)
class CutSettings:
    """How objects are cut.

    Attributes
    ----------
    count
        How many objects at most.
    threshold
        The cosine from which two patches are alike; None finds it for each picture.
    """

    count: int = 1
    threshold: float | None = None


def cut_objects(
    features: AnyFloatArray,
    attention: AnyFloatArray | None = None,
    settings: CutSettings | None = None,
) -> list[BoolArray]:
    """Find objects as groups of patches that are alike (TokenCut, and MaskCut for several).

    Two patches are joined if the cosine between their features is above a threshold. The normalised
    cut parts the patches in two so that few joints are cut; its relaxed solution is the second
    smallest eigenvector of (D - W) y = lambda D y, W the joints and D their number for each patch,
    split at its mean. One of the two sides is the object's, and the object is one connected region
    of it. For the next object the cut is repeated on the patches that are left.

    Parameters
    ----------
    features
        float [h, w, C], a vector for each patch; at most 1,500 patches.
    attention
        float [h, w] from 0 up. The object's side is the one that is attended to more, and the
        object its region with the most attention. If None, as in the paper: the side of the patch
        whose value has the largest magnitude, and the region around it.
    settings
        How many objects, and which patches are alike; the defaults if None.

    Returns
    -------
    list of BoolArray
        bool [h, w] of each object, without common patches, in the order in which they were cut;
        empty where all patches are alike.

    Raises
    ------
    FocusError
        Features are not finite [h, w, C], there are too many of them, or the attention lies on
        another grid.

    References
    ----------
    Wang et al., *Self-Supervised Transformers for Unsupervised Object Discovery using Normalized
    Cut*, CVPR 2022, arXiv 2202.11539. Wang et al., *Cut and Learn (MaskCut)*, CVPR 2023, arXiv
    2301.11320. The paper's threshold on DINO's keys is 0.2; networks differ much in how alike all
    their patches are, so by default it is Otsu's of the picture's own cosines. Attention is used
    neither there nor in MaskCut.

    Examples
    --------
    >>> import numpy as np
    >>> features = np.array([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.1], [1.0, 0.0]]])
    >>> cut_objects(features)[0].astype(int).tolist()
    [[0, 1], [0, 0]]
    """
    settings = settings or CutSettings()
    cosines = cosines_of(features)
    grid = features.shape[:2]
    if attention is not None and attention.shape != grid:
        raise FocusError(
            f"Attention on {attention.shape} patches does not fit features on {grid}. Resize it to "
            "their grid first."
        )
    left = np.ones(len(cosines), bool)
    objects: list[BoolArray] = []
    while len(objects) < settings.count:
        inside = np.flatnonzero(left)
        values = _cut(cosines[np.ix_(inside, inside)], settings.threshold)
        if values is None:
            break
        plane = np.full(len(cosines), np.nan)
        plane[inside] = values
        found = _region(plane.reshape(grid), attention)
        left &= ~found.ravel()
        if found.sum() >= _LEAST_SHARE * len(cosines):
            objects.append(found)
    return objects


def _cut(cosines: DoubleArray, threshold: float | None) -> DoubleArray | None:
    """The relaxed cut, a value for each patch; None where there is nothing to part."""
    from scipy.linalg import eigh  # long to import, and every method would wait

    limit = likeness_limit(cosines)
    if limit is None:
        return None
    limit = limit if threshold is None else threshold
    weights = np.where(cosines > limit, 1.0, _APART)
    if weights.min() == weights.max():
        return None
    scale = weights.sum(1) ** -0.5
    laplacian = np.eye(len(weights)) - scale[:, None] * weights * scale
    _, vectors = eigh(laplacian, subset_by_index=[1, 1])
    return np.asarray(vectors[:, 0] * scale)


def _region(values: DoubleArray, attention: AnyFloatArray | None) -> BoolArray:
    """The object in a cut [h, w]; patches that are already taken are NaN."""
    from scipy.ndimage import label  # see `_cut`

    free = np.isfinite(values)
    above = free & (values > values[free].mean())
    sides = above, free & ~above
    strongest = np.unravel_index(int(np.nanargmax(np.abs(values))), values.shape)
    if attention is None:
        regions, _ = label(next(side for side in sides if side[strongest]))
        return np.asarray(regions == regions[strongest])
    attended = max(sides, key=lambda side: float(attention[side].mean()) if side.any() else 0.0)
    regions, _ = label(attended)
    totals = np.bincount(regions.ravel(), weights=np.asarray(attention, np.float64).ravel())
    return np.asarray(regions == 1 + int(totals[1:].argmax()))
