"""Foveation: a picture as the eye samples it, sharp at the fixation and coarser with eccentricity.

A Gaussian pyramid in linear light, mixed per pixel (Geisler & Perry 1998; see `retina`). Level k
passes half the amplitude of 2^-(k+1) cycles per pixel. A pixel whose finest visible frequency lies
between two levels mixes them in the one proportion that passes half the amplitude of exactly that
frequency, so that there are no rings from level to level. The picture is not warped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from attnviz.errors import VisionError
from attnviz.render.linear_light import decode, encode
from attnviz.types import DoubleArray, FloatArray, Pixels
from attnviz.vision.retina import Retina, ViewingGeometry

# A Gaussian of this many pixels over f passes half the amplitude of f cycles per pixel.
HALF_AMPLITUDE = math.sqrt(math.log(2) / 2) / math.pi
# The blur fades in over a quarter of an octave; without a transition a ring would show.
FADE_IN = 0.25
DEEPEST = 10
FARTHEST = 100_000.0
_STEPS = 4  # tabulated radii per pixel of distance


def foveate(
    pixels: Pixels,
    fixations: Sequence[tuple[float, float]],
    viewing: ViewingGeometry | None = None,
    retina: Retina | None = None,
) -> Pixels:
    """Render what an eye sees of a picture on a screen while it fixates given points.

    Parameters
    ----------
    pixels : uint8 [H, W, 3]
        sRGB.
    fixations : sequence of (float, float)
        (y, x) in the picture's pixels, pixel (0, 0) covering 0..1; they may lie outside it. Each
        pixel uses the nearest fixation, as if the eye had visited all of them.
    viewing : ViewingGeometry, optional
        Pixels per degree of visual angle.
    retina : Retina, optional
        The eye's resolution.

    Returns
    -------
    uint8 [H, W, 3]
        Identical to `pixels` where the eye resolves the screen (`Retina.sharp_angle`), which for a
        small picture is everywhere.

    Raises
    ------
    VisionError
        Without fixations, or for one more than 100,000 pixels away.

    References
    ----------
    Geisler & Perry, "A real-time foveated multiresolution system for low-bandwidth video
    communication", SPIE 3299, 1998.
    """
    viewing, retina = viewing or ViewingGeometry(), retina or Retina()
    farthest = _farthest(pixels.shape[:2], fixations)
    if _octaves(np.asarray([farthest]), viewing, retina)[0] <= 0:
        return pixels.copy()
    return encode(foveate_light(decode(pixels), fixations, viewing, retina))


def foveate_light(
    light: FloatArray,
    fixations: Sequence[tuple[float, float]],
    viewing: ViewingGeometry,
    retina: Retina,
) -> FloatArray:
    """Foveate linear light, float32 [C, H, W]; see `foveate`."""
    size = light.shape[1:]
    radii = np.arange(math.ceil(_farthest(size, fixations) * _STEPS) + 2) / _STEPS
    octaves = _octaves(radii, viewing, retina)
    depth = min(DEEPEST, max(1, math.ceil(float(octaves.max()))))
    mixed = [_pyramid(plane, depth) for plane in light]
    for k in range(depth - 1, -1, -1):
        finer = mixed[0][k].shape
        share = _finer_share(octaves, k).take(_distances(finer, size, fixations))
        for levels in mixed:
            coarse = _resized(levels[k + 1], finer)
            difference = levels[k] - coarse
            difference *= share
            coarse += difference
            levels[k] = coarse
    return np.stack([levels[0] for levels in mixed])


def _octaves(radii: DoubleArray, viewing: ViewingGeometry, retina: Retina) -> FloatArray:
    """Octaves by which the finest visible detail is coarser than the screen's, from 0 up."""
    visible = retina.finest(viewing.degrees(radii)) / viewing.pixels_per_degree
    return np.maximum(np.log2(0.5 / visible), 0).astype(np.float32)


def _finer_share(octaves: FloatArray, k: int) -> FloatArray:
    """Share of level k against k + 1, for pixels so many octaves coarser than the screen."""
    within = np.clip(octaves - k, 0, 1).astype(np.float64)
    passed_by_coarser = 0.5 ** (4 ** (1 - within))
    passed_by_finer = 0.5 ** (4**-within) if k else np.ones_like(within)
    share = (0.5 - passed_by_coarser) / (passed_by_finer - passed_by_coarser)
    if k == 0:  # the picture itself passes all: without a transition half would go at once
        t = np.clip(within / FADE_IN, 0, 1)
        share = 1 + (share - 1) * t * t * (3 - 2 * t)
    return share.astype(np.float32)


def _pyramid(plane: FloatArray, depth: int) -> list[FloatArray]:
    """Levels 0 (the plane itself) to `depth`; from level 3 on each at half the resolution.

    Level k has a total blur of HALF_AMPLITUDE * 2^(k+1) pixels, which is 1.5 cells of its own grid
    from level 2 on: the grid still resolves what the level passes.
    """
    levels = [plane]
    variance, grid = 0.0, 1.0  # blur so far in squared pixels, and a cell's side in pixels
    for k in range(1, depth + 1):
        source = levels[-1]
        if k > 2:
            size = tuple(max(1, (side + 1) // 2) for side in source.shape)
            source = cv2.resize(source, size[::-1], interpolation=cv2.INTER_AREA)
            variance += grid**2 / 4  # the mean of two cells blurs as well
            grid *= 2
        target = (HALF_AMPLITUDE * 2 ** (k + 1)) ** 2
        sigma = math.sqrt(target - variance) / grid
        levels.append(np.asarray(cv2.GaussianBlur(source, (0, 0), sigma), np.float32))
        variance = target
    return levels


def _resized(plane: FloatArray, size: tuple[int, ...]) -> FloatArray:
    """Resize a plane bicubically."""
    if plane.shape == size:
        return plane.copy()
    return np.asarray(cv2.resize(plane, size[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _distances(
    grid: tuple[int, ...], size: tuple[int, ...], fixations: Sequence[tuple[float, float]]
) -> npt.NDArray[np.intp]:
    """Distance of each cell's centre from the nearest fixation, in quarters of a pixel."""
    y, x = (
        (np.arange(cells, dtype=np.float32) + 0.5) * (side / cells)
        for cells, side in zip(grid, size, strict=True)
    )
    nearest = np.full(grid, np.inf, np.float32)
    for row, column in fixations:
        squared = (y[:, None] - np.float32(row)) ** 2 + (x[None] - np.float32(column)) ** 2
        np.minimum(nearest, squared, out=nearest)
    np.sqrt(nearest, out=nearest)
    nearest *= _STEPS
    return nearest.astype(np.intp)


def _farthest(size: tuple[int, ...], fixations: Sequence[tuple[float, float]]) -> float:
    """Upper bound of the distance to the nearest fixation, after checking the fixations."""
    if not len(fixations):
        raise VisionError("Foveation needs at least one fixation.")
    for fixation in fixations:
        if not all(abs(value) <= FARTHEST for value in fixation):  # nor NaN
            raise VisionError(
                f"The fixation {fixation} is too far from the picture. Give its row and "
                "column in pixels."
            )
    height, width = size
    reach = (
        math.hypot(max(abs(y), abs(height - y)), max(abs(x), abs(width - x))) for y, x in fixations
    )
    return min(reach)
