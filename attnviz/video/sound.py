"""The sound of a video: copied as it is, or coded anew where MP4 cannot hold it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from attnviz.video.container_file import opened

# What players accept in MP4; other codecs, such as PCM or Vorbis, are coded as AAC.
_COPIED = frozenset(["aac", "mp3", "opus", "ac3", "eac3", "flac", "alac"])


class Soundtrack:
    """All audio tracks of a video, on their way into another.

    Parameters
    ----------
    source
        The open video.
    target
        The video that is written; it gets a stream for each track.
    """

    def __init__(self, source: InputContainer, target: OutputContainer) -> None:
        self._source = source
        self._coders: dict[int, AudioStream] = {}
        self._copied: dict[int, AudioStream] = {}
        self._resamplers: dict[int, AudioResampler] = {}
        for track in source.streams.audio:
            if track.codec_context.name in _COPIED:
                self._copied[track.index] = target.add_stream_from_template(track)
            else:
                coder = target.add_stream("aac", rate=track.codec_context.sample_rate)
                coder.codec_context.layout = track.codec_context.layout.name
                self._coders[track.index] = coder
                self._resamplers[track.index] = AudioResampler(
                    "fltp", coder.codec_context.layout.name, track.codec_context.sample_rate
                )

    def packets(self) -> Iterator[Packet[Any]]:
        """Packets for the target, in the order of the source."""
        tracks = {track.index: track for track in self._source.streams.audio}
        for packet in self._source.demux(*tracks.values()) if tracks else ():
            track = packet.stream.index
            if track in self._copied:
                if packet.dts is not None:
                    packet.stream = self._copied[track]
                    yield packet
                continue
            coder = self._coders[track]
            for frame in tracks[track].decode(packet):
                for fitting in self._resamplers[track].resample(frame):
                    yield from coder.encode(fitting)
        for track, coder in self._coders.items():
            for fitting in self._resamplers[track].resample(None):
                yield from coder.encode(fitting)
            yield from coder.encode(None)


def sound_alone(source: Path | bytes, demuxer: str, name: str) -> bytes:
    """Put the sound of a video into a file of its own.

    Returns
    -------
    bytes
        MP4 without pictures; empty if the video has no sound.

    Raises
    ------
    VideoError
        The video cannot be read.
    """
    file = io.BytesIO()
    with opened(source, name, demuxer) as container:
        if not container.streams.audio:
            return b""
        with av.open(file, "w", format="mp4") as target:
            for packet in Soundtrack(container, target).packets():
                target.mux_one(packet)
    return file.getvalue()
