"""Limits on the size of a video, in bytes, pixels and frames."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.errors import VideoError
from attnviz.pictures.limits import MEGABYTE, MEGAPIXEL


@dataclass(frozen=True)
class VideoLimits:
    """Largest videos that `open_video` opens.

    Attributes
    ----------
    max_bytes
        Size of the file, or of all pictures of a folder.
    max_pixels
        Height times width of a frame; checked from the header, before anything is decoded.
    max_frames
        Frames that are read before the video counts as endless: two hours at 60 a second.
    """

    max_bytes: int = 4096 * MEGABYTE
    max_pixels: int = 36 * MEGAPIXEL
    max_frames: int = 432_000

    def check_bytes(self, count: int, name: str) -> None:
        """Raise VideoError if a file of `count` bytes is too large or empty."""
        if count == 0:
            raise VideoError(f"{name} is empty (0 bytes). Save or download it again.")
        if count > self.max_bytes:
            raise VideoError(
                f"{name} has {count / MEGABYTE:,.0f} MB, more than the "
                f"{self.max_bytes / MEGABYTE:,.0f} MB that are allowed. Cut it, or save it smaller."
            )

    def check_pixels(self, height: int, width: int, name: str) -> None:
        """Raise VideoError if frames of `height` times `width` pixels are too large, or empty."""
        if height < 1 or width < 1:
            raise VideoError(f"{name} has no picture in its frames. Choose another video.")
        if height * width > self.max_pixels:
            raise VideoError(
                f"{name} has frames of {width} x {height} pixels, more than the "
                f"{self.max_pixels / MEGAPIXEL:g} megapixels that are allowed. Save it smaller."
            )

    def check_frames(self, count: int, name: str) -> None:
        """Raise VideoError if more frames came than are allowed."""
        if count > self.max_frames:
            raise VideoError(
                f"{name} has more than the {self.max_frames:,} frames that are allowed. Cut it."
            )
