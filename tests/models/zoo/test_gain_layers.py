"""Parts that learn in few epochs: what they compute, how they begin, and how fast they move."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attnviz.models.zoo.gain_layers import (
    ScaledLinear,
    ShiftedNorm,
    Whitening,
    fit_whitening,
    near_identity,
)


def pictures(count: int = 40, side: int = 16) -> Tensor:
    """Smooth noise whose three colours go together, as those of photos do."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(count, 1, side + 2, side + 2, generator=generator)
    own = torch.randn(count, 3, side, side, generator=generator)
    return F.avg_pool2d(noise, 3, stride=1) + 0.2 * own


def test_whitened_patches_have_no_correlation() -> None:
    inputs = pictures()
    stem = Whitening()
    fit_whitening(nn.Sequential(nn.Identity(), stem), inputs.split(7))
    inside = stem(inputs)[:, :, :-1, :-1]  # the border that is mirrored was not fitted
    values = inside.transpose(0, 1).flatten(1).double()
    assert values.shape[0] == 24
    torch.testing.assert_close(values[12:], -values[:12])
    spread = values[:12] @ values[:12].T / values.shape[1]
    # Along the weakest direction, what keeps it from being blown up is felt.
    assert spread.diagonal().min() > 0.97
    assert spread.diagonal().max() <= 1
    torch.testing.assert_close(spread, torch.diag(spread.diagonal()), atol=1e-4, rtol=0)


def test_only_the_shift_of_whitening_is_trained() -> None:
    stem = Whitening()
    stem(pictures(2)).sum().backward()
    assert stem.weight.grad is None
    assert stem.shift.grad is not None
    with torch.no_grad():
        stem.shift[3] = 0.5
        moved = stem(pictures(2))
        stem.shift[3] = 0.0
        torch.testing.assert_close(moved[:, 3], stem(pictures(2))[:, 3] + 6)


@pytest.mark.parametrize("training", [True, False])
def test_a_shifted_norm_is_batch_norm_with_a_fast_bias(training: bool) -> None:
    torch.manual_seed(0)
    mine, plain = ShiftedNorm(5).train(training), nn.BatchNorm2d(5).train(training)
    inputs = 3 * torch.randn(8, 5, 4, 4) + 1
    aim = torch.randn(8, 5, 4, 4)
    with torch.no_grad():
        mine.shift.copy_(torch.linspace(-1, 1, 5))
        plain.bias.copy_(12 * mine.shift)
    for module in (mine, plain):
        (module(inputs) * aim).sum().backward()
    torch.testing.assert_close(mine(inputs), plain(inputs))
    torch.testing.assert_close(mine.running_mean, plain.running_mean)
    torch.testing.assert_close(mine.running_var, plain.running_var)
    # A step of gradient descent moves what comes out 144 times as far.
    assert mine.shift.grad is not None
    torch.testing.assert_close(12 * mine.shift.grad, 144 * plain.bias.grad)


def test_the_classifier_begins_with_small_logits_and_takes_small_steps() -> None:
    torch.manual_seed(0)
    head = ScaledLinear(256, 1000)
    inputs = torch.randn(50, 256)
    assert float(head(inputs).detach().std()) == pytest.approx(1 / 16, rel=0.02)  # sqrt(256) / 256
    before = head(inputs).detach()
    head(inputs)[:, 0].sum().backward()
    with torch.no_grad():
        assert head.weight.grad is not None
        head.weight += head.weight.grad
    risen = 0.15**2 * inputs @ inputs.sum(0)
    torch.testing.assert_close(head(inputs)[:, 0] - before[:, 0], risen, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(("inputs", "outputs"), [(4, 6), (6, 4)])
def test_a_convolution_begins_by_passing_channels_on(inputs: int, outputs: int) -> None:
    x = torch.randn(2, inputs, 5, 5)
    passed = min(inputs, outputs)
    torch.testing.assert_close(near_identity(inputs, outputs)(x)[:, :passed], x[:, :passed])
