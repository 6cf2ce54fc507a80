"""H.264 in MP4: pieces of a video, and joining them with their exact times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream

from attnviz.types import IntArray, Pixels

# No frame refers to a later one: packets then lie in the order of the frames, and pieces that were
# coded one by one can be joined.
_OPTIONS = {"crf": "19", "preset": "veryfast", "bf": "0"}
_BT709 = 1  # as ITU-T H.273 numbers primaries, transfer and matrix
_LIMITED = 1


def write_piece(path: Path, frames: Iterable[Pixels]) -> None:
    """Code frames as an MP4 file without meaningful times.

    Parameters
    ----------
    path
        The file.
    frames
        At least one uint8 [H, W, 3], all of one size; odd sides are cropped by a pixel.
    """
    with av.open(str(path), "w", format="mp4") as container:
        stream: VideoStream | None = None
        for number, pixels in enumerate(frames):
            height, width = (side - side % 2 for side in pixels.shape[:2])
            if stream is None:
                stream = _stream(container.add_stream("libx264", rate=25), height, width)
            cut = np.ascontiguousarray(pixels[:height, :width])
            frame = VideoFrame.from_ndarray(cut, format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode(None))


def _stream(stream: VideoStream, height: int, width: int) -> VideoStream:
    context = stream.codec_context
    context.height, context.width, context.pix_fmt = height, width, "yuv420p"
    context.options = dict(_OPTIONS)
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = _LIMITED
    return stream


def piece_is_whole(path: Path, frames: int) -> bool:
    """Whether a piece has that many frames; a cut-off file has none."""
    try:
        with av.open(str(path), format="mov") as container:
            return container.streams.video[0].frames == frames
    except (av.error.FFmpegError, OSError, IndexError):
        return False


def timed_packets(
    pieces: Sequence[Path], stream: VideoStream, ticks: IntArray, lasts: int, time_base: Fraction
) -> Iterator[Packet[VideoStream]]:
    """Read the coded frames of all pieces, and give each its time.

    Parameters
    ----------
    pieces
        From `write_piece`, in order.
    stream
        The stream that they become part of.
    ticks
        int64 [frames], when each is shown, in units of `time_base`.
    lasts
        For how long the last is shown; as long as the one before it if 0.
    time_base
        Seconds of one tick.
    """
    durations = np.diff(ticks, append=ticks[-1] + (lasts or _usual(ticks)))
    number = 0
    for piece in pieces:
        with av.open(str(piece), format="mov") as container:
            for packet in container.demux(video=0):
                if packet.size == 0:  # the end
                    continue
                packet.stream = stream
                packet.time_base = time_base
                packet.pts = packet.dts = int(ticks[number])
                packet.duration = int(durations[number])
                number += 1
                yield packet


def _usual(ticks: IntArray) -> int:
    return int(np.median(np.diff(ticks))) if len(ticks) > 1 else 1
