"""`vit-small`: a vision transformer of 1.5 M parameters on a convolutional stem."""

from __future__ import annotations

from torch import nn

from attnviz.models.preprocess import Preprocess
from attnviz.models.zoo.conv_layers import ResidualBlock, downsample
from attnviz.models.zoo.registry import ZOO, ZooNetwork
from attnviz.models.zoo.vision_transformer import VisionTransformer
from attnviz.pictures.geometry import Fit

_STRIDE = 8
_SIDE = 128


def vit_small(
    classes: int = 10, *, width: int = 128, depth: int = 6, heads: int = 4
) -> VisionTransformer:
    """Build the network: six blocks of four heads over cells of 8 px, 16 x 16 for 128 px.

    Parameters
    ----------
    classes
        Number of classes.
    width, depth, heads
        Channels of a token, number of blocks, and heads of each.

    Returns
    -------
    VisionTransformer
        Maps normalised inputs [N, 3, H, W] of 32 px or more to logits [N, classes].
    """
    stem = nn.Sequential(
        *downsample(3, width // 4),
        *downsample(width // 4, width // 2),
        ResidualBlock(width // 2),
        *downsample(width // 2, width),
        ResidualBlock(width),
        nn.Conv2d(width, width, 1),
    )
    return VisionTransformer(
        stem, width, classes, side=_SIDE // _STRIDE, depth=depth, heads=heads, ratio=3
    )


ZOO.add(
    ZooNetwork(
        "vit-small",
        "Vision transformer, small",
        vit_small,
        Preprocess(size=_SIDE, fit=Fit.SQUASH, multiple=_STRIDE),
        kinds=("context", "features"),
        layout="NTC",
    )
)
