"""Curves on real photos and a real network, against pytorch-grad-cam's and torchcam's own code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import torchcam.metrics
import torchvision
from pytorch_grad_cam.metrics.road import (
    NoisyLinearImputer,
    RemoveLeastRelevantFirst,
    RemoveMostRelevantFirst,
)
from torch import Tensor, nn

from attnviz.evidence.faithfulness.confidence_drop import confidence_drop
from attnviz.evidence.faithfulness.insertion_deletion import insertion_deletion
from attnviz.evidence.fills.base import MeanGrey, Road
from attnviz.evidence.subject import Subject
from attnviz.models.preprocess import Preprocess
from attnviz.pictures import open_picture

PICTURES, SIDE = 20, 64
PERCENTILES = (20, 70)
PREPROCESS = Preprocess(size=SIDE)

pytestmark = [pytest.mark.data, pytest.mark.slow]


@pytest.fixture(scope="module")
def subjects() -> list[tuple[Subject, np.ndarray]]:
    """20 photos as SqueezeNet takes them at 64 px, each with a smooth map without ties."""
    import os

    root = os.environ.get("ATTNVIZ_DATA", "")
    if not root:
        pytest.skip("ATTNVIZ_DATA names no folder, and this test needs its pictures")
    net = torchvision.models.squeezenet1_0(weights=None)
    weights = Path(root) / "squeezenet1_0-imagenet.pth"
    net.load_state_dict(torch.load(weights, weights_only=True))
    net.eval().requires_grad_(requires_grad=False)
    random = np.random.default_rng(0)
    made = []
    for path in sorted((Path(root) / "imagenet-100").glob("*.*"))[: PICTURES + 1]:
        if path.suffix == ".json":
            continue
        pixels = open_picture(path).pixels
        squared = cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        values = cv2.resize(random.random((6, 6)).astype(np.float32), (SIDE, SIDE))
        values += random.random((SIDE, SIDE)).astype(np.float32) * 1e-3
        values = (values - values.min()) / (values.max() - values.min())
        planes = torch.from_numpy(squared).permute(2, 0, 1)[None].float() / 255
        target = int(net(PREPROCESS.normalised(planes)).argmax())
        made.append((Subject(net, squared, PREPROCESS.normalised, target), values))
    return made[:PICTURES]


class Known:
    """A CAM extractor of torchcam's kind whose map is known already."""

    def __init__(self, model: nn.Module, values: np.ndarray) -> None:
        self.model, self.values = model, torch.from_numpy(values)[None]

    def __call__(self, *_: object, **__: object) -> list[Tensor]:
        return [self.values]

    def fuse_cams(self, cams: list[Tensor]) -> Tensor:
        return cams[0]

    def _hooks_off(self) -> torch.autograd.grad_mode.no_grad:
        return torch.no_grad()


def softmax(logits: Tensor) -> Tensor:
    return logits.softmax(-1)


def test_insertion_and_deletion_equal_torchcams(
    subjects: list[tuple[Subject, np.ndarray]],
) -> None:
    assert len(subjects) == PICTURES
    for subject, values in subjects:
        ours = insertion_deletion(subject, values, MeanGrey(), steps=8)
        theirs = torchcam.metrics.DeletionInsertionMetric(
            Known(subject.module, values), softmax, steps=8
        )
        theirs.update(subject.inputs, subject.target)
        expected = theirs.summary()
        assert ours.deletion.area == pytest.approx(expected["deletion_auc"], abs=1e-4)
        assert ours.insertion.area == pytest.approx(expected["insertion_auc"], abs=1e-4)


def test_average_drop_and_increase_equal_torchcams(
    subjects: list[tuple[Subject, np.ndarray]],
) -> None:
    for subject, values in subjects:
        ours = confidence_drop(subject, values)
        theirs = torchcam.metrics.ClassificationMetric(Known(subject.module, values), softmax)
        theirs.update(subject.inputs, subject.target)
        expected = theirs.summary()
        assert ours.drop == pytest.approx(expected["avg_drop"], abs=1e-4)
        assert ours.increased == bool(expected["conf_increase"])


def _theirs(subject: Subject, values: np.ndarray) -> Iterator[tuple[float, float]]:
    """pytorch-grad-cam's pictures at each percentile: most and least relevant removed first."""
    cam = torch.from_numpy(values)
    for percentile in PERCENTILES:
        pictures = [
            remove(percentile, NoisyLinearImputer(noise=0))(subject.inputs[0], cam)
            for remove in (RemoveMostRelevantFirst, RemoveLeastRelevantFirst)
        ]
        first = subject.module(torch.stack(pictures)).softmax(1)[:, subject.target]
        yield float(first[0]), float(first[1])


def test_road_equals_pytorch_grad_cams(subjects: list[tuple[Subject, np.ndarray]]) -> None:
    """A percentile p removes (100 - p) % there; its borders may differ by a single pixel.

    The quick guess is nearer to the exact one than ROAD's own noise lets it be.
    """
    apart, noisy = [], []
    for subject, values in subjects:
        ours = insertion_deletion(subject, values, Road(noise=0, exact=True), steps=10)
        quick = insertion_deletion(subject, values, Road(noise=0), steps=10)
        with_noise = insertion_deletion(subject, values, Road(), steps=10)
        for percentile, (morf, lerf) in zip(PERCENTILES, _theirs(subject, values), strict=True):
            share = 1 - percentile / 100
            assert ours.deletion.at(share) == pytest.approx(morf, abs=4e-3)
            assert ours.insertion.at(1 - share) == pytest.approx(lerf, abs=4e-3)
        assert quick.road == pytest.approx(ours.road, abs=0.02)
        apart.append(np.abs(quick.deletion.probability - ours.deletion.probability))
        noisy.append(np.abs(quick.deletion.probability - with_noise.deletion.probability))
    assert np.mean(apart) < np.mean(noisy)
    assert np.mean(apart) < 3e-3
