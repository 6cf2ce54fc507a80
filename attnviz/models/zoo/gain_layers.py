"""Layers of networks that learn in few epochs (Jordan 2024, arXiv 2404.00498).

Instead of learning rates for each layer, as in the paper, these layers have a gain: a weight stored
as w / gain learns gain² times as fast by gradient descent, so one rate suffices for the network.
(With an optimiser that divides by the gradient's size, such as Adam, it is gain times as fast.)
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# The paper's rates for biases and classifier, relative to SGD at the usual 0.1 in batches of 512.
_SHIFT_GAIN = 12.0
_HEAD_GAIN = 0.15
_PATCH = 2
_EPSILON = 5e-4  # as in the paper: limits the gain of directions in which patches hardly differ


class Whitening(nn.Conv2d):
    """Whitens patches of 2x2 pixels; each uncorrelated value with both signs.

    The filters are the eigenvectors of the patches' second moments, divided by the square roots of
    their eigenvalues. They are not trained: `fit_whitening` sets them from pictures before a
    training. Only the bias of each is trained. Input [N, 3, H, W], output [N, 24, H, W]: the input
    is mirrored by a pixel at its right and lower border.
    """

    def __init__(self) -> None:
        super().__init__(3, 2 * 3 * _PATCH**2, _PATCH, bias=False)
        self.weight.requires_grad_(False)
        self.shift = nn.Parameter(torch.zeros(self.out_channels))

    @torch.no_grad()
    def fit(self, batches: Iterable[Tensor]) -> None:
        """Set the filters.

        Parameters
        ----------
        batches
            Normalised inputs [N, 3, H, W] on the CPU.
        """
        moments, count = torch.zeros(len(self.weight) // 2, len(self.weight) // 2).double(), 0
        for inputs in batches:
            patches = F.unfold(inputs.double(), _PATCH)  # [N, 12, positions]
            moments += torch.einsum("nip,njp->ij", patches, patches)
            count += len(patches) * patches.shape[2]
        values, vectors = torch.linalg.eigh(moments / count)
        filters = (vectors / (values + _EPSILON).sqrt()).T.reshape(-1, *self.weight.shape[1:])
        self.weight.copy_(torch.cat([filters, -filters]))

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - as `nn.Conv2d` calls it
        """See the class."""
        padded = F.pad(input, (0, _PATCH - 1, 0, _PATCH - 1), mode="reflect")
        return F.conv2d(padded, self.weight, _SHIFT_GAIN * self.shift)


def fit_whitening(module: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set the filters of all `Whitening` layers of a network, before its training.

    Parameters
    ----------
    module
        Any network.
    batches
        Normalised inputs [N, 3, H, W] on the CPU; not consumed if there is no such layer.
    """
    for submodule in module.modules():
        if isinstance(submodule, Whitening):
            submodule.fit(batches)


class ShiftedNorm(nn.BatchNorm2d):
    """Batch normalisation without a scale, and a bias that learns fast."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__(channels, affine=False)
        self.shift = nn.Parameter(torch.zeros(channels))

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - as `nn.BatchNorm2d` calls it
        """See the class."""
        return F.batch_norm(
            input,
            self.running_mean,
            self.running_var,
            bias=_SHIFT_GAIN * self.shift,
            training=self.training,
            momentum=self.momentum or 0.0,  # never None here
            eps=self.eps,
        )


class ScaledLinear(nn.Linear):
    """A linear classifier without bias, with small weights and small steps."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__(inputs, classes, bias=False)
        nn.init.normal_(self.weight, std=1 / (inputs * _HEAD_GAIN))

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - as `nn.Linear` calls it
        """See the class."""
        return F.linear(input, _HEAD_GAIN * self.weight)


def near_identity(inputs: int, outputs: int) -> nn.Conv2d:
    """Build a 3x3 convolution initialised as the identity for as many channels as possible.

    Parameters
    ----------
    inputs, outputs
        Numbers of channels.

    Returns
    -------
    nn.Conv2d
        Without bias; preserves height and width.
    """
    conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    nn.init.dirac_(conv.weight.data[: min(inputs, outputs)])
    return conv
