"""What evidence measures of each picture of a set, for columns of its scores."""

from __future__ import annotations

import math
from dataclasses import dataclass

from attnviz.analysis.explanation import Explanation
from attnviz.errors import AttnvizError
from attnviz.evidence.door import blur_budget
from attnviz.models.vision_model import VisionModel


@dataclass(frozen=True, eq=False)
class BudgetMeasure:
    """How much of a picture must stay sharp under the strongest blur.

    Attributes
    ----------
    model
        The network that explains the set.
    """

    model: VisionModel

    def __call__(self, found: Explanation) -> float | None:
        """Return the smallest share of the picture, 0..1, that keeps the decision.

        None where the map is flat, no share keeps it, there is no decision, or it cannot be
        measured.
        """
        try:
            share = float(blur_budget(self.model, found).smallest_share[-1])
        except AttnvizError:  # an error of one picture is no reason to end the run
            return None
        return None if math.isnan(share) else share
