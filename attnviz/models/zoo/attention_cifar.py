"""The residual attention networks for pictures of 32 px, Attention-56 to Attention-236."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

from torch import nn

from attnviz.models.preprocess import Preprocess
from attnviz.models.zoo.registry import ZOO, ZooNetwork
from attnviz.models.zoo.residual_attention import (
    AttentionModule,
    GateForm,
    ResidualUnit,
    classifier_head,
)
from attnviz.pictures.geometry import Fit

_SIDE = 32
_WIDTHS = (16, 64, 128, 256)
MODULES = (1, 2, 3, 4, 6)


def attention_cifar(
    modules: int, classes: int = 10, *, form: GateForm = GateForm.RESIDUAL
) -> nn.Sequential:
    """Build the network: three stages, with a trunk of 36 modules + 20 layers in all.

    Masks have the full, half and quarter size of the input; for 32 px their bottleneck has 4 x 4
    cells. The paper prints no table for this network: widths are chosen to match its parameter
    counts, 1.9 M (Attention-92) and 5.1 M (Attention-236). Each stage also has one unit before and
    one after its attention modules.

    Parameters
    ----------
    modules
        Attention modules in each stage.
    classes
        Number of classes.
    form
        How mask and trunk are combined.

    Returns
    -------
    nn.Sequential
        Maps normalised inputs [N, 3, H, W] of 16 px or more to logits [N, classes].
    """
    stem, first, second, third = _WIDTHS
    return nn.Sequential(
        OrderedDict(
            stem=nn.Conv2d(3, stem, 3, padding=1, bias=False),
            stage1=_stage(stem, first, modules, form, stride=1, pools=3),
            stage2=_stage(first, second, modules, form, stride=2, pools=2),
            stage3=_stage(second, third, modules, form, stride=2, pools=1),
            head=classifier_head(third, classes),
        )
    )


def _stage(
    inputs: int, outputs: int, modules: int, form: GateForm, *, stride: int, pools: int
) -> nn.Sequential:
    attention = [
        (f"attention{i + 1}", AttentionModule(outputs, pools, form=form)) for i in range(modules)
    ]
    unit_in = ("unit_in", ResidualUnit(inputs, outputs, stride=stride))
    return nn.Sequential(OrderedDict([unit_in, *attention, ("unit_out", ResidualUnit(outputs))]))


def _register(modules: int, form: GateForm) -> None:
    depth = 36 * modules + 20
    naive = form is GateForm.NAIVE
    ZOO.add(
        ZooNetwork(
            f"attention-cifar-{depth}{'-naive' if naive else ''}",
            f"Attention-{depth} for small pictures{', naive gating' if naive else ''}",
            partial(attention_cifar, modules, form=form),
            Preprocess(size=_SIDE, fit=Fit.SQUASH),
        )
    )


for _modules in MODULES:
    for _form in (GateForm.RESIDUAL, GateForm.NAIVE):
        _register(_modules, _form)
