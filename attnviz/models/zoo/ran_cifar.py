"""`ran-cifar`: a residual attention network for pictures of 32 px that few cores can train."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

from torch import Tensor, nn

from attnviz.models.preprocess import Preprocess
from attnviz.models.spec import FEATURES, SPATIAL_AND_FEATURES
from attnviz.models.zoo.gain_layers import ScaledLinear, ShiftedNorm, Whitening, near_identity
from attnviz.models.zoo.registry import ZOO, ZooNetwork
from attnviz.models.zoo.residual_attention import GateForm, Shrink, SoftMaskBranch, SoftMaskGate
from attnviz.pictures.geometry import Fit

WIDTHS = (64, 224, 256)
# Halvings in the mask branches: their bottlenecks have 4 x 4 or 2 x 2 cells for 32 px.
_POOLS = (2, 2, 1)


class WideAttention(nn.Module):
    """An attention module whose trunk is one full 3x3 convolution.

    With the trunk `T(x) = gelu(norm(conv(x)))` the output is (1 + M(x)) T(x), M(x) T(x) for
    `GateForm.NAIVE`, or T(x) alone to measure the effect of the masks. M is the hourglass of Wang
    et al. 2017 with one value for each channel and position. The trunk is hardly ever negative (and
    never below -0.17), so a high mask means "more of this position". Input and output
    [N, C, H, W].

    Parameters
    ----------
    channels
        Number of channels.
    pools
        How often the mask branch halves the resolution.
    form
        How mask and trunk are combined; no mask if None.
    """

    def __init__(
        self, channels: int, pools: int, form: GateForm | None = GateForm.RESIDUAL
    ) -> None:
        super().__init__()
        self.form = form
        self.trunk = nn.Sequential(
            near_identity(channels, channels), ShiftedNorm(channels), nn.GELU()
        )
        if form is None:
            return
        self.mask = SoftMaskBranch(channels, pools, shrink=Shrink.AVERAGE)
        self.gate = SoftMaskGate()

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        trunk: Tensor = self.trunk(x)
        if self.form is None:
            return trunk
        gated: Tensor = self.gate(
            self.mask(x), trunk, trunk if self.form is GateForm.RESIDUAL else None
        )
        return gated


def ran_cifar(classes: int = 10, form: GateForm | None = GateForm.RESIDUAL) -> nn.Sequential:
    """Build the network: three stages of convolution, pooling and attention; 2.4 M parameters.

    It has the attention modules of Wang et al. (CVPR 2017) in the network that Jordan (2024, arXiv
    2404.00498) trains on CIFAR-10 in a few epochs: whitened patches, few wide convolutions
    initialised near the identity, and normalisation without scale whose biases learn fast. The
    input is mirrored at two borders, so that masks have exactly 1/2, 1/4 and 1/8 of its size. As in
    that network, the classifier uses each channel's maximum: single positions have no logits, so
    `competition` falls back on gradients.

    Parameters
    ----------
    classes
        Number of classes.
    form
        How masks and trunks are combined; no masks if None.

    Returns
    -------
    nn.Sequential
        Maps normalised inputs [N, 3, H, W] of 32 px or more to logits [N, classes].
    """
    stem = Whitening()
    inputs = (stem.out_channels, *WIDTHS[:-1])
    stages = [
        (
            f"stage{number}",
            nn.Sequential(
                OrderedDict(
                    unit=nn.Sequential(
                        near_identity(before, width),
                        nn.MaxPool2d(2),  # before the norm: that costs a quarter
                        ShiftedNorm(width),
                        nn.GELU(),
                    ),
                    attention=WideAttention(width, pools, form),
                )
            ),
        )
        for number, (before, width, pools) in enumerate(zip(inputs, WIDTHS, _POOLS, strict=True), 1)
    ]
    head = nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten(), ScaledLinear(WIDTHS[-1], classes))
    return nn.Sequential(
        OrderedDict([("stem", nn.Sequential(stem, nn.GELU())), *stages, ("head", head)])
    )


def _register(name: str, title: str, form: GateForm | None) -> None:
    ZOO.add(
        ZooNetwork(
            name,
            title,
            partial(ran_cifar, form=form),
            Preprocess(size=32, fit=Fit.SQUASH),
            FEATURES if form is None else SPATIAL_AND_FEATURES,
        )
    )


_register("ran-cifar", "Residual attention, CIFAR-10", GateForm.RESIDUAL)
_register("ran-cifar-naive", "Naive attention, CIFAR-10", GateForm.NAIVE)
_register("ran-cifar-plain", "Residual attention without its masks, CIFAR-10", None)
