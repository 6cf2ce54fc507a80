from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image

from attnviz.errors import ModelError
from attnviz.models.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess
from attnviz.pictures.geometry import Fit


class Seen(NamedTuple):
    """As much of a picture as a network's input takes from it."""

    pixels: np.ndarray


def grey(height: int, width: int, value: tuple[int, int, int] = (10, 120, 250)) -> Seen:
    return Seen(np.full((height, width, 3), value, dtype=np.uint8))


@pytest.mark.parametrize("fit", list(Fit))
def test_a_plain_picture_becomes_value_less_mean_over_deviation(fit: Fit) -> None:
    inputs, _ = Preprocess(size=32, fit=fit).tensor(grey(50, 90))
    assert inputs.dtype == torch.float32
    for channel, value in enumerate((10, 120, 250)):
        expected = (value / 255 - IMAGENET_MEAN[channel]) / IMAGENET_STD[channel]
        torch.testing.assert_close(
            inputs[0, channel], torch.full_like(inputs[0, channel], expected), atol=1e-6, rtol=0
        )


def test_another_mean_and_deviation_are_used() -> None:
    preprocess = Preprocess(size=32, mean=(0.5, 0.5, 0.5), std=(0.5, 0.25, 1.0))
    inputs, _ = preprocess.tensor(grey(32, 32, (255, 255, 0)))
    assert inputs[0, :, 0, 0].tolist() == [1.0, 2.0, -0.5]


def test_normalising_keeps_a_batch_and_its_type() -> None:
    inputs = torch.rand(2, 3, 4, 5, dtype=torch.float64)
    expected = torch.stack(
        [(inputs[:, c] - IMAGENET_MEAN[c]) / IMAGENET_STD[c] for c in range(3)], dim=1
    )
    torch.testing.assert_close(Preprocess().normalised(inputs), expected)


@pytest.mark.parametrize(
    ("fit", "size", "resize", "input_size", "box"),
    [
        (Fit.SQUASH, 64, None, (64, 64), (0, 0, 100, 200)),
        (Fit.WHOLE, 64, None, (64, 128), (0, 0, 100, 200)),
        (Fit.CROP, 64, None, (64, 64), (0, 50, 100, 150)),
        (Fit.CROP, 64, 80, (64, 64), (10, 60, 90, 140)),
    ],
)
def test_each_fit_sees_its_own_part(
    fit: Fit,
    size: int,
    resize: int | None,
    input_size: tuple[int, int],
    box: tuple[float, float, float, float],
) -> None:
    inputs, geometry = Preprocess(size=size, fit=fit, resize=resize).tensor(grey(100, 200))
    assert geometry.picture_size == (100, 200)
    assert geometry.input_size == input_size
    assert geometry.box == pytest.approx(box)
    assert inputs.shape == (1, 3, *input_size)


def test_the_whole_picture_gets_sides_of_whole_cells() -> None:
    geometry = Preprocess(size=224, fit=Fit.WHOLE, multiple=32).geometry(grey(600, 800))
    assert geometry.input_size == (224, 288)  # 298.7 rounded to a multiple of 32
    geometry = Preprocess(size=300, fit=Fit.WHOLE, multiple=32).geometry(grey(600, 600))
    assert geometry.input_size == (288, 288)


def test_rows_stay_rows() -> None:
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:20] = 255
    inputs, _ = Preprocess(size=32, fit=Fit.WHOLE).tensor(Seen(pixels))
    white, black = ((v - IMAGENET_MEAN[0]) / IMAGENET_STD[0] for v in (1.0, 0.0))
    assert inputs.shape == (1, 3, 32, 64)
    assert inputs[0, 0, 0].tolist() == pytest.approx([white] * 64, abs=1e-6)
    assert inputs[0, 0, -1].tolist() == pytest.approx([black] * 64, abs=1e-6)


def test_the_second_try_has_half_the_side_but_a_cell_at_least() -> None:
    assert Preprocess(size=224).halved() == Preprocess(size=112)
    assert Preprocess(size=48, multiple=32).halved().size == 32


@pytest.mark.parametrize("mean", [0.25, (0.25,), [0.25], np.array([0.25]), torch.tensor([0.25])])
def test_one_number_gives_the_grey_values_of_pillow(mean: Any) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    preprocess = Preprocess(size=32, mean=mean, std=0.5)
    assert preprocess.channels == 1
    assert hash(preprocess) == hash(Preprocess(size=32, mean=(0.25,), std=(0.5,)))
    inputs, _ = preprocess.tensor(Seen(pixels))
    assert inputs.shape == (1, 1, 32, 32)
    grey = (inputs[0, 0].numpy() * 0.5 + 0.25) * 255
    pillow = np.asarray(Image.fromarray(pixels).convert("L"), np.float32)
    assert np.abs(grey - pillow).max() < 1  # Pillow rounds down


