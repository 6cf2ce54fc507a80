"""Networks in bfloat16 and float16 on the CPU: maps stay near those of float32, and never NaN."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from attnviz.analysis.explain import explain
from attnviz.assets import assets_folder
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from attnviz.capture.trace import Trace
from attnviz.methods import METHODS
from attnviz.methods.base import Nature
from attnviz.methods.trace_method import TraceMethod
from attnviz.models.loading import load_model, wrap
from attnviz.pictures.samples import open_sample
from tests.capture.families import FAMILIES

NEAR = 0.02
HALVES = (torch.bfloat16, torch.float16)
FULL = torch.float32

READ = ["timm ViT", "timm Swin", "timm CBAM", "torchvision ViT", "BAM as in the paper"]


@cache
def traced(name: str, dtype: torch.dtype) -> Trace:
    """Everything read of two inputs, with gradients of class 1; its places are found as it is."""
    family = FAMILIES[name]
    module, inputs = family.make(), family.inputs()
    for weight in module.parameters():  # torchvision begins with a head of zeros
        if not weight.any():
            torch.nn.init.normal_(weight, std=0.1, generator=torch.Generator().manual_seed(2))
    module = module.to(dtype)
    sites = [site for kind in Kind for site in find_sites(module, kind, inputs)]
    return capture(module, inputs, sites, gradients=True, target=1)


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("dtype", HALVES)
def test_half_precision_stays_near_float32(name: str, dtype: torch.dtype) -> None:
    full, half = traced(name, FULL), traced(name, dtype)
    assert [one.layer for one in half.readings] == [one.layer for one in full.readings]
    for one, other in zip(full.context, half.context, strict=True):
        every = torch.arange(one.queries.tokens)
        rows, slopes = other.rows(every), other.gradient_rows(every)
        assert rows.dtype == torch.float32
        torch.testing.assert_close(rows, one.rows(every), atol=NEAR, rtol=0)
        torch.testing.assert_close(rows.sum(-1), torch.ones(rows.shape[:-1]), atol=1e-5, rtol=0)
        assert slopes is not None
        assert bool(slopes.isfinite().all())
    for gate, other_gate in zip(full.gates, half.gates, strict=True):
        torch.testing.assert_close(other_gate.gate, gate.gate, atol=NEAR, rtol=0)
    for mask, other_mask in zip(full.soft_masks, half.soft_masks, strict=True):
        torch.testing.assert_close(other_mask.mask, mask.mask, atol=NEAR, rtol=0)


def near_on_average(found: torch.Tensor, expected: torch.Tensor, bound: float = NEAR) -> None:
    """Single places may be further off: the network's own rounding has moved them."""
    assert bool(found.isfinite().all())
    assert float((found - expected).abs().mean()) <= bound


def rounding_bound(rows: torch.Tensor, dtype: torch.dtype) -> float:
    """How far attention `rows` [..., queries, keys] may move on average in `dtype`; at least NEAR.

    Queries, keys and their products are each rounded once, which moves the logits by three unit
    roundoffs of their span, and the shares of a row together by no more than its largest logit.
    Wide spans over few keys occur in the last blocks of networks without training.
    """
    roundoff = torch.finfo(dtype).eps / 2
    logits = rows.clamp(min=torch.finfo(rows.dtype).tiny).log()
    span = float((logits.amax(-1) - logits.amin(-1)).mean())
    return max(NEAR, 3 * roundoff * span / rows.shape[-1])


# Its 256 x 256 take a minute where the processor has no half precision; the oblong one stays.
LARGE = ["timm Halo"]


@pytest.mark.parametrize("name", [name for name in FAMILIES if name not in READ + LARGE])
@pytest.mark.parametrize("dtype", HALVES)
def test_every_family_in_half_precision(name: str, dtype: torch.dtype) -> None:
    """Without training, networks differ from themselves in float32; what is read is never NaN."""
    full, half = traced(name, FULL), traced(name, dtype)
    assert [one.layer for one in half.readings] == [one.layer for one in full.readings]
    if (name, dtype) == ("torchvision SwinV2", torch.float16):
        # Its keys of padding are 0 and are normalised with 1e-12, which float16 does not know.
        assert bool(half.logits.isnan().all())
        return
    assert bool(half.logits.isfinite().all())
    for one, other in zip(full.context, half.context, strict=True):
        every = torch.arange(one.queries.tokens)
        rows, slopes = other.rows(every), other.gradient_rows(every)
        expected = one.rows(every)
        near_on_average(rows, expected, rounding_bound(expected, dtype))
        torch.testing.assert_close(rows.sum(-1), torch.ones(rows.shape[:-1]), atol=1e-5, rtol=0)
        assert slopes is not None
        assert bool(slopes.isfinite().all())
    for gate, other_gate in zip(full.gates, half.gates, strict=True):
        near_on_average(other_gate.gate, gate.gate)
    for mask, other_mask in zip(full.soft_masks, half.soft_masks, strict=True):
        near_on_average(other_mask.mask, mask.mask)
    for method in (METHODS.get(one)() for one in METHOD_NAMES):
        assert isinstance(method, TraceMethod)
        if method.readings(half) and not needs_values(method, half):
            assert all(np.isfinite(one.values).all() for one in method(half)), method.name


