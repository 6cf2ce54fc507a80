"""A video of fewer frames, evenly taken from another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from attnviz.video.film import Frame, Video


@dataclass(frozen=True, eq=False)
class SampledVideo(Video):
    """Every so many frames of a video, from its beginning.

    Attributes
    ----------
    film
        The video.
    step
        One frame in so many is taken.
    most
        How many are taken at most.
    """

    film: Video
    step: int
    most: int

    def frames(self, size: tuple[int, int] | None = None) -> Iterator[Frame]:
        """See `Video`; each lasts until the next one that is taken."""
        taken = islice(self.film.frames(size), 0, self.step * self.most, self.step)
        return (replace(frame, lasts=self.step * frame.lasts) for frame in taken)


def sampled(film: Video, most: int, of_first: int) -> SampledVideo:
    """Take frames evenly.

    Parameters
    ----------
    film
        The video.
    most
        How many frames are taken at most.
    of_first
        Frames after so many of the video are left out.

    Returns
    -------
    SampledVideo
    """
    count = min(film.count or most, of_first)
    step = math.ceil(count / most)
    taken = math.ceil(count / step) if film.count else most
    return SampledVideo(film.name, film.sha256, film.size, film.time_base, taken, film, step, taken)