def test_four_numbers_add_full_opacity() -> None:
    inputs, _ = Preprocess(size=32, mean=(0, 0, 0, 0.5), std=(1, 1, 1, 0.25)).tensor(grey(32, 32))
    assert inputs[0, :, 5, 5].tolist() == pytest.approx([10 / 255, 120 / 255, 250 / 255, 2.0])


@pytest.mark.parametrize(
    ("mean", "std", "sentence"),
    [
        ((0.5, 0.5), (0.5,), "2 numbers in `mean` and 1 in `std`"),
        ((0.5,), (0.5, 0.5, 0.5), "1 numbers in `mean` and 3 in `std`"),
        ((), (), "0 numbers"),
        ((0.5,) * 5, (0.5,) * 4, r"as many as the network has input channels: 1 \(grey\), 3"),
        ((0.5,), (0.0,), "deviations above 0"),
        ((0.5, 0.5, 0.5), 0, "deviations above 0"),  # one 0 for all: not a matter of how many
        ((float("nan"),), (1.0,), "finite"),
        ("RGB", (1.0,), "are numbers, not 'RGB'"),
        (None, (1.0,), "finite"),
    ],
)
def test_numbers_that_fit_no_picture_are_refused(mean: Any, std: Any, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        Preprocess(mean=mean, std=std)


def test_a_fit_has_a_name() -> None:
    assert Preprocess(fit="crop") == Preprocess(fit=Fit.CROP)
    with pytest.raises(ModelError, match=r"no fit 'cropped'\. Choose among squash, whole, crop"):
        Preprocess(fit="cropped")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"size": -5}, "`size` -5. Give 1 or more pixels, or"),
        ({"size": 0}, "`size` 0"),
        ({"size": 22.5}, "`size` 22.5"),
        ({"size": "224"}, "`size` '224'"),
        ({"size": None}, "`size` None"),
        ({"size": True}, "`size` True"),
        ({"size": (32, 0)}, r"`size` \(32, 0\)"),
        ({"size": (1, 2, 3)}, r"`size` \(1, 2, 3\)"),
        ({"size": ()}, r"`size` \(\)"),
        ({"multiple": 0}, "`multiple` 0. Give 1 or more pixels\\."),
        ({"multiple": (2, 2)}, "`multiple`"),
        ({"resize": -1}, "`resize` -1"),
        ({"interpolation": "cubic"}, "no interpolation 'cubic'. Choose among nearest, bilinear"),
    ],
)
def test_sizes_that_are_none_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        Preprocess(**options)


def test_two_equal_sides_are_one() -> None:
    assert Preprocess(size=(64, 64)) == Preprocess(size=64)
    assert Preprocess(size=np.int64(64)).sides == (64, 64)
    oblong = Preprocess(size=[48, 64], fit="crop")
    assert (oblong.sides, oblong.side) == ((48, 64), 48)


def test_an_oblong_crop_covers_what_it_is_cut_from() -> None:
    preprocess = Preprocess(size=(32, 64), fit="crop", resize=(40, 80))
    geometry = preprocess.geometry(grey(100, 100))  # at 80 x 80: rows 24 to 56, columns 8 to 72
    assert geometry.input_size == (32, 64)
    assert geometry.box == pytest.approx((30, 10, 70, 90))


def test_half_of_whole_patches_are_whole_patches() -> None:
    half = Preprocess(size=518, fit="squash", multiple=14).halved()
    assert half.size == 252  # 18 patches of 14, where 259 are 18.5
    assert Preprocess(size=(56, 84), fit="crop", resize=112, multiple=14).halved() == Preprocess(
        size=(28, 42), fit="crop", resize=56, multiple=14
    )


@pytest.mark.parametrize(
    ("preprocess", "words"),
    [
        (
            Preprocess(size=64, mean=0, std=1),
            "the whole picture, its shorter side at 64 pixels; mean 0, deviation 1",
        ),
        (
            Preprocess(size=(32, 48), fit="squash"),
            "stretched to 48 x 32 pixels; mean 0.485 0.456 0.406",
        ),
        (
            Preprocess(size=224, fit="crop", resize=256, interpolation="bilinear"),
            "the centre of 224 x 224 pixels, of the shorter side at 256 pixels, bilinear; mean",
        ),
    ],
)
def test_a_preprocessing_says_what_it_does(preprocess: Preprocess, words: str) -> None:
    assert words in preprocess.described()
