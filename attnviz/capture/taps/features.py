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
    """Reads the output of a block as [N, C, h, w], whatever its layout.

    Parameters
    ----------
    site
        A site of kind `FEATURES`.
    gradients
        Whether the reading needs a gradient.
    input_size
        (height, width) of the network's input in pixels.
    """

    def __init__(self, site: Site, *, gradients: bool, input_size: tuple[int, int]) -> None:
        self.site = site
        self.captured: Tensor | None = None
        self._calls = 0
        self._gradients = gradients
        self._input_size = input_size

    def attach(self, module: nn.Module) -> RemovableHandle:
        """See `Tap`."""
        return module.register_forward_hook(self._on_output)

    def _on_output(self, _module: nn.Module, _inputs: tuple[Any, ...], output: object) -> object:
        value = only_tensor(output)
        index, self._calls = self._calls, self._calls + 1
        if index != self.site.call or value is None:
            return output
        self.captured = in_graph(value, gradients=self._gradients)
        # A later in-place layer would change the captured tensor (and may not modify a leaf).
        passed_on = self.captured.clone() if self.site.overwritten else self.captured
        return with_tensor(output, passed_on)

    def reading(self, gradient: Tensor | None) -> FeatureReading:
        """See `Tap`."""
        return FeatureReading(
            layer=self.site.layer,
            activation=self.channels_first(detached_float(require(self.captured))),
            gradient=None if gradient is None else self.channels_first(detached_float(gradient)),
        )

    def channels_first(self, value: Tensor) -> Tensor:
        """Rearrange a tensor in the layout of the block's output.

        Parameters
        ----------
        value
            [N, C, h, w], [N, h, w, C], [N, T, C] or [T, N, C], as the site's `layout` says.

        Returns
        -------
        Tensor
            [N, C, h, w].

        Raises
        ------
        ModelError
            The tokens form no known grid.
        """
        if self.site.layout is Layout.CHANNELS_LAST:
            return value.permute(0, 3, 1, 2)
        if self.site.layout is Layout.SEQUENCE_FIRST:
            value = value.transpose(0, 1)
        if self.site.layout.is_sequence:
            return tokens_to_map(value, self.site.token_grid(self._input_size, value.shape[1]))
        return value
