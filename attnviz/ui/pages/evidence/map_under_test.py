"""What the sections of the page "Evidence" are about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from attnviz.analysis.explanation import Explanation
from attnviz.models.vision_model import VisionModel
from attnviz.types import FloatArray
from attnviz.ui.kit.cache import explanation_key
from attnviz.ui.kit.pickers import Photo


@dataclass(frozen=True, eq=False)
class MapUnderTest:
    """One picture, one network, and the layer's map that is put to the test."""

    photo: Photo
    model: VisionModel
    explanation: Explanation
    layer: str

    @cached_property
    def values(self) -> FloatArray:
        """The map, float32 [rows, columns] over the network's whole input."""
        return self.explanation.map_of(self.layer)

    @property
    def target(self) -> str:
        """The class that is asked about: the map's own, or what the network saw first."""
        top = self.explanation.target or self.explanation.predictions[0]
        return top.label

    @property
    def target_index(self) -> int:
        """Its index."""
        labels = [one.label for one in self.explanation.predictions]
        return self.explanation.classes[labels.index(self.target)]

    @property
    def key(self) -> tuple[str, ...]:
        """What decides every answer, for caches."""
        one = self.explanation
        return (*explanation_key(one), str(self.model.device), self.layer, self.target)
