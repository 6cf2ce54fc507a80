"""Mapping between a picture and a network's input, and from the network's grid to the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from attnviz.errors import FocusError
from attnviz.pictures.bicubic import resample_bicubic
from attnviz.pictures.interpolations import INTERPOLATIONS
from attnviz.types import AnyArray, BoolArray, FloatArray, Pixels


class Fit(StrEnum):
    """How a picture of any shape becomes a network's input.

    `SQUASH` stretches the whole picture to the input's shape, or to `resize`, of which it takes the
    centre; `WHOLE` keeps the aspect ratio and makes the shorter side as long as the input (an
    oblong input, nothing is cropped); `CROP` resizes the shorter side to `resize` and crops the
    centre, as most published accuracies do.
    """

    SQUASH = "squash"
    WHOLE = "whole"
    CROP = "crop"


@dataclass(frozen=True)
class PictureGeometry:
    """The rectangle of a picture that a network sees, and the size to which it is resampled.

    Attributes
    ----------
    picture_size
        (height, width) in pixels.
    box
        (top, left, bottom, right) in the picture's pixels, as floats: pixel (y, x) covers [y, y+1)
        x [x, x+1).
    input_size
        (height, width) in pixels.
    interpolation
        How it is resampled, one of `INTERPOLATIONS`; None averages areas where it shrinks, and is
        bicubic where it enlarges.
    """

    picture_size: tuple[int, int]
    box: tuple[float, float, float, float]
    input_size: tuple[int, int]
    interpolation: str | None = None

    def to_picture(self, y: float, x: float) -> tuple[float, float]:
        """Map the point (y, x) of the input, in pixels, to the picture, in pixels."""
        top, left, bottom, right = self.box
        height, width = self.input_size
        return top + y * (bottom - top) / height, left + x * (right - left) / width

    def to_input(self, y: float, x: float) -> tuple[float, float]:
        """Map the point (y, x) of the picture, in pixels, to the input, in pixels."""
        top, left, bottom, right = self.box
        height, width = self.input_size
        return (y - top) * height / (bottom - top), (x - left) * width / (right - left)

    def input_point(self, x: float, y: float) -> tuple[float, float] | None:
        """Map a point of the picture to the input.

        Parameters
        ----------
        x, y
            0..1, from the left and from the top of the picture.

        Returns
        -------
        tuple[float, float] or None
            (y, x) in 0..1 of the input; None where the network does not see the point.
        """
        height, width = self.picture_size
        down, across = self.to_input(y * height, x * width)
        rows, columns = self.input_size
        point = down / rows, across / columns
        return point if all(0 <= share <= 1 for share in point) else None

    @property
    def scale(self) -> float:
        """Pixels of the picture per pixel of the input, along the diagonal."""
        top, left, bottom, right = self.box
        return math.hypot(bottom - top, right - left) / math.hypot(*self.input_size)

    def reduced(self, longest: int) -> PictureGeometry:
        """The same geometry for a copy of the picture of `longest` pixels a side at most."""
        height, width = self.picture_size
        scale = min(1.0, longest / max(height, width))
        return self.resized((max(1, round(height * scale)), max(1, round(width * scale))))

    def resized(self, size: tuple[int, int]) -> PictureGeometry:
        """The same geometry for a smaller or larger copy of the picture, of (height, width)."""
        down, across = size[0] / self.picture_size[0], size[1] / self.picture_size[1]
        top, left, bottom, right = self.box
        box = (top * down, left * across, bottom * down, right * across)
        return replace(self, picture_size=size, box=box)

    def spread(self, grid: FloatArray, outside: float | None = None) -> FloatArray:
        """Resample a map on the network's grid to the picture, bicubic.

        Parameters
        ----------
        grid
            float [h, w], on any regular grid that covers the input.
        outside
            Value for the part of the picture that the network does not see; the map's smallest
            value if None.

        Returns
        -------
        FloatArray
            float32 [H, W] at the picture's size. Bicubic (Catmull-Rom-like, OpenCV's) interpolation
            overshoots a little beyond the grid's range; the result is clipped back to that range.

        Raises
        ------
        FocusError
            The map is not two-dimensional, is empty, or holds NaN or infinity.
        """
        values = checked_map(grid)
        height, width = self.picture_size
        top, left, bottom, right = self.box
        low, high = float(values.min()), float(values.max())
        picture = resample_bicubic(values, self.picture_size, self.box)
        np.clip(picture, low, high, out=picture)
        fill = low if outside is None else outside
        picture[_outside(height, top, bottom), :] = fill
        picture[:, _outside(width, left, right)] = fill
        return picture


def _outside(length: int, start: float, stop: float) -> BoolArray:
    """Which of `length` pixels have their centre outside start..stop."""
    centres = np.arange(length) + 0.5
    return (centres < start) | (centres > stop)


def checked_map(grid: npt.ArrayLike) -> FloatArray:
    """Check a map and convert it to contiguous float32 [h, w]; raises FocusError."""
    values = np.ascontiguousarray(grid, dtype=np.float32)
    if values.ndim != 2 or values.size == 0:
        raise FocusError(f"A map must have the shape [h, w], but this one has {values.shape}.")
    if not np.isfinite(values).all():
        raise FocusError("The map holds NaN or infinity: its network or method has overflowed.")
    return values


def fit_picture(
    picture_size: tuple[int, int],
    size: int | tuple[int, int],
    fit: Fit,
    *,
    resize: int | tuple[int, int] | None = None,
    multiple: int = 1,
    longest: int = 4,
    interpolation: str | None = None,
) -> PictureGeometry:
    """Compute the geometry for a picture and an input size.

    Parameters
    ----------
    picture_size
        (height, width) of the picture.
    size
        Side of the network's square input in pixels, or its (height, width); for `WHOLE` its
        shorter side.
    fit
        How the picture becomes the input.
    resize
        For `CROP`: what the shorter side is resized to before `size` is cropped; of two numbers,
        (height, width) that the resized picture covers. For `SQUASH`: what the picture is stretched
        to before.
    multiple
        For `WHOLE`: both sides are rounded to a multiple of this.
    longest
        For `WHOLE`: largest aspect ratio of the input, so that a panorama of 20,000 x 3 px does not
        exhaust the memory.
    interpolation
        One of `INTERPOLATIONS`. With one, a crop begins at a whole pixel of the resized picture, as
        in torchvision and timm, and the input is the same as theirs; None cuts exactly the middle.
    """
    height, width = picture_size
    sides = size if isinstance(size, tuple) else (size, size)
    whole = (0.0, 0.0, float(height), float(width))
    if fit is Fit.WHOLE:
        short = min(sides)
        scale = short / min(height, width)
        rounded = tuple(
            _rounded(min(side * scale, short * longest), multiple) for side in (height, width)
        )
        return PictureGeometry(picture_size, whole, (rounded[0], rounded[1]), interpolation)
    least = resize if isinstance(resize, tuple) else (resize or 1, resize or 1)
    # A smaller one would leave parts of the input empty: then as much is used as there is.
    resized: tuple[float, float] = max(least[0], sides[0]), max(least[1], sides[1])
    if fit is Fit.CROP:
        resized = _covering(picture_size, resized, exact=interpolation is None)
    top, bottom = _centre(height, resized[0], sides[0], exact=interpolation is None)
    left, right = _centre(width, resized[1], sides[1], exact=interpolation is None)
    return PictureGeometry(picture_size, (top, left, bottom, right), sides, interpolation)


def _covering(
    picture_size: tuple[int, int], least: tuple[float, float], *, exact: bool
) -> tuple[float, float]:
    """The size in its own aspect at which a picture covers `least`, in whole pixels or exactly."""
    height, width = picture_size
    size = least[0], least[0] * width / height
    if size[1] < least[1]:
        size = least[1] * height / width, least[1]
    if exact:
        return size
    # torchvision cuts the fraction off the longer side; timm rounds it where `least` is oblong.
    whole = math.floor if least[0] == least[1] else round
    return float(whole(size[0])), float(whole(size[1]))


def _centre(length: int, resized: float, side: int, *, exact: bool) -> tuple[float, float]:
    """Where the middle `side` pixels of `resized` begin and end, of a picture of `length`."""
    if exact:
        start = length * (1 - side / resized) / 2
        return start, length - start
    first = round((resized - side) / 2)
    return first * length / resized, (first + side) * length / resized


def _rounded(side: float, multiple: int) -> int:
    return max(multiple, math.floor(side / multiple + 0.5) * multiple)


def resample(pixels: Pixels, geometry: PictureGeometry) -> Pixels:
    """Crop and resample a picture to the network's input.

    Without an interpolation, shrinking averages over areas, which avoids aliasing, enlarging is
    bicubic, and box edges are rounded to whole pixels.

    Parameters
    ----------
    pixels
        uint8 [H, W, 3].
    geometry
        From `fit_picture`.

    Returns
    -------
    Pixels
        uint8 [h, w, 3].
    """
    return np.array(resampled(pixels, geometry), dtype=np.uint8)


def _box_within(geometry: PictureGeometry) -> tuple[float, float, float, float]:
    """Return (left, top, right, bottom), within the picture in spite of rounding."""
    top, left, bottom, right = geometry.box
    rows, columns = geometry.picture_size
    return max(left, 0.0), max(top, 0.0), min(right, float(columns)), min(bottom, float(rows))


def resampled(pixels: AnyArray, geometry: PictureGeometry) -> AnyArray:
    """Resample uint8 [H, W, 3] or float32 [H, W], as `resample` does."""
    height, width = geometry.input_size
    if geometry.interpolation is not None:
        kind = INTERPOLATIONS[geometry.interpolation]
        image = Image.fromarray(pixels)
        return np.asarray(image.resize((width, height), kind, _box_within(geometry)))
    top, left, bottom, right = (round(edge) for edge in geometry.box)
    crop = pixels[top : max(bottom, top + 1), left : max(right, left + 1)]
    # Each side by its own rule: a strip of 3 x 20,000 px is enlarged one way and shrunk the other.
    smaller = (min(width, crop.shape[1]), min(height, crop.shape[0]))
    if smaller != (crop.shape[1], crop.shape[0]):
        crop = cv2.resize(crop, smaller, interpolation=cv2.INTER_AREA)
    if smaller != (width, height):
        crop = cv2.resize(crop, (width, height), interpolation=cv2.INTER_CUBIC)
    return crop
