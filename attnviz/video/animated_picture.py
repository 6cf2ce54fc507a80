"""Animated GIF, WebP and PNG, decoded by Pillow."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import cv2
import numpy as np
from PIL import Image

from attnviz.errors import VideoError
from attnviz.types import Pixels
from attnviz.video.film import Frame, Video
from attnviz.video.limits import VideoLimits

_FORMATS = ("GIF", "WEBP", "PNG")
_MILLISECONDS = Fraction(1, 1000)
# Browsers show a frame that asks for no time at all this long.
_UNSAID = 100


@dataclass(frozen=True, eq=False)
class AnimatedVideo(Video):
    """A picture file of several frames.

    Attributes
    ----------
    data
        The file's content.
    limits
        Largest number of frames.
    """

    data: bytes = field(repr=False)
    limits: VideoLimits = field(repr=False)

    def frames(self, size: tuple[int, int] | None = None) -> Iterator[Frame]:
        """See `Video`; what is transparent is white."""
        size, tick = size or self.size, 0
        try:
            with Image.open(io.BytesIO(self.data), formats=_FORMATS) as image:
                for number in range(_count(image)):
                    self.limits.check_frames(number + 1, self.name)
                    image.seek(number)
                    pixels = scaled(_over_white(image), size)
                    lasts = round(image.info.get("duration", 0)) or _UNSAID
                    yield Frame(pixels, tick, lasts)
                    tick += lasts
        except VideoError:
            raise
        except Exception as error:  # Pillow raises any kind of error for a damaged file
            raise _damaged(self.name) from error


def open_animated(data: bytes, name: str, sha256: str, limits: VideoLimits) -> AnimatedVideo:
    """Open a picture file of several frames.

    Raises
    ------
    VideoError
        It is none, its frames are too large, or it is damaged.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            limits.check_pixels(image.height, image.width, name)
            count, size = _count(image), (image.height, image.width)
    except VideoError:
        raise
    except Exception as error:  # likewise
        raise _damaged(name) from error
    if count < 2:
        raise VideoError(f"{name} is a still picture. Open it as a photo, or choose a video.")
    return AnimatedVideo(name, sha256, size, _MILLISECONDS, count, data, limits)


def scaled(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """A picture at another size (height, width); the same if it has that."""
    if pixels.shape[:2] == size:
        return pixels
    return np.asarray(cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def _count(image: Image.Image) -> int:
    return int(getattr(image, "n_frames", 1))


def _over_white(image: Image.Image) -> Pixels:
    frame = image.convert("RGBA")
    white = Image.new("RGBA", frame.size, "white")
    return np.asarray(Image.alpha_composite(white, frame).convert("RGB"), np.uint8)


def _damaged(name: str) -> VideoError:
    return VideoError(f"{name} is damaged or cut off. Download it again, or save it as MP4.")
