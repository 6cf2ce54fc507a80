"""A detector that returns scores of the whole picture, for the duration of a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.output_hook import output_hook
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.models.outputs.base import Outputs
from attnviz.models.outputs.whole_picture import picture_scores


@contextmanager
def picture_outputs(module: nn.Module, outputs: Outputs | None, classes: int) -> Iterator[None]:
    """Let a network return one score for each class of a picture, by a hook that goes again.

    Parameters
    ----------
    module
        The network; the caller holds its lock.
    outputs
        How its output is read; None changes nothing.
    classes
        How many classes there are; 0 if that is not known.

    Yields
    ------
    None
    """
    if outputs is None:
        yield
        return

    def convert(_network: nn.Module, inputs: tuple[Any, ...], returned: object) -> Tensor:
        height, width = inputs[0].shape[-2:]
        return picture_scores(outputs, returned, (height, width), classes)

    with output_hook(module, convert):
        yield


def own_output(module: nn.Module, inputs: Tensor) -> Any:
    """Return what a network itself returns, whatever hooks make of it; without gradients."""
    module, inputs = prepare_for_hooks(module, inputs)
    kept: list[Any] = []
    with (
        output_hook(module, lambda *passed: kept.append(passed[2]), first=True),
        state_guard(module),
        torch.inference_mode(False),
        torch.no_grad(),
    ):
        module(inputs)
    return kept[0]
