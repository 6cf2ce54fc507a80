"""ran-cifar: a residual attention network for pictures of 32 px, for training on few cores."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

from torch import Tensor, nn

from attnviz.geometry import Fit
from attnviz.models.preprocess import Preprocess
from attnviz.models.zoo.registry import ZOO, ZooNetwork
from attnviz.models.zoo.residual_attention import GateForm, Shrink, SoftMaskBranch, SoftMaskGate

WIDTHS = (64, 192, 256)
_STEM = 32
# Halvings in the mask branches: all see the whole of a 32 px picture on 4 x 4 or 2 x 2 cells.
_POOLS = (2, 2, 1)


class WideAttention(nn.Module):
    """An attention module whose trunk is one full 3x3 convolution with a short cut.

    `T(x) = x + relu(norm(conv(x)))` and out = (1 + M(x)) T(x), M(x) T(x) for `GateForm.NAIVE`, or
    T(x) alone where `form` is None, to see what the masks do.
    The trunk is never negative, so a high mask means "more of this place". M is the hourglass of
    Wang et al. 2017 with one value for each channel and place. Input and output [N, C, H, W].
    """

    def __init__(
        self, channels: int, pools: int, form: GateForm | None = GateForm.RESIDUAL
    ) -> None:
        super().__init__()
        self.form = form
        self.trunk = nn.Sequential(*_conv_norm_relu(channels, channels))
        if form is None:
            return
        self.mask = SoftMaskBranch(channels, pools, shrink=Shrink.AVERAGE)
        self.gate = SoftMaskGate()

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        trunk: Tensor = x + self.trunk(x)
        if self.form is None:
            return trunk
        gated: Tensor = self.gate(
            self.mask(x), trunk, trunk if self.form is GateForm.RESIDUAL else None
        )
        return gated


def ran_cifar(classes: int = 10, form: GateForm | None = GateForm.RESIDUAL) -> nn.Sequential:
    """Three stages, each a convolution, a halving and an attention module; 2.1 M parameters.

    It has the attention modules of Wang et al. (CVPR 2017) in a body for short training: few wide
    convolutions instead of many thin bottlenecks, most of them at half the input's size and less
    (after Jordan 2024, arXiv 2404.00498). Masks lie on 1/2, 1/4 and 1/8 of the input.

    Input [N, 3, H, W], normalised, 32 px or more; output logits [N, classes].
    """
    inputs = (_STEM, *WIDTHS[:-1])
    stages = [
        (
            f"stage{number}",
            nn.Sequential(
                OrderedDict(
                    unit=nn.Sequential(*_halving(before, width)),
                    attention=WideAttention(width, pools, form),
                )
            ),
        )
        for number, (before, width, pools) in enumerate(zip(inputs, WIDTHS, _POOLS, strict=True), 1)
    ]
    stem = nn.Sequential(*_conv_norm_relu(3, _STEM))
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(WIDTHS[-1], classes))
    return nn.Sequential(OrderedDict([("stem", stem), *stages, ("head", head)]))


def _conv_norm_relu(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)


def _halving(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    """Pooled before it is normalised: that costs a quarter, and the largest values stay."""
    conv, *rest = _conv_norm_relu(inputs, outputs)
    return conv, nn.MaxPool2d(2), *rest


def _register(name: str, title: str, form: GateForm | None) -> None:
    ZOO.add(
        ZooNetwork(
            name,
            title,
            partial(ran_cifar, form=form),
            Preprocess(size=32, fit=Fit.SQUASH),
        )
    )


_register("ran-cifar", "Residual attention, CIFAR-10", GateForm.RESIDUAL)
_register("ran-cifar-naive", "Naive attention, CIFAR-10", GateForm.NAIVE)
_register("ran-cifar-plain", "Residual attention without its masks, CIFAR-10", None)
