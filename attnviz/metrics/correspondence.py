"""Patches of two pictures that are each other's counterpart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from attnviz.errors import FocusError
from attnviz.metrics.feature_space import unit_vectors
from attnviz.types import AnyFloatArray, FloatArray

Cells = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Correspondence:
    """How the patches of two pictures correspond.

    Attributes
    ----------
    first, second
        intp [n, 2], row and column of patches that are each other's nearest neighbour, the pair
        that is most alike first.
    cosines
        float32 [n], of the angle between their features.
    best_first, best_second
        float32 [h, w] of each picture in -1..1: the cosine of each patch with the patch of the
        other picture that is most like it.
    """

    first: Cells
    second: Cells
    cosines: FloatArray
    best_first: FloatArray
    best_second: FloatArray

    def spread_out(self, count: int, apart: int = 2) -> Cells:
        """Choose pairs, the most alike first, that do not all lie on one thing.

        Parameters
        ----------
        count
            How many at most.
        apart
            A pair is passed over if it lies within so many patches (in rows and in columns) of a
            chosen one, in both pictures.

        Returns
        -------
        Cells
            intp [k], indices of pairs.
        """
        chosen: list[int] = []
        ends = np.concatenate([self.first, self.second], 1)
        for index in range(len(ends)):
            if len(chosen) >= count:
                break
            near = np.abs(ends[chosen] - ends[index]) <= apart
            if not near.all(1).any():
                chosen.append(index)
        return np.asarray(chosen, np.intp)


def correspondence(first: AnyFloatArray, second: AnyFloatArray) -> Correspondence:
    """Find the patches of two pictures that are mutual nearest neighbours.

    Parameters
    ----------
    first, second
        float [h, w, C] and [h', w', C], features of the patches from the same layer of the same
        network.

    Returns
    -------
    Correspondence
        At least one pair, unless features are zero.

    Raises
    ------
    FocusError
        The features have different lengths, or are not finite [h, w, C].

    References
    ----------
    Amir et al., *Deep ViT Features as Dense Visual Descriptors*, 2021, arXiv 2112.05814, where
    they are called best buddies.

    Examples
    --------
    >>> import numpy as np
    >>> left = np.asarray([[[1.0, 0.0], [0.0, 1.0]]])
    >>> found = correspondence(left, left[:, ::-1])  # mirrored
    >>> found.first.tolist(), found.second.tolist()
    ([[0, 0], [0, 1]], [[0, 1], [0, 0]])
    """
    for one in (first, second):
        if one.ndim != 3 or not one.size or not np.isfinite(one).all():
            raise FocusError(
                f"Pictures correspond by finite features [h, w, C], and these are {one.shape}, or "
                "hold NaN or infinity. Choose another layer or model."
            )
    if first.shape[-1] != second.shape[-1]:
        raise FocusError(
            f"Features of {first.shape[-1]} and of {second.shape[-1]} numbers do not compare. Take "
            "both from the same layer of the same model."
        )
    left, right = (unit_vectors(one).reshape(-1, one.shape[-1]) for one in (first, second))
    cosines = np.clip(left.astype(np.float32) @ right.T.astype(np.float32), -1, 1)
    there, back = cosines.argmax(1), cosines.argmax(0)
    mutual = np.flatnonzero((back[there] == np.arange(len(left))) & left.any(1))
    strength = cosines[mutual, there[mutual]]
    order = np.argsort(-strength, kind="stable")
    mutual = mutual[order]
    return Correspondence(
        np.stack(np.unravel_index(mutual, first.shape[:2]), 1),
        np.stack(np.unravel_index(there[mutual], second.shape[:2]), 1),
        strength[order],
        cosines.max(1).reshape(first.shape[:2]),
        cosines.max(0).reshape(second.shape[:2]),
    )
