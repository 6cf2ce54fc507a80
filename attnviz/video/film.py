"""What a video is here: frames with exact times, read anew as often as they are needed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

from attnviz.types import Pixels

Sound: TypeAlias = tuple[Path | bytes, str]
"""A file with tracks of sound, or its content; and the demuxer that reads it."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame.

    Attributes
    ----------
    pixels
        uint8 [H, W, 3], sRGB, upright.
    tick
        When it is shown, as a multiple of the film's `time_base`; each is later than the last.
    lasts
        For how long, in the same unit; 0 where the file does not say.
    """

    pixels: Pixels = field(repr=False)
    tick: int
    lasts: int


@dataclass(frozen=True, eq=False)
class Video(ABC):
    """A video that was found readable.

    Attributes
    ----------
    name
        Base name of the file, fit to be shown as plain text.
    sha256
        64 hexadecimal digits of the file's content, or of all pictures of a folder.
    size
        (height, width) of the frames in pixels, upright, with square pixels.
    time_base
        Seconds of one tick.
    count
        About how many frames there are; None if that is only known at the end.
    """

    name: str
    sha256: str
    size: tuple[int, int]
    time_base: Fraction
    count: int | None

    @abstractmethod
    def frames(self, size: tuple[int, int] | None = None) -> Iterator[Frame]:
        """Read the frames from the beginning, one after another.

        Parameters
        ----------
        size
            (height, width) to which they are scaled, from `reduced_size`; their own if None.

        Raises
        ------
        VideoError
            A frame cannot be read, or there are too many.
        """

    def sound(self) -> Sound | None:
        """Return where the sound is; None if there is none.

        Raises
        ------
        VideoError
            It cannot be read.
        """
        return None

    def reduced_size(self, longest: int | None) -> tuple[int, int]:
        """(height, width), the sides even, of frames reduced to a longer side in pixels."""
        return reduced_size(self.size, longest)


def reduced_size(size: tuple[int, int], longest: int | None) -> tuple[int, int]:
    """(height, width), the sides even, of frames of `size` reduced to a longer side in pixels.

    Examples
    --------
    >>> reduced_size((720, 1280), 320)
    (180, 320)
    """
    if longest is None or max(size) <= longest:
        return size
    share = longest / max(size)
    height, width = (max(2, round(side * share / 2) * 2) for side in size)
    return height, width
