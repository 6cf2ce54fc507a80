from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from attnviz.capture.run import capture
from attnviz.capture.taps.soft_masks import find_soft_masks
from attnviz.models.zoo.registry import build_network
from attnviz.models.zoo.residual_attention import (
    AttentionModule,
    GateForm,
    MaskActivation,
    ResidualUnit,
    Shrink,
    SoftMaskBranch,
    SoftMaskGate,
)


class Constant(nn.Module):
    """Gives the same tensor whatever comes in."""

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.value = value

    def forward(self, _: Tensor) -> Tensor:
        return self.value


MASK = torch.tensor([[[[0.0, 0.25], [0.5, 1.0]]]])
TRUNK = torch.tensor([[[[1.0, -2.0], [3.0, 4.0]], [[0.0, 8.0], [-6.0, 2.0]]]])
INPUT = torch.full((1, 2, 2, 2), 10.0)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (GateForm.NAIVE, [[[0.0, -0.5], [1.5, 4.0]], [[0.0, 2.0], [-3.0, 2.0]]]),
        (GateForm.RESIDUAL, [[[1.0, -2.5], [4.5, 8.0]], [[0.0, 10.0], [-9.0, 4.0]]]),
        (GateForm.READABLE, [[[10.0, 9.5], [11.5, 14.0]], [[10.0, 12.0], [7.0, 12.0]]]),
    ],
)
def test_each_form_gates_as_its_formula_says(form: GateForm, expected: list) -> None:
    """M T, (1 + M) T, and x + M T by hand; units before and after are taken out."""
    module = AttentionModule(8, 1, form=form)
    module.before, module.after = nn.Identity(), nn.Identity()
    module.mask, module.trunk = Constant(MASK), Constant(TRUNK)
    assert torch.equal(module(INPUT), torch.tensor([expected]))


def test_the_readable_trunk_adds_nothing_negative() -> None:
    torch.manual_seed(0)
    module = AttentionModule(8, 1, form=GateForm.READABLE).eval()
    x = torch.randn(2, 8, 6, 6)
    with torch.no_grad():
        assert float(module.trunk(x).min()) == 0.0
        assert float(AttentionModule(8, 1).eval().trunk(x).min()) < 0


def scores() -> Tensor:
    """Two channels of 2 x 2."""
    return torch.tensor([[[[3.0, 0.0], [-3.0, 1.0]], [[4.0, 2.0], [4.0, 0.0]]]])


def activated(activation: MaskActivation) -> Tensor:
    return SoftMaskBranch(8, 1, activation=activation)._activate(scores())


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def test_f1_is_a_sigmoid_of_each_score() -> None:
    expected = [[[sigmoid(s) for s in row] for row in channel] for channel in scores()[0].tolist()]
    torch.testing.assert_close(activated(MaskActivation.MIXED)[0], torch.tensor(expected))


def test_f2_divides_by_the_norm_over_the_channels() -> None:
    expected = torch.tensor([[[0.6, 0.0], [-0.6, 1.0]], [[0.8, 1.0], [0.8, 0.0]]])
    torch.testing.assert_close(activated(MaskActivation.CHANNEL)[0], expected)


def test_f3_standardises_each_channel_before_the_sigmoid() -> None:
    mask = activated(MaskActivation.SPATIAL)[0]
    for channel, values in zip(mask, ((3.0, 0.0, -3.0, 1.0), (4.0, 2.0, 4.0, 0.0)), strict=True):
        mean = sum(values) / 4
        deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / 4)
        expected = [sigmoid((value - mean) / deviation) for value in values]
        assert channel.flatten().tolist() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("shrink", list(Shrink))
@pytest.mark.parametrize("pools", [1, 2, 3])
@pytest.mark.parametrize("size", [(8, 8), (7, 13), (5, 20), (1, 1)])
def test_a_mask_has_the_size_of_its_input_and_lies_in_0_to_1(
    shrink: Shrink, pools: int, size: tuple[int, int]
) -> None:
    torch.manual_seed(1)
    branch = SoftMaskBranch(8, pools, activation=MaskActivation.SINGLE, shrink=shrink).eval()
    with torch.no_grad():
        mask = branch(10 * torch.randn(2, 8, *size))
    assert mask.shape == (2, 1, *size)
    assert 0 <= float(mask.min()) <= float(mask.max()) <= 1
    if size != (1, 1):
        assert float(mask.std()) > 0


