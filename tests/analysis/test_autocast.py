"""Networks that compute in half precision by autocast have the maps that they have without it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attnviz.analysis.class_maps import class_maps
from attnviz.analysis.explain import explain
from attnviz.capture.gradients import derivatives
from attnviz.capture.site import Kind
from attnviz.methods.base import METHODS
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.pictures import Picture, open_picture

# An object's outline is where a threshold is crossed, and rounding may move it.
RELEVANCE = [
    method.name
    for method in METHODS
    if method.kind is Kind.FEATURES and method.name != "normalised-cut"
]


class Mixed(nn.Module):
    """A network that switches autocast on for the parts in `where`."""

    def __init__(self, where: str = "", dtype: torch.dtype = torch.bfloat16) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.where, self.dtype = where.split(), dtype
        self.body = nn.Sequential(
            nn.Conv2d(3, 6, 3, 2, 1), nn.BatchNorm2d(6), nn.ReLU(),
            nn.Conv2d(6, 8, 3, 2, 1), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Linear(8, 4)

    def cast(self, part: str) -> AbstractContextManager[object]:
        return torch.autocast("cpu", self.dtype) if part in self.where else nullcontext()

    def forward(self, x: Tensor) -> Tensor:
        with self.cast("all"):
            with self.cast("body"):
                x = self.body(x)
            x = x.float() if self.where == ["body"] else x
            with self.cast("head"):
                return self.head(x.mean((2, 3)))


class Decorated(Mixed):
    """The same by a decorator, and with logits in float32 again."""

    @torch.autocast("cpu", torch.bfloat16)
    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).mean((2, 3))).float()


class Attention(nn.Module):
    def __init__(self, cast: Callable[[str], AbstractContextManager[object]]) -> None:
        super().__init__()
        self.qkv, self.cast = nn.Linear(8, 24), cast

    def forward(self, x: Tensor) -> Tensor:
        with self.cast("attention"):
            q, k, v = (one[:, None] for one in self.qkv(x).chunk(3, 2))
            return x + F.scaled_dot_product_attention(4 * q, 4 * k, v)[:, 0]


class Attending(Mixed):
    """Self-attention, and a soft mask before it."""

    def __init__(self, where: str = "", dtype: torch.dtype = torch.bfloat16) -> None:
        super().__init__(where, dtype)
        self.patches, self.mask = nn.Conv2d(3, 8, 8, 8), nn.Conv2d(8, 1, 1)
        self.blocks = nn.Sequential(Attention(self.cast), Attention(self.cast))

    def forward(self, x: Tensor) -> Tensor:
        with self.cast("all"):
            x = self.patches(x)
            x = (x * torch.sigmoid(self.mask(x))).flatten(2).transpose(1, 2)
            return self.head(self.blocks(x).mean(1))


@pytest.fixture
def picture() -> Picture:
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    return open_picture(pixels, name="noise")


def assert_same_maps(network: nn.Module, usual: nn.Module, picture: Picture, method: str) -> None:
    """On average over the places within 3 % of the largest value, layer by layer."""
    models = [wrap(one.eval(), Preprocess(size=64)) for one in (network, usual)]
    found, expected = (explain(model, picture, method, target=1) for model in models)
    assert found.method == expected.method
    assert found.layers == expected.layers
    for one, other in zip(found.maps, expected.maps, strict=True):
        assert np.isfinite(one).all()
        assert np.abs(one - other).mean() <= 0.03 * np.abs(other).max()


@pytest.mark.parametrize("method", ["auto", "decision", *RELEVANCE])
def test_every_method_runs(method: str, picture: Picture) -> None:
    assert_same_maps(Mixed("all"), Mixed(), picture, method)


@pytest.mark.parametrize("method", ["auto", "grad-cam", "competition", "eigen-cam", "score-cam"])
@pytest.mark.parametrize("where", ["body", "head", "body head"])
def test_a_part_of_the_network(method: str, where: str, picture: Picture) -> None:
    assert_same_maps(Mixed(where), Mixed(), picture, method)


@pytest.mark.parametrize("method", ["auto", "grad-cam", "competition", "eigen-grad-cam"])
def test_by_decorator_in_float16_and_around_the_call(method: str, picture: Picture) -> None:
    assert_same_maps(Decorated(), Mixed(), picture, method)
    assert_same_maps(Mixed("all", torch.float16), Mixed(), picture, method)
    usual = explain(wrap(Mixed().eval(), Preprocess(size=64)), picture, method, target=1)
    with torch.autocast("cpu", torch.bfloat16):
        found = explain(wrap(Mixed().eval(), Preprocess(size=64)), picture, method, target=1)
    for one, other in zip(found.maps, usual.maps, strict=True):
        assert np.abs(one - other).mean() <= 0.03 * np.abs(other).max()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("where", ["all", "attention"])
def test_attention(where: str, dtype: torch.dtype, picture: Picture) -> None:
    """It is found although half precision rounds away the small steps that find its tokens."""
    for method in ("auto", "rollout", "legrad", "chefer", "decision", "mask-gain"):
        assert_same_maps(Attending(where, dtype), Attending(), picture, method)


def test_attention_under_autocast_of_the_caller(picture: Picture) -> None:
    usual = explain(wrap(Attending().eval(), Preprocess(size=64)), picture, "rollout")
    with torch.autocast("cpu", torch.bfloat16):
        found = explain(wrap(Attending().eval(), Preprocess(size=64)), picture, "rollout")
    assert found.layers == usual.layers
    np.testing.assert_allclose(found.maps[-1], usual.maps[-1], rtol=0.05)


def test_maps_of_several_classes(picture: Picture) -> None:
    models = [wrap(one.eval(), Preprocess(size=64)) for one in (Mixed("all"), Mixed())]
    for method in ("competition", "grad-cam"):
        found, expected = (class_maps(model, picture, [0, 2], method).maps for model in models)
        assert np.abs(found - expected).mean() <= 0.03 * np.abs(expected).max()


def test_small_gradients_of_float16_do_not_vanish() -> None:
    """A gradient of 2e-8 is below the smallest number of float16; the score is in float32."""
    features = torch.ones(4, dtype=torch.float16, requires_grad=True)
    (found,) = derivatives((features.float() * 2e-8).sum(), [features])
    assert found is not None
    torch.testing.assert_close(found, torch.full((4,), 2e-8), rtol=0.02, atol=0)
