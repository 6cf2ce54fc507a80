"""The slow and plain renderer that the fast bokeh is measured against, and scenes with known truth.

Nothing here is shared with `attnviz.render` but the sRGB curve: discs, weights and borders are
computed anew, pixel offset by pixel offset, in float64.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.render.linear_light import linear_to_srgb, srgb_to_linear
from attnviz.types import DoubleArray, Pixels

_SAMPLES = 8


def own_radius_gather(
    pixels: Pixels, radii: npt.ArrayLike, *, keep_sharp_out: bool = False
) -> Pixels:
    """Each pixel as the mean of its own disc, in linear light, by brute force.

    Args:
        pixels: uint8 [H, W, 3], sRGB.
        radii: [H, W], disc radius of each pixel, in px.
        keep_sharp_out: weigh each source by how blurred it is itself, compared with the pixel that
            collects it: clip(2 r_source / r_own - 0.5, 0.0005, 1), as the fast renderer promises.

    Returns:
        uint8 [H, W, 3]. Borders reflect. The time grows with the square of the largest radius.
    """
    own = np.asarray(radii, dtype=np.float64)
    height, width = own.shape
    reach = int(np.ceil(own.max() + 1))
    frame = ((reach, reach), (reach, reach))
    light = np.pad(srgb_to_linear(pixels / 255), (*frame, (0, 0)), mode="symmetric")
    source = np.pad(own, frame, mode="symmetric")
    total, weights = np.zeros((height, width, 3)), np.zeros((height, width))
    safe = np.maximum(own, 1e-9)
    for far, near in itertools.combinations_with_replacement(range(reach, -1, -1), 2):
        covered = _covered(far, near, own)
        if not covered.any():
            continue
        for dy, dx in _mirrored(far, near):
            part = np.s_[reach + dy : reach + dy + height, reach + dx : reach + dx + width]
            weight = covered
            if keep_sharp_out:
                weight = covered * np.clip(2 * source[part] / safe - 0.5, 5e-4, 1.0)
            weights += weight
            total += weight[..., None] * light[part]
    # A pixel whose disc covers not one sample shows itself.
    alone = weights == 0
    total[alone] = light[reach:-reach, reach:-reach][alone]
    weights[alone] = 1.0
    return encoded(total / weights[..., None])


def _mirrored(far: int, near: int) -> set[tuple[int, int]]:
    """All offsets that lie as (far, near) does, seen from the middle: 1, 4 or 8 of them."""
    signs = itertools.product((far, -far), (near, -near))
    return {offset for y, x in signs for offset in ((y, x), (x, y))}


def _covered(dy: int, dx: int, radii: DoubleArray) -> DoubleArray:
    """Share of the pixel at (dy, dx) that lies within each radius around the middle of (0, 0)."""
    sample = (np.arange(_SAMPLES) + 0.5) / _SAMPLES - 0.5
    distances = np.sort(np.hypot(dy + sample[:, None], dx + sample[None, :]).ravel())
    if distances[0] > radii.max():
        return np.zeros_like(radii)
    return np.searchsorted(distances, radii, side="right") / distances.size


def encoded(light: npt.ArrayLike) -> Pixels:
    """uint8 sRGB of linear light, any shape."""
    srgb = linear_to_srgb(np.clip(np.asarray(light, dtype=np.float64), 0, 1))
    return np.asarray(np.rint(srgb * 255), dtype=np.uint8)


def psnr(one: Pixels, other: Pixels, where: npt.NDArray[np.bool_] | None = None) -> float:
    """Peak signal-to-noise ratio in dB, over all pixels or those of the mask `where` [H, W]."""
    square = (one.astype(np.float64) - other) ** 2
    mean = float(square.mean() if where is None else square[where].mean())
    return float("inf") if mean == 0 else 10 * float(np.log10(255**2 / mean))


def textured(
    height: int, width: int, seed: int = 0, *, lights: int = 40, contrast: float = 0.15
) -> Pixels:
    """A picture with the spectrum of a photograph (1/f) and some white lights on it.

    contrast: standard deviation of its sRGB values, as a share of the full range.
    """
    random = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    frequency[0, 0] = 1.0
    planes = []
    for _ in range(3):
        noise = np.fft.rfft2(random.standard_normal((height, width))) / frequency
        noise[0, 0] = 0
        plane = np.fft.irfft2(noise, s=(height, width))
        planes.append(0.4 + contrast * plane / max(plane.std(), 1e-9))
    image = np.clip(np.stack(planes, axis=-1), 0, 0.9)
    rows = random.integers(4, max(5, height - 4), lights)
    columns = random.integers(4, max(5, width - 4), lights)
    for shift in ((0, 0), (0, 1), (1, 0), (1, 1)):
        image[
            np.minimum(rows + shift[0], height - 1), np.minimum(columns + shift[1], width - 1)
        ] = 1
    return np.asarray(np.rint(image * 255), dtype=np.uint8)


def soft_focus(height: int, width: int) -> npt.NDArray[np.float32]:
    """A soft field: two blobs of attention of unlike width, float32 [H, W] in 0..1."""
    y, x = np.mgrid[:height, :width]
    y, x = y / height, x / width
    large = np.exp(-(((y - 0.45) / 0.3) ** 2 + ((x - 0.4) / 0.3) ** 2))
    small = 0.7 * np.exp(-(((y - 0.75) / 0.2) ** 2 + ((x - 0.8) / 0.2) ** 2))
    return np.asarray(np.maximum(large, small), dtype=np.float32)


class MatteScene(NamedTuple):
    """A red object before a green and blue background, and what a perfect lens would show."""

    pixels: Pixels
    matte: npt.NDArray[np.float32]
    truth: Pixels


def matte_scene(
    side: int = 256, radius: float = 16, seed: int = 0, contrast: float = 0.08
) -> MatteScene:
    """A flower-shaped object with an edge 2 px soft, its exact matte, and the exact rendering.

    The exact rendering knows the background behind the object, and no renderer of one picture can:
    the stronger the `contrast`, the further from the truth even the best guess at it.
    """
    y, x = np.mgrid[:side, :side] - side / 2 + 0.5
    angle = np.arctan2(y, x)
    petals = side * (0.22 + 0.06 * np.cos(5 * angle))
    matte = np.clip((petals - np.hypot(y, x)) / 2 + 0.5, 0, 1)
    background = srgb_to_linear(textured(side, side, seed, contrast=contrast) / 255)
    background[..., 0] = 0
    noise = textured(side, side, seed + 100, lights=0, contrast=contrast)[..., :1] / 255
    front = np.concatenate([0.5 + 0.4 * noise, np.zeros((side, side, 2))], axis=-1)
    cover = matte[..., None]
    pixels = encoded(cover * front + (1 - cover) * background)
    behind = own_radius_gather(encoded(background), np.full((side, side), radius))
    truth = encoded(cover * front + (1 - cover) * srgb_to_linear(behind / 255))
    return MatteScene(pixels, matte.astype(np.float32), truth)


def leakage(rendered: Pixels, matte: npt.NDArray[np.float32], radius: float) -> float:
    """Red that an object lends its surround, in dB: mean square in a ring around it over inside.

    The ring reaches from 2 px to `radius` px outside the matte.
    """
    from scipy.ndimage import distance_transform_edt

    red = srgb_to_linear(rendered[..., 0] / 255)
    outside = distance_transform_edt(matte == 0)
    ring = (outside >= 2) & (outside <= radius)
    inside = matte == 1
    ratio = float((red[ring] ** 2).mean() / (red[inside] ** 2).mean())
    return 10 * float(np.log10(max(ratio, 1e-15)))
