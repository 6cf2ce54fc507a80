"""Preprocessing: turn a picture into a network's input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from attnviz.errors import ModelError
from attnviz.pictures import Picture
from attnviz.pictures.geometry import Fit, PictureGeometry, fit_picture, resample
from attnviz.types import Pixels

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow and torchvision make pictures grey
_CHANNELS = {1: "grey", 3: "RGB", 4: "RGB and opacity"}


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

    The numbers in `mean` and `std` say how many channels the network takes: 1 (the picture's grey
    values, by ITU-R BT.601), 3 (RGB), or 4 (RGB and opacity, which is 1 everywhere, because
    pictures are opened over white).

    Attributes
    ----------
    size
        Side of the square input in pixels, or its shorter side for `Fit.WHOLE`.
    fit
        How a picture is fitted to that size: a `Fit`, or its name ("crop", "squash", "whole").
    resize
        For `Fit.CROP`, the shorter side in pixels before the square is cut out.
    multiple
        The sides of larger inputs are multiples of this; for `Fit.WHOLE`, both sides are.
    any_size
        Whether the network accepts other sizes.
    mean, std
        Per channel, for values in 0..1; a single number stands for one channel.

    Raises
    ------
    ModelError
        `mean` and `std` are not 1, 3 or 4 numbers each, are not finite, or a deviation is not
        above 0; or there is no fit of that name.

    Examples
    --------
    >>> Preprocess(size=64, mean=0.5, std=0.25).normalised(torch.ones(1, 3, 1, 1)).tolist()
    [[[[2.0]]]]
    """

    size: int = 224
    fit: Fit | str = Fit.WHOLE
    resize: int | None = None
    multiple: int = 32
    any_size: bool = True
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD

    def __post_init__(self) -> None:
        if self.fit not in list(Fit):
            raise ModelError(f"There is no fit {self.fit!r}. Choose among {', '.join(Fit)}.")
        object.__setattr__(self, "fit", Fit(self.fit))
        for name in ("mean", "std"):
            object.__setattr__(self, name, _numbers(getattr(self, name)))
        mean, std = len(self.mean), len(self.std)
        if mean != std or mean not in _CHANNELS:
            known = ", ".join(f"{count} ({what})" for count, what in _CHANNELS.items())
            raise ModelError(
                f"The preprocessing has {mean} numbers in `mean` and {std} in `std`. Give both as "
                f"many as the network has input channels: {known}."
            )
        if not all(map(math.isfinite, self.mean + self.std)) or min(self.std) <= 0:
            raise ModelError(
                f"The preprocessing has the mean {self.mean} and the deviation {self.std}. "
                "Give finite numbers, and deviations above 0."
            )

    @property
    def channels(self) -> int:
        """Number of channels of the inputs."""
        return len(self.mean)

    def halved(self) -> Preprocess:
        """Return the same with half the input's side, for a second attempt after memory ran out."""
        resize = None if self.resize is None else max(self.resize // 2, self.multiple)
        return replace(self, size=max(self.size // 2, self.multiple), resize=resize)

    def geometry(self, picture: Picture) -> PictureGeometry:
        """Compute which part of a picture the network sees, and at what size."""
        height, width = picture.pixels.shape[:2]
        return fit_picture(
            (height, width), self.size, Fit(self.fit), resize=self.resize, multiple=self.multiple
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
            float32 [1, C, h, w], normalised, with as many channels as `mean` has numbers.
        geometry : PictureGeometry
            How it was taken from the picture.
        """
        geometry = self.geometry(picture)
        return self.normalised(pixels_to_tensor(resample(picture.pixels, geometry)[None])), geometry

    def normalised(self, inputs: Tensor) -> Tensor:
        """Convert pictures to the network's channels, and normalise by mean and deviation.

        Parameters
        ----------
        inputs
            [N, 3, h, w], RGB in 0..1.

        Returns
        -------
        Tensor
            [N, C, h, w] in the type of `inputs`.
        """
        inputs = _to_channels(inputs, self.channels)
        mean, std = (
            torch.tensor(values, dtype=inputs.dtype, device=inputs.device).view(1, -1, 1, 1)
            for values in (self.mean, self.std)
        )
        return (inputs - mean) / std


def _to_channels(inputs: Tensor, channels: int) -> Tensor:
    """RGB [N, 3, h, w] as grey, RGB, or RGB and opacity."""
    if channels == 1:
        luma = torch.tensor(_LUMA, dtype=inputs.dtype, device=inputs.device).view(1, 3, 1, 1)
        return (inputs * luma).sum(1, keepdim=True)
    if channels == 4:
        return torch.cat([inputs, torch.ones_like(inputs[:, :1])], 1)
    return inputs


def _numbers(values: float | Sequence[float]) -> tuple[float, ...]:
    """One number, or any sequence of them, as a tuple; ModelError for anything else."""
    try:
        numbers = np.asarray(values, dtype=np.float64).reshape(-1).tolist()
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"The mean and deviation of a preprocessing are numbers, not {values!r}."
        ) from error
    return tuple(numbers)