def test_the_paper_s_mask_has_a_value_for_each_channel() -> None:
    torch.manual_seed(1)
    mask = SoftMaskBranch(8, 2).eval()(torch.randn(1, 8, 9, 12))
    assert mask.shape == (1, 8, 9, 12)
    assert not torch.allclose(mask[0, 0], mask[0, 1])


def test_the_hourglass_has_the_units_of_the_paper() -> None:
    """r at each scale down and up (2 r at the bottom), and one on each skip connection."""
    branch = SoftMaskBranch(8, 3, units=2)
    units = [part for part in branch.modules() if isinstance(part, ResidualUnit)]
    assert len(units) == 3 * 2 + 3 * 2 + 2
    module = AttentionModule(8, 1, p=1, t=2, r=1)
    outside = [
        unit
        for part in (module.before, module.trunk, module.after)
        for unit in part.modules()
        if isinstance(unit, ResidualUnit)
    ]
    assert len(outside) == 1 + 2 + 1


@pytest.mark.parametrize("size", [(8, 8), (9, 14)])
def test_a_striding_unit_halves_in_either_way(size: tuple[int, int]) -> None:
    x = torch.randn(1, 8, *size)
    up = tuple((side + 1) // 2 for side in size)
    down = tuple(side // 2 for side in size)
    assert ResidualUnit(8, 16, stride=2)(x).shape == (1, 16, *up)
    assert ResidualUnit(8, 16, stride=2, shrink=Shrink.AVERAGE)(x).shape == (1, 16, *down)


def test_a_unit_adds_its_short_cut() -> None:
    torch.manual_seed(0)
    unit = ResidualUnit(8).eval()
    x = torch.randn(1, 8, 5, 5)
    nn.init.zeros_(unit.body[-1].weight)
    assert torch.equal(unit(x), x)


@pytest.mark.parametrize("form", list(GateForm))
def test_readings_are_what_the_modules_themselves_put_out(form: GateForm) -> None:
    torch.manual_seed(2)
    module = AttentionModule(8, 2, form=form).eval()
    network = nn.Sequential(module, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    x = torch.randn(2, 8, 12, 20)
    (reading,) = capture(network, x, find_soft_masks(network)).soft_masks
    with torch.no_grad():
        before = module.before(x)
        trunk, mask = module.trunk(before), module.mask(before)
        gated = module.gate(mask, trunk, reading.base)
        assert reading.layer == "0"
        assert torch.equal(reading.mask, mask)
        assert torch.equal(reading.trunk, trunk)
        if form is GateForm.NAIVE:
            assert reading.base is None
        else:
            assert torch.equal(reading.base, trunk if form is GateForm.RESIDUAL else before)
        assert torch.equal(module.after(gated), module(x))


def test_the_gate_has_no_weights() -> None:
    assert list(SoftMaskGate().state_dict()) == []


def test_ran_cifar_has_three_modules_in_the_papers_forms() -> None:
    torch.manual_seed(0)
    residual = build_network("ran-cifar", 10).eval()
    naive = build_network("ran-cifar-naive", 10).eval()
    naive.load_state_dict(residual.state_dict())
    inputs = torch.rand(2, 3, 32, 32)
    grids = []
    for module, extra in ((residual, 1.0), (naive, 0.0)):
        trace = capture(module, inputs, find_soft_masks(module))
        for reading, name in zip(trace.soft_masks, ("stage1", "stage2", "stage3"), strict=True):
            stage = module.get_submodule(name)
            seen = stage.unit(_before(module, name, inputs))
            trunk = stage.attention.trunk(seen)
            mask = stage.attention.mask(seen)
            torch.testing.assert_close(reading.mask, mask, atol=1e-5, rtol=0)
            torch.testing.assert_close(stage.attention(seen), (extra + mask) * trunk)
            grids.append(tuple(mask.shape[1:]))
    assert grids == 2 * [(64, 16, 16), (224, 8, 8), (256, 4, 4)]
    assert sum(one.numel() for one in residual.parameters()) == 2_416_952


def _before(module: nn.Module, stage: str, inputs: torch.Tensor) -> torch.Tensor:
    for name, child in module.named_children():
        if name == stage:
            return inputs
        inputs = child(inputs)
    raise AssertionError(stage)
