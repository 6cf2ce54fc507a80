"""Videos in containers: MP4, MOV, WebM, Matroska and AVI, decoded by PyAV."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, Interpolation
from av.video.stream import VideoStream

from attnviz.errors import VideoError
from attnviz.types import Pixels
from attnviz.video.film import Frame, Sound, Video
from attnviz.video.limits import VideoLimits

# Demuxers by how a file begins. They are named to the library, because it also knows playlists,
# which would open further files and addresses.
_BEGINNINGS = {"mov": (4, b"ftyp"), "matroska": (0, b"\x1a\x45\xdf\xa3"), "avi": (8, b"AVI ")}
_OLD_MOV = (b"moov", b"mdat", b"wide", b"free", b"skip")
# What is written meanwhile may not fit on the disk: that is no fault of the file that is read.
_FULL = frozenset([errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
_HD_ROWS = 720  # from here on, colours that say nothing of themselves are those of BT.709


def demuxer_of(head: bytes) -> str | None:
    """Name of the demuxer for a file that begins with `head`; None for other files."""
    for name, (offset, mark) in _BEGINNINGS.items():
        if head[offset : offset + len(mark)] == mark:
            return name
    return "mov" if head[4:8] in _OLD_MOV else None


@dataclass(frozen=True, eq=False)
class ContainerVideo(Video):
    """The first video track of a file.

    Attributes
    ----------
    source
        The file, or its content.
    demuxer
        Who reads it, from `demuxer_of`.
    limits
        Largest numbers of pixels and frames.
    """

    source: Path | bytes = field(repr=False)
    demuxer: str
    limits: VideoLimits = field(repr=False)

    def frames(self, size: tuple[int, int] | None = None) -> Iterator[Frame]:
        """See `Video`."""
        size, last, count = size or self.size, None, 0
        with opened(self.source, self.name, self.demuxer) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            for decoded in container.decode(stream):
                if decoded.pts is None or (last is not None and decoded.pts <= last):
                    continue  # a frame without a time of its own is never shown
                count, last = count + 1, decoded.pts
                self.limits.check_frames(count, self.name)
                self.limits.check_pixels(decoded.height, decoded.width, self.name)
                yield Frame(_upright(decoded, size), last, decoded.duration or 0)

    def sound(self) -> Sound | None:
        """See `Video`."""
        return self.source, self.demuxer


def open_container(
    source: Path | bytes, demuxer: str, name: str, sha256: str, limits: VideoLimits
) -> ContainerVideo:
    """Open a file, and decode its first frame to see which way is up.

    Raises
    ------
    VideoError
        It has no video, its frames are too large, or it is damaged.
    """
    with opened(source, name, demuxer) as container:
        if not container.streams.video:
            raise VideoError(f"{name} has no video in it. Choose a file with moving pictures.")
        stream = container.streams.video[0]
        limits.check_pixels(stream.height, stream.width, name)
        first = next((frame for frame in container.decode(stream)), None)
        if first is None or stream.time_base is None:
            raise VideoError(f"{name} has no frames in it. Save or download it again.")
        limits.check_pixels(first.height, first.width, name)
        return ContainerVideo(
            name,
            sha256,
            _upright_size(first, stream),
            stream.time_base,
            _about(stream, container),
            source,
            demuxer,
            limits,
        )


@contextmanager
def opened(source: Path | bytes, name: str, demuxer: str) -> Iterator[InputContainer]:
    """Open a file for reading; what goes wrong meanwhile becomes a VideoError."""
    try:
        # From a file object: as a path it could name a protocol of the library.
        with open_file(source) as file, av.open(file, "r", format=demuxer) as container:
            yield container
    except (av.error.FFmpegError, ValueError) as error:
        if getattr(error, "errno", None) in _FULL:
            raise
        raise VideoError(
            f"{name} is damaged, cut off or of a rare kind ({_reason(error)}). Download it again, "
            "or save it again as MP4."
        ) from error
    except OSError as error:
        if error.errno in _FULL:
            raise
        raise VideoError(f"{name} cannot be read ({_reason(error)}). Check the path.") from error


def open_file(source: Path | bytes) -> BinaryIO:
    """Open a file, or its content."""
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


def _about(stream: VideoStream, container: InputContainer) -> int | None:
    """How many frames a file says that it has."""
    if stream.frames:
        return stream.frames
    if container.duration and stream.average_rate:
        return round(container.duration / av.time_base * stream.average_rate)
    return None


def _upright_size(frame: VideoFrame, stream: VideoStream) -> tuple[int, int]:
    """(height, width) of a frame as it is to be seen: pixels square, and upright."""
    shape = Fraction(stream.sample_aspect_ratio or 1)
    stretched = round(frame.width * shape)
    width = stretched if 0.1 <= shape <= 10 and stretched else frame.width
    return (width, frame.height) if _turns(frame) % 2 else (frame.height, width)


def _turns(frame: VideoFrame) -> int:
    """Quarter turns to the left that put a frame upright."""
    return round(frame.rotation / 90) % 4


def _upright(frame: VideoFrame, size: tuple[int, int]) -> Pixels:
    turns = _turns(frame)
    height, width = size[::-1] if turns % 2 else size
    known = frame.colorspace in (Colorspace.ITU709, Colorspace.ITU601)
    guessed = Colorspace.ITU709 if frame.height >= _HD_ROWS else Colorspace.ITU601
    shown = frame.reformat(
        width,
        height,
        "rgb24",
        src_colorspace=None if known else guessed,
        interpolation=Interpolation.AREA,
    )
    return np.ascontiguousarray(np.rot90(shown.to_ndarray(), turns), np.uint8)
