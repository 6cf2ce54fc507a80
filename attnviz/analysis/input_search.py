"""Run a network alone, and find the size of an input on which it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.logits import logits_of
from attnviz.models.device import is_out_of_memory
from attnviz.models.module_inputs.grid import grids

USUAL_SIDES = (224, 256, 32, 28, 64, 96, 112, 128, 160, 192, 227, 299, 320, 384, 512)
_STRIDES = (32, 16, 8, 4)
_MOST_GRIDS = 4
_LARGEST = 1024


def what_fails(
    run: Callable[[nn.Module, Tensor], object], network: nn.Module, inputs: Tensor
) -> Exception | None:
    """Return what a run of a network raises, or None.

    Parameters
    ----------
    run
        Runs it.
    network, inputs
        What it is given, as hooks need them.

    Returns
    -------
    Exception or None

    Raises
    ------
    Exception
        Memory ran out, which a retry may mend.
    """
    try:
        run(*prepare_for_hooks(network, inputs))
    except Exception as error:
        if is_out_of_memory(error):
            raise
        return error
    return None


def forward(network: nn.Module, inputs: Tensor) -> None:
    """Run a network forward, without anything that looks at it."""
    with state_guard(network), torch.inference_mode(False), torch.no_grad():
        logits_of(network(inputs), network)


def working_sides(network: nn.Module, inputs: Tensor) -> tuple[int, int] | None:
    """Find a size on which a network runs, of those for which its parts are built or usual ones.

    Parameters
    ----------
    network
        The caller holds its lock.
    inputs
        [N, C, H, W], on which it fails.

    Returns
    -------
    tuple of int or None
        (height, width) in pixels; None if it runs on none of them.
    """
    for height, width in dict.fromkeys(_candidates(network)):
        empty = inputs.new_zeros(1, inputs.shape[1], height, width)
        if empty.shape[1:] != inputs.shape[1:] and what_fails(forward, network, empty) is None:
            return height, width
    return None


def _candidates(network: nn.Module) -> Iterator[tuple[int, int]]:
    for rows, columns in grids(network)[:_MOST_GRIDS]:
        for stride in _STRIDES:
            if max(rows, columns) * stride <= _LARGEST:
                yield rows * stride, columns * stride
    yield from ((side, side) for side in USUAL_SIDES)
