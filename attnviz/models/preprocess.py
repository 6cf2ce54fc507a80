"""Preprocessing: turn a picture into a network's input."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from attnviz.errors import ModelError
from attnviz.models.colours import to_channels
from attnviz.models.input_settings.base import filter_name, pair
from attnviz.models.input_settings.checks import checked_numbers, checked_pixels
from attnviz.models.input_settings.read import read_settings
from attnviz.pictures import Picture
from attnviz.pictures.geometry import Fit, PictureGeometry, fit_picture, resample
from attnviz.pictures.values import resample_values
from attnviz.types import Pixels

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
HALF = (0.5, 0.5, 0.5)  # as mean and deviation, of networks that take -1..1


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

    The numbers in `mean` and `std` say how many channels the network takes. A picture that was
    opened with as many channels gives the file's own values (see `open_channels`). Any other gives
    its colours: 1 channel are grey values, by ITU-R BT.601, 3 are RGB, 4 are RGB and opacity, which
    is 1 everywhere, because pictures are opened over white.

    Attributes
    ----------
    size
        Side of the square input in pixels, or its shorter side for `Fit.WHOLE`; (height, width) of
        an oblong input.
    fit
        How a picture is fitted to that size: a `Fit`, or its name ("crop", "squash", "whole").
    resize
        For `Fit.CROP`, the shorter side in pixels before the centre is cut out, or (height, width)
        that the resized picture covers; for `Fit.SQUASH`, what the picture is stretched to before.
    multiple
        The sides of larger inputs are multiples of this; for `Fit.WHOLE`, both sides are.
    any_size
        Whether the network accepts other sizes.
    mean, std
        Per channel, for values in 0..1; a single number stands for one channel.
    interpolation
        "bilinear", "bicubic" and the like, as Pillow, torchvision and timm resample; None averages
        areas where it shrinks, and is bicubic where it enlarges.
    white
        Of a file's own values, the one that counts as 1; the largest of its type if None, and 1 for
        floating-point values.
    origin
        Where the numbers come from, in words, if they were read; not compared.

    Raises
    ------
    ModelError
        `mean` and `std` are not equally many numbers, are not finite, or a deviation is not above
        0; there is no fit or interpolation of that name; or a size is no number of pixels.

    Examples
    --------
    >>> Preprocess(size=64, mean=0.5, std=0.25).normalised(torch.ones(1, 3, 1, 1)).tolist()
    [[[[2.0]]]]
    """

    size: int | tuple[int, int] = 224
    fit: Fit | str = Fit.WHOLE
    resize: int | tuple[int, int] | None = None
    multiple: int = 32
    any_size: bool = True
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    interpolation: str | None = None
    white: float | None = None
    origin: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.fit not in list(Fit):
            raise ModelError(f"There is no fit {self.fit!r}. Choose among {', '.join(Fit)}.")
        checked = {
            "fit": Fit(self.fit),
            "size": checked_pixels("size", self.size),
            "multiple": checked_pixels("multiple", self.multiple, pairs=False),
            "resize": None if self.resize is None else checked_pixels("resize", self.resize),
            "interpolation": filter_name(self.interpolation),
            "mean": checked_numbers(self.mean),
            "std": checked_numbers(self.std),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if not all(map(math.isfinite, self.mean + self.std)) or min(self.std, default=1) <= 0:
            raise ModelError(
                f"The preprocessing has the mean {self.mean} and the deviation {self.std}. "
                "Give finite numbers, and deviations above 0."
            )
        mean, std = len(self.mean), len(self.std)
        if mean != std or mean == 0:
            raise ModelError(
                f"The preprocessing has {mean} numbers in `mean` and {std} in `std`. Give both as "
                "many as the network has input channels: 1 (grey), 3 (RGB), or as many as the "
                "files have that it is given."
            )

    @classmethod
    def of(cls, source: Any, **changes: Any) -> Preprocess:
        """Read the preprocessing that transforms, weights, a configuration or a processor say.

        Parameters
        ----------
        source
            Transforms of torchvision or timm (`Compose` and its like, without random ones), weights
            of torchvision (`ResNet50_Weights.DEFAULT`), a network of timm, its `pretrained_cfg` or
            what `resolve_data_config` makes of it, an image processor of Hugging Face, or its
            stored dictionary.
        **changes
            Attributes that are to be other than the source says.

        Returns
        -------
        Preprocess
            It gives the inputs that the source gives; what it does not say is as by default.

        Raises
        ------
        ModelError
            The source is none of these, or has a step that no `Preprocess` does; it is named.

        Examples
        --------
        >>> Preprocess.of({"input_size": (3, 224, 224), "crop_pct": 0.875}).resize
        256
        """
        if isinstance(source, cls):
            return replace(source, **changes)
        return cls(**{**read_settings(source).options(), **changes})

    @property
    def channels(self) -> int:
        """Number of channels of the inputs."""
        return len(self.mean)

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of the input, as `size` says; for `Fit.WHOLE` of a square picture."""
        return self.size if isinstance(self.size, tuple) else (self.size, self.size)

    @property
    def side(self) -> int:
        """The input's shorter side."""
        return min(self.sides)

    def described(self) -> str:
        """Say in words what becomes of a picture."""
        height, width = self.sides
        resized = self.resize if isinstance(self.resize, int) else None
        how = {
            Fit.WHOLE: f"the whole picture, its shorter side at {self.side} pixels",
            Fit.SQUASH: f"the picture stretched to {width} x {height} pixels",
            Fit.CROP: f"the centre of {width} x {height} pixels"
            + (f", of the shorter side at {resized} pixels" if resized else ""),
        }[Fit(self.fit)]
        filtered = f", {self.interpolation}" if self.interpolation else ""
        mean, std = (" ".join(f"{one:.4g}" for one in each) for each in (self.mean, self.std))
        return f"{how}{filtered}; mean {mean}, deviation {std}"

    def at(self, sides: tuple[int, int]) -> Preprocess:
        """Return the same for inputs of another height and width, with the same share cut off."""
        resize = pair(self.resize)
        if resize is not None:
            height, width = (
                max(round(whole * new / old), 1)
                for whole, new, old in zip(resize, sides, self.sides, strict=True)
            )
            resize = height, width
        return replace(self, size=sides, resize=resize)

    def unnormalised(self) -> Preprocess:
        """Return the same for a network that takes colours in 0..1 as they are."""
        return replace(self, mean=(0.0,) * 3, std=(1.0,) * 3)

    def halved(self) -> Preprocess:
        """Return the same with half the input's side, for a second attempt after memory ran out."""
        (height, width), resize = self.sides, pair(self.resize)
        return replace(
            self,
            size=(self._half(height), self._half(width)),
            resize=resize and (self._half(resize[0]), self._half(resize[1])),
        )

    def _half(self, side: int) -> int:
        """Half a side: whole cells where the side has whole cells, and one at least."""
        cells = self.multiple if self.fit is not Fit.WHOLE and side % self.multiple == 0 else 1
        return max(side // 2 // cells * cells, self.multiple)

    def geometry(self, picture: Picture) -> PictureGeometry:
        """Compute which part of a picture the network sees, and at what size."""
        height, width = picture.pixels.shape[:2]
        return fit_picture(
            (height, width),
            self.size,
            Fit(self.fit),
            resize=self.resize,
            multiple=self.multiple,
            interpolation=self.interpolation,
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
        if self.reads_channels(picture):
            return self._of_channels(picture, geometry), geometry
        return self.normalised(pixels_to_tensor(resample(picture.pixels, geometry)[None])), geometry

    def reads_channels(self, picture: Picture) -> bool:
        """Return whether inputs are made of the file's own values, and not of what is shown."""
        channels = getattr(picture, "channels", None)
        return channels is not None and channels.count == self.channels

    def _of_channels(self, picture: Picture, geometry: PictureGeometry) -> Tensor:
        """The file's own values, float32 [1, C, h, w], normalised."""
        assert picture.channels is not None
        values = picture.channels.values
        whole = values.dtype.kind in "ui"
        white = self.white or (float(np.iinfo(values.dtype).max) if whole else 1.0)
        shares = resample_values(values.astype(np.float32) / np.float32(white), geometry)
        return self._normalised(torch.from_numpy(shares).permute(2, 0, 1)[None])

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
        return self._normalised(to_channels(inputs, self.channels))

    def _normalised(self, inputs: Tensor) -> Tensor:
        mean, std = (
            torch.tensor(values, dtype=inputs.dtype, device=inputs.device).view(1, -1, 1, 1)
            for values in (self.mean, self.std)
        )
        return (inputs - mean) / std
