"""Features of patches as files: their components as a picture, and their own values."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from attnviz.export.png import png_with_provenance
from attnviz.pictures.geometry import PictureGeometry
from attnviz.types import FloatArray, Pixels

_UNSEEN = 128.0  # grey, for the part of a picture that the network does not see


@dataclass(frozen=True, eq=False)
class PaintedFeatures:
    """A picture's features with their components as colours.

    Attributes
    ----------
    features : float32 [h, w, C]
        A vector for each patch.
    components : float32 [h, w, k]
        Its principal components.
    colours : uint8 [h, w, 3]
        From `principal_colours`.
    geometry : PictureGeometry
        How the network's input was taken from the picture.
    provenance : mapping of str to str
        Written into the files.
    """

    features: FloatArray
    components: FloatArray
    colours: Pixels
    geometry: PictureGeometry
    provenance: Mapping[str, str]


def components_png(
    colours: Pixels, geometry: PictureGeometry, provenance: Mapping[str, str]
) -> bytes:
    """Encode principal components as a picture.

    Parameters
    ----------
    colours : uint8 [h, w, 3]
        From `principal_colours`.
    geometry : PictureGeometry
        How the network's input was taken from the picture.
    provenance : mapping of str to str
        Written into the file.

    Returns
    -------
    bytes
        PNG at the picture's own size.
    """
    grids = colours.astype(np.float32)
    planes = [geometry.spread(grids[..., k], outside=_UNSEEN) for k in range(3)]
    return png_with_provenance(np.rint(np.stack(planes, -1)).astype(np.uint8), provenance)


def features_npz(
    features: FloatArray, components: FloatArray, provenance: Mapping[str, str]
) -> bytes:
    """Encode features for further computation.

    Parameters
    ----------
    features : float32 [h, w, C]
        A vector for each patch.
    components : float32 [h, w, k]
        Its principal components.
    provenance : mapping of str to str
        Stored as the JSON text `provenance`.

    Returns
    -------
    bytes
        NPZ with the arrays `features`, `components` and `provenance`; it loads without pickle.
    """
    file = io.BytesIO()
    facts = np.array(json.dumps(dict(provenance)))
    np.savez_compressed(file, features=features, components=components, provenance=facts)
    return file.getvalue()
