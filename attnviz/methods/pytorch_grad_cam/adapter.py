"""Targets and transforms for pytorch-grad-cam, and its maps before it rescales them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.capture.grids import tokens_to_map
from attnviz.capture.site import Layout, Site
from attnviz.methods.pytorch_grad_cam.sign import Sign, oriented
from attnviz.types import FloatArray


@contextmanager
def raw_maps(cam: Any, sign: Sign = Sign.LIBRARY) -> Iterator[list[FloatArray]]:
    """Collect the maps of the library before it rescales them to 0..1.

    The library's hooks are removed before the first map is computed; otherwise they would store the
    activations of every further pass.

    Parameters
    ----------
    cam
        A method of the library, with its layers hooked.
    sign
        What decides the sign of its maps, before negative values are set to 0.

    Yields
    ------
    list of FloatArray
        Filled while `cam` runs: float32 [N, h, w] for each layer, negative values set to 0.
    """
    collected: list[FloatArray] = []
    compute: Callable[..., Any] = cam.get_cam_image

    def keeping(
        inputs: Tensor, layer: nn.Module, targets: Any, activation: Any, slope: Any, smooth: bool
    ) -> Any:
        for handle in cam.activations_and_grads.handles:
            handle.remove()
        if isinstance(slope, Tensor) and not slope.requires_grad:
            slope.requires_grad_()  # behind a linear head it is constant: no second derivatives
        raw = compute(inputs, layer, targets, activation, slope, smooth)
        if sign is not Sign.LIBRARY:
            raw = oriented(raw, activation, slope, sign)
        collected.append(np.maximum(np.asarray(raw, np.float32), 0))
        return raw

    cam.get_cam_image = keeping
    try:
        yield collected
    finally:
        del cam.get_cam_image  # a reference cycle that would keep the graph in memory
        # The library detaches what it stored in place, which fails for views.
        cam.activations_and_grads.activations = []
        cam.activations_and_grads.gradients = []


class OutputTypes:
    """Hooks between which the outputs of modules are float32, whatever type autocast gave them."""

    def __init__(self) -> None:
        self._types: dict[nn.Module, torch.dtype] = {}

    def to_float(self, module: nn.Module, _entering: object, output: Tensor) -> Tensor:
        """The first hook of a module."""
        self._types[module] = output.dtype
        return output.float()

    def back(self, module: nn.Module, _entering: object, output: Tensor) -> Tensor:
        """The last hook of a module."""
        return output.to(self._types[module])


def class_targets(classes: Sequence[int] | None) -> list[Any] | None:
    """Return the library's targets.

    Parameters
    ----------
    classes
        Index of the class of each input; None for the most probable ones.

    Returns
    -------
    list, or None
        One target per input; None makes the library explain the most probable class of each.
    """
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    return None if classes is None else [ClassifierOutputTarget(index) for index in classes]


def to_maps(sites: Sequence[Site], size: tuple[int, int]) -> Callable[[Tensor], Tensor] | None:
    """Return the library's `reshape_transform` for sites of one layout.

    Parameters
    ----------
    sites
        At least one.
    size
        (height, width) of the network's input in pixels.

    Returns
    -------
    callable, or None
        From a block's output to [N, C, h, w]; None if it has that layout already.
    """
    layout = sites[0].layout
    if layout is Layout.CHANNELS_FIRST:
        return None
    if layout is Layout.CHANNELS_LAST:
        return lambda value: value.permute(0, 3, 1, 2)
    by_prefix = {site.prefix: site for site in sites}  # the library names no site

    def from_tokens(value: Tensor) -> Tensor:
        tokens = value.shape[1]
        fitting = (site for site in by_prefix.values() if site.fits(size, tokens))
        return tokens_to_map(value, next(fitting, sites[0]).token_grid(size, tokens))

    return from_tokens
