"""An opened picture: upright, read-only sRGB pixels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from attnviz.errors import PictureError
from attnviz.pictures.channels import Channels
from attnviz.pictures.decoding_room import DECODING
from attnviz.pictures.png import png
from attnviz.types import Pixels

_NOTEBOOK_SIDE = 1024
_LINE = 24  # bytes of OpenCV's table for each row and column, of which a narrow picture has many


@dataclass(frozen=True, eq=False)
class Picture:
    """An opened picture. Two pictures are equal only if they are the same object.

    Attributes
    ----------
    pixels
        uint8 [H, W, 3], sRGB, upright, read-only. A writable array is copied, so that the picture
        cannot be changed through it.
    name
        Base name of the file, fit to be shown as plain text; not escaped for HTML or Markdown.
    sha256
        64 hexadecimal digits that identify the source: the hash of the file's bytes, or of size and
        pixels where the picture did not come from a file.
    notes
        Sentences for the user about how the file was read, such as stretched grey values.
    channels
        The file's own values, where `pixels` shows them in part or in 8 bits only; else None.

    Raises
    ------
    PictureError
        `pixels` is not uint8 [H, W, 3], or is empty.
    """

    pixels: Pixels = field(repr=False)
    name: str
    sha256: str
    notes: tuple[str, ...] = field(default=(), repr=False)
    channels: Channels | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        pixels = checked_pixels(self.pixels, self.name)
        if pixels.flags.writeable or not pixels.flags.c_contiguous:
            pixels = pixels.copy(order="C")
            pixels.flags.writeable = False
        object.__setattr__(self, "pixels", pixels)

    def __setstate__(self, state: dict[str, object]) -> None:
        """Come out of another process read-only, as it went in."""
        self.__dict__.update(state)
        self.pixels.flags.writeable = False

    @property
    def height(self) -> int:
        """Rows, in pixels."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns, in pixels."""
        return int(self.pixels.shape[1])

    def _repr_png_(self) -> bytes:
        """Show the picture in a notebook, at most 1024 pixels high and wide."""
        return png(self.reduced(_NOTEBOOK_SIDE).pixels)

    def reduced(self, longest: int) -> Picture:
        """A copy whose longer side has `longest` pixels; `self` if it has no more.

        Averages over areas and never enlarges. Name, sha256 and notes stay: they are the source's.

        Parameters
        ----------
        longest
            1 or more.

        Raises
        ------
        PictureError
            `longest` is below 1.
        """
        if longest < 1:
            raise PictureError(f"A picture cannot be reduced to {longest} px; ask for 1 or more.")
        scale = longest / max(self.height, self.width)
        if scale >= 1:
            return self
        width, height = (max(1, round(side * scale)) for side in (self.width, self.height))
        with DECODING.taken(_LINE * (self.height + self.width)):
            small = cv2.resize(self.pixels, (width, height), interpolation=cv2.INTER_AREA)
        channels = self.channels and self.channels.resized((height, width))
        pixels = np.asarray(small, dtype=np.uint8)
        return Picture(pixels, self.name, self.sha256, self.notes, channels)

    def lightened(self, most: int) -> Picture:
        """A copy without the values of its channels if they take more than `most` bytes."""
        if self.channels is None or self.channels.values.nbytes <= most:
            return self
        return replace(self, channels=None)


def checked_pixels(array: Pixels, name: str) -> Pixels:
    """Return `array` if it is a non-empty uint8 [H, W, 3]; else raise PictureError."""
    shape, dtype = array.shape, array.dtype
    if len(shape) != 3 or shape[2] != 3:
        raise PictureError(
            f"{name} is an array of shape {list(shape)}, but a picture has the shape [H, W, 3]. "
            "Stack grey values three times; composite alpha first, or hand over a Pillow image."
        )
    if dtype != np.uint8:
        raise PictureError(
            f"{name} is an array of {dtype}, but a picture holds uint8 from 0 to 255. "
            "Scale its values to 0..255 and convert them with .astype(numpy.uint8)."
        )
    if 0 in shape:
        raise PictureError(
            f"{name} has {shape[0]} rows and {shape[1]} columns, so there is nothing to see. "
            "Choose a picture with at least one pixel."
        )
    return array
