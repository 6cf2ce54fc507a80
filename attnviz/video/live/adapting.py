"""How large live frames are drawn, so that enough of them are shown in a second.

The network's own pass takes what it takes, on its own input size; only drawing gets faster on
smaller frames, in proportion to their pixels. So drawing gets what the pass leaves of a frame's
time, but always a quarter of the pass's own: behind a slow pass a smaller picture would be coarse
and hardly faster.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

RATE = 5.0
"""Frames a second that are aimed at, at least."""
FLOOR = 256
"""Longer side in pixels below which frames are not reduced."""
_START = 640
_LEAST_SHARE = 0.25  # of the pass's time, for drawing
_NEWEST = 0.3  # weight of the newest frame in what is expected of the next
# A picture that changes its size all the time is worse than one that is a little too small.
_GROWS_FROM = 1.2
_SHRINKS_FROM = 0.95
_STEP = 16  # sides are multiples of it, as coding likes them


@dataclass(frozen=True)
class FramePace:
    """What a frame costs, and how large the next one is drawn.

    Attributes
    ----------
    side
        Longer side of the next frame that is drawn, in pixels, unless the camera's is shorter.
    looking
        Seconds that the network takes for a frame; 0 before the first.
    drawing
        Seconds that drawing takes for a megapixel; 0 before the first.

    Examples
    --------
    >>> FramePace().after((720, 1280), looking=0.1, drawing=0.2).side  # 640 x 360 took 0.2 s
    448
    """

    side: int = _START
    looking: float = 0.0
    drawing: float = 0.0

    def after(self, size: tuple[int, int], *, looking: float, drawing: float) -> FramePace:
        """Return the pace after a frame.

        Parameters
        ----------
        size
            (height, width) of the camera's frames in pixels.
        looking, drawing
            Seconds that the network took for the frame, and drawing at `side`.

        Returns
        -------
        FramePace
        """
        longest, shape = max(size), min(size) / max(size)
        drawn = min(self.side, longest)
        passed = _expected(self.looking, looking)
        million = _expected(self.drawing, drawing / (drawn**2 * shape / 1e6))
        left = max(1 / RATE - passed, _LEAST_SHARE * passed)
        wanted = math.sqrt(left / max(million * shape / 1e6, 1e-12))
        if _SHRINKS_FROM * drawn <= wanted < _GROWS_FROM * drawn:
            wanted = drawn
        wanted = min(wanted, _GROWS_FROM * drawn)  # in steps: what larger frames cost is a guess
        side = max(int(wanted / _STEP) * _STEP, FLOOR)
        return replace(self, side=min(side, longest), looking=passed, drawing=million)


def _expected(before: float, newest: float) -> float:
    return before + _NEWEST * (newest - before) if before else newest
