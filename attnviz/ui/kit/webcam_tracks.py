"""The two ends of a live stream in WebRTC: the browser's camera, and the video that goes back.

Needs the extra `attnviz[camera]`. No frame waits in line: what comes in goes into the stream's slot
at once, and what goes out is asked for only when a frame has been drawn.
"""

from __future__ import annotations

import asyncio

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.video.frame import VideoFrame
from streamlit_webrtc import VideoSinkTrack

from attnviz.ui.kit.live_streams import LIVE_STREAMS
from attnviz.video.live.stream import LiveStream

_LOOKS_EVERY = 0.01  # seconds


class FocusTrack(MediaStreamTrack):
    """The drawn frames of a stream, each once."""

    kind = "video"

    def __init__(self, stream: LiveStream) -> None:
        super().__init__()
        self._stream = stream
        self._sent = 0

    async def recv(self) -> VideoFrame:
        """Wait for a frame that has not been sent yet; MediaStreamError once there are no more."""
        while self.readyState == "live" and not self._stream.closed:
            drawn = self._stream.drawn
            if drawn is not None and drawn.number > self._sent:
                self._sent = drawn.number
                return drawn.frame
            await asyncio.sleep(_LOOKS_EVERY)
        raise MediaStreamError


class CameraSink:
    """Takes the camera's frames, and ends stream and track with the connection.

    It has the methods of `streamlit_webrtc.MediaSink`, which is told of every end: a click on the
    stop button, a page that is left, a browser that is gone.

    Parameters
    ----------
    stream : LiveStream
        Takes the frames.
    track : FocusTrack
        Sends back what the stream draws.
    """

    def __init__(self, stream: LiveStream, track: FocusTrack) -> None:
        self._stream = stream
        self._track = track
        self._frames = VideoSinkTrack(stream.put)

    def addTrack(self, track: MediaStreamTrack) -> None:  # noqa: N802
        """Take the frames of a track."""
        self._frames.addTrack(track)

    def hasTrack(self) -> bool:  # noqa: N802
        """Whether there is a track."""
        return bool(self._frames.hasTrack())

    def start(self) -> None:
        """Begin; where too many others go on, the stream is closed instead."""
        if LIVE_STREAMS.admit(self._stream):
            self._frames.start()
        else:
            self._stream.close()

    def stop(self) -> None:
        """End all of it."""
        self._frames.stop()
        LIVE_STREAMS.leave(self._stream)
        self._track.stop()
