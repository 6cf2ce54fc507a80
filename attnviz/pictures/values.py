"""Resampling of a file's own values, in any number of channels."""

from __future__ import annotations

import numpy as np

from attnviz.pictures.geometry import PictureGeometry, resampled
from attnviz.types import FloatArray


def resample_values(values: FloatArray, geometry: PictureGeometry) -> FloatArray:
    """Crop and resample the values of any channels to the network's input, as `resample` does.

    Parameters
    ----------
    values
        float32 [H, W, C].
    geometry
        From `fit_picture`.

    Returns
    -------
    FloatArray
        float32 [h, w, C].
    """
    planes = [
        resampled(np.ascontiguousarray(plane, dtype=np.float32), geometry)
        for plane in np.moveaxis(values, 2, 0)
    ]
    return np.asarray(np.stack(planes, -1), dtype=np.float32)
