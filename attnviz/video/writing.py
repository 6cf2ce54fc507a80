"""Writing a video whose focus is sharp, in pieces that survive an interruption."""

from __future__ import annotations

import heapq
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import av
from av.packet import Packet

from attnviz.errors import VideoError
from attnviz.files import replace_whole
from attnviz.progress import Progress, report_progress
from attnviz.render.aperture import Aperture
from attnviz.render.bokeh import bokeh
from attnviz.render.focus import FocusSettings
from attnviz.types import Pixels
from attnviz.video.coding import piece_is_whole, timed_packets, write_piece
from attnviz.video.container_file import opened
from attnviz.video.film import Frame, Video
from attnviz.video.frame_maps import FRAMES
from attnviz.video.maps_over_time import MapsOverTime
from attnviz.video.sound import Soundtrack


@dataclass(frozen=True)
class VideoLook:
    """How the frames of a video are drawn.

    Attributes
    ----------
    radius
        Largest circle of confusion, as a radius in pixels of a frame, 0..1000.
    settings
        How maps become focus; all frames share one scale whatever it says.
    aperture
        As in `attnviz.bokeh`.
    """

    radius: float = 24.0
    settings: FocusSettings = field(default_factory=FocusSettings)
    aperture: Aperture = Aperture.DISC

    def provenance(self, maps: MapsOverTime) -> dict[str, str]:
        """Where a video comes from, and what decides how it looks."""
        low, high = maps.value_range
        return {
            **maps.provenance,
            "scale": f"{low:.6g} to {high:.6g} in all frames",
            "steadied": "yes" if maps.steady else "no",
            "threshold": f"{self.settings.threshold:g}",
            "softness": f"{self.settings.softness:g}",
            "edges": str(self.settings.edges),
            "radius px": f"{self.radius:.1f}",
            "aperture": str(self.aperture),
        }


def write_video(
    maps: MapsOverTime,
    film: Video,
    out: Path,
    look: VideoLook | None = None,
    *,
    work: Path,
    progress: Progress | None = None,
) -> None:
    """Write a video as H.264 in MP4: sharp where the model looks, bokeh elsewhere.

    It has the size of the frames that were looked at, the times and the sound of the film, and its
    provenance as comment.

    Parameters
    ----------
    maps
        From `explain_video`, of this film.
    film
        From `open_video`.
    out
        The file; it is written as a whole or not at all.
    look
        How the frames are drawn.
    work
        An existing folder for pieces of 64 frames. What is there already is used, so it must be
        for these maps and this look alone.
    progress
        Called after each frame; what it raises stops the work, and comes out as it is.

    Raises
    ------
    VideoError
        The film cannot be read, or is another than before.
    OSError
        The file cannot be written.
    """
    look = look or VideoLook()
    count = len(maps.ticks)
    pieces = [work / f"piece-{number:06d}.mp4" for number in range(math.ceil(count / FRAMES))]
    lengths = [min(FRAMES, count - start) for start in range(0, count, FRAMES)]
    frames = film.frames(maps.geometry.picture_size)
    done = 0
    for path, length in zip(pieces, lengths, strict=True):
        part = islice(frames, length)
        if piece_is_whole(path, length):
            done += sum(1 for _ in part)
            continue
        drawn = _drawn(part, maps, look, done, progress)
        replace_whole(path, partial(write_piece, frames=drawn))
        done += length
    replace_whole(out, partial(_join, pieces=pieces, maps=maps, film=film, look=look))


def _drawn(
    frames: Iterator[Frame],
    maps: MapsOverTime,
    look: VideoLook,
    start: int,
    progress: Progress | None,
) -> Iterator[Pixels]:
    for number, frame in enumerate(frames, start):
        if frame.tick != maps.ticks[number]:
            raise VideoError("The video is not the one that was looked at. Start over.")
        focus = maps.focus(number, look.settings, pixels=frame.pixels)
        yield bokeh(frame.pixels, focus.values, look.radius, aperture=look.aperture)
        report_progress(progress, number + 1, len(maps.ticks))


def _join(
    path: Path, pieces: Sequence[Path], maps: MapsOverTime, film: Video, look: VideoLook
) -> None:
    """Join the pieces, with the sound of the film."""
    with ExitStack() as stack:
        out = stack.enter_context(av.open(str(path), "w", format="mp4"))
        first = stack.enter_context(av.open(str(pieces[0]), format="mov"))
        picture = out.add_stream_from_template(first.streams.video[0])
        picture.time_base = film.time_base
        out.metadata["comment"] = json.dumps(look.provenance(maps), ensure_ascii=True)
        tracks = [timed_packets(pieces, picture, maps.ticks, maps.lasts, film.time_base)]
        if (sound := film.sound()) is not None:
            source = stack.enter_context(opened(sound[0], film.name, sound[1]))
            tracks.append(Soundtrack(source, out).packets())
        for packet in heapq.merge(*tracks, key=_time):
            out.mux_one(packet)


def _time(packet: Packet[Any]) -> Fraction:
    return Fraction(packet.dts or 0) * (packet.time_base or 1)
