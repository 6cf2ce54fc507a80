"""Spatially varying blur: each pixel interpolates the discs next to its level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from attnviz.render.aperture import aperture_kernel
from attnviz.render.disc_blur import Sources, blurred, enlarged, factor_of, reduced_levels
from attnviz.render.lens import Lens
from attnviz.types import FloatArray, Pixels

# (the level before, the level itself)
Step = tuple[float, float]


@dataclass(frozen=True)
class Points:
    """Single pixels that are rendered in addition to the picture: front surfaces at mattes' edges.

    Attributes
    ----------
    rows, columns
        intp [n], positions in the picture.
    levels
        float32 [n].
    light
        float32 [3, n], changed in place from their sharp colour to the blurred one.
    """

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    levels: FloatArray
    light: FloatArray

    def mix(self, colour: int, disc: FloatArray, step: Step, factor: int) -> None:
        """Mix in one colour plane of a disc at 1/factor of the picture's resolution."""
        values = disc[self.rows // factor, self.columns // factor]
        self.light[colour] += _share(self.levels, step) * (values - self.light[colour])


def steps_for(lens: Lens, *planes: FloatArray) -> list[Step]:
    """The levels to blur at: those next to any value in `planes`.

    Half a level is inserted before the first, as the eye is most sensitive between sharp and
    blurred.

    Parameters
    ----------
    lens
        Number of levels.
    planes
        float32 arrays of levels.

    Returns
    -------
    list[Step]
        (previous level, level) pairs, rising.
    """
    below: set[int] = set()
    above: set[int] = set()
    for plane in planes:
        floor = plane.astype(np.uint8)
        below |= _values(floor)
        above |= _values(floor + (plane > floor))
    near = [(k - 1.0, float(k)) for k in range(1, lens.count + 1) if k in below | above]
    if 0 in below and 1 in above:
        return [(0.0, 0.5), (0.5, 1.0), *near[1:]]
    return near


def _values(levels: Pixels) -> set[int]:
    if levels.size == 0:
        return set()
    counts = cv2.calcHist([levels], [0], None, [32], [0, 32])
    return set(np.flatnonzero(counts).tolist())


def mix_discs(
    shown: FloatArray,
    levels: FloatArray,
    sources: Sources,
    steps: Sequence[Step],
    lens: Lens,
    points: Points,
    factor: int = 1,
) -> None:
    """Mix the discs into `shown`, in place, from small to large.

    Each pixel ends as the interpolation between the two discs next to its own radius. Large discs
    are mixed at a coarser resolution; only their result is enlarged.

    Parameters
    ----------
    shown
        float32 [3, h, w], the sharp picture, or at a coarser resolution an array to overwrite.
    levels
        float32 [h, w], the level of each pixel.
    sources
        Light that is spread.
    steps
        From `steps_for`.
    lens
        Radius of the levels, and shape of the kernels.
    points
        Single pixels that are mixed in the same way.
    factor
        By how much the resolution of `shown` is reduced.
    """
    for index, step in enumerate(steps):
        share = _share(levels, step)
        coarser = factor_of(step[1] * lens.step) // factor
        if coarser > 1:
            rest = sources.reduced(coarser)
            large = np.empty_like(rest.light)
            coarse_levels = reduced_levels(levels, coarser)
            mix_discs(large, coarse_levels, rest, steps[index:], lens, points, factor * coarser)
            for plane, coarse in zip(shown, large, strict=True):
                _mix(plane, enlarged(coarse, coarser), share)
            return
        kernel = aperture_kernel(step[1] * lens.step / factor, lens.aperture)
        for colour, disc in enumerate(blurred(sources, step[1], kernel)):
            points.mix(colour, disc, step, factor)
            if factor > 1 and index == 0:
                shown[colour] = disc
            else:
                _mix(shown[colour], disc, share)


def _mix(plane: FloatArray, disc: FloatArray, share: FloatArray) -> None:
    disc -= plane
    disc *= share
    plane += disc


def _share(levels: FloatArray, step: Step) -> FloatArray:
    """Weight of a step's disc for pixels of these levels: 0 at the previous level, 1 at its own."""
    before, level = step
    share = levels - np.float32(before)
    if level - before != 1.0:
        share *= np.float32(1 / (level - before))
    return np.clip(share, 0.0, 1.0, out=share)
