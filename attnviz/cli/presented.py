"""The options that say what is shown of a file of channels and slices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from attnviz.pictures import Picture

    Opener = Callable[[Path], Picture]

Channels = Annotated[
    str,
    typer.Option(
        help="Which channels of a TIFF, DICOM, NIfTI or 16-bit PNG file to show, from 1: three as "
        "red, green and blue, such as 4,3,2, or one in grey (default: the first three).",
        show_default=False,
    ),
]
Window = Annotated[
    str,
    typer.Option(
        help="Which of its values are black and white: LEVEL,WIDTH in its own units (40,400 is "
        "-160 to 240), usual (the 2nd to the 98th percentile of each channel) or whole (default: "
        "the file's own window, or usual).",
        show_default=False,
    ),
]
Slice = Annotated[
    str,
    typer.Option(
        "--slice",
        help="Which slice of a stack to show, from 1 (default: the middle one).",
        show_default=False,
    ),
]


def opener(channels: str, window: str, place: str) -> Opener:
    """Return what opens a picture as the options say; PictureError if they cannot be read."""
    from functools import partial

    from attnviz.pictures.presentation import Presentation, open_presented

    return partial(open_presented, presentation=Presentation.parse(channels, window, place))
