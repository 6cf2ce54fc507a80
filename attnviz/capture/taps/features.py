"""Outputs of blocks, from which relevance is computed."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from attnviz.capture.grids import tokens_to_map
from attnviz.capture.hooks.outputs import only_tensor, with_tensor
from attnviz.capture.readings import FeatureReading
from attnviz.capture.site import Layout, Site
from attnviz.capture.taps.base import detached_float, in_graph, require


class FeatureTap:
    """Reads what a block returns, and shows it as [N, C, h, w] whatever its layout."""

    def __init__(self, site: Site, *, gradients: bool, input_size: tuple[int, int]) -> None:
        self.site = site
        self.captured: Tensor | None = None
        self._gradients = gradients
        self._input_size = input_size

    def attach(self, module: nn.Module) -> RemovableHandle:
        """See `Tap`."""
        return module.register_forward_hook(self._see)

    def _see(self, _module: nn.Module, _entering: tuple[Any, ...], output: object) -> object:
        value = only_tensor(output)
        if self.captured is not None or value is None:
            return output  # a module used twice is read where it is first used
        self.captured = in_graph(value, gradients=self._gradients)
        # A later layer that works in place would change what was read (and may not touch a leaf).
        handed_on = self.captured.clone() if self.site.overwritten else self.captured
        return with_tensor(output, handed_on)

    def reading(self, gradient: Tensor | None) -> FeatureReading:
        """See `Tap`."""
        return FeatureReading(
            layer=self.site.layer,
            activation=self.channels_first(detached_float(require(self.captured))),
            gradient=None if gradient is None else self.channels_first(detached_float(gradient)),
        )

    def channels_first(self, value: Tensor) -> Tensor:
        """A value laid out as the block's output, as [N, C, h, w]."""
        if self.site.layout is Layout.CHANNELS_LAST:
            return value.permute(0, 3, 1, 2)
        if self.site.layout is Layout.TOKENS:
            return tokens_to_map(value, self.site.token_grid(self._input_size, value.shape[1]))
        return value
