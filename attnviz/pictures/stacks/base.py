"""What a file of channels and slices holds, and who reads it."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from attnviz.errors import PictureError
from attnviz.pictures.limits import MEGABYTE, PictureLimits
from attnviz.types import AnyArray

BYTES_PER_PIXEL = 8  # of all slices and channels, for each pixel that a photo may have


@dataclass(frozen=True, eq=False)
class Stack:
    """Slices of one size with their channels.

    Attributes
    ----------
    values
        [S, H, W] or [S, H, W, C], in the file's own units.
    names
        Name of each channel; may be empty.
    window
        The values that the file wants to be black and white, if it says so.
    inverted
        Whether high values are dark.
    notes
        Sentences for the user.
    """

    values: AnyArray
    names: tuple[str, ...] = ()
    window: tuple[float, float] | None = None
    inverted: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class StackReader:
    """A format.

    Attributes
    ----------
    title
        Its name in sentences.
    package
        The package that reads it.
    recognises
        Whether a file's content is of this format.
    decode
        Reads it with the imported package.
    """

    title: str
    package: str
    recognises: Callable[[bytes], bool]
    decode: Callable[[Any, bytes, str, PictureLimits], Stack]

    def read(self, data: bytes, name: str, limits: PictureLimits) -> Stack:
        """Read a file; PictureError if it is damaged, too large, or the package is missing."""
        try:
            package = importlib.import_module(self.package)
        except ImportError as error:
            raise PictureError(
                f"{name} is {self.title}, which is read with the package {self.package}. Install "
                f"it: pip install {self.package}"
            ) from error
        try:
            return self.decode(package, data, name, limits)
        except PictureError:
            raise
        except MemoryError as error:
            raise PictureError(f"{name} does not fit into memory. Save fewer slices.") from error
        except Exception as error:  # these packages raise any kind of error
            raise PictureError(
                f"{name} is damaged, cut off or of a rare kind: it begins as {self.title}, but "
                f"cannot be decoded ({type(error).__name__}). Save it again, or open it yourself "
                "and hand over an array."
            ) from error


def reader_of(data: bytes) -> StackReader | None:
    """Return who reads a file; None for other files."""
    from attnviz.pictures.stacks.dicom import DICOM
    from attnviz.pictures.stacks.nifti import NIFTI
    from attnviz.pictures.stacks.tiff import TIFF
    from attnviz.pictures.stacks.wide_png import WIDE_PNG

    return next((one for one in (DICOM, NIFTI, TIFF, WIDE_PNG) if one.recognises(data)), None)


def check_count(
    shape: tuple[int, int, int, int], itemsize: int, limits: PictureLimits, name: str
) -> None:
    """Raise PictureError if there are more values than the limits allow, or none.

    Parameters
    ----------
    shape
        Slices, height, width and channels.
    itemsize
        Bytes of a value, once it is read.
    limits
        Of pixels in a slice; all slices and channels together have eight bytes for each of these.
    name
        What the file is called in errors.
    """
    if min(shape) < 1:
        raise PictureError(f"{name} has no pixels. Choose a file with a picture in it.")
    limits.check_pixels(shape[1], shape[2], name)
    size, most = math.prod(shape) * itemsize, limits.max_pixels * BYTES_PER_PIXEL
    if size > most:
        raise PictureError(
            f"{name} holds {size / MEGABYTE:.4g} MB of values, more than the "
            f"{most / MEGABYTE:.4g} MB that are allowed. Save fewer slices or channels."
        )
