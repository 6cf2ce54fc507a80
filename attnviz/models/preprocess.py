"""Preprocessing: turn a picture into a network's input."""

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
    """Convert pictures to a tensor.

    Parameters
    ----------
    pixels
        uint8 [N, h, w, 3].

    Returns
    -------
    Tensor
        float32 [N, 3, h, w] in 0..1, a copy.
    """
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float().div_(255)


@dataclass(frozen=True)
class Preprocess:
    """Preprocessing of a network's inputs.

    Attributes
    ----------
    size
        Side of the square input in pixels, or its shorter side for `Fit.WHOLE`.
    fit
        How a picture is fitted to that size.
    resize
        For `Fit.CROP`, the shorter side in pixels before the square is cut out.
    multiple
        The sides of larger inputs are multiples of this; for `Fit.WHOLE`, both sides are.
    any_size
        Whether the network accepts other sizes.
    mean, std
        Per channel, for values in 0..1.
    """

    size: int = 224
    fit: Fit = Fit.WHOLE
    resize: int | None = None
    multiple: int = 32
    any_size: bool = True
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    def halved(self) -> Preprocess:
        """Return the same with half the input's side, for a second attempt after memory ran out."""
        resize = None if self.resize is None else max(self.resize // 2, self.multiple)
        return replace(self, size=max(self.size // 2, self.multiple), resize=resize)

    def geometry(self, picture: Picture) -> PictureGeometry:
        """Compute which part of a picture the network sees, and at what size."""
        height, width = picture.pixels.shape[:2]
        return fit_picture(
            (height, width), self.size, self.fit, resize=self.resize, multiple=self.multiple
        )

    def tensor(self, picture: Picture) -> tuple[Tensor, PictureGeometry]:
        """Convert a picture to an input.

        Parameters
        ----------
        picture
            The picture.

        Returns
        -------
        inputs : Tensor
            float32 [1, 3, h, w], normalised.
        geometry : PictureGeometry
            How it was taken from the picture.
        """
        geometry = self.geometry(picture)
        return self.normalised(pixels_to_tensor(resample(picture.pixels, geometry)[None])), geometry

    def normalised(self, inputs: Tensor) -> Tensor:
        """Normalise inputs by mean and standard deviation.

        Parameters
        ----------
        inputs
            [N, 3, h, w] in 0..1.

        Returns
        -------
        Tensor
            In the shape and type of `inputs`.
        """
        mean, std = (
            torch.tensor(values, dtype=inputs.dtype, device=inputs.device).view(1, 3, 1, 1)
            for values in (self.mean, self.std)
        )
        return (inputs - mean) / std
