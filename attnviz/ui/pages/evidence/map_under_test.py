"""The map that all sections of the page "Evidence" test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from attnviz.evidence.measured import Measured
from attnviz.methods.inference import Cost
from attnviz.models.scores import ScoreKind
from attnviz.types import FloatArray
from attnviz.ui.kit.explanation_cache import explanation_key
from attnviz.ui.kit.pace import Pace
from attnviz.ui.kit.pickers import Photo


@dataclass(frozen=True, eq=False)
class MapUnderTest(Measured):
    """One layer's map of one picture, with the network and the explanation it comes from."""

    photo: Photo
    layer: str

    @cached_property
    def values(self) -> FloatArray:
        """The map, float32 [rows, columns] over the network's whole input."""
        return self.explanation.map_of(self.layer)

    @property
    def asked_key(self) -> tuple[str, str]:
        """Cache key of what experiments measure."""
        return self.explanation.target_text, self.target

    @property
    def measure(self) -> str:
        """What is measured of a score that is no probability, in a sentence; empty otherwise."""
        asked = self.explanation.asked
        if len(asked) != 1 or asked[0].kind is not ScoreKind.NONE:
            return ""
        return (
            f"The score of {self.target} is no probability: what is shown is the share that is "
            "left of what the picture adds to an empty one, and it counts as kept while at least "
            "half is left."
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
