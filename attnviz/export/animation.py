"""Animations as GIF, WebP or MP4, and captions below their frames."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from fractions import Fraction

import av
import cv2
import numpy as np
from PIL import Image

from attnviz.export.xmp import provenance_text, xmp_packet
from attnviz.types import Pixels

_BAR = 26


def captioned(pixels: Pixels, text: str) -> Pixels:
    """Add a dark bar with a line of text below a picture.

    Parameters
    ----------
    pixels : uint8 [H, W, 3]
        The picture.
    text : str
        The caption; characters outside ASCII become question marks.

    Returns
    -------
    uint8 [H + 26, W, 3]
        The picture with its caption.
    """
    height, width = pixels.shape[:2]
    framed = np.full((height + _BAR, width, 3), 24, np.uint8)
    framed[:height] = pixels
    plain = text.encode("ascii", "replace").decode()
    scale = min(0.5, 0.5 * width / max(1, cv2.getTextSize(plain, 0, 0.5, 1)[0][0] + 16))
    cv2.putText(framed, plain, (8, height + 18), 0, scale, (235, 235, 235), 1, cv2.LINE_AA)
    return framed


def gif(
    frames: Sequence[Pixels],
    seconds: float = 0.25,
    last: float = 1.5,
    provenance: Mapping[str, str] | None = None,
) -> bytes:
    """Encode frames as a GIF that repeats forever.

    Parameters
    ----------
    frames : sequence of uint8 [H, W, 3]
        At least one frame.
    seconds : float
        Duration of each frame but the last.
    last : float
        Duration of the last frame, in seconds.
    provenance : mapping of str to str, optional
        Becomes the file's comment, as JSON.

    Returns
    -------
    bytes
        The GIF file.
    """
    comment = provenance_text(provenance).encode() if provenance else b""
    return _animated(frames, "GIF", seconds, last, comment=comment)


def animated_webp(
    frames: Sequence[Pixels],
    seconds: float = 0.25,
    last: float = 1.5,
    provenance: Mapping[str, str] | None = None,
) -> bytes:
    """Encode frames as an animated WebP, in all colours and smaller than a GIF.

    Parameters
    ----------
    frames, seconds, last
        As for `gif`.
    provenance : mapping of str to str, optional
        Written into the file as XMP.

    Returns
    -------
    bytes
        The WebP file.
    """
    packet = xmp_packet(provenance) if provenance else b""
    return _animated(frames, "WEBP", seconds, last, quality=85, method=3, xmp=packet)


def _animated(
    frames: Sequence[Pixels], format_: str, seconds: float, last: float, **options: int | bytes
) -> bytes:
    pictures = [Image.fromarray(frame) for frame in frames]
    times = [round(1000 * seconds)] * (len(frames) - 1) + [round(1000 * last)]
    file = io.BytesIO()
    pictures[0].save(
        file, format_, save_all=True, append_images=pictures[1:], duration=times, loop=0, **options
    )
    return file.getvalue()


def mp4(
    frames: Sequence[Pixels], rate: int = 4, provenance: Mapping[str, str] | None = None
) -> bytes:
    """Encode frames as an H.264 video.

    Parameters
    ----------
    frames : sequence of uint8 [H, W, 3]
        At least one frame, all of the same size; odd sides are cropped by a pixel.
    rate : int
        Frames per second.
    provenance : mapping of str to str, optional
        Becomes the file's comment, as JSON.

    Returns
    -------
    bytes
        The MP4 file.
    """
    height, width = (side - side % 2 for side in frames[0].shape[:2])
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        container.metadata["comment"] = provenance_text(provenance) if provenance else ""
        stream = container.add_stream("libx264", rate=Fraction(rate))
        stream.height, stream.width = height, width
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "20", "preset": "veryfast"}
        for frame in frames:
            cut = np.ascontiguousarray(frame[:height, :width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(cut, format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()
