"""The zoo's networks: sizes, shapes, and where their masks lie."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from attnviz.capture.run import capture
from attnviz.capture.taps.soft_masks import find_soft_masks
from attnviz.errors import UnknownNameError
from attnviz.models.zoo.attention_cifar import MODULES, attention_cifar
from attnviz.models.zoo.registry import build_network, zoo_networks
from attnviz.models.zoo.residual_attention import (
    AttentionModule,
    GateForm,
    ResidualUnit,
    SoftMaskBranch,
)

DEPTHS = {modules: 36 * modules + 20 for modules in MODULES}


def on_paper(name: str, classes: int) -> nn.Module:
    """The network without values: shapes and counts cost nothing."""
    with torch.device("meta"):
        return build_network(name, classes)


def parameters(module: nn.Module) -> int:
    return sum(one.numel() for one in module.parameters())


def masks(module: nn.Module, inputs: Tensor) -> list[tuple[int, ...]]:
    trace = capture(module, inputs, find_soft_masks(module))
    return [tuple(one.mask.shape[1:]) for one in trace.soft_masks]


def test_the_names_that_can_be_trained() -> None:
    assert {network.name for network in zoo_networks()} >= {
        "ran-small",
        "cbam-small",
        "vit-small",
        "attention-56",
        "attention-92",
        "ran-cifar",
        "ran-cifar-naive",
        "ran-cifar-plain",
        *(
            f"attention-cifar-{depth}{form}"
            for depth in (56, 92, 128, 164, 236)
            for form in ("", "-naive")
        ),
    }


def test_an_unknown_name_brings_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="attention-56"):
        build_network("attention56", 10)


@pytest.mark.parametrize(
    "name",
    ["ran-small", "cbam-small", "vit-small", "attention-56", "attention-92", "attention-cifar-92"],
)
def test_there_is_an_output_for_each_class_also_for_oblong_inputs(name: str) -> None:
    side = min(zoo_networks().get(name).preprocess.size, 96)
    module = on_paper(name, 7)
    assert module(torch.empty(2, 3, side, 2 * side + 5, device="meta")).shape == (2, 7)


@pytest.mark.parametrize(
    ("name", "classes", "millions"),
    [
        ("attention-56", 1000, 31.9),
        ("attention-92", 1000, 51.3),
        ("attention-cifar-92", 10, 1.84),
        ("attention-cifar-236", 10, 5.1),
    ],
)
def test_parameter_counts_are_the_papers(name: str, classes: int, millions: float) -> None:
    assert parameters(on_paper(name, classes)) / 1e6 == pytest.approx(millions, rel=0.03)


@pytest.mark.parametrize(
    ("name", "depth"),
    [("attention-56", 56), *((f"attention-cifar-{d}", d) for d in DEPTHS.values())],
)
def test_the_trunk_is_as_deep_as_the_name_says(name: str, depth: int) -> None:
    """Three layers for each unit outside the mask branches, one in the stem, one classifier."""
    units = [
        part_name
        for part_name, part in on_paper(name, 10).named_modules()
        if isinstance(part, ResidualUnit) and ".mask." not in part_name
    ]
    assert 3 * len(units) + 2 == depth


def test_ran_small_is_small_and_sees_with_a_first_mask_at_a_quarter() -> None:
    torch.manual_seed(0)
    module = build_network("ran-small", 10)
    assert parameters(module) <= 5_000_000
    found = masks(module, torch.randn(1, 3, 64, 96))
    assert found == [(1, 16, 24), (1, 8, 12), (1, 4, 6)]


@pytest.mark.parametrize(("name", "exactly"), [("cbam-small", 3_742_253), ("vit-small", 1_578_442)])
def test_small_networks_stay_within_10_mb_of_half_precision(name: str, exactly: int) -> None:
    module = on_paper(name, 10)
    assert parameters(module) == exactly
    assert 2 * sum(value.numel() for value in module.state_dict().values()) < 10e6


def test_ran_small_keeps_its_names() -> None:
    """Published weights are read by these keys."""
    keys = set(on_paper("ran-small", 10).state_dict())
    assert len(keys) == 634
    assert {
        "stem.0.weight",
        "stage1.unit.body.2.weight",
        "stage1.attention.before.0.body.0.weight",
        "stage2.attention.mask.skip.0.body.5.weight",
        "stage3.attention.mask.score.5.bias",
        "stage3.attention.trunk.2.running_mean",
        "stage4.body.8.weight",
        "head.4.bias",
    } <= keys


def test_the_other_small_networks_keep_their_names() -> None:
    cbam = set(on_paper("cbam-small", 10).state_dict())
    assert len(cbam) == 121
    assert {
        "stem.3.weight",
        "stage1.block1.body.0.weight",
        "stage2.block2.gate.channel.mlp.2.bias",
        "stage3.block1.gate.spatial.conv.weight",
        "down2.1.running_var",
        "head.4.bias",
    } <= cbam
    vit = set(on_paper("vit-small", 10).state_dict())
    assert len(vit) == 122
    assert {
        "class_token",
        "position.grid",
        "stem.6.body.3.weight",
        "blocks.5.attention.qkv.weight",
        "blocks.0.mlp.2.bias",
        "norm.weight",
        "head.bias",
    } <= vit


def test_attention_56_has_a_mask_for_each_channel_in_each_stage() -> None:
    torch.manual_seed(0)
    found = masks(build_network("attention-56", 5), torch.randn(1, 3, 64, 96))
    assert found == [(256, 16, 24), (512, 8, 12), (1024, 4, 6)]


def test_attention_92_has_one_two_and_three_modules() -> None:
    names = [site.layer for site in find_soft_masks(on_paper("attention-92", 5))]
    assert names == [
        "stage1.attention1",
        "stage2.attention1",
        "stage2.attention2",
        "stage3.attention1",
        "stage3.attention2",
        "stage3.attention3",
    ]


def test_cifar_networks_have_full_half_and_quarter_masks() -> None:
    torch.manual_seed(0)
    found = masks(attention_cifar(1), torch.randn(1, 3, 32, 48))
    assert found == [(64, 32, 48), (128, 16, 24), (256, 8, 12)]
    assert len(find_soft_masks(attention_cifar(2))) == 6


@torch.no_grad()
def test_the_naive_twin_differs_by_the_trunk_alone() -> None:
    """Same weights, same masks; behind the gate residual - naive is the trunk, in every module."""
    residual, naive = (
        build_network(name, 10).eval()
        for name in ("attention-cifar-92", "attention-cifar-92-naive")
    )
    naive.load_state_dict(residual.state_dict())
    pairs = [
        (one, other)
        for one, other in zip(residual.modules(), naive.modules(), strict=True)
        if isinstance(one, AttentionModule) and isinstance(other, AttentionModule)
    ]
    assert len(pairs) == 6
    for one, other in pairs:
        assert (one.form, other.form) == (GateForm.RESIDUAL, GateForm.NAIVE)
        channels = one.mask.score[-1].out_channels
        x = torch.randn(2, channels, 8, 8, generator=torch.Generator().manual_seed(0))
        gates: list[Tensor] = []
        for module in (one, other):
            module.gate.register_forward_hook(lambda _m, _i, gated, kept=gates: kept.append(gated))
            module(x)
        before = one.before(x)
        trunk, mask = one.trunk(before), one.mask(before)
        torch.testing.assert_close(gates[1], mask * trunk)
        torch.testing.assert_close(gates[0] - gates[1], trunk, rtol=1e-4, atol=1e-5)


def test_without_masks_ran_cifar_is_what_masks_of_zero_leave_of_it() -> None:
    torch.manual_seed(0)
    whole, plain = (build_network(name, 10).eval() for name in ("ran-cifar", "ran-cifar-plain"))
    unused = whole.load_state_dict(plain.state_dict(), strict=False)
    assert all(".attention.mask." in key for key in unused.missing_keys)
    assert not unused.unexpected_keys
    inputs = torch.randn(2, 3, 32, 32)
    assert not torch.allclose(whole(inputs), plain(inputs), atol=1e-3)
    for part in whole.modules():
        if isinstance(part, SoftMaskBranch):
            nn.init.constant_(part.score[-1].bias, -100)
    torch.testing.assert_close(whole(inputs), plain(inputs))
