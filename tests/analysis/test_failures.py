"""What fails inside a network is told by its cause, with a remedy that helps."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from attnviz.analysis.explain import explain, predict
from attnviz.errors import GradientError, InternalError, ModelError
from attnviz.evidence.run import run_experiment
from attnviz.methods.grad_cam import GradCam
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.pictures import Picture, open_picture
from tests.state import left_as_it_was


class Net(nn.Module):
    """Two convolutions and a linear head; `way` is how the features reach the head."""

    def __init__(self, way: Callable[[nn.Module, Tensor], Tensor] | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(
            nn.Conv2d(3, 6, 3, 2, 1), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 8, 3, 2, 1)
        )
        self.head = nn.Linear(8, 4)
        self.way = way

    def features(self, x: Tensor) -> Tensor:
        return self.body(x).relu().mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x)) if self.way is None else self.way(self, x)


class Free(Net):
    """A network whose `forward` is given as a function of it and anything."""

    def __init__(self, run: Callable[..., Any]) -> None:
        super().__init__()
        self.run = run

    def forward(self, views: Any) -> Any:
        return self.run(self, views)


@pytest.fixture
def picture() -> Picture:
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    return open_picture(pixels, name="noise")


def failure(network: nn.Module, picture: Picture, method: str = "grad-cam") -> ModelError:
    """What is told of it: the network is left as it was."""
    with left_as_it_was(network), pytest.raises(ModelError) as caught:
        explain(wrap(network, Preprocess(size=64), name="mine"), picture, method)
    return caught.value


@torch.no_grad()
def without_gradients(net: Any, x: Tensor) -> Tensor:
    return net.head(net.features(x))


@torch.inference_mode()
def for_inference(net: Any, x: Tensor) -> Tensor:
    return net.head(net.features(x))


def through_numpy(net: Any, x: Tensor) -> Tensor:
    return net.head(torch.from_numpy(net.features(x).detach().numpy()))


CUTS: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "no_grad": without_gradients,
    "inference_mode": for_inference,
    "numpy": through_numpy,
    "detached at the end": lambda net, x: net.head(net.features(x)).detach(),
    "detached on the way": lambda net, x: net.head(net.features(x).detach()),
    "data": lambda net, x: net.head(net.features(x).data),
    "the class alone": lambda net, x: nn.functional.one_hot(
        net.head(net.features(x)).argmax(1), 4
    ).float(),
}


@pytest.mark.parametrize("way", CUTS)
@pytest.mark.parametrize("method", ["grad-cam", "auto", "competition", "eigen-grad-cam"])
def test_missing_gradients_are_told(way: str, method: str, picture: Picture) -> None:
    told = failure(Net(CUTS[way]), picture, method)
    assert isinstance(told, GradientError)
    assert "output of Net has no gradients" in str(told)
    assert "preprocessing" not in str(told)


@pytest.mark.parametrize("way", CUTS)
def test_what_they_advise_works(way: str, picture: Picture) -> None:
    """Score-CAM needs no gradients, and gives the map of the network that has them."""
    expected = explain(wrap(Net(), Preprocess(size=64)), picture, "score-cam", target=1).maps[-1]
    found = explain(wrap(Net(CUTS[way]), Preprocess(size=64)), picture, "score-cam", target=1)
    if way != "the class alone":
        np.testing.assert_allclose(found.maps[-1], expected, rtol=1e-4, atol=1e-6)
    assert np.isfinite(found.maps[-1]).all()


def test_a_step_that_refuses_gradients_is_named(picture: Picture) -> None:
    net = Net(lambda net, x: net.head(torch.from_numpy(net.features(x).numpy())))
    told = failure(net, picture)
    assert isinstance(told, GradientError)
    assert "not with gradients (Can't call numpy()" in str(told)


SEVERAL: dict[str, tuple[Any, str]] = {
    "a second tensor": (lambda net, x, age: net.head(net.features(x)) + age, r"2 .*\(x, age\)"),
    "two more": (lambda net, x, age, sex: net(x) + age + sex, r"3 inputs \(x, age, sex\)"),
    "by keyword": (lambda net, x, *, mask: net.head(net.features(x * mask)), r"2 .*\(x, mask\)"),
    "none": (lambda net: net.head.weight, "no input"),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_other_inputs_are_told(name: str, picture: Picture) -> None:
    forward, said = SEVERAL[name]
    net = type("Several", (Net,), {"forward": forward})()
    with pytest.raises(ModelError, match=f"mine takes {said}.*alone"):
        explain(wrap(net, Preprocess(size=64), name="mine"), picture)
    assert "preprocessing" not in str(failure(net, picture))


def two(net: Any, views: Any) -> Any:
    left, right = views
    return net.head(net.features(left)) + net.head(net.features(right))


PACKED: dict[str, Callable[[Any, Any], Any]] = {
    "two views": two,
    "a dictionary": lambda net, batch: net.head(net.features(batch[("image",)])),
    "an object": lambda net, batch: net.head(net.features(batch.pixel_values)),
    "views to join": lambda net, views: net.head(net.features(torch.cat(views))),
    "the second view": lambda net, views: net.head(net.features(views[1])),
    "frames": lambda net, video: net.head(net.features(video[:, :, 0])),
}


@pytest.mark.parametrize("name", PACKED)
def test_other_containers_are_told(name: str, picture: Picture) -> None:
    told = str(failure(Free(PACKED[name]), picture))
    assert "It gets one tensor [1, 3, 64, 64]" in told
    assert "preprocessing" not in told


def in_inference_mode(part: str) -> nn.Module:
    net = Net()
    with torch.inference_mode():
        made = copy.deepcopy(net)
    if part == "buffers":
        net.body[1].running_mean = made.body[1].running_mean
    elif part == "one layer":
        net.head = made.head
    return made if part == "all" else net


@pytest.mark.parametrize("part", ["all", "buffers", "one layer"])
def test_weights_made_in_inference_mode_are_told(part: str, picture: Picture) -> None:
    network = in_inference_mode(part)
    for method in ("grad-cam", "auto", "eigen-grad-cam"):
        told = failure(network, picture, method)
        assert isinstance(told, GradientError)
        assert "made in torch.inference_mode" in str(told)
        assert "preprocessing" not in str(told)
    # What the sentence advises gives the map; and what needs no gradients works as it is.
    copied = explain(wrap(copy.deepcopy(network), Preprocess(size=64)), picture, "grad-cam")
    usual = explain(wrap(Net(), Preprocess(size=64)), picture, "grad-cam")
    np.testing.assert_array_equal(copied.maps[-1], usual.maps[-1])
    model = wrap(network, Preprocess(size=64))
    assert predict(model, picture) == usual.predictions
    assert run_experiment(model, picture, lambda subject: subject.target)[0] == usual.classes[0]
    assert explain(model, picture, "score-cam").predictions == usual.predictions


class Inside(nn.Module):
    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def eval(self) -> Inside:
        return self  # an exported graph refuses it

    def forward(self, x: Tensor) -> Any:
        return self.part(x)


@pytest.fixture(scope="module")
def exported() -> nn.Module:
    return torch.export.export(Net().eval(), (torch.rand(1, 3, 64, 64),)).module()


def test_exported_graphs_are_told(exported: nn.Module, picture: Picture) -> None:
    """Also as a part of a network; a graph of layers, as `torch.fx` traces, is read."""
    for network in (exported, Inside(exported)):
        for method in ("auto", "grad-cam", "score-cam"):
            with pytest.raises(ModelError, match="holds an exported graph") as caught:
                explain(wrap(network, Preprocess(size=64)), picture, method)
            assert "preprocessing" not in str(caught.value)
    expected = explain(wrap(Net(), Preprocess(size=64)), picture, "grad-cam", target=1)
    traced = torch.fx.symbolic_trace(Net().eval())
    found = explain(wrap(traced, Preprocess(size=64)), picture, "grad-cam", target=1)
    np.testing.assert_allclose(found.maps[-1], expected.maps[-1], rtol=1e-4, atol=1e-6)


CHANNELS = {1: "`std` of 1 numbers each", 4: "`std` of 4 numbers each"}


@pytest.mark.parametrize("count", CHANNELS)
def test_channels_are_a_matter_of_preprocessing(count: int, picture: Picture) -> None:
    told = str(failure(nn.Sequential(nn.Conv2d(count, 4, 3), nn.Flatten()), picture))
    assert "Give `wrap` the preprocessing that the network expects" in told
    assert CHANNELS[count] in told


SIZES: dict[str, tuple[nn.Module, int]] = {
    "a fixed side": (nn.Sequential(nn.Conv2d(3, 1, 3), nn.Flatten(), nn.Linear(30 * 30, 2)), 32),
    "a fixed sum": (
        Net(lambda net, x: net.head((net.body(x) + torch.zeros(1, 8, 8, 8)).mean((2, 3)))),
        32,
    ),
    "a view": (Net(lambda net, x: net.head(net.body(x).view(1, 8, 56, 56).mean((2, 3)))), 224),
    "too small": (nn.Sequential(nn.Conv2d(3, 4, 80), nn.AdaptiveAvgPool2d(1), nn.Flatten()), 224),
}


@pytest.mark.parametrize("name", SIZES)
def test_a_size_on_which_it_runs_is_named_and_works(name: str) -> None:
    network, side = SIZES[name]
    pixels = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    oblong = open_picture(pixels, name="noise")
    told = str(failure(network, oblong))
    assert "mine failed on an input of 64 x 96 pixels" in told
    assert f'it runs with `Preprocess(size={side}, fit="crop")`' in told
    found = explain(wrap(network, Preprocess(size=side, fit="crop")), oblong, "grad-cam")
    assert found.geometry.input_size == (side, side)
    assert max(one.max() for one in found.maps) > 0


def test_layers_that_fit_no_size_are_told_so(picture: Picture) -> None:
    network = Net(lambda net, x: net.head(net.features(x)[:, :7]))
    told = str(failure(network, picture))
    assert "It fails on all usual square inputs alike, 28 to 512 pixels" in told
    assert "the preprocessing" not in told


def test_a_missing_name_is_told_with_its_type(picture: Picture) -> None:
    told = str(failure(Free(lambda net, x: net.head({}[type(x).__name__])), picture))
    assert "(KeyError: 'Tensor')" in told


OTHERS: dict[str, tuple[nn.Module, str]] = {
    "satellite": (nn.Sequential(nn.Conv2d(13, 4, 3), nn.Flatten()), "It takes 13 channels"),
    "video": (nn.Sequential(nn.Conv3d(3, 4, 3), nn.Flatten()), "It gets one tensor"),
    "own mistake": (nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3)), "It gets one tensor"),
    "two types": (
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 62 * 62, 2).half()),
        "several types: call `.float()`",
    ),
    "a list of layers": (nn.ModuleList([nn.Conv2d(3, 4, 3)]), "It has no `forward`"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_no_preprocessing_helps_is_told_otherwise(name: str, picture: Picture) -> None:
    network, said = OTHERS[name]
    told = str(failure(network, picture))
    assert said in told
    assert "preprocessing" not in told


def test_our_own_faults_are_owned(picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Tensor:
        raise IndexError("index 7 is out of bounds")

    monkeypatch.setattr(GradCam, "layer_map", broken)
    told = failure(Net(), picture)
    assert isinstance(told, InternalError)
    assert "attnviz itself failed on mine (IndexError in attnviz.methods." in str(told)
    assert "index 7 is out of bounds); the network alone runs" in str(told)
    assert isinstance(told.__cause__, IndexError)
