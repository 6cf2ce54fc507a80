"""What patches bring directly: with all else that is added, it is the score to the last digit."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import attnviz
from attnviz import Words
from attnviz.capture.direct_paths import direct_paths
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.run import capture_scores
from attnviz.capture.site import Kind
from attnviz.capture.trace import Trace
from attnviz.errors import MethodError
from attnviz.methods.direct_contributions import DirectContributions
from attnviz.methods.inference import Inference, LayerMaps, MethodResult
from attnviz.targets.head import score_head
from tests.methods.transformers_in_parts import (
    CLASSES,
    NETWORKS,
    PATCH,
    SIDE,
    Network,
    of_timm,
    stirred,
)


def pictures(count: int = 1) -> Tensor:
    return torch.randn(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(7))


def traces(module: nn.Module, inputs: Tensor, columns: int, *, direct: bool = True) -> list[Trace]:
    """One trace of all layers for each column of the output."""
    blocks, sites = (find_sites(module, kind, inputs) for kind in (Kind.FEATURES, Kind.CONTEXT))
    with direct_paths(module, blocks, sites) if direct else nullcontext():
        return [
            *capture_scores(module, inputs, sites, lambda _: torch.eye(columns), lambda one: one)
        ]


def watched(network: Network, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The output, what enters the last norm [1, T, d], and all that attention adds [1, T, d]."""
    entering, added = [], []

    def leave(_module: nn.Module, _given: object, output: object) -> None:
        added.append(output[0] if isinstance(output, tuple) else output)

    hooks = [one.register_forward_hook(leave) for one in network.added]
    hooks.append(network.norm.register_forward_pre_hook(lambda _, given: entering.append(given[0])))
    with torch.no_grad():
        output = network.module(inputs)
        total = sum(one - offset for one, offset in zip(added, network.offsets, strict=True))
    for hook in hooks:
        hook.remove()
    assert isinstance(total, Tensor)
    return getattr(output, "logits", output), entering[0], total


