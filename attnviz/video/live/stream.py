"""A live stream: frames of a camera come in, and the newest drawn one can be had at any time."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from threading import Thread

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation

from attnviz.errors import AttnvizError
from attnviz.types import Pixels
from attnviz.video.film import reduced_size
from attnviz.video.live.adapting import FramePace
from attnviz.video.live.drawing import draw_frame
from attnviz.video.live.looking import LiveLooking, LiveQuestion
from attnviz.video.live.newest import Newest
from attnviz.viewer.view import View

LONGEST = 1280
"""Longer side in pixels to which larger frames are reduced before anything else."""
_COUNTED = 2.0  # seconds whose frames make the rate
_CLOCK = Fraction(1, 90_000)  # as RTP counts the time of video

_LOG = logging.getLogger(__name__)


class _ClosedError(Exception):
    """The stream was closed while it waited for its turn."""


@dataclass(frozen=True, eq=False)
class DrawnFrame:
    """A frame that is ready to be shown.

    Attributes
    ----------
    number
        Of the frames that were drawn, from 1.
    frame
        The frame in YUV 4:2:0.
    error
        Why it is not drawn, but as it came; None if it is.
    """

    number: int
    frame: VideoFrame
    error: AttnvizError | None = None


class LiveStream:
    """Looks at the newest frame and draws it, in a thread of its own, until it is closed.

    Frames that come while one is in work replace each other, so nothing queues up.

    Parameters
    ----------
    question
        What is asked of every frame.
    view
        How it is drawn.
    clock
        Returns seconds that never go back.
    turn
        Returns a block in which a frame is looked at and drawn, such as one that waits for others.
        What it is given is to be called now and then during the wait, and raises to end it.
    """

    def __init__(
        self,
        question: LiveQuestion,
        view: View,
        clock: Callable[[], float] = time.monotonic,
        turn: Callable[[Callable[[object], None]], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._asked = question, view
        self._clock, self._turn = clock, turn
        self._slot = Newest[VideoFrame]()
        self._thread = Thread(target=self._run, name="attnviz live stream", daemon=True)
        self._times: deque[float] = deque(maxlen=256)
        self.pace = FramePace()
        self.drawn: DrawnFrame | None = None
        self.failed = False

    @property
    def closed(self) -> bool:
        """Whether it has ended, or will with the frame that is in work."""
        return self._slot.closed

    @property
    def begun(self) -> bool:
        """Whether a frame has come."""
        return self._thread.ident is not None

    @property
    def working(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    @property
    def rate(self) -> float:
        """Frames a second that were drawn lately."""
        now = self._clock()
        return sum(now - time <= _COUNTED for time in tuple(self._times)) / _COUNTED

    def ask(self, question: LiveQuestion, view: View) -> None:
        """Ask something else of the frames from now on, or have them drawn otherwise."""
        self._asked = question, view

    def put(self, frame: VideoFrame) -> None:
        """Hand over a frame, at once; the first begins the work."""
        if self.closed:
            return
        if not self.begun:
            self._thread.start()
        self._slot.put(frame)

    def close(self) -> None:
        """End it; the thread ends with the frame that is in work."""
        self._slot.close()

    def join(self, timeout: float) -> None:
        """Wait until its thread has ended, at most so many seconds."""
        if self.begun:
            self._thread.join(timeout)

    def _run(self) -> None:
        looking = LiveLooking(self._asked[0])
        try:
            while (frame := self._slot.take()) is not None:
                with self._turn(self._stay):
                    newer = self._slot.take_at_hand()  # which came during the wait
                    if looking.question != self._asked[0]:
                        looking = LiveLooking(self._asked[0])
                    self._show(frame if newer is None else newer, looking)
        except _ClosedError:
            pass
        except Exception:  # nobody waits for this thread: said in the log, and by `failed`
            _LOG.exception("The live stream has failed.")
            self.failed = True
        finally:
            self.close()

    def _stay(self, _position: object) -> None:
        """End the wait for a turn that is not needed any more."""
        if self.closed:
            raise _ClosedError

    def _show(self, frame: VideoFrame, looking: LiveLooking) -> None:
        """Draw a frame; one that cannot be explained is shown as it came, with the reason."""
        pixels, error = _pixels_of(frame), None
        begun = self._clock()
        size = pixels.shape[0], pixels.shape[1]
        shown = pixels
        try:
            found = looking(pixels, begun)
            looked = self._clock()
            shown = draw_frame(pixels, found, self._asked[1], reduced_size(size, self.pace.side))
            drawn = self._clock()
            self.pace = self.pace.after(size, looking=looked - begun, drawing=drawn - looked)
        except AttnvizError as told:
            error = told
        number = self.drawn.number + 1 if self.drawn else 1
        self.drawn = DrawnFrame(number, _frame_of(shown, begun), error)
        self._times.append(self._clock())


def _pixels_of(frame: VideoFrame) -> Pixels:
    """The frame as sRGB; reduced on the way, as whoever sends it decides how large it is."""
    height, width = reduced_size((frame.height, frame.width), LONGEST)
    rgb = frame.reformat(width, height, "rgb24", interpolation=Interpolation.AREA)
    return np.ascontiguousarray(rgb.to_ndarray(), np.uint8)


def _frame_of(pixels: Pixels, seconds: float) -> VideoFrame:
    """The pixels as video; 4:2:0 wants even sides."""
    height, width = (max(2, side - side % 2) for side in pixels.shape[:2])
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(pixels[:height, :width]), format="rgb24")
    frame = frame.reformat(format="yuv420p")
    frame.pts, frame.time_base = round(seconds / _CLOCK), _CLOCK
    return frame
