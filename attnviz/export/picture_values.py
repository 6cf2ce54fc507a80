"""One map's values at the size of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, Export, ExportSource, Group
from attnviz.export.npy import npy


@EXPORTS.add
@dataclass(frozen=True)
class PictureValues(Export[ExportSource]):
    """NPY with the layer's map at the picture's size: float32 [H, W], NaN where nothing was seen.

    Values are absolute, and interpolated between the cells of the layer's grid.
    """

    name: ClassVar[str] = "npy-picture"
    title: ClassVar[str] = "Values of this map at the photo's size"
    suffix: ClassVar[str] = ".npy"
    mime: ClassVar[str] = "application/octet-stream"
    stem: ClassVar[str] = "map-of-picture"
    group: ClassVar[Group] = Group.NUMBERS

    def write(self, source: ExportSource) -> bytes:
        """See `Export`."""
        explanation, pixels = source.explanation, source.picture.pixels
        geometry = explanation.geometry.resized((pixels.shape[0], pixels.shape[1]))
        return npy(geometry.spread(explanation.map_of(source.layer), outside=float("nan")))
