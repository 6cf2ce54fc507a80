"""What can be chosen of a file of channels and slices, and the picture of a choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np

from attnviz.decoding.messages import BrokenMessageError
from attnviz.errors import PictureError
from attnviz.pictures import Picture, PictureLimits, open_picture
from attnviz.pictures.channels import Window, channels_of, range_of
from attnviz.pictures.formats import recognise
from attnviz.pictures.names import base_name
from attnviz.pictures.open_channels import picture_of, read_stack
from attnviz.pictures.presentation import Presentation
from attnviz.pictures.stacks.base import Stack, reader_of

PERCENTILES = "2nd to 98th percentile"


@dataclass(frozen=True)
class Choices:
    """What can be chosen of a file, and what is shown of it as usual.

    Attributes
    ----------
    names
        Name of each channel.
    slices
        How many there are.
    shown
        The channels that are red, green and blue as usual.
    place
        The usual slice, from 0.
    window
        What is black and white as usual, in the first of these channels.
    usual
        What this window is called.
    photo
        Whether the file is opened as a photo, and `open_channels` would show it otherwise.
    """

    names: tuple[str, ...]
    slices: int
    shown: tuple[int, int, int]
    place: int
    window: Window
    usual: str
    photo: bool

    def facts(self) -> dict[str, Any]:
        """Return the same as JSON knows it."""
        return asdict(self)

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> Self:
        """Read what `facts` gave; BrokenMessageError for anything else."""
        try:
            red, green, blue = map(int, facts["shown"])
            low, high = map(float, facts["window"])
            return cls(
                tuple(map(str, facts["names"])),
                int(facts["slices"]),
                (red, green, blue),
                int(facts["place"]),
                (low, high),
                str(facts["usual"]),
                bool(facts["photo"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BrokenMessageError from error


def choices_in(source: bytes, name: str) -> Choices | None:
    """Return what can be chosen of a file; None for a photo, which has nothing to choose."""
    try:
        if reader_of(source) is None:
            return None
        photo = recognise(source) is not None and open_picture(source).channels is None
        stack = last_stack(source, name)
    except PictureError:
        return None
    slices, kind = len(stack.values), stack.values.dtype
    if photo and slices == 1 and kind == np.uint8:
        return None
    place = 0 if photo else slices // 2
    channels = channels_of(stack.values[place], name, names=stack.names)
    plane = channels.values[..., channels.shown[0]]
    usual = PERCENTILES
    if photo:
        usual = "as a photo"
    elif stack.window is None and kind == np.uint8:
        usual = "as it is"
    elif stack.window is not None:
        usual = "the file's own"
    window = stack.window or range_of(plane[np.isfinite(plane)])
    return Choices(channels.names, slices, channels.shown, place, window, usual, photo)


def open_chosen(source: bytes, name: str, checksum: str, wanted: Presentation) -> Picture:
    """Open a file with the chosen channels, window and slice.

    Raises
    ------
    PictureError
        There is no such channel or slice, or the file has none.
    """
    return picture_of(
        last_stack(source, name),
        base_name(name),
        checksum,
        shown=wanted.shown,
        window=wanted.window,
        place=wanted.place,
    )


# A worker has one file, whose slices are stepped through; under another name it is read anew.
@lru_cache(maxsize=1)
def last_stack(source: bytes, name: str) -> Stack:
    """Read a file of channels or slices, or have it still from the last time."""
    return read_stack(source, name, PictureLimits.from_environment())
