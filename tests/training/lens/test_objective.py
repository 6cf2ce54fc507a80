"""What the masks of `lens` are trained for, by hand."""

from __future__ import annotations

import math

import pytest
import torch

from attnviz.training.lens.objective import calibration, cut, kept_loss, roughness, taken_loss


def scores(seed: int = 0, side: int = 40) -> torch.Tensor:
    return torch.randn(2, 1, side, side, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3, 0.5])
def test_the_share_of_the_places_is_sharp(share: float) -> None:
    mask = cut(scores(), torch.tensor([share, share]))
    sharp = (mask > 1 / (1 + math.exp(-1.499))).float().mean((1, 2, 3))
    torch.testing.assert_close(sharp, torch.full((2,), share), rtol=0, atol=2 / 1600)


def test_each_picture_has_its_own_share() -> None:
    small, large = cut(scores(), torch.tensor([0.05, 0.5])).mean((1, 2, 3)).tolist()
    assert small < 0.15 < 0.45 < large


def test_the_cut_follows_the_order_and_not_the_scale() -> None:
    values, shares = scores(), torch.tensor([0.1, 0.2])
    torch.testing.assert_close(
        cut(values, shares), cut(7 * values - 3, shares), rtol=1e-2, atol=1e-2
    )
    values.requires_grad_()
    weights = scores(1)
    (cut(values, shares) * weights).sum().backward()
    assert values.grad is not None
    along_scale = (values.grad * (values - values.mean((1, 2, 3), keepdim=True))).sum((1, 2, 3))
    assert along_scale.abs().max() < 0.02 * values.grad.norm() * values.norm()


SECOND = torch.tensor([[0.0, 1.0]])  # of two classes, asked for alone


def test_what_is_kept_costs_the_probability_that_was_lost() -> None:
    logits = torch.tensor([[0.0, math.log(3.0)], [0.0, 0.0], [math.log(99.0), 0.0]])  # 3/4 of 1 ...
    before = torch.tensor([[0.1, 0.9], [0.6, 0.4], [0.2, 0.8]])
    expected = (math.log(0.9 / 0.75) + 0.0 + math.log(0.8 / 0.01)) / 3
    assert float(kept_loss(logits, SECOND, before)) == pytest.approx(expected, rel=1e-5)


def test_an_answer_as_a_whole_costs_what_each_class_loses_by_its_weight() -> None:
    logits = torch.tensor([[0.0, math.log(3.0), math.log(4.0)]])  # 1/8, 3/8, 1/2
    asked, before = torch.tensor([[0.5, 0.3, 0.2]]), torch.tensor([[0.5, 0.25, 0.005]])
    kept = 0.5 * math.log(0.5 / 0.125)  # the others have gained
    taken = 0.5 * 0.125 / 0.5 + 0.3 * 1.5 + 0.2 * 1.5  # a gain of more than half counts as that
    assert float(kept_loss(logits, asked, before)) == pytest.approx(kept, rel=1e-5)
    assert float(taken_loss(logits, asked, before)) == pytest.approx(taken, rel=1e-5)


def test_a_picture_that_cannot_be_kept_counts_less_but_still_counts() -> None:
    logits = torch.tensor([[20.0, 0.0]], requires_grad=True)
    loss = kept_loss(logits, SECOND, torch.tensor([[0.0, 1.0]]))
    assert float(loss) == pytest.approx(6 + 0.3 * 14, rel=1e-4)
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[0].tolist() == pytest.approx([0.3, -0.3], rel=1e-4)


def test_what_is_taken_costs_the_share_that_is_left() -> None:
    logits = torch.tensor([[0.0, 0.0], [0.0, math.log(4.0)]])
    asked, before = torch.eye(2), torch.tensor([[1.0, 0.0], [0.6, 0.4]])
    loss = taken_loss(logits, asked, before)
    assert float(loss) == pytest.approx((0.5 + 1.5) / 2, rel=1e-5)  # 0.8 / 0.4 counts as 1.5


def test_an_edge_of_the_picture_lets_the_mask_change() -> None:
    mask = torch.zeros(1, 1, 4, 4)
    mask[..., 2:] = 1
    even = torch.full((1, 3, 4, 4), 0.5)
    edge = mask.expand(1, 3, 4, 4)
    assert float(roughness(mask, even)) == pytest.approx(1 / 3)
    assert float(roughness(mask, edge)) == pytest.approx(math.exp(-8) / 3, rel=1e-4)


def test_masks_are_pulled_up_at_the_top_and_down_in_the_rest() -> None:
    values = torch.zeros(2, 1, 10, 10)
    values[:, :, :1, :5] = 4.0  # the highest 5 of 100
    top, rest, absent = (
        math.log1p(math.exp(-4)),
        math.log(2),
        (5 * 4.01815 + 95 * math.log(2)) / 100,
    )
    loss = calibration(values, torch.tensor([True, False]))
    assert float(loss) == pytest.approx((top + rest + absent) / 2, rel=1e-4)