def needs_values(method: TraceMethod, trace: Trace) -> bool:
    """Whether it is the one method that needs what some calls of attention do not show."""
    return method.name == "attention-value-norm" and not all(
        one.value_norms() is not None for one in trace.context
    )


# Direct contributions have a pass of their own, and their own test in half precision.
METHOD_NAMES = [
    kind.name
    for kind in METHODS
    if issubclass(kind, TraceMethod) and kind.name != "direct-contributions"
]


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("dtype", HALVES)
def test_maps_of_every_method_stay_near_float32(name: str, dtype: torch.dtype) -> None:
    """Shares within 0.02; values without an end, within 0.02 of the largest in any layer.

    So are all maps of attention, and relevance through self-attention. CAMs of blocks and the
    signed gradient of a mask add up what cancels almost wholly in a network without training, and
    the most varied channel may be another one: of these it is asserted that they are finite.
    """
    full, half = traced(name, FULL), traced(name, dtype)
    read = 0
    for method in (METHODS.get(one)() for one in METHOD_NAMES):
        assert isinstance(method, TraceMethod)
        if not method.readings(full):
            continue
        read += 1
        expected, found = method(full), method(half)
        largest = max(float(np.abs(one.values).max()) for one in expected)
        assert largest > 0 or method.name == "mask-spread"  # 0 for masks of one channel
        attention = method.nature is Nature.ATTENTION and method.name != "mask-channel"
        holds = attention or method.kind is Kind.CONTEXT
        near = NEAR * (1 if method.shares else largest)
        for one, other in zip(expected, found, strict=True):
            assert np.isfinite(other.values).all(), f"{method.name} at {one.layer}"
            apart = float(np.abs(other.values - one.values).max())
            assert apart <= near or not holds, f"{method.name} at {one.layer}"
    assert read >= 5


# Of inputs, where they may be smaller than the networks' own: a pass in half precision takes long
# where the processor has none, and is of the same layers.
SIDES = {"lens": 128, "cbam-small": 128, "ran-small": 128}
SHIPPED = sorted(path.stem for path in (assets_folder() / "weights").glob("*.safetensors"))


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("dtype", HALVES)
def test_a_trained_network_is_explained_in_half_precision(name: str, dtype: torch.dtype) -> None:
    """CAMs too: on average over the places within 2 % of the largest value in any layer, or what
    the roundings of a deep network add up to.

    Grad-CAM++ and XGrad-CAM are left out: they divide by sums that nearly vanish in some blocks.
    """
    shipped, picture = load_model(name, input_size=SIDES.get(name)), open_sample("chelsea")
    full = wrap(shipped.module, shipped.preprocess, shipped.labels)
    half = wrap(deepcopy(shipped.module).to(dtype), shipped.preprocess, shipped.labels)
    layers = sum(isinstance(one, (nn.Conv2d, nn.Linear)) for one in shipped.module.modules())
    # Each layer rounds its weights and its values by half an eps, forward and backward;
    # independent errors add in squares.
    near = max(NEAR, torch.finfo(dtype).eps / 2 * (4 * layers) ** 0.5)
    seen: set[str] = set()
    for method in ("auto", "decision", "grad-cam", "hires-cam", "layer-cam", "competition"):
        if method in seen:  # it has answered one of the questions
            continue
        expected, found = (explain(one, picture, method, target=3) for one in (full, half))
        seen.add(found.method)
        assert (found.method, found.layers) == (expected.method, expected.layers)
        assert found.best_layer == expected.best_layer
        largest = max(float(np.abs(one).max()) for one in expected.maps)
        assert largest > 0
        for one, other in zip(found.maps, expected.maps, strict=True):
            assert np.abs(one - other).mean() <= near * largest, method
        for one, share in zip(found.predictions, expected.predictions, strict=True):
            assert abs(one.probability - share.probability) <= NEAR