@pytest.mark.parametrize("name", NETWORKS)
def test_all_parts_sum_to_the_logit(name: str) -> None:
    """Patches, class token, registers; then MLPs, first tokens and offsets, by the norm's formula.

    The last norm is (x - mean x) w / s + b, with the s of the pass.
    """
    network, inputs = NETWORKS[name](), pictures()
    logits, entering, added = watched(network, inputs)
    norm = network.norm
    scale = (entering.var(-1, unbiased=False, keepdim=True) + norm.eps).sqrt()

    def read(part: Tensor) -> Tensor:
        normed = (part - part.mean(-1, keepdim=True)) / scale * norm.weight
        return (network.pooled(normed) @ network.weight.T).detach()

    found = traces(network.module, inputs, CLASSES)
    method = DirectContributions()
    tokens = torch.stack([sum(map(method.brought, one.context)) for one in found], 1)
    others = read(entering - added) + network.weight @ norm.bias + network.bias
    torch.testing.assert_close(found[0].logits, logits, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(tokens.sum(-1), read(added), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(tokens.sum(-1) + others, logits, atol=1e-4, rtol=1e-4)


def test_each_patch_brings_its_value_times_its_attention() -> None:
    """By timm's own weights: the class token's row of each head, the values, the projection."""
    network = of_timm(init_values=0.5)
    net, inputs = network.module, pictures(2)
    entering: list[Tensor] = []
    hooks = [
        one.attn.register_forward_pre_hook(lambda _, given: entering.append(given[0]))
        for one in net.blocks  # type: ignore[union-attr]
    ]
    with torch.no_grad():
        net(inputs)
    for hook in hooks:
        hook.remove()
    _, total, _ = watched(network, inputs)
    scale = (total[:, 0].var(-1, unbiased=False) + network.norm.eps).sqrt()
    reads = network.norm.weight * network.weight[1]  # of class 1
    reads = reads - reads.mean()  # the norm takes off the mean of what it reads
    expected = torch.zeros(2, 16)
    for block, tokens in zip(net.blocks, entering, strict=True):  # type: ignore[arg-type]
        attn = block.attn
        q, k, v = attn.qkv(tokens).reshape(2, 17, 3, 2, 8).permute(2, 0, 3, 1, 4)
        weights = (q[:, :, :1] @ k.transpose(-2, -1) / 8**0.5).softmax(-1)[:, :, 0]
        for head in range(2):
            projection = attn.proj.weight[:, 8 * head : 8 * head + 8]
            value = v[:, head] @ projection.T * block.ls1.gamma
            expected += (weights[:, head, :, None] * value)[:, 1:] @ reads / scale[:, None]
    result = DirectContributions().run(Inference.of(net, inputs, target=1))
    found = result.layer_maps[-1].values
    np.testing.assert_allclose(found.reshape(2, 16), expected.detach(), atol=1e-4, rtol=1e-3)


def test_the_last_layers_alone_are_summed() -> None:
    net, inputs = of_timm().module, pictures()
    inference = Inference.of(net, inputs, target=0)
    every, last = (DirectContributions(layers).run(inference) for layers in (9, 2))
    assert len(every.layers) == 3
    assert every.layers[-2:] == last.layers
    ahead = every.map_of(every.layers[0])
    for layer in last.layers:
        np.testing.assert_allclose(every.map_of(layer), ahead + last.map_of(layer), atol=1e-5)
    with pytest.raises(MethodError, match="one layer at least"):
        DirectContributions(0)


def test_several_classes_share_the_pass_and_are_linear() -> None:
    net, inputs = of_timm().module, pictures()
    inference, method = Inference.of(net, inputs, target=0), DirectContributions()
    alone = [method.run(Inference.of(net, inputs, target=index)) for index in range(CLASSES)]
    passes: list[int] = []
    counting = net.register_forward_hook(lambda *_: passes.append(1))
    together = method.run_for_classes(inference, lambda _: range(CLASSES))
    (mixed,) = method.run_for_scores(inference, lambda _: torch.tensor([[2.0, -1.0, 0.5]]))
    counting.remove()
    assert len(passes) == 2, "one for all classes, one for their sum"
    maps = [one.layer_maps[-1].values for one in together]
    for one, other in zip(alone, maps, strict=True):
        np.testing.assert_allclose(one.layer_maps[-1].values, other, atol=1e-5)
    expected = 2 * maps[0] - maps[1] + 0.5 * maps[2]
    np.testing.assert_allclose(mixed.layer_maps[-1].values, expected, atol=1e-4)


def test_a_mirrored_picture_has_its_map_mirrored() -> None:
    """Without positions, patches that are mirrored themselves."""
    net = of_timm(pos_embed="none").module
    flat = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    inputs = flat.repeat_interleave(PATCH, 2).repeat_interleave(PATCH, 3)  # patches of one colour
    method = DirectContributions()
    maps = [
        method.run(Inference.of(net, one, target=0)).layer_maps[-1].values
        for one in (inputs, inputs.flip(3), inputs.roll(PATCH, 2))
    ]
    assert np.abs(maps[0]).max() > 1e-2
    np.testing.assert_allclose(maps[1], maps[0][:, :, ::-1], atol=1e-4)
    np.testing.assert_allclose(maps[2], np.roll(maps[0], 1, 1), atol=1e-4)


def test_a_network_whose_sum_is_normed_on_the_way_is_refused() -> None:
    """BERT's order, which leaves no direct way to the score."""
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)

    class Post(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patches = nn.Conv2d(3, 16, PATCH, PATCH)
            self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            self.head = nn.Linear(16, CLASSES)

        def forward(self, x: Tensor) -> Tensor:
            tokens = self.encoder(self.patches(x).flatten(2).transpose(1, 2))
            logits: Tensor = self.head(tokens.mean(1))
            return logits

    net = stirred(Post())
    with pytest.raises(MethodError, match="no such way"):
        DirectContributions().run(Inference.of(net, pictures(), target=0))


def test_nothing_stays_behind() -> None:
    net, inputs = of_timm().module, pictures()
    method, inference = DirectContributions(), Inference.of(net, inputs, target=0)
    with torch.no_grad():
        before = net(inputs)
    result = method.run(inference)
    torch.testing.assert_close(result.logits, before, atol=1e-5, rtol=1e-5)
    with pytest.raises(attnviz.errors.UnknownClassError):
        method.run(Inference.of(net, inputs, target=CLASSES))
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in net.modules())
    assert torch.equal(net(inputs), before)


def test_prompts_sum_to_the_product_of_embedding_and_direction() -> None:
    """The length of the embedding is that of the pass, so the cosine is linear too."""
    open_clip = pytest.importorskip("open_clip")
    vision = {"layers": 3, "width": 16, "head_width": 8, "patch_size": PATCH, "image_size": SIDE}
    text = {"context_length": 8, "vocab_size": 9, "width": 16, "heads": 2, "layers": 1}
    joint = open_clip.CLIP(
        embed_dim=8, vision_cfg=open_clip.CLIPVisionCfg(**vision),
        text_cfg=open_clip.CLIPTextCfg(**text),
    )  # fmt: skip
    stirred(joint)
    joint.logit_scale.data.fill_(1.0)
    directions = torch.randn(2, 8, generator=torch.Generator().manual_seed(2))
    joint.encode_text = lambda rows: directions[rows]
    model = attnviz.wrap(joint, tokenizer=lambda texts: torch.tensor([int(one) for one in texts]))
    visual, inputs = joint.visual, pictures()
    blocks = visual.transformer.resblocks
    network = Network(
        visual, [one.attn for one in blocks], [one.attn.out_proj.bias for one in blocks],
        visual.ln_post, visual.proj.T,
    )  # fmt: skip
    embedding, entering, added = watched(network, inputs)
    unit = directions / directions.norm(dim=1, keepdim=True)
    with (
        model.lock,
        score_head(model, Inference.of(model.module, inputs), [Words("0"), Words("1")]),
    ):
        found = traces(model.module, inputs, 2)
    tokens = torch.stack(
        [sum(map(DirectContributions().brought, one.context)) for one in found], 1
    ).sum(-1)
    norm, at = visual.ln_post, entering[:, 0]
    scale = (at.var(-1, unbiased=False, keepdim=True) + norm.eps).sqrt()
    rest = at - added[:, 0]
    rest = ((rest - rest.mean(-1, keepdim=True)) / scale * norm.weight + norm.bias) @ visual.proj
    factor = np.e / embedding.norm()
    torch.testing.assert_close(
        tokens + factor * rest @ unit.T, factor * embedding @ unit.T, atol=1e-4, rtol=1e-4
    )


def test_prompts_share_each_patch_by_softmax() -> None:
    """Maps 3 0 -1 and 1 2 -1: T is half of their standard deviation, the shares e^(z/T)."""
    maps = np.array([[[3.0, 0.0, -1.0]], [[1.0, 2.0, -1.0]]], np.float32)
    results = tuple(
        MethodResult((LayerMaps("last", one[None]),), torch.zeros(1, 2), None, "last")
        for one in maps
    )
    found = [one.map_of("last")[0] for one in DirectContributions().contested(results)]
    powers = np.exp(maps[:, 0] / (0.5 * maps.std()))
    expected = np.maximum(maps[:, 0], 0) * powers / powers.sum(0)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_pooling_by_attention_is_a_sum_of_its_own() -> None:
    """SigLIP's: what follows is x + MLP(norm x), so the weights of a class read x itself."""
    net, inputs = of_timm(global_pool="map", class_token=False).module, pictures()
    pooled: list[Tensor] = []
    hook = net.attn_pool.proj.register_forward_hook(lambda _m, _x, output: pooled.append(output))  # type: ignore[operator, union-attr]
    result = DirectContributions().run(Inference.of(net, inputs, target=2))
    hook.remove()
    assert result.layers == ("attn_pool",)
    added = (pooled[0][0, 0] - net.attn_pool.proj.bias) @ net.head.weight[2]  # type: ignore[union-attr]
    assert result.layer_maps[0].values.sum() == pytest.approx(added.item(), rel=1e-3, abs=1e-4)


def test_layers_of_the_class_token_add_to_it_alone() -> None:
    """CaiT's: two of them, and the last norm, whose scale is that of the pass."""
    from timm.models.cait import Cait

    net = Cait(SIDE, PATCH, embed_dim=16, depth=2, num_heads=2, num_classes=CLASSES)
    stirred(net)
    inputs, parts, entering = pictures(), [], []
    blocks, sites = (find_sites(net, kind, inputs) for kind in (Kind.FEATURES, Kind.CONTEXT))
    hooks = [
        block.attn.register_forward_hook(lambda _m, _x, output: parts.append(output))
        for block in net.blocks_token_only
    ]
    hooks.append(net.norm.register_forward_pre_hook(lambda _m, given: entering.append(given[0])))
    with direct_paths(net, blocks, sites):
        (trace,) = capture_scores(net, inputs, sites[-2:], lambda _: torch.eye(3)[:1], lambda t: t)
    for hook in hooks:
        hook.remove()
    scale = (entering[0][:, 0].var(-1, unbiased=False) + net.norm.eps).sqrt()
    reads = net.norm.weight * net.head.weight[0]
    reads = (reads - reads.mean()) / scale
    for block, part, reading in zip(net.blocks_token_only, parts, trace.context, strict=True):
        added = (part[0, 0] - block.attn.proj.bias) * block.gamma_1 @ reads
        brought = DirectContributions().brought(reading).sum()
        torch.testing.assert_close(brought, added.detach(), atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_brings_nearly_the_same(dtype: torch.dtype) -> None:
    module, method = of_timm(init_values=0.5).module, DirectContributions()
    (full,) = method.maps(traces(module, pictures(), CLASSES)[1].context)[-1]
    (half,) = method.maps(traces(module.to(dtype), pictures().to(dtype), CLASSES)[1].context)[-1]
    assert bool(half.isfinite().all())
    assert float((half - full).abs().max()) <= 0.05 * float(full.abs().max())
