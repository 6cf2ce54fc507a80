"""Detectors and segmenters of Hugging Face are asked as they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import attnviz
from attnviz.models.preprocess import Preprocess
from attnviz.pictures.geometry import Fit
from attnviz.targets.box import Box
from attnviz.targets.region import Region

transformers = pytest.importorskip("transformers")
SMALL = Preprocess(size=64, fit=Fit.SQUASH)


def test_a_box_of_detr(photo: np.ndarray) -> None:
    torch.manual_seed(0)
    backbone = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8, 16, 16], depths=[1] * 4, layer_type="basic",
        out_features=["stage4"],
    )  # fmt: skip
    config = transformers.DetrConfig(
        use_timm_backbone=False, use_pretrained_backbone=False, backbone=None,
        backbone_config=backbone, d_model=16, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=32,
        decoder_ffn_dim=32, num_queries=5, num_labels=4,
    )  # fmt: skip
    network = transformers.DetrForObjectDetection(config).eval()
    model, picture = attnviz.wrap(network, SMALL, name="detr"), attnviz.open_picture(photo)
    inputs, _ = SMALL.tensor(picture)
    with torch.no_grad():
        output = network(inputs)
    chances = output.logits[0].softmax(-1)[:, 2]  # and the last of the five is "no object"
    x, y, width, height = output.pred_boxes[0].unbind(-1)
    overlap = (
        (torch.minimum(x + width / 2, torch.tensor(0.8)) - (x - width / 2).clamp_min(0.2))
        * (torch.minimum(y + height / 2, torch.tensor(0.8)) - (y - height / 2).clamp_min(0.2))
    )  # fmt: skip
    expected = float((chances * overlap / (width * height + 0.36 - overlap)).max())
    result = attnviz.explain(model, picture, "legrad", Box(0.2, 0.2, 0.8, 0.8, 2))
    assert result.target is not None
    assert result.target.probability == pytest.approx(expected, abs=1e-4)
    assert result.best_layer.startswith("model.decoder")  # the attention of its queries
    assert result.map_of(result.best_layer).max() > 0


def test_a_region_of_segformer(photo: np.ndarray) -> None:
    torch.manual_seed(0)
    config = transformers.SegformerConfig(
        num_encoder_blocks=4, depths=[1] * 4, hidden_sizes=[8, 8, 16, 16],
        num_attention_heads=[1, 1, 2, 2], decoder_hidden_size=16, num_labels=4,
    )  # fmt: skip
    network = transformers.SegformerForSemanticSegmentation(config).eval()
    model, picture = attnviz.wrap(network, SMALL, name="segformer"), attnviz.open_picture(photo)
    mask = np.zeros((120, 160), bool)
    mask[30:75, 20:120] = True  # exactly cells 4 to 9 and 2 to 11 of the sixteen
    inputs, _ = SMALL.tensor(picture)
    with torch.no_grad():
        chances = network(inputs).logits[0, :, 4:10, 2:12].softmax(0)[3]
    expected = float((chances.log() - (1 - chances).log()).mean().sigmoid())
    result = attnviz.explain(model, picture, "grad-cam", Region(mask, 3))
    assert result.target is not None
    assert result.target.probability == pytest.approx(expected, abs=1e-3)
    assert max(float(values.max()) for values in result.maps) > 0
