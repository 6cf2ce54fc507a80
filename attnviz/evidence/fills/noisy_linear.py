"""Noisy linear imputation, exactly: removed pixels are estimated from the remaining ones."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import splu

from attnviz.types import BoolArray, FloatArray

_NEIGHBOURS = tuple(
    (down, across) for down in (-1, 0, 1) for across in (-1, 0, 1) if down or across
)


def impute(pictures: FloatArray, removed: BoolArray) -> FloatArray:
    """Impute the removed pixels by solving ROAD's linear system.

    Each removed pixel is the weighted mean of its neighbours, 1/6 for the four beside it and 1/12
    for the four diagonal ones, over those inside the picture: one sparse linear system for all
    channels. Where nothing remains, the picture's mean.

    Parameters
    ----------
    pictures : float32 [C, h, w]
    removed : bool [h, w]
        True where a pixel is removed.

    Returns
    -------
    float32 [C, h, w]

    References
    ----------
    Rong et al., ROAD, ICML 2022, arXiv 2202.00449.
    """
    if not removed.any():
        return pictures
    result = pictures.copy()
    if removed.all():
        result[:] = pictures.mean((1, 2), keepdims=True)
        return result
    places = np.flatnonzero(removed)
    index = np.full(removed.size, -1, np.int64)
    index[places] = np.arange(len(places))
    known = pictures.reshape(len(pictures), -1).astype(np.float64)
    rhs = np.zeros((len(places), len(pictures)))
    total = np.zeros(len(places))
    rows, columns, weights = [], [], []
    y, x = np.divmod(places, removed.shape[1])
    for down, across in _NEIGHBOURS:
        weight = 1 / 6 if 0 in (down, across) else 1 / 12
        inside = (y + down >= 0) & (y + down < removed.shape[0])
        inside &= (x + across >= 0) & (x + across < removed.shape[1])
        here = np.flatnonzero(inside)
        there = places[here] + down * removed.shape[1] + across
        total[here] += weight
        unknown = index[there] >= 0
        rows.append(here[unknown])
        columns.append(index[there[unknown]])
        weights.append(np.full(len(rows[-1]), -weight))
        rhs[here[~unknown]] += weight * known[:, there[~unknown]].T
    rows.append(np.arange(len(places)))
    columns.append(rows[-1])
    weights.append(total)
    entries = np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))
    system = coo_matrix(entries, shape=(len(places), len(places))).tocsc()
    # The system is symmetric; this order keeps its factors sparse.
    factors = splu(system, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    result.reshape(len(pictures), -1)[:, places] = factors.solve(rhs).T
    return result
