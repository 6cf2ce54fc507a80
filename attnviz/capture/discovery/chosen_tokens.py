"""Tokens that a network chooses by what is in the picture, such as the queries of RT-DETR.

They respond to the picture, and there may be as many of them as a grid has cells. But where they
lie differs from picture to picture, so that they are no places.
"""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor, nn

from attnviz.capture.discovery.picture_trace import PictureTrace, PlacedTensor, TracedKey
from attnviz.capture.discovery.token_origins import TokenOrigins

_CODE = (4, 4)  # cells that are told apart
_MOVED = 0.5  # of how far the tokens are apart; those in another order move by more than all of it


def chosen_tokens(
    module: nn.Module, example: Tensor, keys: Collection[TracedKey]
) -> set[TracedKey]:
    """Return those calls and outputs whose tokens lie elsewhere in another picture.

    Parameters
    ----------
    module
        The network; the caller holds its lock and has set its state.
    example
        [1, C, H, W], an input that the network accepts.
    keys
        Calls of self-attention and outputs of modules, all behind something that was ranked.

    Returns
    -------
    set
    """
    if not keys:
        return set()
    found = []
    for number in (0, 1):
        trace = PictureTrace(module, example, PlacedTensor((1, 1)), tuple(keys), picture=number)
        reached = [key for key in keys if key in trace.responses]
        found.append(dict(zip(reached, trace.origins(reached, _CODE), strict=True)))
    one, other = found
    return {key for key in one if key in other and have_moved(one[key], other[key])}


def have_moved(one: list[TokenOrigins], other: list[TokenOrigins]) -> bool:
    """Return whether tokens lie elsewhere in another picture.

    Parameters
    ----------
    one, other
        The sides of a call, in two pictures. Tokens that mix neighbours move a little.

    Examples
    --------
    >>> centres = torch.tensor([[[0.25, 0.25], [0.25, 0.75], [0.75, 0.25], [0.75, 0.75]]])
    >>> known = torch.ones(1, 4, dtype=torch.bool)
    >>> here, there = (TokenOrigins(each, known, ~known) for each in (centres, centres.flip(1)))
    >>> have_moved([here], [here]), have_moved([here], [there])
    (False, True)
    """
    for a, b in zip(one, other, strict=True):
        if not torch.equal(a.located, b.located):
            return True
        here, there = (side.centres[a.located] for side in (a, b))
        apart = (here - here.mean(0)).abs().mean()
        if len(here) and bool((here - there).abs().mean() > _MOVED * apart):
            return True
    return False
