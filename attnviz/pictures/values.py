"""Resampling of a file's own values, in any number of channels."""

from __future__ import annotations

import numpy as np
from PIL import Image

from attnviz.pictures.geometry import PictureGeometry, box_within, resampled
from attnviz.pictures.interpolations import INTERPOLATIONS
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
    height, width = geometry.input_size
    kind = INTERPOLATIONS.get(geometry.interpolation or "")
    planes = []
    for plane in np.moveaxis(values, 2, 0):
        if kind is None:
            made = resampled(np.ascontiguousarray(plane), geometry)
        else:
            image = Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32))
            made = np.asarray(image.resize((width, height), kind, box_within(geometry)))
        planes.append(made)
    return np.asarray(np.stack(planes, -1), dtype=np.float32)
