"""One map's own values, on the layer's grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, Export, ExportSource, Group
from attnviz.export.npy import npy


@EXPORTS.add
@dataclass(frozen=True)
class GridValues(Export[ExportSource]):
    """NPY with the layer's map, float32 [h, w] on its own grid, in absolute values."""

    name: ClassVar[str] = "npy"
    title: ClassVar[str] = "Values of this map"
    suffix: ClassVar[str] = ".npy"
    mime: ClassVar[str] = "application/octet-stream"
    stem: ClassVar[str] = "map"
    group: ClassVar[Group] = Group.NUMBERS

    def write(self, source: ExportSource) -> bytes:
        """See `Export`."""
        return npy(source.explanation.map_of(source.layer))
