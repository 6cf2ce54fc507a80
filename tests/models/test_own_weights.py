"""Networks with weights of one's own that tell other classes apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from attnviz.errors import WeightsError
from attnviz.models.catalogue import find_model
from attnviz.models.loading import load_model
from attnviz.models.own_weights import with_weights


def squeezenet() -> nn.Module:
    from torchvision import models

    return models.squeezenet1_1(weights=None, num_classes=5)


def shufflenet() -> nn.Module:
    from torchvision import models

    return models.shufflenet_v2_x0_5(weights=None, num_classes=5)


def mobilevit() -> nn.Module:
    import timm

    module: nn.Module = timm.create_model("mobilevit_xxs.cvnets_in1k", num_classes=5)
    return module


def small_transformer() -> nn.Module:
    from attnviz.models.zoo.registry import build_network

    return build_network("vit-small", 5)


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("squeezenet1_1", squeezenet),
        ("shufflenet_v2_x0_5", shufflenet),
        ("mobilevit_xxs.cvnets_in1k", mobilevit),
        ("vit-small", small_transformer),
    ],
)
def test_the_last_layer_follows_the_number_of_classes(
    name: str, build: Callable[[], nn.Module], tmp_path: Path
) -> None:
    torch.manual_seed(1)
    module = build().eval()
    path = tmp_path / "five.pth"
    torch.save(module.state_dict(), path)
    spec = find_model(f"{name}={path}")
    assert spec.labels == ()
    model = load_model(spec, "cpu")
    inputs = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected = module(inputs)
        assert expected.shape == (1, 5)
        torch.testing.assert_close(model.module(inputs), expected)


def test_names_are_counted_against_the_classes_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "five.pth"
    torch.save(squeezenet().state_dict(), path)
    spec = find_model("squeezenet1_1")
    assert with_weights(spec, path, list("abcde")).labels == tuple("abcde")
    with pytest.raises(WeightsError, match="tells 5 classes apart, but 4 names were given"):
        with_weights(spec, path, list("abcd"))


def test_a_difference_elsewhere_is_reported_and_no_layer_is_rebuilt(tmp_path: Path) -> None:
    state = squeezenet().state_dict()
    state["features.0.weight"] = torch.zeros(32, 3, 3, 3)
    path = tmp_path / "other.pth"
    torch.save(state, path)
    spec = with_weights(find_model("squeezenet1_1"), path)
    assert len(spec.labels) == 1000
    with pytest.raises(WeightsError, match="of another shape: features"):
        load_model(spec, "cpu")
