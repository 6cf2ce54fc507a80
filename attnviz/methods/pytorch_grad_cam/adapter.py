"""What pytorch-grad-cam is given, and how its maps are taken before it stretches them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from torch import Tensor, nn

from attnviz.capture.grids import tokens_to_map
from attnviz.capture.site import Layout, Site
from attnviz.types import FloatArray


@contextmanager
def raw_maps(cam: Any) -> Iterator[list[FloatArray]]:
    """A list that fills with the maps as the library has them before it stretches them.

    Its hooks go when it comes to that: else they would keep the activations of each further pass.
    """
    kept: list[FloatArray] = []
    compute: Callable[..., Any] = cam.get_cam_image

    def keeping(
        inputs: Tensor, layer: nn.Module, targets: Any, activation: Any, slope: Any, smooth: bool
    ) -> Any:
        for handle in cam.activations_and_grads.handles:
            handle.remove()
        if isinstance(slope, Tensor) and not slope.requires_grad:
            slope.requires_grad_()  # behind a linear head it is constant: no second derivatives
        raw = compute(inputs, layer, targets, activation, slope, smooth)
        kept.append(np.maximum(np.asarray(raw, np.float32), 0))
        return raw

    cam.get_cam_image = keeping
    try:
        yield kept
    finally:
        del cam.get_cam_image  # a circle, which would hold the graph in the device's memory
        # The library detaches in place what it kept, and a view cannot be.
        cam.activations_and_grads.activations = []
        cam.activations_and_grads.gradients = []


def class_targets(classes: Sequence[int] | None) -> list[Any] | None:
    """The library's targets for classes [N]; None leaves it the most probable ones."""
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    return None if classes is None else [ClassifierOutputTarget(one) for one in classes]


def to_maps(sites: Sequence[Site], size: tuple[int, int]) -> Callable[[Tensor], Tensor] | None:
    """The library's `reshape_transform` for sites of one layout, None where it needs none."""
    layout = sites[0].layout
    if layout is Layout.CHANNELS_FIRST:
        return None
    if layout is Layout.CHANNELS_LAST:
        return lambda value: value.permute(0, 3, 1, 2)
    by_prefix = {site.prefix: site for site in sites}  # the library does not say whose value it is

    def from_tokens(value: Tensor) -> Tensor:
        tokens = value.shape[1]
        fitting = (one for one in by_prefix.values() if one.fits(size, tokens))
        return tokens_to_map(value, next(fitting, sites[0]).token_grid(size, tokens))

    return from_tokens
