"""Modules of the residual attention network (Wang et al., CVPR 2017, arXiv 1704.06904).

An attention module has a trunk, T(x), and in parallel a soft mask branch, M(x): an hourglass that
sees the whole picture and weighs the trunk at each position. The paper uses `(1 + M) T` (attention
residual learning) and, for comparison, `M T` (naive). Units are pre-activation bottlenecks (He et
al. 2016, arXiv 1603.05027), as in the authors' definition files.
"""

from __future__ import annotations

from enum import StrEnum

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class MaskActivation(StrEnum):
    """How the mask branch's scores become a mask.

    Attributes
    ----------
    MIXED
        A sigmoid for each channel and position (the paper's f1).
    CHANNEL
        The scores at each position divided by their norm over the channels (f2).
    SPATIAL
        Each channel standardised over its positions, then a sigmoid (f3).
    SINGLE
        Not in the paper: one sigmoid map for all channels, which can be shown as one picture.
    """

    MIXED = "mixed"
    CHANNEL = "channel"
    SPATIAL = "spatial"
    SINGLE = "single"


class GateForm(StrEnum):
    """How mask and trunk are combined.

    Attributes
    ----------
    RESIDUAL
        (1 + M) T.
    NAIVE
        M T.
    READABLE
        x + M relu(norm(T)); not in the paper. The trunk is not negative, so a high mask always
        means "more of this position", which is not so for signed features.
    """

    RESIDUAL = "residual"
    NAIVE = "naive"
    READABLE = "readable"


class Shrink(StrEnum):
    """How a unit or a mask branch halves the resolution.

    Attributes
    ----------
    STRIDE
        As in the paper: strided convolutions, and max pooling in the mask branch.
    AVERAGE
        Average pooling, so every position of the input reaches the output; strided convolutions
        cause a checkerboard in gradient maps.
    """

    STRIDE = "stride"
    AVERAGE = "average"


