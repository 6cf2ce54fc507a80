"""Networks of any number of channels get the values of files that have as many."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import attnviz
from attnviz.analysis.explain import predict, probabilities
from attnviz.errors import EvidenceError, ModelError
from attnviz.evidence.run import run_experiment
from attnviz.models.preprocess import IMAGENET_MEAN, Preprocess
from attnviz.pictures.geometry import Fit, fit_picture, resample
from attnviz.pictures.values import resample_values


def network(channels: int) -> nn.Sequential:
    torch.manual_seed(channels)
    return nn.Sequential(
        nn.Conv2d(channels, 6, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(6, 3),
    ).eval()  # fmt: skip


def scene(channels: int, dtype: Any = np.float32) -> attnviz.Picture:
    values = np.random.default_rng(channels).uniform(0, 200, (16, 16, channels)).astype(dtype)
    return attnviz.open_channels(values, name="scene")


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 13])
@pytest.mark.parametrize("method", ["grad-cam", "layer-cam", "rise"])
def test_a_network_is_explained_on_the_values_of_a_file(channels: int, method: str) -> None:
    module, picture = network(channels), scene(channels)
    mean = np.linspace(90, 110, channels)
    std = np.linspace(50, 70, channels)
    model = attnviz.wrap(module, Preprocess(size=16, fit="squash", mean=mean, std=std))
    assert picture.channels is not None
    inputs = (picture.channels.values - mean) / std
    with torch.no_grad():
        wanted = module(torch.tensor(inputs, dtype=torch.float32).permute(2, 0, 1)[None])
    np.testing.assert_allclose(probabilities(model, picture), wanted.softmax(1)[0], rtol=1e-4)
    result = attnviz.explain(model, picture, method)
    assert np.isfinite(result.maps[-1]).all()
    assert not any("was given what is shown" in note for note in result.notes)


@pytest.mark.parametrize(
    ("dtype", "white", "divided"),
    [(np.uint8, None, 255), (np.uint16, None, 65535), (np.float32, None, 1), (np.uint16, 1e4, 1e4)],
)
def test_white_is_the_largest_value_of_whole_numbers(
    dtype: Any, white: float | None, divided: float
) -> None:
    picture = scene(5, dtype)
    preprocess = Preprocess(size=16, fit="squash", mean=(0,) * 5, std=(1,) * 5, white=white)
    assert picture.channels is not None
    wanted = picture.channels.values.astype(np.float32).transpose(2, 0, 1) / divided
    np.testing.assert_allclose(preprocess.tensor(picture)[0][0], wanted, rtol=1e-5)


@pytest.mark.parametrize("interpolation", [None, "bilinear", "bicubic", "nearest"])
def test_values_are_resampled_as_pictures_are(interpolation: str | None) -> None:
    pixels = np.random.default_rng(0).integers(40, 200, (40, 60, 3), dtype=np.uint8)
    geometry = fit_picture((40, 60), 24, Fit.CROP, resize=30, interpolation=interpolation)
    made = resample_values(pixels.astype(np.float32), geometry)
    assert np.abs(made - resample(pixels, geometry)).max() <= 1.01  # bytes are rounded on the way


def test_the_first_convolution_or_the_user_says_how_many_channels_there_are() -> None:
    assert attnviz.wrap(network(13)).preprocess.channels == 13
    assert attnviz.wrap(network(2)).preprocess.mean == pytest.approx([np.mean(IMAGENET_MEAN)] * 2)
    assert attnviz.wrap(nn.Flatten(), channels=7).preprocess.channels == 7
    with pytest.raises(ModelError, match="`channels` 0"):
        attnviz.wrap(nn.Flatten(), channels=0)
    with pytest.raises(ModelError, match="for 3 channels, and `channels` says 13"):
        attnviz.wrap(network(13), Preprocess(), channels=13)


def test_other_numbers_of_channels_are_told_in_one_sentence() -> None:
    colours = attnviz.wrap(network(3), Preprocess(size=16))
    (note,) = attnviz.explain(colours, scene(13), "grad-cam").notes[-1:]
    assert note == (
        "Sequential takes 3 channels, and scene has 13: it was given what is shown, in 8 bits."
    )
    many = attnviz.wrap(network(13))
    photo = attnviz.open_picture(np.full((16, 16, 3), 90, np.uint8))
    for picture in (photo, scene(5)):
        with pytest.raises(ModelError, match="takes 13 channels, and what it was given has"):
            predict(many, picture)


def test_experiments_that_hide_parts_of_a_photo_say_what_helps() -> None:
    model = attnviz.wrap(network(13))
    with pytest.raises(EvidenceError, match=r"the 13 channels of scene as .*channel_evidence"):
        run_experiment(model, scene(13), lambda subject: subject)
