"""A size that is asked for is given to a copy, whose positions are interpolated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import timm
import torch
from torch import nn
from torch.nn import functional as F
from torchvision import models

import attnviz
from attnviz.analysis.explain import predict
from attnviz.errors import ModelError
from attnviz.models.catalogue import find_model
from attnviz.models.preprocess import Preprocess


def timm_vit() -> nn.Module:
    torch.manual_seed(0)
    return timm.create_model(
        "vit_tiny_patch16_224", img_size=64, embed_dim=12, num_heads=2, depth=1, num_classes=3
    ).eval()


def torchvision_vit() -> nn.Module:
    torch.manual_seed(0)
    return models.VisionTransformer(64, 16, 1, 2, 12, 12, num_classes=3).eval()


@pytest.mark.parametrize(
    ("make", "where", "antialias"),
    [(timm_vit, "pos_embed", True), (torchvision_vit, "encoder.pos_embedding", False)],
)
def test_positions_are_interpolated_in_a_copy(make: Any, where: str, antialias: bool) -> None:
    module = make()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    model = attnviz.wrap(module, Preprocess(size=96, fit="squash"))
    assert model.module is not module
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())
    old, new = before[where], model.module.state_dict()[where]
    grid = old[:, 1:].reshape(1, 4, 4, 12).permute(0, 3, 1, 2)
    align = where.startswith("encoder")  # torchvision's choice
    wanted = F.interpolate(grid, (6, 6), mode="bicubic", antialias=antialias, align_corners=align)
    torch.testing.assert_close(new[:, 1:], wanted.flatten(2).transpose(1, 2), atol=1e-5, rtol=0)
    torch.testing.assert_close(new[:, :1], old[:, :1])
    picture = attnviz.open_picture(np.full((40, 60, 3), 99, np.uint8))
    assert len(predict(model, picture)) == 3
    assert (
        "inputs of 96 x 96 pixels: its position embeddings, which are for 64 x 64"
        in (model.notes[0])
    )


def test_a_vit_of_the_catalogue_keeps_its_number_of_classes_at_another_size() -> None:
    resize = find_model("vit_b_16").resize
    assert resize is not None
    module, inputs = torchvision_vit(), torch.rand(1, 3, 96, 96)
    wrapped = attnviz.wrap(module, Preprocess(size=96, fit="squash")).module
    torch.testing.assert_close(resize(module, 96)(inputs), wrapped(inputs))
    assert module.image_size == 64
    with pytest.raises(ModelError, match="multiples of 16 pixels, not 100"):
        resize(module, 100)


def test_oblong_sizes_are_timms_alone() -> None:
    oblong = Preprocess(size=(48, 96), fit="crop")
    assert attnviz.wrap(timm_vit(), oblong).module.patch_embed.img_size == (48, 96)
    module = torchvision_vit()
    assert attnviz.wrap(module, oblong).module is module


def test_a_size_that_patches_do_not_fill_copies_nothing() -> None:
    for make in (timm_vit, torchvision_vit):
        module = make()
        for size in (70, 64):
            assert attnviz.wrap(module, Preprocess(size=size, fit="crop")).module is module
