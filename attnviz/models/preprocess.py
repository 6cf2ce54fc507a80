"""From a picture to a network's input."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from attnviz.pictures import Picture
from attnviz.pictures.geometry import Fit, PictureGeometry, fit_picture, resample
from attnviz.types import Pixels

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def pixels_to_tensor(pixels: Pixels) -> Tensor:
    """Pictures uint8 [N, h, w, 3] as float32 [N, 3, h, w] in 0..1, a copy."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float().div_(255)


@dataclass(frozen=True)
class Preprocess:
    """How a network wants its pictures.

    size: side of the square input, or its shorter side for `Fit.WHOLE`. resize: for `Fit.CROP`,
    what the shorter side becomes before the square is cut out. multiple: what the sides of larger
    inputs are multiples of; for `Fit.WHOLE` both are rounded to one. any_size: whether the network
    takes other sizes than this one. mean, std: per channel, for values in 0..1.
    """

    size: int = 224
    fit: Fit = Fit.WHOLE
    resize: int | None = None
    multiple: int = 32
    any_size: bool = True
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    def halved(self) -> Preprocess:
        """The same with half the input's side, for a second try where memory ran out."""
        resize = None if self.resize is None else max(self.resize // 2, self.multiple)
        return replace(self, size=max(self.size // 2, self.multiple), resize=resize)

    def geometry(self, picture: Picture) -> PictureGeometry:
        """Which part of the picture the network sees, and at what size."""
        height, width = picture.pixels.shape[:2]
        return fit_picture(
            (height, width), self.size, self.fit, resize=self.resize, multiple=self.multiple
        )

    def tensor(self, picture: Picture) -> tuple[Tensor, PictureGeometry]:
        """The input float32 [1, 3, h, w], normalised, and how it was taken from the picture."""
        geometry = self.geometry(picture)
        return self.normalised(pixels_to_tensor(resample(picture.pixels, geometry)[None])), geometry

    def normalised(self, inputs: Tensor) -> Tensor:
        """`inputs` [N, 3, h, w] in 0..1, less the mean, over the standard deviation."""
        mean, std = (
            torch.tensor(values, dtype=inputs.dtype, device=inputs.device).view(1, 3, 1, 1)
            for values in (self.mean, self.std)
        )
        return (inputs - mean) / std
