"""`cbam-small`: a residual network of 3.7 M parameters with channel and spatial gates."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from attnviz.models.preprocess import Preprocess
from attnviz.models.zoo.cbam import Cbam
from attnviz.models.zoo.conv_layers import ResidualBlock, downsample
from attnviz.models.zoo.registry import ZOO, ZooNetwork
from attnviz.models.zoo.residual_attention import classifier_head
from attnviz.pictures.geometry import Fit


def cbam_small(classes: int = 10, *, width: int = 64) -> nn.Sequential:
    """Build the network: three stages of gated blocks at 1/4, 1/8 and 1/16 of the input's size.

    As in the paper, the gates weigh what a block adds to its input; unlike there, it is not
    negative.

    Parameters
    ----------
    classes
        Number of classes.
    width
        Channels of the first stage.

    Returns
    -------
    nn.Sequential
        Maps normalised inputs [N, 3, H, W] of 32 px or more to logits [N, classes].
    """
    return nn.Sequential(
        OrderedDict(
            stem=nn.Sequential(*downsample(3, width // 2), *downsample(width // 2, width)),
            stage1=_stage(width, blocks=1),
            down1=downsample(width, 2 * width),
            stage2=_stage(2 * width, blocks=2),
            down2=downsample(2 * width, 4 * width),
            stage3=_stage(4 * width, blocks=2),
            head=classifier_head(4 * width, classes),
        )
    )


def _stage(channels: int, *, blocks: int) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            (f"block{number + 1}", ResidualBlock(channels, Cbam(channels)))
            for number in range(blocks)
        )
    )


ZOO.add(
    ZooNetwork(
        "cbam-small",
        "Residual with CBAM, small",
        cbam_small,
        Preprocess(size=128, fit=Fit.SQUASH),
        kinds=("spatial", "channel", "features"),
    )
)
