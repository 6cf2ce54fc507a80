"""One layer alone: the same map, and nothing read or differentiated that it does not need."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import attnviz
from attnviz.errors import AmbiguousNameError, MethodError, UnknownNameError
from attnviz.methods.chosen_layers import chosen_layers
from attnviz.methods.grad_cam import GradCam
from attnviz.models.zoo.vit_small import vit_small
from attnviz.pictures.geometry import Fit
from tests.conftest import TinyCnn

SMALL = attnviz.Preprocess(size=64, fit=Fit.SQUASH)


@pytest.fixture
def model(tiny_ran: nn.Module) -> attnviz.VisionModel:
    return attnviz.wrap(tiny_ran, SMALL, ("disc", "square", "line", "dot"), name="tiny")


@pytest.mark.parametrize("method", ["grad-cam", "layer-cam", "mask-effect", "eigen-cam"])
def test_a_layers_map_is_the_same_alone(
    method: str, model: attnviz.VisionModel, photo: np.ndarray
) -> None:
    every = attnviz.explain(model, photo, method)
    if method == "eigen-cam":  # of the last block, unless others are asked for
        assert every.layers == ("stage4",)
    first, last = every.layers[0], every.layers[-1]
    for asked in ([last], last, [first, last], [last, first]):
        alone = attnviz.explain(model, photo, method, layers=asked)
        names = (last,) if asked in (last, [last]) else tuple(dict.fromkeys((first, last)))
        assert alone.layers == names
        assert alone.best_layer in names
        assert alone.predictions == every.predictions
        for name in names:
            np.testing.assert_allclose(alone.map_of(name), every.map_of(name), atol=1e-6)


def test_pytorch_grad_cams_methods_take_any_block(
    model: attnviz.VisionModel, photo: np.ndarray
) -> None:
    two = attnviz.explain(model, photo, "eigen-cam", layers=["stage4", "stage2.unit"])
    assert two.layers == ("stage2.unit", "stage4")
    assert [one.shape for one in two.maps] == [(8, 8), (4, 4)]
    whole = attnviz.explain(model, photo, "fullgrad")  # a single map of the whole network
    alone = attnviz.explain(model, photo, "fullgrad", layers=whole.layers)
    np.testing.assert_allclose(alone.maps[0], whole.maps[0], rtol=1e-4)
    with pytest.raises(UnknownNameError, match="no layer named 'stage4'"):
        attnviz.explain(model, photo, "fullgrad", layers="stage4")


def test_the_end_of_one_name_alone_is_enough(model: attnviz.VisionModel, photo: np.ndarray) -> None:
    assert attnviz.explain(model, photo, "grad-cam", layers="7").layers == ("stem.7",)
    with pytest.raises(AmbiguousNameError, match="There are 3 layers whose names end in 'unit'"):
        attnviz.explain(model, photo, "grad-cam", layers=["unit"])
    with pytest.raises(UnknownNameError, match=r"no layer named 'stge4'. Nearest: stage4"):
        attnviz.explain(model, photo, "grad-cam", layers=["stge4"])
    with pytest.raises(UnknownNameError, match=r"no layer named 'stage4'. Nearest: stage"):
        attnviz.explain(model, photo, "mask-effect", layers=["stage4"])  # it has no mask
    with pytest.raises(UnknownNameError, match=r"Known: stem.2"):
        attnviz.explain(model, photo, "grad-cam", layers=[])


def test_any_module_that_returns_a_feature_map_can_be_asked_for(photo: np.ndarray) -> None:
    """Of a layer that is no block: Grad-CAM by PyTorch alone, also where a ReLU overwrites it."""
    torch.manual_seed(0)
    net = TinyCnn().eval()
    model = attnviz.wrap(net, SMALL, list("abcd"))
    found = attnviz.explain(model, photo, "grad-cam", 2, layers=["features.1", "4"])
    assert found.layers == ("features.1", "features.4")
    inputs, _ = SMALL.tensor(attnviz.open_picture(photo))
    with torch.enable_grad():
        normed = net.features[:2](inputs)
        later = net.features[3:5](torch.relu(normed))
        logits = net.head(torch.relu(net.features[6](torch.relu(later))).mean((2, 3)))
        slopes = torch.autograd.grad(logits[0, 2], [normed, later])
    for values, slope, own in zip((normed, later), slopes, found.maps, strict=True):
        expected = (slope.mean((2, 3), keepdim=True) * values).sum(1).relu()[0]
        np.testing.assert_allclose(own, expected.detach().numpy(), atol=1e-6)
    vit = attnviz.wrap(vit_small(4, width=32, depth=2, heads=2), SMALL)
    norm = attnviz.explain(vit, photo, "grad-cam", layers=["blocks.1.norm1"])
    assert norm.maps[0].shape == (8, 8)
    with pytest.raises(UnknownNameError, match=r"Nearest: .*features\.1"):
        attnviz.explain(model, photo, "grad-cam", layers=["feature.1"])


def test_names_by_hand() -> None:
    names = ("a.bn1", "b.bn1", "bn1", "b.bn2", "xbn2")
    assert chosen_layers(names, ["bn1"]) == ("bn1",), "an exact name comes before endings"
    assert chosen_layers(names, ["bn2", "a.bn1", "b.bn2"]) == ("a.bn1", "b.bn2")
    with pytest.raises(UnknownNameError):
        chosen_layers(names, ["n2"])


def test_the_graph_begins_at_the_first_layer_that_is_asked(
    model: attnviz.VisionModel, photo: np.ndarray
) -> None:
    """With a late layer alone, nothing before it is differentiated."""
    within: dict[str, bool] = {}

    def note(name: str) -> None:
        def hook(_part: nn.Module, _entering: object, output: Tensor) -> None:
            within[name] = output.requires_grad

        model.module.get_submodule(name).register_forward_hook(hook)

    for name in ("stage1.unit", "stage3.unit"):
        note(name)
    attnviz.explain(model, photo, "grad-cam")
    assert within == {"stage1.unit": True, "stage3.unit": True}
    attnviz.explain(model, photo, "grad-cam", layers="stage4")
    assert within == {"stage1.unit": False, "stage3.unit": False}


def test_sites_of_other_layers_are_not_read(
    model: attnviz.VisionModel, photo: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    own = GradCam.layer_map
    monkeypatch.setattr(
        GradCam, "layer_map", lambda self, one: (read.append(one.layer), own(self, one))[1]
    )
    attnviz.explain(model, photo, "grad-cam", layers=["stage2.unit"])
    assert read == ["stage2.unit"]


def test_targets_and_carried_attention_keep_what_they_need(photo: np.ndarray) -> None:
    module = vit_small(4, width=32, depth=3, heads=2)
    vit = attnviz.wrap(module, attnviz.Preprocess(size=64, multiple=8), name="vit")
    every = attnviz.explain(vit, photo, "rollout")
    alone = attnviz.explain(vit, photo, "rollout", layers=["blocks.1.attention"])
    assert alone.layers == ("blocks.1.attention",)
    np.testing.assert_allclose(alone.maps[0], every.map_of("blocks.1.attention"), atol=1e-6)
    contrast = attnviz.explain(vit, photo, "grad-cam", attnviz.Contrast(0, 1), layers="blocks.0")
    whole = attnviz.explain(vit, photo, "grad-cam", attnviz.Contrast(0, 1))
    assert contrast.layers == ("blocks.0",)
    assert len(contrast.asked[0].maps) == 1
    np.testing.assert_allclose(contrast.maps[0], whole.map_of("blocks.0"), atol=1e-6)
    with pytest.raises(MethodError):
        attnviz.explain(vit, photo, "soft-mask", layers=["blocks.0"])
