"""The map that all sections of the page "Evidence" test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from attnviz.analysis.explain import class_index
from attnviz.analysis.explanation import Explanation
from attnviz.errors import EvidenceError
from attnviz.methods.inference import Cost
from attnviz.models.vision_model import VisionModel
from attnviz.types import FloatArray
from attnviz.ui.kit.cache import explanation_key
from attnviz.ui.kit.pace import Pace
from attnviz.ui.kit.pickers import Photo


@dataclass(frozen=True, eq=False)
class MapUnderTest:
    """One layer's map of one picture, with the network and the explanation it comes from."""

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
        """Label of the target class: the map's own, or else the top prediction."""
        if self.explanation.target is not None:
            return self.explanation.target.label
        if not self.explanation.predictions:
            raise EvidenceError(
                f"{self.model.name} returns features and no scores of classes, so there is no "
                "decision to test. Choose a network that classifies."
            )
        return self.explanation.predictions[0].label

    @property
    def target_index(self) -> int:
        """Index of the target class among the network's outputs."""
        labels = [prediction.label for prediction in self.explanation.predictions]
        if self.target in labels:
            return self.explanation.classes[labels.index(self.target)]
        return class_index(self.model, self.target)  # a class that is none of the likeliest

    def pace(self, work: str, cost: Callable[[], Cost]) -> Pace:
        """How long a kind of work takes with this network and picture."""
        return Pace(work, self.model, self.photo.shown, cost)

    @property
    def key(self) -> tuple[str, ...]:
        """Cache key: two maps with equal keys give equal results."""
        return (
            *explanation_key(self.explanation),
            str(self.model.device),
            self.layer,
            self.target,
        )
