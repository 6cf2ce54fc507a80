"""The inputs of a `Preprocess` that was read from an image processor are those that it makes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    CLIPImageProcessor,
    ConvNextImageProcessor,
    DeiTImageProcessor,
    EfficientNetImageProcessor,
    MobileNetV2ImageProcessor,
    ViTImageProcessor,
)

from attnviz.models.preprocess import Preprocess
from attnviz.pictures import Picture
from attnviz.pictures.geometry import Fit

SQUARE = {"height": 32, "width": 32}
SHORT = {"shortest_edge": 40}
PROCESSORS: dict[str, Any] = {
    "stretched": ViTImageProcessor(size=SQUARE),
    "oblong": ViTImageProcessor(size={"height": 24, "width": 40}, image_std=[0.2, 0.3, 0.4]),
    "without mean": ViTImageProcessor(size=SQUARE, do_normalize=False),
    "bytes": ViTImageProcessor(
        size=SQUARE, do_rescale=False, image_mean=[100.0] * 3, image_std=[50.0] * 3
    ),
    "from minus one": ViTImageProcessor(
        size=SQUARE, rescale_factor=1 / 127.5, image_mean=[1.0] * 3
    ),
    "cut": CLIPImageProcessor(size=SHORT, crop_size=SQUARE),
    "stretched and cut": DeiTImageProcessor(size={"height": 40, "width": 36}, crop_size=SQUARE),
    "a share": ConvNextImageProcessor(size={"shortest_edge": 32}, crop_pct=0.875),
    "a large share": ConvNextImageProcessor(size={"shortest_edge": 384}, crop_pct=1.0),
    "mobile": MobileNetV2ImageProcessor(size=SHORT, crop_size=SQUARE),
    "with an offset": EfficientNetImageProcessor(
        size=SQUARE, rescale_offset=True, rescale_factor=1 / 127.5, include_top=False
    ),
}


def smooth(height: int, width: int) -> Picture:
    rows, columns = np.mgrid[:height, :width]
    waves = [np.sin(rows / 9 + k) + np.cos(columns / (7 + k)) for k in range(3)]
    return Picture((np.stack(waves, -1) * 60 + 128).astype(np.uint8), "waves", "0" * 64)


@pytest.mark.parametrize("processor", PROCESSORS.values(), ids=PROCESSORS)
@pytest.mark.parametrize("size", [(90, 131), (157, 80)])
@pytest.mark.parametrize("stored", [False, True])
def test_inputs_are_those_of_the_processor(
    processor: Any, size: tuple[int, int], stored: bool
) -> None:
    preprocess = Preprocess.of(processor.to_dict() if stored else processor)
    picture = smooth(*size)
    wanted = torch.as_tensor(
        np.asarray(processor(picture.pixels, return_tensors="np")["pixel_values"])
    )
    made = preprocess.tensor(picture)[0]
    assert made.shape == wanted.shape
    # It resizes tensors, which differ from pictures by a level or two.
    level = 2.01 / 255 / min(preprocess.std)
    torch.testing.assert_close(made, wanted.float(), atol=level, rtol=0)


def test_a_processor_of_words_and_pictures_is_asked_for_its_pictures() -> None:
    class Both:
        image_processor = PROCESSORS["cut"]

    assert Preprocess.of(Both()) == Preprocess.of(PROCESSORS["cut"])
    assert Preprocess.of(Both()).origin == "the processor CLIPImageProcessor"


def test_old_dictionaries_give_one_number() -> None:
    old = {"do_resize": True, "size": 40, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    assert Preprocess.of(old).size == 40
    assert Preprocess.of(old).fit is Fit.SQUASH
    cut = Preprocess.of({**old, "do_center_crop": True, "crop_size": 32, "resample": 3})
    assert (cut.fit, cut.size, cut.resize, cut.interpolation) == (Fit.CROP, 32, 40, "bicubic")


def test_a_processor_that_does_not_resize_leaves_the_size_open() -> None:
    settings = Preprocess.of({"do_resize": False, "image_mean": [0.1] * 3, "image_std": [0.2] * 3})
    assert settings == Preprocess(mean=(0.1,) * 3, std=(0.2,) * 3)
