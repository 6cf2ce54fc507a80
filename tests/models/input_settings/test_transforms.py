"""The inputs of a `Preprocess` that was read are those that the transforms themselves give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from timm.data import create_transform
from torch import nn
from torchvision import models
from torchvision import transforms as v1
from torchvision.transforms import InterpolationMode, v2

from attnviz.errors import ModelError
from attnviz.models.preprocess import Preprocess
from attnviz.pictures import Picture
from attnviz.pictures.geometry import Fit

MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.3, 0.25)
NORMALISE = v1.Normalize(MEAN, STD)
BICUBIC = InterpolationMode.BICUBIC


def photo(height: int, width: int) -> Picture:
    """Smooth colours and noise: an edge of half a pixel off is seen."""
    random = np.random.default_rng(height * width)
    pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels[:, : width // 3] = np.linspace(0, 255, height, dtype=np.uint8)[:, None, None]
    return Picture(pixels, "photo", "0" * 64)


def to_rgb(image: Image.Image) -> Image.Image:
    return image.convert("RGB")


CHAINS: dict[str, Any] = {
    "usual": v1.Compose([v1.Resize(40), v1.CenterCrop(32), v1.ToTensor(), NORMALISE]),
    "a list": [v1.Resize([40]), v1.CenterCrop((32, 32)), v1.ToTensor(), NORMALISE],
    "version two": v2.Compose(
        [
            v2.ToImage(), v2.Resize(40, antialias=True), v2.CenterCrop(32),
            v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD),
        ]
    ),
    "bytes that are normalised": v2.Compose(
        [
            v2.PILToTensor(), v2.Resize(33), v2.CenterCrop(31), v2.ToDtype(torch.float32),
            v2.Normalize([100, 120, 140], [50, 60, 70]),
        ]
    ),
    "bicubic, with a function": v1.Compose(
        [v1.Resize(41, BICUBIC), v1.CenterCrop(32), to_rgb, v1.ToTensor(), NORMALISE]
    ),
    "no mean": v1.Compose([v1.Resize(40), v1.CenterCrop(32), v1.ToTensor()]),
    "normalised twice": v1.Compose(
        [v1.Resize(40), v1.CenterCrop(32), v1.ToTensor(), NORMALISE, v1.Normalize(0.5, 2.0)]
    ),
    "stretched": v1.Compose([v1.Resize((48, 32)), v1.ToTensor(), NORMALISE]),
    "stretched and cut": v1.Compose(
        [v1.Resize((48, 40)), v1.CenterCrop((32, 30)), v1.ToTensor(), NORMALISE]
    ),
    "chains in a chain": v1.Compose(
        [v1.Compose([v1.Resize(40), v1.CenterCrop(32)]), v1.Compose([v1.ToTensor(), NORMALISE])]
    ),
    "a module": nn.Sequential(
        v2.Resize(40), v2.CenterCrop(32), v2.ToImage(), v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(MEAN, STD),
    ),
    "torchvision's weights": models.ResNet50_Weights.IMAGENET1K_V2,
    "torchvision's preset": models.EfficientNet_V2_L_Weights.DEFAULT.transforms(),
    "timm's": create_transform(32, crop_pct=0.9, interpolation="bicubic", mean=MEAN, std=STD),
    "timm's, oblong": create_transform((24, 40), crop_pct=0.8, interpolation="bilinear"),
    "timm's, stretched": create_transform(32, crop_mode="squash", crop_pct=0.9),
    "timm's, without mean": create_transform(32, normalize=False),
}  # fmt: skip


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
@pytest.mark.parametrize("size", [(90, 131), (157, 80), (64, 64)])
def test_inputs_are_those_of_the_transforms(chain: Any, size: tuple[int, int]) -> None:
    picture = photo(*size)
    preprocess = Preprocess.of(chain)
    made, geometry = preprocess.tensor(picture)
    steps = chain if isinstance(chain, list) else [chain]
    if isinstance(chain, models.ResNet50_Weights):
        steps = [chain.transforms()]
    wanted: Any = Image.fromarray(picture.pixels)
    for step in steps:
        wanted = step(wanted)
    assert made.shape[1:] == wanted.shape
    # Tensors are resized a little differently from pictures, by a level of 255 or two.
    level = 2.01 / 255 / min(preprocess.std)
    torch.testing.assert_close(made[0], wanted.float(), atol=level, rtol=0)
    exact = (made[0] - wanted.float()).abs() < 0.01 / 255 / min(preprocess.std)
    assert float(exact.float().mean()) > 0.8
    assert geometry.picture_size == size


def test_the_nearest_pixel_is_taken_where_transforms_say_so() -> None:
    chain = v1.Compose([v1.Resize((2, 4), InterpolationMode.NEAREST), v1.ToTensor()])
    pixels = np.zeros((6, 12, 3), np.uint8)
    pixels[1, 1::3] = 255  # of each cell of 3 x 3 pixels the middle one
    made = Preprocess.of(chain).tensor(Picture(pixels, "dots", "0" * 64))[0]
    assert made[0, 0].tolist() == [[1.0] * 4, [0.0] * 4]


def test_grey_transforms_give_one_channel() -> None:
    chain = v1.Compose([v1.Grayscale(), v1.Resize((32, 32)), v1.ToTensor(), v1.Normalize(0.5, 0.5)])
    preprocess = Preprocess.of(chain)
    assert (preprocess.channels, preprocess.mean, preprocess.std) == (1, (0.5,), (0.5,))
    picture = photo(32, 32)
    wanted = chain(Image.fromarray(picture.pixels))
    torch.testing.assert_close(preprocess.tensor(picture)[0][0], wanted, atol=2 / 255 / 0.5, rtol=0)


def test_a_shorter_side_alone_keeps_the_whole_picture() -> None:
    chain = v1.Compose([v1.Resize(64), v1.ToTensor(), NORMALISE])
    preprocess = Preprocess.of(chain, multiple=16)
    assert (preprocess.fit, preprocess.size, preprocess.interpolation) == (
        Fit.WHOLE, 64, "bilinear",
    )  # fmt: skip
    assert preprocess.geometry(photo(100, 150)).input_size == (64, 96)
    segmenter = Preprocess.of(models.segmentation.FCN_ResNet50_Weights.DEFAULT)
    assert (segmenter.fit, segmenter.size) == (Fit.WHOLE, 520)


def test_transforms_without_a_size_leave_it_open() -> None:
    chain = v1.Compose([v1.ToTensor(), NORMALISE])
    assert Preprocess.of(chain) == Preprocess(mean=MEAN, std=STD)
    assert Preprocess.of(chain, size=32, fit="squash").size == 32


def test_a_preprocess_is_taken_as_it_is_or_changed() -> None:
    given = Preprocess(size=(32, 48), fit="crop")
    assert Preprocess.of(given) is not None
    assert Preprocess.of(given) == given
    assert Preprocess.of(given, fit="squash") == Preprocess(size=(32, 48), fit="squash")


@pytest.mark.parametrize(
    ("chain", "sentence"),
    [
        ([v1.RandomResizedCrop(32)], "RandomResizedCrop .* at random, as in training"),
        ([v1.Resize(32), v1.ColorJitter(), v1.ToTensor()], "ColorJitter .* at random"),
        ([v2.TrivialAugmentWide()], "TrivialAugmentWide .* at random"),
        ([v1.CenterCrop(32), v1.ToTensor()], "CenterCrop .* at its own scale"),
        ([v1.Resize(40), v1.Resize(32)], "resized before"),
        ([v1.Resize(32, max_size=40)], "the longer side"),
        ([v1.Grayscale(3)], "several channels of grey"),
        ([v1.Lambda(lambda x: x)], "Lambda .* is not known here"),
        ([v1.Pad(3)], "Pad .* is not known here"),
        ({"input_size": (3, 32, 32), "crop_mode": "border"}, "crop mode 'border'"),
        ({"size": {"longest_edge": 32}, "do_resize": True}, "which height and width"),
        ({"input_size": (3, 32, 32), "interpolation": "cubic"}, "no interpolation 'cubic'"),
        (nn.Linear(2, 3), "from Linear"),
        (nn.Sequential(nn.Conv2d(3, 4, 1)), "from Sequential"),
        ("imagenet", "from str"),
        (None, "from NoneType"),
    ],
)
def test_what_no_preprocess_does_is_named(chain: Any, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        Preprocess.of(chain)
