"""What detectors and segmenters return, in one form for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Found:
    """The things that a detector found in one input; differentiable.

    Attributes
    ----------
    boxes
        float [K, 4]: left, top, right and bottom edge in pixels of the input.
    scores
        float [K], the probability of each thing's class, or [K, classes], of every class.
    labels
        int64 [K], the class of each thing; None where there are scores of every class.
    masks
        float [K, h, w] in 0..1, on any grid over the input; None of a detector of boxes alone.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor | None = None
    masks: Tensor | None = None

    def __len__(self) -> int:
        return len(self.boxes)

    def of_class(self, index: int) -> Tensor:
        """Return the probability of a class for each thing, [K]."""
        if self.labels is not None:
            return self.scores * (self.labels == index)
        return self.scores[:, index]

    def top(self) -> tuple[Tensor, Tensor]:
        """Return the most probable class of each thing, int64 [K], and its probability, [K]."""
        if self.labels is not None:
            return self.labels, self.scores
        if not len(self):
            return torch.zeros(0, dtype=torch.int64), self.scores.new_zeros(0)
        chances, classes = self.scores.max(1)
        return classes, chances


ReadThings = Callable[[Any, tuple[int, int]], tuple[Found, ...]]
"""From what a network returned, and (height, width) of its input, to one `Found` for each input."""

ReadDense = Callable[[Any], Tensor]
"""From what a network returned to the logits of each position, [N, classes, h, w]."""


@dataclass(frozen=True)
class Outputs:
    """How a network's output is read, where it is no scores of classes.

    Attributes
    ----------
    kind
        Its name, as `wrap` takes it.
    things
        Reads things with boxes; None where the network finds none.
    dense
        Reads the classes of each position; None where it has none.
    """

    kind: str
    things: ReadThings | None = field(default=None, repr=False)
    dense: ReadDense | None = field(default=None, repr=False)
