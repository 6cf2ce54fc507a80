"""What networks of each library say of their inputs, however a user holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import timm
import torch
from torch import Tensor, nn
from torchvision import models
from torchvision import transforms as v1

import attnviz
from attnviz.analysis.explain import predict
from attnviz.errors import ModelError
from attnviz.models.inferred import Inferred, infer_inputs
from attnviz.models.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess
from attnviz.pictures.geometry import Fit


def on_meta(make: Any, *args: Any, **options: Any) -> nn.Module:
    """The structure of a large network, without its weights."""
    with torch.device("meta"):
        return make(*args, **options)


def inferred(module: nn.Module, **options: Any) -> Inferred:
    """What `wrap` infers, also of a network without weights."""
    return infer_inputs(module, "net", **options)


class Wrapper(nn.Module):
    """A network inside a user's own module."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.loss = inner, nn.CrossEntropyLoss()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)


def small_timm(**options: Any) -> nn.Module:
    return timm.create_model("resnet10t", pretrained=False, **options)


@pytest.mark.parametrize(
    "hold",
    [
        lambda net: net,
        Wrapper,
        nn.DataParallel,
        lambda net: Wrapper(Wrapper(net)),
        lambda net: nn.Sequential(net, nn.Softmax(1)),
    ],
    ids=["itself", "in a module", "data parallel", "twice", "in a sequence"],
)
def test_the_network_inside_says_what_it_gets(hold: Any) -> None:
    found = inferred(hold(on_meta(small_timm)))
    assert found.preprocess == Preprocess(
        size=176, fit="crop", resize=201, interpolation="bicubic", mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
    )  # fmt: skip
    assert found.labels[0] == "tench"
    assert len(found.labels) == 1000
    assert found.note.startswith("What net gets is read from timm's settings of resnet10t: the ")


def test_a_new_head_has_other_classes() -> None:
    net: Any = on_meta(small_timm)
    net.fc = nn.Linear(net.fc.in_features, 5)
    assert inferred(net).labels == ()
    assert inferred(on_meta(small_timm, num_classes=5)).labels == ()
    twelve = timm.create_model("resnet10t", pretrained=False, num_classes=11821)
    twelve.pretrained_cfg = {**twelve.pretrained_cfg, "num_classes": 11821}
    assert inferred(twelve).labels[1] == "cell"


@pytest.mark.parametrize(
    ("options", "size", "fit", "any_size"),
    [
        ({}, 518, Fit.CROP, False),
        ({"img_size": 224}, 224, Fit.CROP, False),
        ({"img_size": (56, 84)}, (56, 84), Fit.CROP, False),
        ({"dynamic_img_size": True}, 518, Fit.CROP, True),
    ],
)
def test_patches_of_14_pixels_fill_the_sides(
    options: dict[str, Any], size: Any, fit: Fit, any_size: bool
) -> None:
    net = on_meta(timm.create_model, "vit_small_patch14_dinov2", pretrained=False, **options)
    made = inferred(net).preprocess
    assert (made.size, made.fit, made.any_size, made.multiple) == (size, fit, any_size, 14)
    whole = inferred(net, preprocess=Preprocess(size=224)).preprocess
    geometry = whole.geometry(attnviz.open_picture(np.zeros((300, 401, 3), np.uint8)))
    assert geometry.input_size == (224, 294)  # not 224 x 288, which patches do not fill


def test_a_user_who_says_the_multiple_is_believed_if_patches_fit_it() -> None:
    net = on_meta(timm.create_model, "vit_tiny_patch16_224", pretrained=False)
    assert inferred(net, preprocess=Preprocess(multiple=48)).preprocess.multiple == 48
    assert inferred(net, preprocess=Preprocess(multiple=24)).preprocess.multiple == 16


class HubVit(nn.Module):
    """A transformer as research code writes it: patches, a class token, positions."""

    def __init__(self, patch: int, grid: int, extra: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, 8, patch, patch)
        self.pos_embed = nn.Parameter(torch.zeros(1, grid * grid + extra, 8))
        self.cls = nn.Parameter(torch.zeros(1, extra, 8))
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.proj(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.cls.expand(len(x), -1, -1), tokens], 1) + self.pos_embed
        return self.head(tokens.mean(1))


@pytest.mark.parametrize(
    ("patch", "grid", "extra", "side"),
    [(14, 4, 1, 56), (16, 3, 0, 48), (8, 5, 2, 40), (10, 6, 5, 60)],
)
def test_positions_say_the_size_of_a_network_that_no_library_made(
    patch: int, grid: int, extra: int, side: int
) -> None:
    net = HubVit(patch, grid, extra)
    model = attnviz.wrap(net)
    assert (model.preprocess.size, model.preprocess.fit) == (side, Fit.SQUASH)
    picture = attnviz.open_picture(np.full((70, 90, 3), 99, np.uint8))
    assert len(predict(model, picture)) == 3
    assert model.notes[0].startswith("What HubVit gets is what is usual, because nothing in it")


