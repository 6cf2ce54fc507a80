"""What a file of channels and slices holds, and who reads it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from attnviz.errors import PictureError
from attnviz.pictures.limits import PictureLimits
from attnviz.types import AnyArray

MOST_CHANNELS = 16  # per pixel that is allowed: so many times the pixels of the largest photo


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

    return next((one for one in (DICOM, NIFTI, TIFF) if one.recognises(data)), None)


def check_count(
    slices: int, height: int, width: int, channels: int, limits: PictureLimits, name: str
) -> None:
    """Raise PictureError if there are more values than the limits allow, or none."""
    count, most = slices * height * width * channels, limits.max_pixels * MOST_CHANNELS
    limits.check_pixels(height, width, name)
    if min(slices, height, width, channels) < 1:
        raise PictureError(f"{name} has no pixels. Choose a file with a picture in it.")
    if count > most:
        raise PictureError(
            f"{name} holds {count:,} values, more than the {most:,} that are allowed. Save fewer "
            "slices or channels."
        )
