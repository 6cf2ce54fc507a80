"""Rollout of attention weighed by its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from attnviz.capture.readings import ContextReading
from attnviz.methods.base import METHODS, Nature
from attnviz.methods.chefer import weighed_by_gradient
from attnviz.methods.context import ContextMethod, Query
from attnviz.methods.through_layers import through_layers


@METHODS.add
@dataclass(frozen=True)
class GradientRollout(ContextMethod):
    """Attention rollout in which only weights that speak for the class pass on.

    query: whose relevance, see `Query`. A: attention, G: derivative of the class's score by it.
    Unlike Chefer's relevance the rows of I + E are brought to sum 1, so nothing grows with depth.
    The map of layer l is the rollout up to l, on the first layer's grid; values in 0..1.

    Much copied code clips after the mean over heads, and normalises columns by mistake; here each
    head is clipped before the mean, as Chefer et al. do, and rows are normalised.
    """

    query: Query = "class"

    name: ClassVar[str] = "gradient-rollout"
    title: ClassVar[str] = "Gradient rollout"
    paper: ClassVar[str] = (
        "Gildenblat, vit-explain 2020, after Abnar & Zuidema, ACL 2020, arXiv 2005.00928"
    )
    formula: ClassVar[str] = "E'_l ... E'_1, E' = rows of (mean over heads of relu(G A)) + I, sum 1"
    nature: ClassVar[Nature] = Nature.RELEVANCE
    gradients: ClassVar[bool] = True

    def maps(self, readings: Sequence[ContextReading]) -> Sequence[Tensor]:
        """See `TraceMethod`."""
        return through_layers(readings, self.query, weighed_by_gradient(self.name), normalise=True)
