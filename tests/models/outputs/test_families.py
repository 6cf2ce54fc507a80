"""Detectors and segmenters of the libraries, untrained: read as the libraries read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import attnviz
from attnviz.errors import ModelError, UnknownNameError
from attnviz.models.outputs.infer import outputs_of
from attnviz.models.outputs.things import read_boxes, read_dense, read_masks

PHOTO = np.random.default_rng(0).integers(0, 255, (96, 128, 3), dtype=np.uint8)
PREPROCESS = attnviz.Preprocess(size=96)


def backbone(kind: str = "ResNet", stages: tuple[str, ...] = ("stage4",)) -> Any:
    import transformers

    return getattr(transformers, f"{kind}Config")(
        embedding_size=8, hidden_sizes=[8, 16, 16, 16], depths=[1, 1, 1, 1], layer_type="basic",
        out_features=list(stages),
    )  # fmt: skip


def detr() -> nn.Module:
    from transformers import DetrConfig, DetrForObjectDetection

    config = DetrConfig(
        use_timm_backbone=False, use_pretrained_backbone=False, backbone=None,
        backbone_config=backbone(), num_queries=7, encoder_layers=1, decoder_layers=2, d_model=16,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=16,
        decoder_ffn_dim=16, num_labels=4,
    )  # fmt: skip
    return DetrForObjectDetection(config)


def rt_detr(queries: int = 20) -> nn.Module:
    from transformers import RTDetrConfig, RTDetrForObjectDetection

    config = RTDetrConfig(
        backbone_config=backbone("RTDetrResNet", ("stage2", "stage3", "stage4")),
        encoder_in_channels=[16, 16, 16], encoder_hidden_dim=32, encoder_ffn_dim=32, d_model=32,
        decoder_in_channels=[32, 32, 32], decoder_ffn_dim=32, num_queries=queries, decoder_layers=2,
        decoder_attention_heads=4, encoder_attention_heads=4, num_labels=4, anchor_image_size=None,
    )  # fmt: skip
    return RTDetrForObjectDetection(config)


def segformer() -> nn.Module:
    from transformers import SegformerConfig, SegformerForSemanticSegmentation

    config = SegformerConfig(
        depths=[1] * 4, hidden_sizes=[8, 16, 16, 16], decoder_hidden_size=16,
        num_attention_heads=[1, 2, 2, 2], num_labels=4,
    )  # fmt: skip
    return SegformerForSemanticSegmentation(config)


def mask2former() -> nn.Module:
    from transformers import Mask2FormerConfig, Mask2FormerForUniversalSegmentation, SwinConfig

    swin = SwinConfig(
        image_size=64, embed_dim=8, depths=[1] * 4, num_heads=[1, 1, 2, 2], window_size=4,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )  # fmt: skip
    config = Mask2FormerConfig(
        backbone_config=swin, feature_size=32, mask_feature_size=32, hidden_dim=32, num_queries=6,
        encoder_layers=1, decoder_layers=2, num_attention_heads=2, dim_feedforward=16,
        encoder_feedforward_dim=16, num_labels=4,
    )  # fmt: skip
    return Mask2FormerForUniversalSegmentation(config)


def faster_rcnn() -> nn.Module:
    from torchvision.models.detection import fasterrcnn_mobilenet_v3_large_320_fpn

    return fasterrcnn_mobilenet_v3_large_320_fpn(
        weights=None, weights_backbone=None, num_classes=4, box_score_thresh=0.0, min_size=96,
        max_size=200, box_detections_per_img=5,
    )  # fmt: skip


def lraspp() -> nn.Module:
    from torchvision.models.segmentation import lraspp_mobilenet_v3_large

    return lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=4)


def seeded(make: Callable[[], nn.Module]) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return make().eval()


def passed(model: attnviz.VisionModel) -> Any:
    inputs, _ = model.preprocess.tensor(attnviz.open_picture(PHOTO))
    with torch.no_grad():
        return model.module(inputs)


@pytest.mark.parametrize("make", [detr, rt_detr])
def test_boxes_are_those_of_the_library(make: Callable[[], nn.Module]) -> None:
    from transformers import DetrImageProcessor, RTDetrImageProcessor

    model = attnviz.wrap(seeded(make), PREPROCESS)
    output = passed(model)
    size = torch.tensor([[96, 128]])
    processor = DetrImageProcessor() if make is detr else RTDetrImageProcessor()
    (theirs,) = processor.post_process_object_detection(output, threshold=0.0, target_sizes=size)
    found = attnviz.detect(model, PHOTO, least=0.0, most=3)
    best = theirs["scores"].topk(3)
    np.testing.assert_allclose([one.score for one in found], best.values, rtol=1e-5)
    for one, index in zip(found, best.indices.tolist(), strict=True):
        assert isinstance(one.target, attnviz.Box)
        edges = theirs["boxes"][index] / torch.tensor([128, 96, 128, 96])
        own = [one.target.x0, one.target.y0, one.target.x1, one.target.y1]
        np.testing.assert_allclose(own, edges.clamp(0, 1), atol=1e-4)
        assert one.label == model.label(int(theirs["labels"][index]))


@pytest.mark.parametrize("make", [segformer, mask2former])
def test_classes_of_positions_are_those_of_the_library(make: Callable[[], nn.Module]) -> None:
    from transformers import Mask2FormerImageProcessor

    model = attnviz.wrap(seeded(make), PREPROCESS)
    output, outputs = passed(model), model.spec.outputs
    assert outputs is not None
    assert outputs.dense is not None
    own = outputs.dense(output)[0].argmax(0)
    if make is segformer:
        expected = output.logits[0].argmax(0)
    else:
        size = [(own.shape[0], own.shape[1])]
        processor = Mask2FormerImageProcessor()
        output.masks_queries_logits = nn.functional.interpolate(
            output.masks_queries_logits, size[0]
        )
        (expected,) = processor.post_process_semantic_segmentation(output)
        expected = nn.functional.interpolate(expected[None, None].float(), size[0])[0, 0].long()
    agree = (own == expected).float().mean()
    assert float(agree) > 0.9  # theirs is of enlarged masks


def test_torchvisions_detector_gets_the_picture_as_it_is() -> None:
    module = seeded(faster_rcnn)
    model = attnviz.wrap(module)
    assert (model.preprocess.size, model.preprocess.multiple) == (96, 32)
    assert (model.preprocess.mean, model.preprocess.std) == ((0.0,) * 3, (1.0,) * 3)
    with torch.no_grad():
        (theirs,) = module([torch.from_numpy(PHOTO / 255).permute(2, 0, 1).float()])
    found = attnviz.detect(model, PHOTO, least=0.0)
    assert len(found) == len(theirs["scores"]) == 5
    np.testing.assert_allclose(
        sorted(one.score for one in found), theirs["scores"].sort().values, rtol=1e-4
    )


def test_the_attention_of_the_query_that_found_it() -> None:
    module = seeded(detr)
    module.set_attn_implementation("eager")
    model = attnviz.wrap(module, PREPROCESS)
    (found,) = attnviz.detect(model, PHOTO, least=0.0, most=1)
    result = attnviz.explain(model, PHOTO, "raw-attention", found.target)
    inputs, _ = model.preprocess.tensor(attnviz.open_picture(PHOTO))
    with torch.no_grad():
        output = module(inputs, output_attentions=True)
    query = int(output.logits[0].softmax(-1)[:, :-1].amax(1).argmax())
    for number, weights in enumerate(output.cross_attentions):
        expected = weights[0].mean(0)[query].reshape(3, 4)
        own = result.map_of(f"model.decoder.layers.{number}.encoder_attn")
        np.testing.assert_allclose(own, expected, atol=1e-6)
    assert result.best_layer == "model.decoder.layers.1.encoder_attn"


@pytest.mark.parametrize("make", [detr, rt_detr, segformer, mask2former, faster_rcnn, lraspp])
def test_every_family_can_be_asked_about_what_it_finds(make: Callable[[], nn.Module]) -> None:
    module = seeded(make)
    model = attnviz.wrap(module) if make is faster_rcnn else attnviz.wrap(module, PREPROCESS)
    found = attnviz.detect(model, PHOTO, least=0.0, most=2)
    result = attnviz.explain(model, PHOTO, target=found[0].target)
    values = result.map_of(result.best_layer)
    assert result.method == "layer-cam"
    assert values.shape[1] > values.shape[0] > 1
    assert np.isfinite(values).all()
    assert values.max() > 0
    assert result.asked[0].prediction.label.startswith(found[0].label)


def test_kinds_of_output_are_known_by_class_or_said() -> None:
    assert outputs_of(nn.Linear(2, 2)) is None
    kinds = {make: outputs_of(seeded(make)) for make in (detr, segformer, mask2former, lraspp)}
    assert [one.kind for one in kinds.values() if one] == ["boxes", "dense", "masks", "dense"]
    with pytest.raises(UnknownNameError, match="Nearest: boxes"):
        attnviz.wrap(nn.Linear(2, 2), outputs="box")


@pytest.mark.parametrize(
    ("read", "output", "sentence"),
    [
        (read_boxes, torch.zeros(1, 3), "returned a Tensor, and no boxes that can be read"),
        (read_boxes, [{"boxes": torch.zeros(2, 4)}], "a dictionary without scores"),
        (
            read_boxes,
            [{"boxes": torch.zeros(2, 4), "scores": torch.zeros(2)}],
            "a dictionary without labels",
        ),
        (
            read_boxes,
            [{"boxes": torch.zeros(4), "scores": torch.zeros(1, 2)}],
            r"a dictionary without boxes \[K, 4\]",
        ),
        (read_masks, {"logits": torch.zeros(1, 2, 3)}, "no masks that can be read"),
        (lambda output, _: read_dense(output), torch.zeros(1, 3), "no classes of each position"),
    ],
)
def test_outputs_that_cannot_be_read(
    read: Callable[[Any, tuple[int, int]], Any], output: Any, sentence: str
) -> None:
    with pytest.raises(ModelError, match=sentence):
        read(output, (8, 8))


def test_boxes_around_masks_by_hand() -> None:
    masks: Tensor = torch.full((1, 2, 4, 4), -9.0)
    masks[0, 0, 1:3, 2] = 9.0  # rows 1 and 2 of column 2; the other mask is empty
    logits = torch.tensor([[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]])
    (found,) = read_masks({"class_queries_logits": logits, "masks_queries_logits": masks}, (8, 16))
    assert found.boxes.tolist()[0] == [8.0, 2.0, 12.0, 6.0]
    assert found.boxes.tolist()[1][2:] == [0.0, 0.0]  # without an area
    assert found.scores.shape == (2, 2)
