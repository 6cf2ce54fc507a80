"""Which input sizes are offered: those that a network can take, up to a bound."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from attnviz.errors import ModelError
from attnviz.models.catalogue import find_model, list_models
from attnviz.models.input_sizes import LARGEST, input_sizes
from attnviz.models.loading import load_model


@pytest.mark.parametrize(
    ("name", "sides"),
    [
        ("ran-small", (128, 192, 256, 384, 512)),
        ("resnet50", (224, 352, 448, 672)),  # multiples of 32
        ("inception_v3", (299, 480, 608)),
        ("vit_b_16", (224, 336, 448, 672, 896)),
        ("vit_b_32", (224, 352, 448, 672, 896)),
        ("vit_h_14", (518, 784)),  # of 14, and heavy
        ("vgg16", (224, 352, 448)),
        ("eva02_tiny_patch14_336.mim_in22k_ft_in1k", (336, 504, 672, 1008)),
        ("coatnet_nano_rw_224.sw_in1k", (224, 448, 672)),
        ("efficientnet_b7", (600,)),
        ("cait_xxs24_224.fb_dist_in1k", (224,)),
        ("maxvit_t", (224,)),
    ],
)
def test_sides_are_multiples_that_the_network_takes(name: str, sides: tuple[int, ...]) -> None:
    assert input_sizes(find_model(name)) == sides


def test_the_networks_own_side_comes_first_and_none_is_too_large() -> None:
    for spec in list_models():
        own, *larger = input_sizes(spec)
        assert own == spec.preprocess.size
        assert larger == sorted(set(larger))
        assert all(own < side <= LARGEST for side in larger)
    huge = replace(find_model("resnet50"), preprocess=replace(spec.preprocess, size=1200))
    assert input_sizes(huge) == (1200,)


@pytest.mark.parametrize(
    "name",
    [
        "vit_b_32",
        "swin_tiny_patch4_window7_224.ms_in22k_ft_in1k",
        "maxvit_rmlp_pico_rw_256.sw_in1k",
        "coatnet_nano_rw_224.sw_in1k",
    ],
)
def test_a_network_of_fixed_size_runs_at_each_side_that_is_offered(name: str) -> None:
    spec = find_model(name)
    assert spec.resize is not None
    for side in input_sizes(spec)[1:3]:
        with torch.device("meta"):
            module = spec.resize(spec.build().eval(), side).eval()
            assert module(torch.empty(1, 3, side, side)).shape == (1, 1000)


def test_a_network_is_loaded_for_a_larger_input_and_told_apart() -> None:
    own, larger = (load_model("ran-small", "cpu", input_size=side) for side in (None, 256))
    assert (own.preprocess.size, larger.preprocess.size) == (128, 256)
    assert own.weights_sha256 == larger.weights_sha256
    assert own.key == ("ran-small", "cpu", own.weights_sha256, "128")
    assert larger.key == ("ran-small", "cpu", own.weights_sha256, "256")


@pytest.mark.parametrize("side", [-128, 0, 31])
def test_an_input_smaller_than_a_cell_is_refused(side: int) -> None:
    with pytest.raises(
        ModelError, match=f"ran-small takes inputs of 32 pixels and more, not {side}"
    ):
        load_model("ran-small", "cpu", input_size=side)
