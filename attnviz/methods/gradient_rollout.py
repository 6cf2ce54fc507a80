"""Rollout of attention weighted by its gradient."""

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
    """Attention rollout through the weights that support the class only.

    Unlike Chefer's relevance, the rows of I + E are normalised to sum 1, so nothing grows with
    depth. The map of layer l is the rollout up to l, on the first layer's grid; values in 0..1.

    Widely copied code clips after the mean over heads, and normalises columns by mistake; here each
    head is clipped before the mean, as by Chefer et al., and rows are normalised.

    Parameters
    ----------
    query
        Whose relevance, see `Query`.

    Notes
    -----
    A is the attention, G the gradient of the class's score by it, I the identity.

    Examples
    --------
    >>> import torch
    >>> from attnviz.capture.readings import DenseAttention, TokenGrid
    >>> weights = torch.tensor([[0.2, 0.5, 0.3], [0.2, 0.6, 0.2], [0.2, 0.2, 0.6]])
    >>> gradient = torch.tensor([[[[0.0, 2.0, -1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]]])
    >>> grid = TokenGrid(rows=1, columns=2, prefix=1, class_token=0)
    >>> zeros = torch.zeros(1, 1, 3, 1)  # [N, heads, tokens, d]
    >>> values = torch.eye(3)[None, None]
    >>> reading = DenseAttention(
    ...     "block1", grid, grid, 1, zeros, zeros, values, 1.0, weights.log(), gradient
    ... )
    >>> GradientRollout().maps([reading])[0]
    tensor([[[0.5000, 0.0000]]])
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
