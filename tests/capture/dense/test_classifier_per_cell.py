"""The classifier at each place: found by what one pass shows, checked in numbers, or refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn

from attnviz.capture.dense.classifier_per_cell import find_dense_classifier
from attnviz.capture.site import Layout
from attnviz.errors import MethodError
from attnviz.models.zoo.cbam_small import cbam_small
from attnviz.models.zoo.vit_small import vit_small


class RectifiedLast(nn.Module):
    """A ReLU without a module, out of place, stands between the last map and its mean."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 6, 3, stride=8)
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(6, 4), nn.Linear(4, 5))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).relu().mean((2, 3)))


def _mobilenet() -> nn.Module:
    return torchvision.models.mobilenet_v2(weights=None, width_mult=0.1, num_classes=7)


def _resnet() -> nn.Module:
    return timm.create_model("resnet10t", num_classes=7)


def _densenet() -> nn.Module:
    return torchvision.models.DenseNet(8, (2, 2), 16, num_classes=7)


def _swin() -> nn.Module:
    return torchvision.models.SwinTransformer(
        [4, 4], 16, [1, 1], [2, 2], [4, 4], num_classes=7, stochastic_depth_prob=0.0
    )


def _vit(pool: str) -> Callable[[], nn.Module]:
    return lambda: timm.create_model(
        "vit_tiny_patch16_224", img_size=64, embed_dim=24, depth=2, num_heads=2, num_classes=7,
        global_pool=pool, fc_norm=False,
    )  # fmt: skip


MEAN_OVER_PLACES = {
    "squeezenet": lambda: torchvision.models.squeezenet1_1(weights=None, num_classes=7),
    "mobilenet": _mobilenet,
    "resnet": _resnet,
    "densenet": _densenet,
    "functional relu": RectifiedLast,
    "cbam-small": lambda: cbam_small(7, width=16),
    "swin": _swin,
    "vit, mean of tokens": _vit("avg"),
}
CLASS_TOKEN = {"vit": _vit("token"), "vit-small": lambda: vit_small(7, width=16, depth=2, heads=2)}


def settled(build: Callable[[], nn.Module]) -> nn.Module:
    """Seeded, in evaluation mode, with norms that do something and no classifier of zeros."""
    torch.manual_seed(0)
    network = build().eval()
    for name, value in [*network.named_parameters(), *network.named_buffers()]:
        if not value.is_floating_point():
            continue
        if value.ndim <= 1:
            value.data.uniform_(0.5, 1.5)
        elif "head" in name or "classifier" in name:
            value.data.normal_(std=0.3)
    return network


def output_of(network: nn.Module, module: str, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """A module's output as it is at the end of the pass, and the logits."""
    seen: list[Tensor] = []
    handle = network.get_submodule(module).register_forward_hook(
        lambda _part, _entering, out: seen.append(out)
    )
    with torch.no_grad():
        logits = network(inputs)
    handle.remove()
    return seen[-1], logits


@pytest.fixture
def inputs() -> Tensor:
    return torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", sorted(MEAN_OVER_PLACES))
def test_the_logits_are_the_mean_of_those_of_the_places(name: str, inputs: Tensor) -> None:
    network = settled(MEAN_OVER_PLACES[name])
    head = find_dense_classifier(network, inputs)
    output, logits = output_of(network, head.module, inputs)
    places = head.logits(network, output, (4, 4))
    assert head.token is None
    assert places.shape[2] * places.shape[3] > 1
    assert places.std((2, 3)).max() > 1e-4
    torch.testing.assert_close(places.mean((2, 3)), logits, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", sorted(CLASS_TOKEN))
def test_a_class_token_is_one_token_of_which_the_classifier_speaks(
    name: str, inputs: Tensor
) -> None:
    network = settled(CLASS_TOKEN[name])
    head = find_dense_classifier(network, inputs)
    output, logits = output_of(network, head.module, inputs)
    assert (head.layout, head.token) == (Layout.TOKENS, 0)
    torch.testing.assert_close(head.apply(network, output[:, 0]), logits, rtol=1e-3, atol=1e-4)
    grid = (4, 4) if name == "vit" else (8, 8)
    places = head.logits(network, output, grid)
    torch.testing.assert_close(places[:, :, 1, 2], head.apply(network, output[:, 1 + grid[1] + 2]))


@pytest.mark.parametrize("name", sorted(MEAN_OVER_PLACES | CLASS_TOKEN))
def test_half_precision_hides_no_classifier(name: str, inputs: Tensor) -> None:
    """Rounding is not taken for another mean, nor another mean for rounding."""
    build = (MEAN_OVER_PLACES | CLASS_TOKEN)[name]
    expected = find_dense_classifier(settled(build), inputs)
    for dtype in (torch.bfloat16, torch.float16):
        assert find_dense_classifier(settled(build).to(dtype), inputs) == expected


def _perceptron() -> nn.Module:
    """A hidden layer behind the pooling: what it says of a mean is not the mean of what it says."""
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, stride=8), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 5),
    )  # fmt: skip


def _hidden() -> nn.Module:
    """MobileNetV3: a hidden layer behind the pooling, reshaped on the way without a module."""
    return torchvision.models.mobilenet_v3_small(weights=None, width_mult=0.2, num_classes=7)


def _flattened() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 2, 3, stride=16), nn.Flatten(), nn.Linear(2 * 16, 5))


@pytest.mark.parametrize("build", [_perceptron, _hidden, _flattened])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_others_are_refused_and_left_as_they_were(
    build: Callable[[], nn.Module], dtype: torch.dtype, inputs: Tensor
) -> None:
    torch.manual_seed(0)
    network = build().to(dtype)
    for weight in network.parameters():
        if weight.ndim > 1:
            weight.data.normal_(std=0.5)
    for _ in range(2):  # the second answer is remembered
        with pytest.raises(MethodError, match="cannot be applied at each cell"):
            find_dense_classifier(network, inputs)
    assert all(part.training for part in network.modules())
    assert all(weight.requires_grad for weight in network.parameters())
    assert not any(part._forward_hooks for part in network.modules())
