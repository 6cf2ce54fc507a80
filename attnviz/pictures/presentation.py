"""What is shown of a file of channels and slices, as people write it: counted from 1."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

from attnviz.errors import PictureError
from attnviz.pictures.channels import Stretch, Window
from attnviz.pictures.open_channels import open_channels
from attnviz.pictures.opening import open_picture
from attnviz.pictures.picture import Picture

_DIGITS = ".10g"


@dataclass(frozen=True)
class Presentation:
    """Which channels of which slice are shown, and in which window; None is as usual.

    Attributes
    ----------
    shown, window, place
        As for `open_channels`; counted from 0.
    """

    shown: tuple[int, ...] | None = None
    window: Window | Stretch | None = None
    place: int | None = None

    @classmethod
    def parse(cls, channels: str = "", window: str = "", place: str = "") -> Presentation:
        """Read what `--channels`, `--window` and `--slice` say; an empty text is as usual.

        Parameters
        ----------
        channels
            Numbers from 1, one or three with commas between them.
        window
            LEVEL,WIDTH in the file's units, from level - width / 2 to level + width / 2 (DICOM
            PS3.3 C.11.2.1.3.2); or the name of a `Stretch`.
        place
            Number of the slice, from 1.

        Raises
        ------
        PictureError
            A text is none of these.

        Examples
        --------
        >>> Presentation.parse("4,3,2", "40,400", "1")
        Presentation(shown=(3, 2, 1), window=(-160.0, 240.0), place=0)
        """
        return cls(_channels(channels), _window(window), _place(place))

    def texts(self) -> tuple[str, str, str]:
        """The same as the texts that `parse` reads.

        Examples
        --------
        >>> Presentation((3, 2, 1), (-160.0, 240.0), 0).texts()
        ('4,3,2', '40,400', '1')
        """
        window = ""
        if isinstance(self.window, Stretch):
            window = str(self.window)
        elif self.window is not None:
            low, high = self.window
            window = f"{(low + high) / 2:{_DIGITS}},{high - low:{_DIGITS}}"
        place = "" if self.place is None else str(self.place + 1)
        return ",".join(str(one + 1) for one in self.shown or ()), window, place


AS_USUAL = Presentation()


def open_presented(
    source: str | os.PathLike[str] | bytes,
    presentation: Presentation = AS_USUAL,
    *,
    name: str | None = None,
    longest: int | None = None,
) -> Picture:
    """Open a file as `open_picture` does, or with the chosen channels, window and slice.

    Parameters
    ----------
    source
        A path, or a file's bytes.
    presentation
        What to show.
    name
        Name of the picture instead of the file's.
    longest
        Longer side in pixels to which it is reduced; None for its own size.

    Raises
    ------
    PictureError
        The file cannot be opened, or has no such channel or slice.
    """
    if presentation == AS_USUAL:
        return open_picture(source, name=name, longest=longest)
    opened = open_channels(
        source,
        shown=presentation.shown,
        window=presentation.window,
        place=presentation.place,
        name=name,
    )
    return opened if longest is None else opened.reduced(longest)


def _channels(text: str) -> tuple[int, ...] | None:
    if not text.strip():
        return None
    numbers = [_whole(one) for one in text.split(",")]
    found = [one - 1 for one in numbers if one is not None]
    if len(found) != len(numbers) or len(found) not in (1, 3):
        raise PictureError(
            f"{text[:40]!r} names no channels. Give one number from 1, which is shown in grey, or "
            "three as red, green and blue, such as 4,3,2."
        )
    return tuple(found)


def _window(text: str) -> Window | Stretch | None:
    text = text.strip()
    if text in list(Stretch):
        return Stretch(text)
    if not text:
        return None
    try:
        level, width = map(float, text.split(","))
    except ValueError:
        level, width = math.nan, math.nan
    low, high = level - width / 2, level + width / 2
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise PictureError(
            f"{text[:40]!r} is no window. Give LEVEL,WIDTH in the file's own units with a width "
            f"above 0, such as 40,400, or one of {', '.join(Stretch)}."
        )
    return low, high


def _place(text: str) -> int | None:
    if not text.strip():
        return None
    number = _whole(text)
    if number is None:
        raise PictureError(f"{text[:40]!r} is no slice. Give its number, from 1.")
    return number - 1


def _whole(text: str) -> int | None:
    """A number from 1; None for anything else, and for digits without end."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 and int(text) else None
