"""Opening a video: a file of a container, an animated picture, or a folder of frames."""

from __future__ import annotations

import hashlib
import os
import stat
from fractions import Fraction
from pathlib import Path

from attnviz.errors import VideoError
from attnviz.pictures.formats import recognise
from attnviz.pictures.names import base_name
from attnviz.video.animated_picture import open_animated
from attnviz.video.container_file import demuxer_of, open_container, open_file
from attnviz.video.film import Video
from attnviz.video.frame_folder import open_folder
from attnviz.video.limits import VideoLimits

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".gif", ".webp")
_ANIMATED = (b"GIF8", b"RIFF", b"\x89PNG")
_RATE = 25
_HEAD = 256  # bytes, among which are all names that a picture in such a box gives itself


def open_video(
    source: str | os.PathLike[str] | bytes,
    *,
    name: str | None = None,
    rate: float = _RATE,
    limits: VideoLimits | None = None,
) -> Video:
    """Open a video; its frames are decoded when they are asked for.

    Reads MP4, MOV, WebM, Matroska and AVI, animated GIF, WebP and PNG, recognised by content, not
    by name, and a folder of pictures of one size. Frames come upright, with square pixels, and with
    the times that the file gives them, also where those are uneven.

    Parameters
    ----------
    source
        The file or folder, or a file's content.
    name
        What it is called; the file's name if None.
    rate
        Frames a second of a folder.
    limits
        Largest numbers of bytes, pixels and frames.

    Returns
    -------
    Video

    Raises
    ------
    VideoError
        It cannot be opened; no other error is raised. The text names it, the reason and a remedy.
    """
    limits = limits or VideoLimits()
    if isinstance(source, bytes):
        shown = base_name(name or "video")
        limits.check_bytes(len(source), shown)
        return _of_content(source, hashlib.sha256(source).hexdigest(), shown, limits)
    path = Path(source)
    shown = base_name(name or os.fsdecode(path.absolute()))
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            return open_folder(path, shown, limits, _checked_rate(rate))
        if not stat.S_ISREG(status.st_mode):  # reading from a pipe or a device may never end
            raise VideoError(f"{shown} is a device or a pipe. Choose a file.")
        limits.check_bytes(status.st_size, shown)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return _of_content(path, sha256, shown, limits)
    except FileNotFoundError as error:
        raise VideoError(f"There is no file {shown}. Check the path.") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = getattr(error, "strerror", None) or "its path is not valid"
        raise VideoError(f"{shown} cannot be read ({reason}). Check the path.") from error


def is_container(content: bytes) -> bool:
    """Whether a file begins as a video of a container does, and is no picture."""
    # HEIC and AVIF begin as MOV does, and a library of videos would show a part of them.
    return demuxer_of(content[:_HEAD]) is not None and recognise(content[:_HEAD]) is None


def _of_content(source: Path | bytes, sha256: str, name: str, limits: VideoLimits) -> Video:
    with open_file(source) as file:
        head = file.read(_HEAD)
    demuxer = demuxer_of(head)
    if demuxer is not None and is_container(head):
        return open_container(source, demuxer, name, sha256, limits)
    if head.startswith(_ANIMATED):
        data = source if isinstance(source, bytes) else source.read_bytes()
        return open_animated(data, name, sha256, limits)
    raise VideoError(
        f"{name} is not a video that can be read. Save it as MP4, MOV or WebM, or as an animated "
        "GIF or WebP, or give a folder of pictures."
    )


def _checked_rate(rate: float) -> Fraction:
    if not 0.01 <= rate <= 1000:
        raise VideoError(f"A folder is shown at 0.01 to 1000 frames a second, not {rate:g}.")
    return Fraction(rate).limit_denominator(1001)
