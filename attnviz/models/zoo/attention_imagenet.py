"""Attention-56 and Attention-92 for ImageNet, after the authors' definition files."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from attnviz.models.zoo.registry import ZOO, ZooNetwork
from attnviz.models.zoo.residual_attention import AttentionModule, ResidualUnit, classifier_head


def attention_56(classes: int = 1000) -> nn.Sequential:
    """Build Attention-56: one attention module in each of three stages.

    31.8 M parameters with 1000 classes. Masks have 1/4, 1/8 and 1/16 of the input's size; for 224
    px the bottleneck of each has 7 x 7 cells.

    Parameters
    ----------
    classes
        Number of classes.

    Returns
    -------
    nn.Sequential
        Maps normalised inputs [N, 3, H, W] of 32 px or more to logits [N, classes].
    """
    return _attention_network((1, 1, 1), classes)


def attention_92(classes: int = 1000) -> nn.Sequential:
    """Build Attention-92: one, two and three attention modules in the stages.

    52.5 M parameters with 1000 classes.

    Parameters
    ----------
    classes
        Number of classes.

    Returns
    -------
    nn.Sequential
        As for `attention_56`.
    """
    return _attention_network((1, 2, 3), classes)


def _attention_network(modules: tuple[int, int, int], classes: int) -> nn.Sequential:
    first, second, third = modules
    return nn.Sequential(
        OrderedDict(
            stem=nn.Sequential(
                nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False),
                nn.BatchNorm2d(64),
                nn.ReLU(inplace=True),
                nn.MaxPool2d(3, stride=2, padding=1),
            ),
            stage1=_stage(64, 256, first, stride=1, pools=3),
            stage2=_stage(256, 512, second, stride=2, pools=2),
            stage3=_stage(512, 1024, third, stride=2, pools=1),
            stage4=nn.Sequential(
                ResidualUnit(1024, 2048, stride=2), ResidualUnit(2048), ResidualUnit(2048)
            ),
            head=classifier_head(2048, classes),
        )
    )


def _stage(inputs: int, outputs: int, modules: int, *, stride: int, pools: int) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            [("unit", ResidualUnit(inputs, outputs, stride=stride))]
            + [(f"attention{i + 1}", AttentionModule(outputs, pools)) for i in range(modules)]
        )
    )


ZOO.add(ZooNetwork("attention-56", "Attention-56", attention_56))
ZOO.add(ZooNetwork("attention-92", "Attention-92", attention_92))
