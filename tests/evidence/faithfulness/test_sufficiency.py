"""Keeping the top share of a map, by hand and against a brute-force Gaussian."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn

from attnviz.evidence.faithfulness.sufficiency import gaussian_blur, keep_top, sufficiency


def test_exactly_the_share_is_kept_also_of_a_flat_map() -> None:
    sharp, soft = torch.ones(2, 3, 10, 10), torch.zeros(2, 3, 10, 10)
    maps = torch.stack([torch.arange(100.0).view(10, 10), torch.zeros(10, 10)])
    kept = keep_top(sharp, soft, maps, 0.07)
    assert kept.sum((1, 2, 3)).tolist() == [21.0, 21.0]
    assert kept[0, 0].flatten().nonzero().flatten().tolist() == list(range(93, 100))


def test_blur_equals_scipy() -> None:
    picture = torch.rand(1, 3, 40, 50, generator=torch.Generator().manual_seed(0))
    ours = gaussian_blur(picture, 3.0)[0, 1].numpy()
    theirs = gaussian_filter(picture[0, 1].numpy(), 3.0, mode="mirror", truncate=3.0)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


class Corner(nn.Module):
    """Sure of class 1 in proportion to the light in the upper left quarter."""

    def forward(self, x: Tensor) -> Tensor:
        light = x[:, 0, :5, :5].mean((1, 2))
        return torch.stack([torch.zeros_like(light), 4 * light], 1)


def test_a_map_of_what_matters_is_more_sufficient_than_its_inverse() -> None:
    picture = torch.zeros(1, 3, 10, 10)
    picture[:, :, :5, :5] = 1
    right = torch.zeros(1, 10, 10)
    right[:, :5, :5] = 1
    score = {
        name: float(
            sufficiency(Corner(), picture, maps, torch.tensor([1]), sigma=30, shares=(0.25,))
        )
        for name, maps in (("right", right), ("wrong", -right))
    }
    sure = float(torch.sigmoid(torch.tensor(4.0)))
    assert score["right"] == pytest.approx(sure, abs=1e-6)
    assert score["wrong"] < sure - 0.2
