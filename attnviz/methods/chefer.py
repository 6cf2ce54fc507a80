"""Gradient-weighted relevance of Chefer, Gur and Wolf."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from attnviz.capture.readings import ContextReading
from attnviz.methods.base import METHODS, Nature
from attnviz.methods.context import ContextMethod, Query, gradient_rows
from attnviz.methods.through_layers import RowsOf, through_layers


@METHODS.add
@dataclass(frozen=True)
class Chefer(ContextMethod):
    """Attention weights that support the class, accumulated over all layers.

    The map of layer l is the query's row of R after l, on the first layer's grid, without the
    query's own 1 if that has no position. Values from 0 up, in units of the score. The paper treats
    plain transformers only: other grids are handled as `through_layers` says.

    Parameters
    ----------
    query
        Whose relevance, see `Query`: the class token's, from which the score is read, or the mean
        of all positions where the score is read from their mean.

    Notes
    -----
    A is the attention and G the gradient of the class's score by it. R starts as the identity I and
    is updated by each layer in turn.

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
    >>> Chefer().maps([reading])[0]
    tensor([[[1., 0.]]])
    """

    query: Query = "class"

    name: ClassVar[str] = "chefer"
    title: ClassVar[str] = "Gradient-weighted relevance (Chefer)"
    paper: ClassVar[str] = "Chefer, Gur & Wolf, ICCV 2021, arXiv 2103.15679"
    formula: ClassVar[str] = "R <- R + E R, E = mean over heads of relu(G A), R_0 = I"
    nature: ClassVar[Nature] = Nature.RELEVANCE
    gradients: ClassVar[bool] = True

    def maps(self, readings: Sequence[ContextReading]) -> Sequence[Tensor]:
        """See `TraceMethod`."""
        return through_layers(readings, self.query, weighed_by_gradient(self.name), normalise=False)


def weighed_by_gradient(method: str) -> RowsOf:
    """Return the function that computes rows of the mean over heads of relu(G A).

    Parameters
    ----------
    method
        Name of the method, for the MethodError that is raised if the trace has no gradients.

    Returns
    -------
    RowsOf
        For `through_layers`.
    """

    def rows(reading: ContextReading, queries: Tensor) -> Tensor:
        gradient = gradient_rows(reading, queries, method)
        return (gradient * reading.rows(queries)).relu().mean(1)

    return rows
