"""Scores of a whole picture, of what was found in it: for all that asks for no place."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from attnviz.models.outputs.base import Found, Outputs

_TINY = 1e-6  # probability


def log_odds(chances: Tensor) -> Tensor:
    """Return log-odds of probabilities, float32, from -13.8 to 13.8: beyond, nothing changes."""
    return chances.float().clamp(_TINY, 1 - _TINY).logit()


def picture_scores(outputs: Outputs, returned: Any, size: tuple[int, int], classes: int) -> Tensor:
    """Return how sure a network is that a picture shows each class.

    Parameters
    ----------
    outputs
        How it is read.
    returned
        What the network returned.
    size
        (height, width) of its input.
    classes
        How many classes there are; 0 if that is not known.

    Returns
    -------
    Tensor
        [N, classes], differentiable: the log-odds of the most probable thing of the class, or the
        mean logit of the class over all positions. [N, 1], of the most probable thing, where the
        number of classes is not known.

    Examples
    --------
    >>> found = Found(torch.zeros(2, 4), torch.tensor([0.5, 0.75]), torch.tensor([1, 1]))
    >>> picture_scores(Outputs("boxes", lambda *_: (found,)), None, (8, 8), 2).sigmoid()
    tensor([[1.0000e-06, 7.5000e-01]])
    """
    if outputs.things is None:
        assert outputs.dense is not None
        return outputs.dense(returned).mean((2, 3))
    each = [_best(found, classes) for found in outputs.things(returned, size)]
    return log_odds(torch.stack(each))


def _best(found: Found, classes: int) -> Tensor:
    """[classes]: the probability of the most probable thing of each class."""
    count = classes or 1
    if not len(found):
        return found.scores.new_zeros(count)
    if found.labels is None:
        best = found.scores.amax(0)
        return best if classes else best.max()[None]
    places = found.labels if classes else torch.zeros_like(found.labels)
    none = found.scores.new_zeros(count)
    return none.scatter_reduce(0, places, found.scores, "amax")
