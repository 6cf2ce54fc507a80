"""What tests of a map measure: what it explains, or else the top prediction."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.analysis.explain import class_index
from attnviz.analysis.explanation import Explanation
from attnviz.errors import EvidenceError
from attnviz.models.vision_model import VisionModel
from attnviz.targets import Target
from attnviz.targets.contrast import Contrast


@dataclass(frozen=True, eq=False)
class Measured:
    """A model with its explanation, of which a test measures something.

    Attributes
    ----------
    model, explanation
        The network, and the maps that it gave.
    """

    model: VisionModel
    explanation: Explanation

    @property
    def has_target(self) -> bool:
        """Whether there is something to measure: a question, or a class that the network names."""
        told = self.explanation
        return bool(told.asked or told.target is not None or told.predictions)

    @property
    def target(self) -> str:
        """What is measured, in words: what the map explains, or else the top prediction."""
        if len(self.explanation.asked) > 1:  # the first is measured against the others
            return self.explanation.asked[0].prediction.label
        if self.explanation.target is not None:
            return self.explanation.target.label
        if not self.has_target:
            raise EvidenceError(
                f"{self.model.name} names no classes, so there is no decision to test. Choose a "
                "model that names classes."
            )
        return self.explanation.predictions[0].label

    @property
    def asked(self) -> tuple[Target, ...] | int:
        """What experiments measure: what was asked, or else the top class."""
        if self.explanation.asked:
            return tuple(one.target for one in self.explanation.asked)
        labels = [prediction.label for prediction in self.explanation.predictions]
        if self.target in labels:
            return self.explanation.classes[labels.index(self.target)]
        return class_index(self.model, self.target)  # a class that is none of the likeliest

    def decision(self, index: int) -> str:
        """Name a decision of an experiment: a class, a target that competes, or yes and no."""
        asked = self.explanation.asked
        if not asked or self.explanation.explained_class is not None:
            return self.model.label(index)
        if len(asked) > 1 or index == 0:
            return asked[index].prediction.label
        target = asked[0].target
        if isinstance(target, Contrast):
            return Contrast(target.b, target.a).words(self.model)
        return f"less than half of {self.target}"
