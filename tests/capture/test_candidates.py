"""What torchvision's detectors weigh, beside what they return if they are told to keep it all."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models import detection
from torchvision.models.detection.anchor_utils import AnchorGenerator, DefaultBoxGenerator

import attnviz
from attnviz.capture.candidates import heard_candidates
from tests.state import left_as_it_was

SIDE, CLASSES = 32, 3
ALL: dict[str, Any] = {"min_size": SIDE, "max_size": SIDE}


class Trunk(nn.Sequential):
    """Features [N, 32, 8, 8] of pictures [N, 3, 32, 32]."""

    out_channels = 32

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 32, 4, 4), nn.ReLU())


def faster_rcnn(box_score_thresh: float = -1.0) -> nn.Module:
    return detection.FasterRCNN(
        Trunk(), **ALL, rpn_anchor_generator=AnchorGenerator(((8, 16),), ((1.0,),)),
        box_head=nn.Sequential(nn.Flatten(), nn.Linear(32 * 49, 16), nn.ReLU()),
        box_predictor=detection.faster_rcnn.FastRCNNPredictor(16, CLASSES),
        rpn_post_nms_top_n_test=20, box_score_thresh=box_score_thresh, box_nms_thresh=1.0,
        box_detections_per_img=999,
    )  # fmt: skip


def retina_net() -> nn.Module:
    return detection.RetinaNet(
        Trunk(), CLASSES, **ALL, anchor_generator=AnchorGenerator(((8, 16),), ((1.0,),)),
        score_thresh=-1.0, nms_thresh=1.0, topk_candidates=9999, detections_per_img=9999,
    )  # fmt: skip


def fcos() -> nn.Module:
    return detection.FCOS(
        Trunk(), CLASSES, **ALL, anchor_generator=AnchorGenerator(((8,),), ((1.0,),)),
        score_thresh=-1.0, nms_thresh=1.0, topk_candidates=9999, detections_per_img=9999,
    )  # fmt: skip


def ssd(**given: Any) -> Any:
    anchors = DefaultBoxGenerator([[2]], steps=[4], scales=[0.25, 0.5])
    head = detection.ssd.SSDHead([32], anchors.num_anchors_per_location(), CLASSES)
    options: dict[str, Any] = {"score_thresh": -1.0, "nms_thresh": 1.0, "topk_candidates": 9999}
    return detection.ssd.SSD(
        Trunk(), anchors, (SIDE, SIDE), CLASSES, head=head, detections_per_img=9999,
        **options | given,
    )  # fmt: skip


@pytest.mark.parametrize("make", [faster_rcnn, retina_net, fcos, ssd])
def test_all_that_a_detector_keeps_was_weighed(make: Callable[[], nn.Module]) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = make().eval()
        pictures = torch.rand(2, 3, SIDE, SIDE)
    background = make in (faster_rcnn, ssd)  # is the first class there
    with left_as_it_was(network), heard_candidates(network) as candidates, torch.no_grad():
        kept = network(pictures)
        assert candidates is not None
        for index in range(background, CLASSES):
            weighed = candidates(index, (4.0, 4.0, 20.0, 20.0), (SIDE, SIDE))
            for theirs, ours in zip(kept, weighed, strict=True):
                own = theirs["labels"] == index
                expected = torch.cat([theirs["boxes"], theirs["scores"][:, None]], 1)[own]
                rows = torch.cat([ours.boxes, ours.scores[:, None]], 1)
                assert len(expected) > 10
                assert float((expected[:, None] - rows).abs().amax(2).amin(1).max()) < 1e-3
                # One more of a detector in two stages: the box that was asked for.
                assert len(rows) - len(expected) == (make is faster_rcnn)


def test_other_networks_say_nothing() -> None:
    with heard_candidates(nn.Conv2d(3, 3, 1)) as candidates:
        assert candidates is None


def red_finder() -> nn.Module:
    """An SSD whose first class has the logit 4 red - 6 at each cell, too little to be found."""
    network = ssd(score_thresh=0.1, image_mean=[0.0] * 3, image_std=[1.0] * 3)
    for one in network.parameters():
        nn.init.zeros_(one)
    network.backbone[0].weight.data[0, 0] = 1 / 16
    said = network.head.classification_head.module_list[0]
    said.weight.data[1::CLASSES, 0, 1, 1], said.bias.data[1::CLASSES] = 4.0, -6.0
    said.bias.data[2::CLASSES] = -9.0
    return network.eval()


def test_a_thing_that_is_missed_has_a_score_and_gradients() -> None:
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    pixels[12:16, 12:16, 0] = 204
    model = attnviz.wrap(red_finder(), labels=["ground", "red", "other"])
    assert attnviz.detect(model, pixels, least=0) == ()
    around = attnviz.Box(10 / SIDE, 10 / SIDE, 18 / SIDE, 18 / SIDE, "red")  # as an anchor is
    with left_as_it_was(model.module):
        found = attnviz.explain(model, pixels, "hires-cam", around)
    # Logits 0, 4 x 0.8 - 6 and -9: log-odds of -2.8 - log(1 + exp(-9)), whose slope is 4.
    chance = math.exp(-2.8) / (1 + math.exp(-9) + math.exp(-2.8))
    assert found.asked[0].prediction.probability == pytest.approx(chance, rel=1e-4)
    expected = np.zeros((8, 8))
    expected[3, 3] = 4 * 0.8
    np.testing.assert_allclose(found.map_of("backbone"), expected, atol=1e-3)


def test_a_region_that_the_first_stage_does_not_propose_is_asked_about() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = faster_rcnn(box_score_thresh=0.99).eval()
    pixels = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)
    model = attnviz.wrap(network, labels=["ground", "red", "other"])
    assert attnviz.detect(model, pixels, least=0) == ()
    box = attnviz.Box(0.1, 0.1, 0.9, 0.3, "red")
    other = attnviz.Box(0.2, 0.5, 0.4, 0.9, "other")
    both = attnviz.explain(model, pixels, "layer-cam", [box, other])
    for target, one in zip((box, other), both.asked, strict=True):
        alone = attnviz.explain(model, pixels, "layer-cam", target)
        assert 0 < one.prediction.probability < 0.99
        assert one.prediction == alone.asked[0].prediction
        at = both.index_of("backbone")
        assert one.maps[at].max() > 0
        np.testing.assert_allclose(one.maps[at], alone.asked[0].maps[at], rtol=1e-4, atol=1e-6)