def test_size_and_class_tell_the_weights_of_torchvision() -> None:
    cases = {
        models.resnet50: models.ResNet50_Weights.IMAGENET1K_V2,
        models.efficientnet_v2_l: models.EfficientNet_V2_L_Weights.IMAGENET1K_V1,
        models.efficientnet_b3: models.EfficientNet_B3_Weights.IMAGENET1K_V1,
        models.squeezenet1_1: models.SqueezeNet1_1_Weights.IMAGENET1K_V1,
        models.vit_b_16: models.ViT_B_16_Weights.IMAGENET1K_V1,
    }
    for build, weights in cases.items():
        found = inferred(on_meta(build))
        wanted = Preprocess.of(weights)
        same = ("size", "resize", "mean", "std", "interpolation", "fit")
        assert [getattr(found.preprocess, one) for one in same] == [
            getattr(wanted, one) for one in same
        ]
        assert found.labels == tuple(weights.meta["categories"])
        assert f"{type(weights).__name__}.{weights.name}, by its size" in found.note


def test_a_network_of_torchvision_with_another_head_keeps_its_inputs() -> None:
    net: Any = on_meta(models.resnet50)
    net.fc = nn.Linear(2048, 4)
    found = inferred(net)
    assert (found.preprocess.resize, found.labels) == (232, ())
    net.fc = nn.Sequential(nn.Dropout(), nn.Linear(2048, 64), nn.ReLU(), nn.Linear(64, 4))
    usual = inferred(net)
    assert usual.preprocess.mean == IMAGENET_MEAN
    assert "what is usual for torchvision's ResNet" in usual.note


def test_weights_that_are_named_are_believed() -> None:
    net = on_meta(models.resnet50)
    first = models.ResNet50_Weights.IMAGENET1K_V1
    for weights in (first, "ResNet50_Weights.IMAGENET1K_V1"):
        found = inferred(net, weights=weights)
        assert (found.preprocess.resize, found.labels[1], found.note) == (256, "goldfish", "")
    swag = models.ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1
    large = inferred(on_meta(models.vit_b_16, image_size=384), weights=swag)
    assert (large.preprocess.size, large.preprocess.any_size) == (384, False)
    for wrong in ("ResNet50_Weights.V7", "IMAGENET1K_V1", 3, v1.ToTensor()):
        with pytest.raises(ModelError, match="weights"):
            inferred(net, weights=wrong)
    with pytest.raises(ModelError, match="one of `preprocess`, `weights` and `processor`"):
        inferred(net, weights=first, preprocess=Preprocess())


def test_transforms_are_taken_as_preprocessing() -> None:
    chain = v1.Compose([v1.Resize(40), v1.CenterCrop(32), v1.ToTensor()])
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    model = attnviz.wrap(net, chain)
    assert (model.preprocess.size, model.preprocess.resize, model.notes) == (32, 40, ())


@pytest.mark.parametrize(("channels", "mean"), [(1, (0.449,)), (4, (*IMAGENET_MEAN, 0.449))])
def test_the_first_convolution_says_how_many_channels_there_are(
    channels: int, mean: tuple[float, ...]
) -> None:
    net = nn.Sequential(
        nn.Conv2d(channels, 4, 3, 16), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )
    model = attnviz.wrap(net)
    assert model.preprocess.mean == pytest.approx(mean, abs=1e-3)
    picture = attnviz.open_picture(np.full((40, 40, 3), 99, np.uint8))
    assert len(predict(model, picture)) == 2
    grey = timm.create_model("resnet10t", pretrained=False, in_chans=channels)
    assert inferred(grey).preprocess.channels == channels


def test_a_network_that_normalises_by_itself_gets_values_in_0_to_1() -> None:
    net = nn.Sequential(v1.Normalize(IMAGENET_MEAN, IMAGENET_STD), small_timm())
    assert inferred(net).preprocess.mean == (0.0, 0.0, 0.0)
    assert inferred(net).preprocess.std == (1.0, 1.0, 1.0)
    assert inferred(net).preprocess.resize == 201


def test_a_size_that_was_given_is_not_replaced() -> None:
    picture = attnviz.open_picture(np.full((40, 40, 3), 99, np.uint8))
    model = attnviz.wrap(HubVit(16, 4, 1), Preprocess(size=48, fit="squash"))
    with pytest.raises(ModelError, match=r"it runs with `Preprocess\(size=64"):
        predict(model, picture)
    assert model.preprocess.size == 48
