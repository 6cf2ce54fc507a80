"""Attention factors computed from the input: gates of channels, and masks over positions."""

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
        del input_size  # factors have their own grid
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
        """See `Tap`; products are received as calls, so the hook does nothing."""
        return module.register_forward_hook(_do_nothing)


class GateTap(_FactorTap):
    """Reads gates of channels; those of several paths are concatenated into one row."""

    def reading(self, gradient: Tensor | None) -> GateReading:
        """See `Tap`."""
        factor, features = require(self.captured), detached_float(require(self._features))
        grad = None if gradient is None else detached_float(gradient)
        if grad is not None:  # an expanded factor has a gradient at each position
            expanded = [side > 1 for side in grad.shape[-2:]]
            grad = grad.sum((-2, -1)) if any(expanded) else grad[..., 0, 0]
        return GateReading(
            layer=self.site.layer,
            gate=detached_float(factor)[..., 0, 0].flatten(1),
            features=features.flatten(1, -3),
            gate_gradient=None if grad is None else grad.flatten(1),
        )


class MaskTap(_FactorTap):
    """Reads masks over positions: one for all channels (CBAM), or one for each channel.

    Notes
    -----
    Masks for each channel are joint maps of channels and positions, as in BAM [1]_ and
    Gather-Excite [2]_. BAM multiplies features F by 1 + M, where M = sigmoid(Mc + Ms) in the paper
    and sigmoid(Mc Ms) in its authors' code: the reading's mask is M, and its base F, as with
    residual attention. Where the factor is the mask itself, the base is None.

    References
    ----------
    .. [1] Park et al., "BAM: Bottleneck Attention Module", arXiv 1807.06514.
    .. [2] Hu et al., "Gather-Excite", arXiv 1810.12348.
    """

    def reading(self, gradient: Tensor | None) -> SoftMaskReading:
        """See `Tap`."""
        mask = detached_float(require(self.captured))
        grad = None if gradient is None else detached_float(gradient)
        if mask.stride(1) == 0:  # expanded: the same mask for all channels
            mask = mask[:, :1]
        if grad is not None and grad.shape[1] > mask.shape[1]:
            grad = grad.sum(1, keepdim=True)
        features = detached_float(require(self._features))
        base = features if self.site.additive else None
        return SoftMaskReading(
            layer=self.site.layer,
            mask=mask - 1 if base is not None else mask,
            trunk=features,
            base=base,
            mask_gradient=grad,
        )


def _do_nothing(*_: object) -> None:
    return None