class ResidualUnit(nn.Module):
    """Pre-activation bottleneck: 1x1 to a quarter of the width, 3x3, 1x1 back, plus a shortcut.

    Input [N, inputs, H, W]; output [N, outputs, H / stride, W / stride], rounded up for
    `Shrink.STRIDE` and down for `Shrink.AVERAGE`.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int | None = None,
        *,
        stride: int = 1,
        shrink: Shrink = Shrink.STRIDE,
    ) -> None:
        super().__init__()
        outputs = outputs or inputs
        width = outputs // 4
        step = stride if shrink is Shrink.STRIDE else 1
        pooled = stride > 1 and shrink is Shrink.AVERAGE
        pool = [nn.AvgPool2d(stride)] if pooled else []
        self.body = nn.Sequential(
            *_norm_relu(inputs),
            nn.Conv2d(inputs, width, 1, bias=False),
            *_norm_relu(width),
            nn.Conv2d(width, width, 3, stride=step, padding=1, bias=False),
            *pool,
            *_norm_relu(width),
            nn.Conv2d(width, outputs, 1, bias=False),
        )
        projects = inputs != outputs or stride != 1
        shortcut = [*pool, nn.Conv2d(inputs, outputs, 1, stride=step, bias=False)]
        self.shortcut = nn.Sequential(*shortcut) if projects else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        output: Tensor = self.body(x) + self.shortcut(x)
        return output


class SoftMaskBranch(nn.Module):
    """Hourglass that computes the mask: pooling down, as many bilinear steps up.

    Input [N, channels, H, W], any H and W; output the mask [N, channels or 1, H, W], in 0..1
    (in -1..1 for `MaskActivation.CHANNEL`).

    Parameters
    ----------
    channels
        Number of channels.
    pools
        How often the resolution is halved.
    units
        Residual units at each scale on the way down and on the way up; each skip connection has
        one.
    activation
        How the scores become a mask.
    shrink
        How the resolution is halved.
    """

    def __init__(
        self,
        channels: int,
        pools: int,
        *,
        units: int = 1,
        activation: MaskActivation = MaskActivation.MIXED,
        shrink: Shrink = Shrink.STRIDE,
    ) -> None:
        super().__init__()
        self.activation = activation
        self.shrink = shrink
        self.down = nn.ModuleList(_units(channels, units) for _ in range(pools))
        self.skip = nn.ModuleList(ResidualUnit(channels) for _ in range(pools - 1))
        self.up = nn.ModuleList(_units(channels, units) for _ in range(pools))
        single = activation is MaskActivation.SINGLE
        hidden, maps = (channels // 4, 1) if single else (channels, channels)
        self.score = nn.Sequential(
            *_norm_relu(channels),
            nn.Conv2d(channels, hidden, 1, bias=False),
            *_norm_relu(hidden),
            nn.Conv2d(hidden, maps, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        sizes: list[tuple[int, int]] = []
        skips: list[Tensor] = []
        for index, down in enumerate(self.down):
            sizes.append((x.shape[-2], x.shape[-1]))
            x = down(self._pool(x))
            if index < len(self.skip):
                skips.append(self.skip[index](x))
        for up in self.up:
            x = F.interpolate(up(x), size=sizes.pop(), mode="bilinear", align_corners=False)
            if skips:
                x = x + skips.pop()
        return self._activate(self.score(x))

    def _pool(self, x: Tensor) -> Tensor:
        if self.shrink is Shrink.AVERAGE:
            return F.avg_pool2d(x, 2, ceil_mode=True)
        return F.max_pool2d(x, 3, stride=2, padding=1)

    def _activate(self, scores: Tensor) -> Tensor:
        if self.activation is MaskActivation.CHANNEL:
            return F.normalize(scores, dim=1)
        if self.activation is MaskActivation.SPATIAL:
            scores = F.instance_norm(scores)
        return torch.sigmoid(scores)


class SoftMaskGate(nn.Module):
    """Combines mask and trunk: `base + mask * trunk`.

    A separate module although it has no weights, so that capture finds every soft mask at an
    instance of this class, together with the trunk that it weighs and the base.
    """

    def forward(self, mask: Tensor, trunk: Tensor, base: Tensor | None) -> Tensor:
        """Gate the trunk.

        Parameters
        ----------
        mask
            [N, C or 1, h, w].
        trunk
            [N, C, h, w].
        base
            [N, C, h, w], added to the gated trunk; None for naive gating.

        Returns
        -------
        Tensor
            [N, C, h, w].
        """
        gated = mask * trunk
        return gated if base is None else base + gated


class AttentionModule(nn.Module):
    """Pre-processing units, trunk and soft mask branch, gate, post-processing units.

    Input and output [N, channels, H, W].

    Parameters
    ----------
    channels
        Number of channels.
    pools
        How often the mask branch halves the resolution.
    form, activation, shrink
        See their classes.
    p, t, r
        Residual units before the split and after the gate, in the trunk, and at each scale of the
        mask branch (paper: 1, 2 and 1).
    """

    def __init__(
        self,
        channels: int,
        pools: int,
        *,
        form: GateForm = GateForm.RESIDUAL,
        activation: MaskActivation = MaskActivation.MIXED,
        shrink: Shrink = Shrink.STRIDE,
        p: int = 1,
        t: int = 2,
        r: int = 1,
    ) -> None:
        super().__init__()
        self.form = form
        self.before = _units(channels, p)
        self.trunk = _units(channels, t)
        if form is GateForm.READABLE:
            self.trunk.extend(_norm_relu(channels))
        self.mask = SoftMaskBranch(channels, pools, units=r, activation=activation, shrink=shrink)
        self.gate = SoftMaskGate()
        self.after = _units(channels, p)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = self.before(x)
        trunk = self.trunk(x)
        base = {GateForm.RESIDUAL: trunk, GateForm.NAIVE: None, GateForm.READABLE: x}[self.form]
        gated: Tensor = self.after(self.gate(self.mask(x), trunk, base))
        return gated


def _norm_relu(channels: int) -> tuple[nn.Module, nn.Module]:
    return nn.BatchNorm2d(channels), nn.ReLU(inplace=True)


def _units(channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(ResidualUnit(channels) for _ in range(count)))


def classifier_head(channels: int, classes: int) -> nn.Sequential:
    """Build a classifier: normalisation, ReLU, global average and a linear layer.

    Parameters
    ----------
    channels, classes
        Numbers of input channels and of classes.

    Returns
    -------
    nn.Sequential
        Maps [N, channels, h, w] to logits [N, classes].
    """
    return nn.Sequential(
        *_norm_relu(channels),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(channels, classes),
    )
