"""`ran-small`: a residual attention network of 4 M parameters with interpretable masks."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from attnviz.models.preprocess import Preprocess
from attnviz.models.zoo.registry import ZOO, ZooNetwork
from attnviz.models.zoo.residual_attention import (
    AttentionModule,
    GateForm,
    MaskActivation,
    ResidualUnit,
    Shrink,
    classifier_head,
)
from attnviz.pictures.geometry import Fit


def ran_small(classes: int = 10, *, width: int = 64) -> nn.Sequential:
    """Build the network: three attention stages with masks at 1/4, 1/8 and 1/16 of the input.

    The paper's network has one mask for each channel over signed features. Here each module has a
    single map over features that are not negative, and only the first convolution is strided: a
    high value in a mask means "more of this position", and neither masks nor gradients show a
    checkerboard.

    Parameters
    ----------
    classes
        Number of classes.
    width
        Channels after the stem.

    Returns
    -------
    nn.Sequential
        Maps normalised inputs [N, 3, H, W] of 96 px or more to logits [N, classes].
    """
    return nn.Sequential(
        OrderedDict(
            stem=_stem(width),
            stage1=_stage(width, 2 * width, stride=1, pools=3),
            stage2=_stage(2 * width, 4 * width, stride=2, pools=2),
            stage3=_stage(4 * width, 8 * width, stride=2, pools=1),
            stage4=ResidualUnit(8 * width),
            head=classifier_head(8 * width, classes),
        )
    )


def _stem(width: int) -> nn.Sequential:
    """Layers to a quarter of the resolution, at which the second convolution is cheap."""
    half = width // 2
    return nn.Sequential(
        nn.Conv2d(3, half, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(half),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, stride=1, padding=1),
        nn.AvgPool2d(2),
        nn.Conv2d(half, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    )


def _stage(inputs: int, outputs: int, *, stride: int, pools: int) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            unit=ResidualUnit(inputs, outputs, stride=stride, shrink=Shrink.AVERAGE),
            attention=AttentionModule(
                outputs,
                pools,
                form=GateForm.READABLE,
                activation=MaskActivation.SINGLE,
                shrink=Shrink.AVERAGE,
            ),
        )
    )


ZOO.add(
    ZooNetwork(
        "ran-small",
        "Residual attention, small",
        ran_small,
        Preprocess(size=160, fit=Fit.SQUASH),
    )
)
