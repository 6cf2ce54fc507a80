"""Factors of each input's own: gates of channels, and masks over places."""

from __future__ import annotations

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from attnviz.capture.hooks.calls import Call, FactorCall
from attnviz.capture.readings import GateReading, SoftMaskReading
from attnviz.capture.site import Site
from attnviz.capture.taps.base import detached_float, in_graph, require


class _FactorTap:
    """Reads features and factor where they are multiplied."""

    def __init__(self, site: Site, *, gradients: bool, input_size: tuple[int, int]) -> None:
        del input_size  # factors lie on their own grid
        self.site = site
        self.captured: Tensor | None = None
        self._gradients = gradients
        self._features: Tensor | None = None

    def receive(self, call: Call) -> Tensor | None:
        """See `CallTap`."""
        if not isinstance(call, FactorCall) or self.captured is not None:
            return None
        self.captured = in_graph(call.factor, gradients=self._gradients)
        self._features = call.features
        return self.captured

    def attach(self, module: nn.Module) -> RemovableHandle:
        """See `Tap`; a product is heard, so the hook does nothing."""
        return module.register_forward_hook(_nothing)


class GateTap(_FactorTap):
    """Gates of channels; those of several paths come as one row, path by path."""

    def reading(self, gradient: Tensor | None) -> GateReading:
        """See `Tap`."""
        factor, features = require(self.captured), detached_float(require(self._features))
        slope = None if gradient is None else detached_float(gradient)
        if slope is not None:  # an expanded factor has a gradient at each place
            repeats = [side > 1 for side in slope.shape[-2:]]
            slope = slope.sum((-2, -1)) if any(repeats) else slope[..., 0, 0]
        return GateReading(
            layer=self.site.layer,
            gate=detached_float(factor)[..., 0, 0].flatten(1),
            features=features.flatten(1, -3),
            gate_gradient=None if slope is None else slope.flatten(1),
        )


class MaskTap(_FactorTap):
    """Masks over places: one for all channels (CBAM), or a value for each channel at each place.

    The latter are joint maps of channels and places, as in BAM (arXiv 1807.06514) and Gather-Excite
    (arXiv 1810.12348). BAM multiplies features F by 1 + M, where M = sigmoid(Mc + Ms) in the paper
    and sigmoid(Mc Ms) in its authors' code: M is what is read, and F its base, as with residual
    attention. Where the factor is the mask, nothing is added to the product.
    """

    def reading(self, gradient: Tensor | None) -> SoftMaskReading:
        """See `Tap`."""
        mask = detached_float(require(self.captured))
        slope = None if gradient is None else detached_float(gradient)
        if mask.stride(1) == 0:  # an expanded mask is one for all channels
            mask = mask[:, :1]
        if slope is not None and slope.shape[1] > mask.shape[1]:
            slope = slope.sum(1, keepdim=True)
        features = detached_float(require(self._features))
        base = features if self.site.additive else None
        return SoftMaskReading(self.site.layer, mask - 1 if base is not None else mask, features,
                               base, slope)  # fmt: skip


def _nothing(*_: object) -> None:
    return None
