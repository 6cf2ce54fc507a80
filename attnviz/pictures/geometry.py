"""Mapping between a picture and a network's input, and from the network's grid to the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt

from attnviz.errors import FocusError
from attnviz.types import BoolArray, FloatArray, Pixels


class Fit(StrEnum):
    """How a picture of any shape becomes a network's input.

    `SQUASH` stretches the whole picture to the input's square; `WHOLE` keeps the aspect ratio and
    makes the shorter side as long as the input (an oblong input, nothing is cropped); `CROP`
    resizes the shorter side to `resize` and crops the centre square, as most published accuracies
    do.
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
    """

    picture_size: tuple[int, int]
    box: tuple[float, float, float, float]
    input_size: tuple[int, int]

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

    def resized(self, size: tuple[int, int]) -> PictureGeometry:
        """The same geometry for a smaller or larger copy of the picture, of (height, width)."""
        down, across = size[0] / self.picture_size[0], size[1] / self.picture_size[1]
        top, left, bottom, right = self.box
        box = (top * down, left * across, bottom * down, right * across)
        return PictureGeometry(size, box, self.input_size)

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
        rows, columns = values.shape
        step_y, step_x = (bottom - top) / rows, (right - left) / columns
        source_y = (np.arange(height, dtype=np.float32) + 0.5 - top) / step_y - 0.5
        source_x = (np.arange(width, dtype=np.float32) + 0.5 - left) / step_x - 0.5
        low, high = float(values.min()), float(values.max())
        picture = _sample_bicubic(values, source_y, source_x)
        np.clip(picture, low, high, out=picture)
        fill = low if outside is None else outside
        picture[_outside(height, top, bottom), :] = fill
        picture[:, _outside(width, left, right)] = fill
        return picture


def _outside(length: int, start: float, stop: float) -> BoolArray:
    """Which of `length` pixels have their centre outside start..stop."""
    centres = np.arange(length) + 0.5
    return (centres < start) | (centres > stop)


def _sample_bicubic(values: FloatArray, y: FloatArray, x: FloatArray) -> FloatArray:
    """Separable bicubic sampling at the rows `y` and columns `x` (fractional, replicated edges)."""
    along_x = _cubic_matrix(x, values.shape[1])
    along_y = _cubic_matrix(y, values.shape[0])
    return np.asarray(along_y @ values @ along_x.T, dtype=np.float32)


def _cubic_matrix(positions: FloatArray, length: int) -> FloatArray:
    """[positions, length] weights of Keys' cubic (a = -0.5), which rows sum to 1."""
    base = np.floor(positions).astype(np.int64)
    fraction = (positions - base).astype(np.float32)
    matrix = np.zeros((len(positions), length), dtype=np.float32)
    rows = np.arange(len(positions))
    for tap in range(-1, 3):
        distance = np.abs(fraction - tap)
        near = (1.5 * distance - 2.5) * distance**2 + 1.0
        far = ((-0.5 * distance + 2.5) * distance - 4.0) * distance + 2.0
        weight = np.where(distance <= 1.0, near, np.where(distance < 2.0, far, 0.0))
        np.add.at(matrix, (rows, np.clip(base + tap, 0, length - 1)), weight.astype(np.float32))
    return matrix


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
    size: int,
    fit: Fit,
    *,
    resize: int | None = None,
    multiple: int = 1,
    longest: int = 4,
) -> PictureGeometry:
    """Compute the geometry for a picture and an input size.

    Parameters
    ----------
    picture_size
        (height, width) of the picture.
    size
        Side of the network's square input in pixels; for `WHOLE` its shorter side.
    fit
        How the picture becomes the input.
    resize
        For `CROP`: what the shorter side is resized to before `size` is cropped.
    multiple
        For `WHOLE`: both sides are rounded to a multiple of this.
    longest
        For `WHOLE`: largest aspect ratio of the input, so that a panorama of 20,000 x 3 px does not
        exhaust the memory.
    """
    height, width = picture_size
    whole = (0.0, 0.0, float(height), float(width))
    if fit is Fit.SQUASH:
        return PictureGeometry(picture_size, whole, (size, size))
    if fit is Fit.WHOLE:
        scale = size / min(height, width)
        sides = tuple(
            _rounded(min(side * scale, size * longest), multiple) for side in (height, width)
        )
        return PictureGeometry(picture_size, whole, (sides[0], sides[1]))
    # An input larger than `resize` would reach beyond the picture: then the full square is used.
    side = min(height, width) * min(1.0, size / (resize or size))
    top, left = (height - side) / 2, (width - side) / 2
    return PictureGeometry(picture_size, (top, left, top + side, left + side), (size, size))


def _rounded(side: float, multiple: int) -> int:
    return max(multiple, math.floor(side / multiple + 0.5) * multiple)


def resample(pixels: Pixels, geometry: PictureGeometry) -> Pixels:
    """Crop and resample a picture to the network's input.

    Shrinking averages over areas, which avoids aliasing; enlarging is bicubic. Box edges are
    rounded to whole pixels.

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
    top, left, bottom, right = (round(edge) for edge in geometry.box)
    crop = pixels[top : max(bottom, top + 1), left : max(right, left + 1)]
    height, width = geometry.input_size
    # Each side by its own rule: a strip of 3 x 20,000 px is enlarged one way and shrunk the other.
    smaller = (min(width, crop.shape[1]), min(height, crop.shape[0]))
    if smaller != (crop.shape[1], crop.shape[0]):
        crop = cv2.resize(crop, smaller, interpolation=cv2.INTER_AREA)
    if smaller != (width, height):
        crop = cv2.resize(crop, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.array(crop, dtype=np.uint8)
