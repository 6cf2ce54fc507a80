"""What becomes of a decision without each channel, and with each alone; values by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import attnviz
from attnviz.errors import EvidenceError, UnknownClassError
from attnviz.evidence.channels import channel_evidence
from attnviz.models.preprocess import Preprocess

PLAIN = {"size": 4, "fit": "squash", "interpolation": "nearest"}


class Contrast(nn.Module):
    """The logit of class 1 is what the weighted channels vary by over the picture."""

    def __init__(self, weights: list[float]) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.tensor(weights))

    def forward(self, x: Tensor) -> Tensor:
        spread = x.amax((2, 3)) - x.amin((2, 3))
        logit = (spread * self.weights).sum(1)
        return torch.stack([torch.zeros_like(logit), logit], 1)


def scene(channels: int) -> attnviz.Picture:
    values = np.zeros((4, 4, channels), np.float32)
    values[0] = 1  # each channel varies by 1
    return attnviz.open_channels(values, names=[f"band {one}" for one in range(channels)])


def chance(logit: float) -> float:
    return 1 / (1 + np.exp(-logit))


@pytest.mark.parametrize("channels", [1, 2, 5, 20])
def test_channels_count_by_their_weights(channels: int) -> None:
    weights = [0.5 * one - 0.75 for one in range(channels)]
    preprocess = Preprocess(mean=(0.0,) * channels, std=(1.0,) * channels, **PLAIN)
    model = attnviz.wrap(Contrast(weights), preprocess, ["no", "yes"])
    found = channel_evidence(model, scene(channels), "yes")
    assert (found.label, found.names[-1]) == ("yes", f"band {channels - 1}")
    assert found.whole == pytest.approx(chance(sum(weights)), abs=1e-5)
    assert found.none == pytest.approx(0.5)
    without = [chance(sum(weights) - one) for one in weights]
    np.testing.assert_allclose(found.without, without, atol=1e-5)
    np.testing.assert_allclose(found.alone, [chance(one) for one in weights], atol=1e-5)
    np.testing.assert_allclose(found.lost, found.whole - np.array(without), atol=1e-5)


def test_colours_of_a_photo_are_channels_too() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[0, :, 2] = 255
    model = attnviz.wrap(
        Contrast([1.0, 1.0, 3.0]), Preprocess(mean=(0,) * 3, std=(1,) * 3, **PLAIN)
    )
    found = channel_evidence(model, pixels)
    assert found.names == ("red", "green", "blue")
    assert found.label == "class 1"
    np.testing.assert_allclose(found.without, [chance(3), chance(3), 0.5], atol=1e-5)
    np.testing.assert_allclose(found.alone, [0.5, 0.5, chance(3)], atol=1e-5)


def test_passes_are_counted_and_can_be_stopped() -> None:
    model = attnviz.wrap(Contrast([0.0] * 20), Preprocess(mean=(0,) * 20, std=(1,) * 20, **PLAIN))
    steps: list[tuple[int, int | None]] = []
    channel_evidence(model, scene(20), 0, lambda done, total: steps.append((done, total)))
    assert steps == [(16, 42), (32, 42), (42, 42)]

    def stop(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        channel_evidence(model, scene(20), 0, stop)


def test_features_need_a_component_and_classes_exist() -> None:
    options = Preprocess(mean=(0,) * 2, std=(1,) * 2, **PLAIN)
    features = attnviz.wrap(Contrast([2.0, 1.0]), options, task="features")
    with pytest.raises(EvidenceError, match="names no classes"):
        channel_evidence(features, scene(2))
    found = channel_evidence(features, scene(2), 1)
    assert (found.label, found.whole, found.none) == ("component 1", 3.0, 0.0)
    assert found.without.tolist() == [1.0, 2.0]
    with pytest.raises(UnknownClassError):
        channel_evidence(attnviz.wrap(Contrast([2.0, 1.0]), options), scene(2), 7)
