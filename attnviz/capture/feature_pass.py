"""The features of one layer from one pass, whatever the network returns."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.site import Site
from attnviz.capture.taps.features import FeatureTap
from attnviz.errors import ModelError


def read_features(module: nn.Module, inputs: Tensor, site: Site) -> Tensor:
    """Run a network and read one layer; its output may be a map, a dictionary, or anything else.

    Parameters
    ----------
    module
        The network; the caller holds its lock. No hook is left, also after an error.
    inputs
        [N, C, H, W], normalised as the network expects.
    site
        A site of kind `FEATURES`.

    Returns
    -------
    Tensor
        float32 [N, C, h, w], on the network's device.

    Raises
    ------
    ModelError
        The network cannot be hooked, or the pass does not reach the layer.
    """
    module, inputs = prepare_for_hooks(module, inputs)
    size = inputs.shape[-2], inputs.shape[-1]
    tap = FeatureTap(site, gradients=False, input_size=size)
    with state_guard(module), torch.no_grad():
        handle = tap.attach(module.get_submodule(site.module))
        try:
            module(inputs)
        finally:
            handle.remove()
    if tap.captured is None:
        raise ModelError(
            f"{site.layer} was not reached in this pass, so it has no features. Choose another "
            "layer."
        )
    return tap.reading(None).activation
