"""The frames of a video as pictures of a set, none of which is decoded before it is needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from attnviz.batch.picture_file import PictureFile
from attnviz.errors import PictureError, VideoError
from attnviz.pictures import Picture
from attnviz.pictures.folders import files_below
from attnviz.types import Pixels
from attnviz.video.explain import LONGEST
from attnviz.video.opening import VIDEO_SUFFIXES, is_container, open_video

_HEAD = 16  # bytes by which a video is recognised
_SMALL = 64  # pixels of a frame that is only counted


@dataclass(frozen=True)
class FrameFile(PictureFile):
    """A frame of a video; its attributes are those of `PictureFile`, and its number.

    Attributes
    ----------
    frame
        From 0.
    """

    frame: int = 0

    @property
    def name(self) -> str:
        """What it is called in results, such as `clip.mp4#12`."""
        return f"{self.path}#{self.frame}"

    def open(self) -> Picture:
        """Decode it; raises PictureError. Frames are best opened in their order."""
        try:
            return _frames(self.path).picture(self.frame)
        except VideoError as error:
            raise PictureError(str(error)) from error


class _Frames:
    """A video that is read forwards, and from its beginning where an earlier frame is asked for."""

    def __init__(self, path: str) -> None:
        self.film = open_video(path)
        self.coming, self.left = 0, self._pixels()

    def _pixels(self) -> Iterator[Pixels]:
        return (frame.pixels for frame in self.film.frames(self.film.reduced_size(LONGEST)))

    def picture(self, number: int) -> Picture:
        if number < self.coming:
            self.coming, self.left = 0, self._pixels()
        for pixels in self.left:
            self.coming += 1
            if self.coming > number:
                mark = hashlib.sha256(f"{self.film.sha256}#{number}".encode()).hexdigest()
                return Picture(pixels, f"{self.film.name}#{number}", mark)
        raise PictureError(
            f"{self.film.name} has only {self.coming:,} frames that can be read. Save it again."
        )


@lru_cache(maxsize=2)
def _frames(path: str) -> _Frames:
    return _Frames(path)


def is_video(path: Path) -> bool:
    """Return whether a file begins as a video of a container does, such as MP4 or WebM."""
    with path.open("rb") as file:
        return is_container(file.read(_HEAD))


def videos_below(folder: Path, without: Path) -> list[Path]:
    """Return the videos below a folder, by what they begin with, sorted by their paths.

    Parameters
    ----------
    folder, without
        As for `attnviz.pictures.folders.pictures_below`.

    Returns
    -------
    list of Path
        Files with a video's suffix; moving pictures, such as GIF, are pictures here.
    """
    found = files_below(folder, without, VIDEO_SUFFIXES)
    return [path for path in found if is_video(path)]


def files_of_video(path: Path) -> list[FrameFile]:
    """Return all frames of a video.

    Parameters
    ----------
    path
        Of its file. It is decoded once, at a small size, to count them: headers may be wrong.

    Returns
    -------
    list of FrameFile
        In order; their group is the video's name.

    Raises
    ------
    VideoError
        It cannot be read.
    """
    film = open_video(path)
    count = sum(1 for _ in film.frames(film.reduced_size(_SMALL)))
    return [FrameFile(str(path), group=film.name, frame=number) for number in range(count)]
