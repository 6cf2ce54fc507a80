"""Soft masks of residual attention networks, read where mask and trunk are combined."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from attnviz.capture.readings import SoftMaskReading
from attnviz.capture.site import Kind, Site
from attnviz.capture.taps.base import detached_float, in_graph, require
from attnviz.models.zoo.residual_attention import SoftMaskGate


def find_soft_masks(module: nn.Module) -> tuple[Site, ...]:
    """Find all soft mask gates of a network.

    Parameters
    ----------
    module
        Any network.

    Returns
    -------
    tuple of Site
        One for each gate, named after the module that contains it; empty if there are none.
    """
    return tuple(
        Site(layer=name.rpartition(".")[0] or name, kind=Kind.SPATIAL, module=name)
        for name, submodule in module.named_modules()
        if isinstance(submodule, SoftMaskGate)
    )


class SoftMaskTap:
    """Reads mask, trunk and base as they enter the gate.

    Parameters
    ----------
    site
        A site of `find_soft_masks`.
    gradients
        Whether the reading needs a gradient.
    input_size
        Ignored: masks have their own grid.
    """

    def __init__(self, site: Site, *, gradients: bool, input_size: tuple[int, int]) -> None:
        del input_size
        self.site = site
        self.captured: Tensor | None = None
        self._gradients = gradients
        self._trunk: Tensor | None = None
        self._base: Tensor | None = None

    def attach(self, module: nn.Module) -> RemovableHandle:
        """See `Tap`."""
        return module.register_forward_pre_hook(self._on_input)

    def _on_input(self, _module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        mask, trunk, base = inputs
        self.captured = in_graph(mask, gradients=self._gradients)
        self._trunk, self._base = trunk, base
        return self.captured, trunk, base

    def reading(self, gradient: Tensor | None) -> SoftMaskReading:
        """See `Tap`."""
        return SoftMaskReading(
            layer=self.site.layer,
            mask=detached_float(require(self.captured)),
            trunk=detached_float(require(self._trunk)),
            base=None if self._base is None else detached_float(self._base),
            mask_gradient=None if gradient is None else detached_float(gradient),
        )
