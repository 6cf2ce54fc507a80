"""Captured attention against what the modules' weights give, worked out without the network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.logits import logits_of
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from tests.capture import unfused
from tests.capture.families import CONTEXT
from tests.capture.test_unfused import MULTI_HEAD, WITH_MATRICES

Worked = Callable[..., Tensor]  # of the module and the tensors it was given

WORKED: dict[str, dict[str, Worked]] = {
    "torchvision Swin": {"ShiftedWindowAttention": partial(unfused.swin, cosine=False)},
    "torchvision SwinV2": {"ShiftedWindowAttentionV2": partial(unfused.swin, cosine=True)},
    "torchvision MaxViT": {"PartitionAttentionLayer": unfused.maxvit},
    "timm CaiT": {
        "TalkingHeadAttn": unfused.talking_heads,
        "ClassAttn": unfused.class_attention,
    },
    "timm SigLIP": {"AttentionPoolLatent": unfused.latent},
    "timm BoTNet": {"BottleneckAttn": unfused.bottleneck},
    "timm Halo": {"HaloAttn": unfused.halo},
    "timm Halo, oblong": {"HaloAttn": unfused.halo},
    "timm GC": {"GlobalContext": unfused.global_context},
    "timm GC, added": {"GlobalContext": unfused.global_context},
    "timm non-local": {"NonLocalAttn": unfused.non_local},
    "vit-small": {"SelfAttention": unfused.thirds},
    "Hugging Face ViT": {"ViTAttention": unfused.projections},
    "Hugging Face DINOv2": {"Dinov2Attention": unfused.projections},
    "Hugging Face Swin": {"SwinLayer": unfused.projected_swin},
}


@torch.no_grad()
def worked(name: str, module: nn.Module) -> dict[str, Tensor]:
    """Attention [N, heads, T, S] over the whole map of each module that a rule is given for."""
    found: dict[str, Tensor] = {}
    for layer, part in module.named_modules():
        rule = WORKED[name].get(type(part).__name__)
        if rule is None:
            continue

        def see(
            part: nn.Module, args: tuple[Any, ...], layer: str = layer, rule: Worked = rule
        ) -> None:
            found[layer] = rule(part, *args)

        part.register_forward_pre_hook(see)
    logits_of(module(CONTEXT[name].inputs()), module)
    return found


@pytest.mark.parametrize("name", WORKED)
def test_rows_are_what_the_weights_give(name: str) -> None:
    family = CONTEXT[name]
    module = family.make()
    sites = find_sites(module, Kind.CONTEXT, family.inputs(1))
    readings = {one.layer: one for one in capture(module, family.inputs(), sites).context}
    expected = worked(name, family.make())
    others = len(readings) - len(expected)
    assert others == (2 if name == "timm SigLIP" else 0)  # its blocks are in `test_unfused`
    for layer, rows in expected.items():
        reading = next(one for key, one in readings.items() if key.startswith(layer))
        unfused.assert_rows(reading.rows(torch.arange(reading.queries.tokens)), rows)


def test_no_family_is_left_out() -> None:
    """Of whatever is read, some computation without fusion says what is right."""
    assert {*WITH_MATRICES, *WORKED, MULTI_HEAD} == CONTEXT.keys()
