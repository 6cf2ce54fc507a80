"""A folder of pictures as the frames of a video, in the order of their names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from attnviz.errors import PictureError, VideoError
from attnviz.pictures import Picture, open_picture
from attnviz.pictures.names import PICTURE_SUFFIXES
from attnviz.video.animated_picture import scaled
from attnviz.video.film import Frame, Video
from attnviz.video.limits import VideoLimits


@dataclass(frozen=True, eq=False)
class FolderVideo(Video):
    """Pictures that are shown one after another, each as long.

    Attributes
    ----------
    paths
        Their files.
    """

    paths: tuple[Path, ...] = field(repr=False)

    def frames(self, size: tuple[int, int] | None = None) -> Iterator[Frame]:
        """See `Video`; all pictures must have the size of the first."""
        size = size or self.size
        for number, path in enumerate(self.paths):
            pixels = _opened(path).pixels
            if pixels.shape[:2] != self.size:
                height, width = self.size
                raise VideoError(
                    f"{path.name} has {pixels.shape[1]} x {pixels.shape[0]} pixels, but the frames "
                    f"before it have {width} x {height}. Give pictures of one size."
                )
            yield Frame(scaled(pixels, size), number, 1)


def open_folder(folder: Path, name: str, limits: VideoLimits, rate: Fraction) -> FolderVideo:
    """Open a folder of at least two pictures.

    Parameters
    ----------
    folder
        The folder; hidden files and other files than pictures are left out.
    name
        What it is called in errors.
    limits
        Largest numbers of bytes, pixels and frames.
    rate
        Frames a second.

    Raises
    ------
    VideoError
        There are fewer, too many, or the first cannot be opened.
    """
    found = [path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES]
    paths = sorted((path for path in found if not path.name.startswith(".")), key=_natural)
    if len(paths) < 2:
        raise VideoError(f"The folder {name} has fewer than two pictures. Choose another folder.")
    limits.check_frames(len(paths), name)
    limits.check_bytes(sum(path.stat().st_size for path in paths), name)
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    first = _opened(paths[0])
    limits.check_pixels(first.height, first.width, name)
    size = (first.height, first.width)
    return FolderVideo(name, digest.hexdigest(), size, 1 / rate, len(paths), tuple(paths))


def _opened(path: Path) -> Picture:
    try:
        return open_picture(path)
    except PictureError as error:
        raise VideoError(f"A frame cannot be opened: {error}") from error


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """Sorts frame10 behind frame9."""
    parts = re.findall(r"\d+|\D+", path.name)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part.casefold()) for part in parts]
