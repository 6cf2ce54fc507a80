"""One map from the maps of several layers."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from attnviz.types import FloatArray
from attnviz.words import FUSED as FUSED


def fuse_layers(maps: Sequence[FloatArray]) -> FloatArray:
    """Return the mean over layers of each map's positive part, relative to its own mean.

    Layers have different grids and units: every map is resized to the finest grid (bilinear) and
    divided by its mean, so 1 means "as much as an even map would have here". Layers without a
    positive value count as zero.

    Parameters
    ----------
    maps
        float32 [h, w] of each layer, on its own grid.

    Returns
    -------
    FloatArray
        float32 [h, w] on the finest grid.
    """
    rows = max(grid.shape[0] for grid in maps)
    columns = max(grid.shape[1] for grid in maps)
    fused = np.zeros((rows, columns), np.float32)
    for grid in maps:
        positive = np.maximum(grid, 0)
        mean = float(positive.mean())
        if mean > 0:
            relative = positive / mean
            if grid.shape != fused.shape:
                relative = cv2.resize(relative, (columns, rows), interpolation=cv2.INTER_LINEAR)
            fused += relative
    return np.asarray(fused / len(maps), dtype=np.float32)
