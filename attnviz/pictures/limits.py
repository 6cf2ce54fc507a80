"""Limits on the size of a picture, in bytes and in pixels."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

from attnviz.errors import PictureError

BYTES_VARIABLE = "ATTNVIZ_MAX_PICTURE_MB"
PIXELS_VARIABLE = "ATTNVIZ_MAX_PICTURE_MEGAPIXELS"
MEGABYTE = 2**20  # as Streamlit counts its maxUploadSize, so that both limits are the same
MEGAPIXEL = 1_000_000


@dataclass(frozen=True)
class PictureLimits:
    """Largest files and pictures that `open_picture` opens.

    Attributes
    ----------
    max_bytes
        Size of the file; checked before it is read.
    max_pixels
        Height times width; checked from the header, before anything is decoded. Opening temporarily
        takes up to about 16 bytes per pixel.

    Raises
    ------
    PictureError
        A limit is below 1.
    """

    max_bytes: int = 25 * MEGABYTE
    max_pixels: int = 50 * MEGAPIXEL

    def __post_init__(self) -> None:
        if self.max_bytes < 1 or self.max_pixels < 1:
            raise PictureError(
                f"Limits of {self.max_bytes} bytes and {self.max_pixels} pixels allow no picture. "
                "Set both to 1 or more."
            )

    @classmethod
    def from_environment(cls) -> PictureLimits:
        """The defaults, changed by ATTNVIZ_MAX_PICTURE_MB and ATTNVIZ_MAX_PICTURE_MEGAPIXELS.

        Raises
        ------
        PictureError
            A variable holds something other than a number above zero.
        """
        return cls(
            _scaled(BYTES_VARIABLE, MEGABYTE, cls.max_bytes),
            _scaled(PIXELS_VARIABLE, MEGAPIXEL, cls.max_pixels),
        )

    def check_bytes(self, count: int, name: str) -> None:
        """Raise PictureError if a file of `count` bytes is too large or empty."""
        if count == 0:
            raise PictureError(f"{name} is empty (0 bytes). Save or download it again.")
        if count > self.max_bytes:
            raise PictureError(
                f"{name} has {count:,} bytes, more than the {self.max_bytes / MEGABYTE:g} MB that "
                f"are allowed. Save it smaller, or raise {BYTES_VARIABLE}."
            )

    def check_pixels(self, height: int, width: int, name: str) -> None:
        """Raise PictureError if `height` times `width` pixels are too many, or none."""
        if height < 1 or width < 1:
            raise PictureError(
                f"{name} has {height} rows and {width} columns, so there is nothing to see. "
                "Choose a picture with at least one pixel."
            )
        if height * width > self.max_pixels:
            raise PictureError(
                f"{name} has {width} x {height} pixels, more than the "
                f"{self.max_pixels / MEGAPIXEL:g} megapixels that are allowed. "
                f"Save it smaller, or raise {PIXELS_VARIABLE}."
            )


def _scaled(variable: str, unit: int, default: int) -> int:
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number * unit >= 1):
        raise PictureError(
            f"{variable} is set to {text[:40]!r}, which is not a number above zero. "
            f"Set it to a number such as {default / unit:g}, or unset it."
        )
    return int(number * unit)
