"""The maps' own values, for further computation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.array_archive import pack_arrays
from attnviz.export.base import EXPORTS, Export, ExportSource, Group


@EXPORTS.add
@dataclass(frozen=True)
class MapValues(Export[ExportSource]):
    """NPZ with one float32 [h, w] array for each layer, named after it, in absolute values."""

    name: ClassVar[str] = "npz"
    title: ClassVar[str] = "Values of all maps"
    suffix: ClassVar[str] = ".npz"
    mime: ClassVar[str] = "application/octet-stream"
    stem: ClassVar[str] = "maps"
    group: ClassVar[Group] = Group.NUMBERS
    per_layer: ClassVar[bool] = False
    by_default: ClassVar[bool] = True

    def write(self, source: ExportSource) -> bytes:
        """See `Export`."""
        explanation = source.explanation
        return pack_arrays(dict(zip(explanation.layers, explanation.maps, strict=True)))
