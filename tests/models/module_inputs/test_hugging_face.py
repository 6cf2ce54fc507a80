"""What networks of Hugging Face say of their inputs, and their processors beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from transformers import (
    CLIPConfig,
    CLIPModel,
    Dinov2Config,
    Dinov2ForImageClassification,
    ResNetConfig,
    ResNetForImageClassification,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessor,
)

import attnviz
from attnviz.errors import ModelError
from attnviz.models.inferred import Inferred, infer_inputs
from attnviz.models.preprocess import CLIP_MEAN, IMAGENET_MEAN, Preprocess
from attnviz.pictures.geometry import Fit

HALF = (0.5, 0.5, 0.5)


def inferred(module: nn.Module, **options: Any) -> Inferred:
    return infer_inputs(module, "net", **options)


def tiny_vit(**options: Any) -> ViTForImageClassification:
    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        image_size=32, patch_size=16, **options,
    )  # fmt: skip
    return ViTForImageClassification(config).eval()


def test_a_stored_processor_is_found_beside_the_network(tmp_path: Path) -> None:
    net = tiny_vit(id2label={0: "cat", 1: "dog"}, label2id={"cat": 0, "dog": 1})
    net.save_pretrained(tmp_path)
    ViTImageProcessor(
        size={"height": 32, "width": 32}, image_mean=[0.1, 0.2, 0.3], image_std=[0.4, 0.5, 0.6]
    ).save_pretrained(tmp_path)
    found = inferred(ViTForImageClassification.from_pretrained(tmp_path))
    assert found.preprocess.mean == pytest.approx((0.1, 0.2, 0.3))
    assert (found.preprocess.size, found.preprocess.fit) == (32, Fit.SQUASH)
    assert found.labels == ("cat", "dog")
    assert "read from the processor ViTImageProcessor" in found.note


def test_the_processor_beside_a_network_that_reads_words_is_found(tmp_path: Path) -> None:
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2,
             "num_hidden_layers": 1}  # fmt: skip
    config = CLIPConfig(
        text_config=sizes | {"vocab_size": 9}, vision_config=sizes | {"image_size": 8,
                                                                      "patch_size": 4}
    )  # fmt: skip
    CLIPModel(config).save_pretrained(tmp_path)
    net = CLIPModel.from_pretrained(tmp_path)
    assert attnviz.wrap(net).preprocess.mean == CLIP_MEAN
    ViTImageProcessor(
        size={"height": 8, "width": 8}, image_mean=[0.1, 0.2, 0.3], image_std=[0.4, 0.5, 0.6]
    ).save_pretrained(tmp_path)
    model = attnviz.wrap(net)
    assert model.preprocess.mean == pytest.approx((0.1, 0.2, 0.3))
    assert model.preprocess.std == pytest.approx((0.4, 0.5, 0.6))
    assert (model.preprocess.size, model.preprocess.any_size) == (8, False)
    assert "read from the processor ViTImageProcessor" in model.notes[0]


def test_nothing_is_asked_of_the_network_of_computers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the processor is not here, what is usual is told as that."""
    import socket

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("something was asked of another computer")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    net = tiny_vit(num_labels=3)
    net.config._name_or_path = "nobody/has-this-network"
    found = inferred(net)
    assert (found.preprocess.mean, found.preprocess.size, found.labels) == (HALF, 32, ())
    assert "what is usual for networks of the kind 'vit'" in found.note


def test_a_processor_is_believed() -> None:
    processor = ViTImageProcessor(size={"height": 64, "width": 64}, image_mean=[0.3] * 3)
    found = inferred(tiny_vit(), processor=processor)
    assert found.preprocess.mean == pytest.approx((0.3,) * 3)
    assert (found.preprocess.size, found.note) == (32, "")  # the network has no other positions
    with pytest.raises(ModelError, match="from int"):
        inferred(tiny_vit(), processor=3)


def test_other_networks_of_hugging_face() -> None:
    dino = Dinov2Config(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=518, patch_size=14
    )
    found = inferred(Dinov2ForImageClassification(dino))
    assert (found.preprocess.size, found.preprocess.mean) == (518, IMAGENET_MEAN)
    assert (found.preprocess.any_size, found.preprocess.multiple) == (True, 14)
    squares = {"height": 256, "width": 256}
    rounded = inferred(
        Dinov2ForImageClassification(dino), processor=ViTImageProcessor(size=squares)
    ).preprocess
    assert rounded.size == 252
    net = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], num_labels=3)
    plain = inferred(ResNetForImageClassification(net))
    assert plain.preprocess == Preprocess()


def test_what_was_inferred_is_in_the_provenance() -> None:
    picture = attnviz.open_picture(np.full((40, 40, 3), 99, np.uint8))
    model = attnviz.wrap(tiny_vit(num_labels=2))
    result = attnviz.explain(model, picture)
    assert result.provenance["preprocessing"] == (
        "the picture stretched to 32 x 32 pixels, bilinear; mean 0.5 0.5 0.5, deviation "
        "0.5 0.5 0.5 (from what is usual for networks of the kind 'vit')"
    )
    assert model.notes[0] in result.notes
    given = attnviz.wrap(tiny_vit(num_labels=2), Preprocess(size=32, fit="squash"))
    assert attnviz.explain(given, picture).notes == ()
