"""Where a video cuts from one scene to another."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from attnviz.types import BoolArray, FloatArray, Pixels

_THUMBNAIL = (32, 18)
# A cut changes a thumbnail by at least this share of the brightest value, on average ...
LEAST_CHANGE = 0.08
# ... and by this many times what usually changed before it, as quick motion does not.
_TIMES = 3.0
_BEFORE = 4


def thumbnail(pixels: Pixels) -> FloatArray:
    """Reduce a frame to colours that noise hardly changes: float32 [18, 32, 3] in 0..1."""
    small = cv2.resize(pixels, _THUMBNAIL, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)


def change_between(before: FloatArray, now: FloatArray) -> float:
    """Return by how much two thumbnails differ, 0..1."""
    return float(np.abs(now - before).mean())


def find_cuts(changes: npt.ArrayLike) -> BoolArray:
    """Find the first frame of each scene, looking back only.

    A frame is one if it differs from the frame before it by far more than that one from those
    before. A pan, a fade or noise is none.

    Parameters
    ----------
    changes
        float [frames]: how much each frame differs from the one before it, from `change_between`.

    Returns
    -------
    BoolArray
        bool [frames]; the first frame of the video is always one.

    Examples
    --------
    >>> find_cuts([0.0, 0.01, 0.01, 0.5, 0.01]).tolist()
    [True, False, False, True, False]
    """
    values = np.asarray(changes, np.float64)
    found = np.ones(len(values), bool)
    for number in range(1, len(values)):
        # The median: one cut shortly before does not hide the next, and a pan is none for long.
        before = values[max(1, number - _BEFORE) : number]
        usual = float(np.median(before)) if before.size else 0.0
        found[number] = values[number] > max(LEAST_CHANGE, _TIMES * usual)
    return found
