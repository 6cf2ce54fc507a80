"""Captured attention against matrices that the networks compute themselves, without fusion."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import Tensor, nn

from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.logits import logits_of
from attnviz.capture.readings import ContextReading
from attnviz.capture.run import capture
from attnviz.capture.site import Kind, Site
from tests.capture.families import CONTEXT
from tests.capture.unfused import assert_rows

# Their attention passes a module `attn_drop` as a matrix if it is not fused.
WITH_MATRICES = [
    "timm ViT", "timm DeiT", "timm DeiT3", "timm BEiT", "timm EVA-02", "timm DINOv2",
    "timm DINOv3", "timm CoAtNet", "timm PVT-v2", "timm MobileViT", "timm MobileViT, few cells",
    "timm MaxViT", "timm Swin", "timm SwinV2", "timm SigLIP",
]  # fmt: skip
BY_HAND = {"timm SigLIP": ["attn_pool"]}  # layers without such a module: `test_unfused_by_hand`
MULTI_HEAD = "torchvision ViT"  # can itself be asked for its weights


def readings_of(name: str, *, gradients: bool) -> tuple[nn.Module, list[ContextReading]]:
    family = CONTEXT[name]
    module = family.make()
    sites = find_sites(module, Kind.CONTEXT, family.inputs(1))
    trace = capture(module, family.inputs(), sites, gradients=gradients, target=3)
    return module, list(trace.context)


def unfused(name: str, module: nn.Module) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Attention [N x windows, heads, T, S] of each layer, and the gradient of class 3 by it."""
    seen: dict[str, Tensor] = {}
    handles = []
    for layer, part in module.named_modules():
        if hasattr(part, "fused_attn"):
            part.fused_attn = False
        if isinstance(getattr(part, "attn_drop", None), nn.Module):

            def keep(_m: nn.Module, _i: object, out: Tensor, layer: str = layer) -> Tensor:
                seen[layer] = out if out.requires_grad else out.detach().requires_grad_()
                return seen[layer]

            handles.append(part.attn_drop.register_forward_hook(keep))
    output = module.requires_grad_(False)(CONTEXT[name].inputs())
    score = logits_of(output, module)[:, 3].sum()
    for handle in handles:
        handle.remove()
    slopes = torch.autograd.grad(score, list(seen.values()))
    return {k: v.detach() for k, v in seen.items()}, dict(zip(seen, slopes, strict=True))


@cache
def sites_of(name: str) -> tuple[Site, ...]:
    return find_sites(CONTEXT[name].make(), Kind.CONTEXT, CONTEXT[name].inputs(1))


def over_grid(reading: ContextReading, windows: Tensor, name: str) -> Tensor:
    """Matrices of windows as rows over the whole grid, by the cells of the site's geometry.

    That the geometry itself is right is asserted in `test_families`.
    """
    site = next(one for one in sites_of(name) if one.layer == reading.layer)
    assert site.geometry is not None
    cells = site.geometry.query_cells, site.geometry.key_cells
    matrices = windows.unflatten(0, (2, -1))
    full = torch.zeros(2, reading.heads, reading.queries.tokens, reading.keys.tokens)
    for window, (queries, keys) in enumerate(zip(*cells, strict=True)):
        full[:, :, queries[:, None], keys[None]] = matrices[:, window]
    return full


@pytest.mark.parametrize("name", WITH_MATRICES)
def test_rows_and_their_gradients_are_those_of_the_unfused_network(name: str) -> None:
    module, readings = readings_of(name, gradients=True)
    matrices, slopes = unfused(name, module)
    layers = [reading.layer for reading in readings]
    assert layers == [*matrices, *BY_HAND.get(name, [])]
    for reading in readings[: len(matrices)]:
        every = torch.arange(reading.queries.tokens)
        rows, gradient = reading.rows(every), reading.gradient_rows(every)
        assert gradient is not None
        expected, slope = matrices[reading.layer], slopes[reading.layer]
        if expected.shape != rows.shape:
            expected, slope = (over_grid(reading, one, name) for one in (expected, slope))
        assert_rows(rows, expected)
        scale = float(slope.abs().max())
        torch.testing.assert_close(gradient / scale, slope / scale, atol=1e-4, rtol=1e-3)


def test_multi_head_attention_gives_its_own_weights() -> None:
    """torchvision's ViT: the module asked once more, for weights, with what it was given."""
    module, readings = readings_of(MULTI_HEAD, gradients=False)
    seen: dict[str, Tensor] = {}
    for layer, part in module.named_modules():
        if isinstance(part, nn.MultiheadAttention):

            def ask(part: nn.Module, args: tuple[Tensor, ...], _out: object, layer: str = layer):  # noqa: ANN202
                seen[layer] = part.forward(
                    *args[:3], need_weights=True, average_attn_weights=False
                )[1].detach()

            part.register_forward_hook(ask)
    with torch.no_grad():
        module(CONTEXT[MULTI_HEAD].inputs())
    for reading in readings:
        rows = reading.rows(torch.arange(17))
        assert_rows(rows, seen[reading.layer])


def test_gradients_of_multi_head_attention_equal_finite_differences() -> None:
    """Nudge the weights of one query: the score moves as `gradient_rows` says."""
    module, readings = readings_of(MULTI_HEAD, gradients=True)
    reading = readings[-1]
    slope = reading.gradient_rows(torch.tensor([0]))
    assert slope is not None
    part = module.get_submodule(reading.layer)
    assert isinstance(part, nn.MultiheadAttention)
    inputs = CONTEXT[MULTI_HEAD].inputs()
    head, key, step = 1, 4, 1e-2
    scores = []
    for nudge in (step, -step):

        def change(
            _m: nn.Module, args: tuple[Tensor, ...], out: tuple[Tensor, None], by: float = nudge
        ) -> tuple[Tensor, None]:
            value = nn.functional.linear(
                args[2], part.in_proj_weight[64:], part.in_proj_bias[64:]
            ).unflatten(-1, (2, 16))
            moved = torch.zeros(2, 17, 2, 16)
            moved[0, 0, head] = by * value[0, key, head]
            return out[0] + moved.flatten(2) @ part.out_proj.weight.T, None

        handle = part.register_forward_hook(change)
        with torch.no_grad():
            scores.append(float(module(inputs)[0, 3].double()))
        handle.remove()
    measured = (scores[0] - scores[1]) / (2 * step)
    assert measured == pytest.approx(float(slope[0, head, 0, key]), rel=0.02, abs=1e-4)
