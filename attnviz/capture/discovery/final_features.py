"""Where a network's features are read: behind its last block, and the norm that belongs to it."""

from __future__ import annotations

from torch import Tensor, nn

from attnviz.capture.discovery.final_norm import final_of
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.site import Kind, Site


def final_features(module: nn.Module, example: Tensor) -> Site:
    """Find the place at which a network's features are read.

    A transformer's blocks add to their input, and a norm behind the last one makes features of the
    sum: that is what heads are trained on, and what is published as patch features (DINOv2's
    `x_norm_patchtokens`). Without it, a few channels outweigh all others. So that norm is read if
    it comes straight after the last block, and the block's output otherwise.

    Parameters
    ----------
    module
        The network; the caller holds its lock.
    example
        [N, C, H, W], an input that the network accepts; only the first is used.

    Returns
    -------
    Site
        Of the kind `FEATURES`.

    Raises
    ------
    NoSitesError
        No module of the network returns features that have positions.
    ModelError
        The network cannot be hooked.
    """
    last = find_sites(module, Kind.FEATURES, example)[-1]
    module, example = prepare_for_hooks(module, example)
    return final_of(module, example[:1], last)
