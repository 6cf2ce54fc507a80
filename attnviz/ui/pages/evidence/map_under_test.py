"""The map that all sections of the page "Evidence" test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from attnviz.analysis.explain import class_index
from attnviz.analysis.explanation import Explanation
from attnviz.errors import EvidenceError
from attnviz.methods.inference import Cost
from attnviz.models.scores import ScoreKind
from attnviz.models.vision_model import VisionModel
from attnviz.targets import Target
from attnviz.targets.contrast import Contrast
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

    @property
    def asked_key(self) -> tuple[str, str]:
        """Cache key of what experiments measure."""
        return self.explanation.target_text, self.target

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

    @property
    def measure(self) -> str:
        """What is measured of a score that is no probability, in a sentence; empty otherwise."""
        asked = self.explanation.asked
        if len(asked) != 1 or asked[0].target.score_kind is not ScoreKind.NONE:
            return ""
        return (
            f"The score of {self.target} is no probability: what is shown is the share that is "
            "left of it, and it counts as kept while at least half is left."
        )

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
            *(self.asked_key if self.has_target else ()),
        )
