"""The features of patches, for further computation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, Export, Group
from attnviz.export.feature_files import PaintedFeatures, features_npz


@EXPORTS.add
@dataclass(frozen=True)
class FeatureValues(Export[PaintedFeatures]):
    """NPZ with the vector and the components of each patch; it loads without pickle."""

    name: ClassVar[str] = "features"
    title: ClassVar[str] = "Features as numbers"
    suffix: ClassVar[str] = ".npz"
    mime: ClassVar[str] = "application/octet-stream"
    group: ClassVar[Group] = Group.NUMBERS
    made_of: ClassVar[tuple[type, ...]] = (PaintedFeatures,)

    def write(self, source: PaintedFeatures) -> bytes:
        """See `Export`."""
        return features_npz(source.features, source.components, source.provenance)
