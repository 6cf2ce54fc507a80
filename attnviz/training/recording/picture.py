"""How a recording shows itself in a notebook: one picture's attention from the first step on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnviz.export.map_series import MapSeries
from attnviz.pictures import open_sample
from attnviz.pictures.geometry import Fit, fit_picture
from attnviz.pictures.picture import Picture
from attnviz.pictures.png import png
from attnviz.pictures.samples import SAMPLE_PREFIX
from attnviz.render.focus import FocusSettings, Scale
from attnviz.types import Pixels

if TYPE_CHECKING:
    from attnviz.training.recording.file import Recording

_SHOWN = 4
_SIDE = 260
_RADIUS = 0.024  # of the diagonal


def recording_png(recording: Recording) -> bytes | None:
    """Draw the last layer's maps of the first picture, beside its focus, at up to four checkpoints.

    Parameters
    ----------
    recording : Recording
        Of a training.

    Returns
    -------
    bytes or None
        A PNG file, in which all maps share one scale; None where nothing was recorded.
    """
    shots = recording.snapshots
    if not shots:
        return None
    chosen = [
        shots[at] for at in np.unique(np.linspace(0, len(shots) - 1, _SHOWN).round().astype(int))
    ]
    key = list(shots[0].maps)[-1]
    maps = [np.asarray(shot.maps[key][0], np.float32) for shot in chosen]
    pixels = Picture(recorded_pixels(recording, 0), recording.pictures[0], "").reduced(_SIDE).pixels
    side = max(pixels.shape[:2])
    series = MapSeries(
        pixels,
        fit_picture(pixels.shape[:2], side, Fit.SQUASH),
        maps,
        [f"{key[1]}, epoch {shot.epoch:g}" for shot in chosen],
        (min(float(one.min()) for one in maps), max(float(one.max()) for one in maps)),
        FocusSettings(scale=Scale.ALL_LAYERS),
        _RADIUS,
    )
    return png(np.vstack(series.frames()))


def recorded_pixels(recording: Recording, number: int) -> Pixels:
    """One of the pictures, uint8 [h, w, 3]: as the network saw it, or the sample photo."""
    if recording.pixels is not None:
        return np.asarray(recording.pixels[number])
    return open_sample(recording.pictures[number].removeprefix(SAMPLE_PREFIX)).pixels
