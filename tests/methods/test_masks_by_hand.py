"""Every map of a soft mask on a case worked by hand: two channels on a 1 x 2 grid."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.capture.readings import SoftMaskReading
from attnviz.errors import MethodError
from attnviz.methods import METHODS
from attnviz.methods.fuse import fuse_layers
from attnviz.methods.mask_channel import MaskChannel
from attnviz.methods.trace_method import MaskMethod

READING = SoftMaskReading(
    layer="layer",
    mask=torch.tensor([[[[0.2, 0.6]], [[0.4, 0.5]]]]),
    trunk=torch.tensor([[[[5.0, 10.0]], [[-5.0, 16.0]]]]),
    base=torch.tensor([[[[3.0, 0.0]], [[4.0, 5.0]]]]),
    mask_gradient=torch.tensor([[[[1.0, -2.0]], [[0.5, 4.0]]]]),
)
EXPECTED = {
    "soft-mask": [0.3, 0.55],
    "mask-spread": [0.1, 0.05],
    "mask-effect": [(1.0 + 2.0) / 2, (6.0 + 8.0) / 2],
    "mask-gain": [5**0.5 / 5, 10.0 / 5],
    "mask-gradient": [0.2 * 1 + 0.4 * 0.5, 0.6 * -2 + 0.5 * 4],
    "mask-channel": [0.2, 0.6],  # channel 0 varies by .2 over places, channel 1 by .05
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_value(name: str) -> None:
    values = METHODS.get(name)().layer_map(READING)
    np.testing.assert_allclose(values[0, 0].numpy(), EXPECTED[name], rtol=1e-6)


def test_every_mask_method_has_a_case_here() -> None:
    assert {method.name for method in METHODS if issubclass(method, MaskMethod)} == set(EXPECTED)


def test_second_channel_and_beyond() -> None:
    for rank in (1, 9):
        values = MaskChannel(rank=rank).layer_map(READING)
        np.testing.assert_allclose(values[0, 0].numpy(), [0.4, 0.5], rtol=1e-6)


def test_gain_of_naive_gating_is_relative_to_the_trunk() -> None:
    naive = SoftMaskReading("layer", READING.mask, READING.trunk, base=None)
    expected = [5**0.5 / 50**0.5, 10.0 / (100 + 256) ** 0.5]
    values = METHODS.get("mask-gain")().layer_map(naive)
    np.testing.assert_allclose(values[0, 0].numpy(), expected, rtol=1e-6)


def test_gradient_is_asked_for_in_a_sentence() -> None:
    bare = SoftMaskReading("stage9", READING.mask, READING.trunk, READING.base)
    with pytest.raises(MethodError, match="kept none at stage9"):
        METHODS.get("mask-gradient")().layer_map(bare)


def test_fusing_weighs_layers_by_their_own_mean() -> None:
    coarse = np.asarray([[8.0, -4.0], [0.0, 0.0]], np.float32)  # positive part has mean 2
    fine = np.asarray([[1.0, 1.0], [1.0, 1.0]], np.float32)
    silent = np.zeros((2, 2), np.float32)
    fused = fuse_layers([coarse, fine, silent])
    np.testing.assert_allclose(fused, [[5 / 3, 1 / 3], [1 / 3, 1 / 3]], rtol=1e-6)


def test_fusing_keeps_the_finest_grid() -> None:
    fused = fuse_layers([np.ones((2, 3), np.float32), np.ones((8, 12), np.float32)])
    assert fused.shape == (8, 12)
    np.testing.assert_allclose(fused, 1.0, rtol=1e-6)
