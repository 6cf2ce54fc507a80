"""What `wrap` takes, and how it refuses everything else."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import attnviz
from attnviz.errors import ModelError
from attnviz.models.digest import weights_digest


def network(channels: int = 3) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(channels, 8, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(8, 4),
    ).eval()  # fmt: skip


class Quantized(nn.Module):
    """A float network with one quantized layer, as after converting a part of it."""

    def __init__(self) -> None:
        super().__init__()
        self.body = network()
        linear = nn.Sequential(nn.Linear(4, 4))
        self.last = torch.ao.quantization.quantize_dynamic(linear, dtype=torch.qint8)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.body(x))


class QuantizedBuffer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        value = torch.quantize_per_tensor(torch.rand(3), 0.1, 0, torch.quint8)
        self.register_buffer("table", value)


@pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated")
@pytest.mark.filterwarnings("ignore:Lazy modules")
@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: network().state_dict(), "OrderedDict holds weights only. Build the network"),
        (lambda: {"a": torch.ones(1)}, "dict holds weights only"),
        (lambda: nn.Conv2d, r"Conv2d is a class. Wrap an instance of it, as in `Conv2d\("),
        (lambda: abs, "abs is a function, whose layers cannot be observed"),
        (lambda: functools.partial(torch.add, 1), "partial is a function"),
        (lambda: "resnet50", "'resnet50' is a name. Use `load_model`"),
        (lambda: Path("net.pth"), r"net.pth'\) is a name"),
        (lambda: [network()], "list is none. Pass the network itself"),
        (lambda: None, "NoneType is none"),
        (lambda: attnviz.wrap(network()), "VisionModel holds one. Wrap its `module`"),
        (lambda: network().to("meta"), r'on the device "meta", .* \(such as 0.weight\)'),
        (lambda: nn.Sequential(nn.LazyConv2d(4, 3)), r"unknown before .* \(such as 0.weight\)"),
        (lambda: nn.LazyBatchNorm2d(), r"LazyBatchNorm2d has layers whose size is unknown"),
        (Quantized, 'quantized in its submodule "last.0"'),
        (QuantizedBuffer, "QuantizedBuffer is quantized as a whole"),
    ],
)
def test_anything_else_is_refused_with_what_to_pass_instead(make: Any, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        attnviz.wrap(make())


class ExtraState(nn.Module):
    """A layer that saves more than tensors."""

    def __init__(self, state: Any) -> None:
        super().__init__()
        self.state = state

    def get_extra_state(self) -> Any:
        return self.state

    def set_extra_state(self, state: Any) -> None:
        self.state = state

    def forward(self, x: Tensor) -> Tensor:
        return x


@pytest.mark.parametrize("state", [{"version": 3}, None, torch.arange(3), lambda: 1, b"\0"])
def test_extra_state_is_part_of_the_digest(state: Any) -> None:
    torch.manual_seed(0)
    first, other = (nn.Sequential(ExtraState(one), nn.Linear(2, 2)) for one in (state, "other"))
    assert weights_digest(first) == weights_digest(first)
    assert weights_digest(first) != weights_digest(other)


@pytest.mark.filterwarnings("ignore:Sparse:UserWarning")
@pytest.mark.parametrize("layout", ["sparse_coo", "sparse_csr", "sparse_csc"])
def test_sparse_buffers_are_hashed_by_indices_and_values(layout: str) -> None:
    def holder(values: list[list[float]]) -> nn.Module:
        module = nn.Module()
        sparse = torch.tensor(values).to_sparse(layout=getattr(torch, layout))
        module.register_buffer("graph", sparse)
        return module

    same = weights_digest(holder([[1, 0], [0, 2]]))
    assert same == weights_digest(holder([[1, 0], [0, 2]]))
    assert same != weights_digest(holder([[0, 1], [0, 2]]))
    assert same != weights_digest(holder([[1, 0], [0, 3]]))


@pytest.mark.parametrize("dtype", [torch.complex64, torch.bfloat16, torch.float8_e5m2, torch.bool])
def test_any_dtype_is_hashed(dtype: torch.dtype) -> None:
    module = nn.Module()
    module.register_buffer("one", torch.ones(()).to(dtype))
    module.register_buffer("empty", torch.ones(0, 2).to(dtype))
    assert len(weights_digest(module)) == 64


@pytest.mark.parametrize(("channels", "mean"), [(1, 0.5), (1, (0.5,)), (1, [0.5]), (4, (0.5,) * 4)])
@pytest.mark.parametrize("method", ["auto", "grad-cam", "score-cam", "fullgrad"])
def test_networks_of_one_and_four_channels_are_explained(
    channels: int, mean: Any, method: str, photo: np.ndarray
) -> None:
    model = attnviz.wrap(network(channels), attnviz.Preprocess(size=32, mean=mean, std=mean))
    picture = attnviz.open_picture(photo)
    result = attnviz.explain(model, picture, method, target=1)
    with torch.no_grad():
        expected = network(channels)(model.preprocess.tensor(picture)[0]).softmax(1)[0]
    assert result.target is not None
    assert result.target.probability == pytest.approx(float(expected[1]), abs=1e-5)
    assert all(np.isfinite(values).all() for values in result.maps)
